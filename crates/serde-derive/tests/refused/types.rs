//! Types that are no record.

use levada_serde_derive::AvroRecord;

#[derive(AvroRecord)]
struct Generic<T> {
    value: T,
}

#[derive(AvroRecord)]
struct TwoLifetimes<'a, 'b> {
    first: &'a str,
    second: &'b str,
}

#[derive(AvroRecord)]
struct Tuple(i64, i64);

#[derive(AvroRecord)]
union Overlaid {
    int: i32,
    float: f32,
}

#[derive(AvroRecord)]
#[avro(name = "not-a-name")]
struct Misnamed {
    id: i64,
}

#[derive(AvroRecord)]
#[avro(default = "x")]
struct Defaulted {
    id: i64,
}

#[derive(AvroRecord)]
#[avro(rename = "Other")]
struct UnknownAttribute {
    id: i64,
}

const SIZE: usize = 16;

#[derive(AvroRecord)]
struct SizeElsewhere([u8; SIZE]);

#[derive(AvroRecord)]
#[avro(logical = "duration")]
struct ShortDuration([u8; 16]);

#[derive(AvroRecord)]
#[avro(logical = "date")]
struct NoDate([u8; 4]);

#[derive(AvroRecord)]
#[avro(decimal(precision = 4))]
struct DecimalRecord {
    id: i64,
}

fn main() {}
