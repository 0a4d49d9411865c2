//! Schema files that are not there, or not where they can be.

use levada_serde_derive::AvroRecord;

#[derive(AvroRecord)]
#[avro(schema = "schemas/nowhere.avsc")]
struct NoFile {
    id: i64,
}

#[derive(AvroRecord)]
struct OfField {
    #[avro(schema = "schemas/nowhere.avsc")]
    id: i64,
}

#[derive(AvroRecord)]
struct NoOption {
    #[avro(no_default)]
    id: i64,
}

#[derive(AvroRecord)]
enum NullLogical {
    #[avro(logical = "date")]
    Never,
    Day(i32),
}

fn main() {}
