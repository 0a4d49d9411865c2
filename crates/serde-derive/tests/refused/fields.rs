//! Fields that say what they cannot be.

use levada_serde_derive::AvroRecord;

#[derive(AvroRecord)]
struct OptionDefault {
    #[avro(default = "1")]
    value: Option<i64>,
}

#[derive(AvroRecord)]
struct NoJson {
    #[avro(default = "EUR")]
    currency: String,
}

#[derive(AvroRecord)]
struct LogicalOfAnother {
    #[avro(logical = "timestamp-millis")]
    at: i32,
}

#[derive(AvroRecord)]
struct UnknownLogical {
    #[avro(logical = "month")]
    month: i32,
}

#[derive(AvroRecord)]
struct ScaleBeyondPrecision {
    #[avro(decimal(precision = 2, scale = 3))]
    amount: Vec<u8>,
}

#[derive(AvroRecord)]
struct NoPrecision {
    #[avro(decimal(scale = 3))]
    amount: Vec<u8>,
}

#[derive(AvroRecord)]
struct SameName {
    id: i64,
    #[avro(name = "id")]
    other: i64,
}

fn main() {}
