//! Enums that are neither symbols nor a union.

use levada_serde_derive::AvroRecord;

#[derive(AvroRecord)]
enum Never {}

#[derive(AvroRecord)]
#[avro(default = "Gone")]
enum UnknownDefault {
    Open,
    Paid,
}

#[derive(AvroRecord)]
enum SameSymbol {
    Open,
    #[avro(name = "Open")]
    Paid,
}

#[derive(AvroRecord)]
enum TwoNulls {
    Nothing,
    NothingAtAll,
    Something(i64),
}

#[derive(AvroRecord)]
enum TwoValues {
    Pair(i64, i64),
    One(i64),
}

#[derive(AvroRecord)]
enum NamedValues {
    Named { id: i64 },
    One(i64),
}

fn main() {}
