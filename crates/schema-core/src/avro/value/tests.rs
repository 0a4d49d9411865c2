//! Own schemas and values for each rule of reading, and bytes that are no value.

use super::{DecodeError, Value};
use crate::avro::AvroSchema;
use crate::{Limits, Validation};

fn schema(text: &str) -> AvroSchema {
    AvroSchema::parse(text, &[], Validation::New, &Limits::default()).expect(text)
}

/// What `reader` makes of a value, as JSON, or why it refuses.
fn read(reader: &str, writer: &str, value: &Value) -> Result<String, String> {
    let (reader, writer) = (schema(reader), schema(writer));
    let read = reader.decode(&writer, &value.encode(), &Limits::default());
    read.map(|value| reader.value_json(&value)).map_err(|error| error.to_string())
}

fn refused(reader: &str, writer: &str, value: &Value) -> String {
    read(reader, writer, value).expect_err("refused")
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn record(name: &str, fields: &str) -> String {
    format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#)
}

#[test]
fn every_kind_is_written_as_the_specification_shows() {
    for (value, bytes) in [
        (Value::Null, vec![]),
        (Value::Boolean(true), vec![1]),
        (Value::Int(-64), vec![0x7f]),
        (Value::Long(64), vec![0x80, 1]),
        (Value::Long(i64::MIN), [vec![0xff; 9], vec![1]].concat()),
        (Value::Float(1.0), vec![0, 0, 0x80, 0x3f]),
        (Value::Double(-2.0), vec![0, 0, 0, 0, 0, 0, 0, 0xc0]),
        (text("foo"), vec![6, b'f', b'o', b'o']),
        (Value::Bytes(vec![7]), vec![2, 7]),
        (Value::Fixed(vec![7, 8]), vec![7, 8]),
        (Value::Enum(3), vec![6]),
        (Value::Array(vec![Value::Long(3), Value::Long(27)]), vec![4, 6, 54, 0]),
        (Value::Map(vec![]), vec![0]),
        (Value::Map(vec![("k".to_owned(), Value::Null)]), vec![2, 2, b'k', 0]),
        (Value::Record(vec![Value::Long(27), text("foo")]), vec![54, 6, b'f', b'o', b'o']),
        (Value::Union(1, Box::new(text("a"))), vec![2, 2, b'a']),
    ] {
        assert_eq!(value.encode(), bytes, "{value:?}");
    }
}

#[test]
fn primitives_are_promoted_to_wider_ones_and_to_nothing_else() {
    for (writer, value, reader, want) in [
        ("int", Value::Int(7), "long", "7"),
        ("int", Value::Int(7), "float", "7.0"),
        ("int", Value::Int(7), "double", "7.0"),
        ("long", Value::Long(16_777_217), "float", "1.6777216E7"),
        ("long", Value::Long(7), "double", "7.0"),
        ("float", Value::Float(0.5), "double", "0.5"),
        ("string", text("é"), "bytes", "\"Ã©\""),
        ("bytes", Value::Bytes(vec![0xc3, 0xa9]), "string", "\"é\""),
        ("bytes", Value::Bytes(vec![0xff]), "string", "\"\u{fffd}\""),
    ] {
        let (writer, reader) = (format!("\"{writer}\""), format!("\"{reader}\""));
        assert_eq!(read(&reader, &writer, &value), Ok(want.to_owned()), "{writer} as {reader}");
    }
    assert_eq!(
        refused("\"int\"", "\"long\"", &Value::Long(1)),
        "the reader wants int and cannot make it of long"
    );
    assert_eq!(
        refused("\"bytes\"", r#"{"type":"fixed","name":"F","size":1}"#, &Value::Fixed(vec![0])),
        "the reader wants bytes and cannot make it of fixed F"
    );
}

#[test]
fn names_match_by_their_last_part_or_by_an_alias_of_the_reader() {
    let named = |name: &str, aliases: &str| {
        format!(r#"{{"type":"fixed","name":"{name}","aliases":[{aliases}],"size":1}}"#)
    };
    let value = Value::Fixed(vec![b'+']);
    let writer = named("a.F", "");
    for reader in [named("b.F", ""), named("b.G", "\"a.F\"")] {
        assert_eq!(read(&reader, &writer, &value), Ok("\"+\"".to_owned()), "{reader}");
    }
    assert_eq!(
        refused(&named("b.G", "\"b.F\""), &writer, &value),
        "the writer's fixed a.F is b.G to the reader, which has no alias for it"
    );
    assert_eq!(
        refused(&record("B", ""), &record("A", ""), &Value::Record(vec![])),
        "the writer's record A is B to the reader, which has no alias for it (a reader that \
         overlooks the names of records, as Avro Java's, may go on)"
    );
}

#[test]
fn fixed_must_keep_its_size() {
    let fixed = |size: u8| format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#);
    assert_eq!(
        refused(&fixed(1), &fixed(2), &Value::Fixed(vec![0, 0])),
        "the reader's fixed F has size 1, the writer's 2"
    );
}

#[test]
fn unknown_symbol_becomes_the_default_of_the_enum_or_is_refused() {
    let writer = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
    let reader = |more: &str| format!(r#"{{"type":"enum","name":"E","symbols":["C","A"]{more}}}"#);
    assert_eq!(read(&reader(""), writer, &Value::Enum(0)), Ok("\"A\"".to_owned()));
    assert_eq!(read(&reader(r#","default":"C""#), writer, &Value::Enum(1)), Ok("\"C\"".to_owned()));
    assert_eq!(
        refused(&reader(""), writer, &Value::Enum(1)),
        "the reader's enum E has no symbol \"B\" and no default"
    );
}

#[test]
fn fields_are_matched_by_name_dropped_and_filled_in() {
    let writer = record("R", r#"{"name":"a","type":"int"},{"name":"b","type":"string"}"#);
    let value = Value::Record(vec![Value::Int(1), text("x")]);
    let reader = record(
        "R",
        r#"{"name":"b","type":"string"},{"name":"c","type":["null","int"],"default":null},
           {"name":"d","type":{"type":"map","values":"double"},"default":{"k":1}}"#,
    );
    assert_eq!(
        read(&reader, &writer, &value),
        Ok(r#"{"b":"x","c":null,"d":{"k":1.0}}"#.to_owned())
    );
    assert_eq!(
        refused(&record("R", r#"{"name":"c","type":["null","int"]}"#), &writer, &value),
        "the reader's record R needs a field \"c\", which is not written and has no default"
    );
}

#[test]
fn alias_of_a_field_renames_the_writer_s_field() {
    let writer = record("R", r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    let value = Value::Record(vec![Value::Int(1), Value::Int(2)]);
    let reader = |fields: &str| record("R", fields);
    assert_eq!(
        read(&reader(r#"{"name":"x","aliases":["b"],"type":"long"}"#), &writer, &value),
        Ok(r#"{"x":2}"#.to_owned())
    );
    assert_eq!(
        refused(&reader(r#"{"name":"a","aliases":["b"],"type":"int"}"#), &writer, &value),
        "the writer's fields \"a\" and \"b\" both answer to the reader's field \"a\""
    );
    let itself = reader(r#"{"name":"a","aliases":["a"],"type":"int"}"#);
    assert_eq!(read(&itself, &writer, &value), Ok(r#"{"a":1}"#.to_owned()));
}

#[test]
fn union_is_resolved_branch_by_branch() {
    let long = |value| Value::Union(1, Box::new(Value::Long(value)));
    assert_eq!(
        read(r#"["string","double","null"]"#, r#"["null","long"]"#, &long(2)),
        Ok(r#"{"double":2.0}"#.to_owned())
    );
    assert_eq!(read("\"double\"", r#"["null","long"]"#, &long(2)), Ok("2.0".to_owned()));
    assert_eq!(
        read(r#"["float","long"]"#, "\"long\"", &Value::Long(2)),
        Ok(r#"{"long":2}"#.to_owned()),
        "the same type goes before a wider one"
    );
    assert_eq!(
        refused(r#"["null","string"]"#, r#"["null","long"]"#, &long(2)),
        "no branch of the reader's union takes long"
    );
    assert_eq!(
        refused("\"long\"", r#"["null","long"]"#, &Value::Union(0, Box::new(Value::Null))),
        "the reader wants long and cannot make it of null"
    );
}

#[test]
fn union_takes_the_full_name_before_the_last_part_of_it() {
    let e = |name: &str, symbols: &str| {
        format!(r#"{{"type":"enum","name":"{name}","symbols":[{symbols}]}}"#)
    };
    let writer = e("b.E", r#""A""#);
    let reader = format!("[{},{}]", e("a.E", r#""A""#), e("b.E", r#""A""#));
    assert_eq!(read(&reader, &writer, &Value::Enum(0)), Ok(r#"{"b.E":"A"}"#.to_owned()));
}

#[test]
fn place_of_a_refusal_names_the_way_to_it() {
    let e = |symbols: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#);
    let lines = |symbols: &str| {
        record(
            "R",
            &format!(
                r#"{{"name":"lines","type":{{"type":"array","items":{{"type":"map","values":{}}}}}}}"#,
                record("L", &format!(r#"{{"name":"unit","type":{}}}"#, e(symbols)))
            ),
        )
    };
    let line = Value::Map(vec![("k".to_owned(), Value::Record(vec![Value::Enum(1)]))]);
    let value = Value::Record(vec![Value::Array(vec![line])]);
    assert_eq!(
        refused(&lines(r#""A""#), &lines(r#""A","B""#), &value),
        "at lines[]{}.unit: the reader's enum E has no symbol \"B\" and no default"
    );
}

#[test]
fn defaults_become_values_of_every_kind() {
    let writer = record("R", "");
    let unit = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
    let point = record("P", r#"{"name":"x","type":"int"},{"name":"y","type":"int","default":2}"#);
    for (field_type, default, want) in [
        ("\"bytes\"", "\"ÿ世\"", "\"ÿ?\""),
        (r#"{"type":"fixed","name":"F","size":2}"#, "\"aé\"", "\"aé\""),
        (r#"{"type":"fixed","name":"F","size":2}"#, "\"abc\"", "\"ab\""),
        (unit, "\"B\"", "\"B\""),
        (point.as_str(), r#"{"x":1}"#, r#"{"x":1,"y":2}"#),
        (r#"["null","long"]"#, "3", r#"{"long":3}"#),
        (r#"{"type":"array","items":"float"}"#, "[1]", "[1.0]"),
        ("\"boolean\"", "true", "true"),
    ] {
        let field = format!(r#"{{"name":"f","type":{field_type},"default":{default}}}"#);
        let read = read(&record("R", &field), &writer, &Value::Record(vec![]));
        assert_eq!(read, Ok(format!(r#"{{"f":{want}}}"#)), "{field}");
    }
    let unknown = format!(r#"{{"name":"f","type":{unit},"default":"C"}}"#);
    assert_eq!(
        refused(&record("R", &unknown), &writer, &Value::Record(vec![])),
        "the default of the reader's field \"f\" is no value of its type (enum)"
    );
}

#[test]
fn bytes_that_are_no_value_of_the_writer_are_malformed() {
    let limits = Limits::default();
    for (writer, bytes, why) in [
        ("\"string\"", vec![6, b'a'], "they end too early"),
        ("\"string\"", vec![1], "a length is negative"),
        ("\"string\"", vec![2, 0xff], "a string is not UTF-8"),
        ("\"boolean\"", vec![2], "a boolean is neither 0 nor 1"),
        ("\"int\"", vec![0xff, 0xff, 0xff, 0xff, 0xff, 1], "an int is out of range"),
        ("\"long\"", vec![0xff; 11], "a number has too many bytes"),
        ("\"null\"", vec![0], "bytes are left over"),
        (r#"["null"]"#, vec![2], "a symbol or branch has no such position"),
        (r#"["null"]"#, vec![1], "a symbol or branch has no such position"),
    ] {
        let writer = schema(writer);
        assert_eq!(writer.decode(&writer, &bytes, &limits), Err(DecodeError::Malformed(why)));
    }
}

#[test]
fn blocks_may_be_many_and_carry_their_size() {
    let writer = schema(r#"{"type":"array","items":"int"}"#);
    // Two items in 2 bytes, then one item.
    let read = writer.decode(&writer, &[3, 4, 2, 4, 2, 6, 0], &Limits::default());
    assert_eq!(read, Ok(Value::Array(vec![Value::Int(1), Value::Int(2), Value::Int(3)])));
}

#[test]
fn values_deeper_or_larger_than_the_limits_are_refused_and_not_built() {
    let nulls = schema(r#"{"type":"array","items":"null"}"#);
    let many = Value::Array(vec![Value::Null; 10]).encode();
    let at = Limits { pairs_max: 11, ..Limits::default() };
    let past = Limits { pairs_max: 10, ..Limits::default() };
    assert!(nulls.decode(&nulls, &many, &at).is_ok());
    assert_eq!(nulls.decode(&nulls, &many, &past), Err(DecodeError::TooComplex));

    let list = schema(&record("L", r#"{"name":"next","type":["null","L"]}"#));
    let deep = |depth| {
        let end = Value::Union(0, Box::new(Value::Null));
        (0..depth).fold(end, |inner, _| Value::Union(1, Box::new(Value::Record(vec![inner]))))
    };
    let value = Value::Record(vec![deep(3)]).encode();
    let limits = |depth_max| Limits { depth_max, ..Limits::default() };
    assert!(list.decode(&list, &value, &limits(8)).is_ok());
    assert_eq!(list.decode(&list, &value, &limits(7)), Err(DecodeError::TooComplex));
}

#[test]
fn defaults_that_fill_each_other_in_without_end_are_refused() {
    // Only a stored schema may have such a default.
    let text = record("R", r#"{"name":"r","type":"R","default":{}}"#);
    let limits = Limits::default();
    let reader = AvroSchema::parse(&text, &[], Validation::Stored, &limits).expect("stored");
    let writer = schema(&record("R", ""));
    assert_eq!(reader.decode(&writer, &[], &limits), Err(DecodeError::TooComplex));
}

#[test]
fn smallest_value_is_finite_or_there_is_none() {
    let smallest = |text: &str| {
        let schema = schema(text);
        schema.smallest_value(&Limits::default()).map(|value| schema.value_json(&value))
    };
    for (text, want) in [
        (record("L", r#"{"name":"next","type":["L","null"]}"#), Some(r#"{"next":null}"#)),
        (
            record("T", r#"{"name":"sub","type":{"type":"array","items":"T"}}"#),
            Some(r#"{"sub":[]}"#),
        ),
        (record("N", r#"{"name":"n","type":"N"}"#), None),
        (r#"{"type":"enum","name":"E","symbols":[]}"#.to_owned(), None),
        ("[]".to_owned(), None),
        (r#"{"type":"fixed","name":"F","size":2147483639}"#.to_owned(), None),
        (
            r#"{"type":"string","logicalType":"uuid"}"#.to_owned(),
            Some("\"00000000-0000-0000-0000-000000000000\""),
        ),
    ] {
        assert_eq!(smallest(&text).as_deref(), want, "{text}");
    }
}

#[test]
fn json_names_branches_in_full_and_spells_bytes_as_characters() {
    let text = record(
        "a.R",
        r#"{"name":"u","type":["null",{"type":"fixed","name":"F","size":2},"bytes"]},
           {"name":"f","type":"float"},{"name":"d","type":"double"}"#,
    );
    let schema = schema(&text);
    let union = |at, inner| Value::Union(at, Box::new(inner));
    let json =
        |u, f, d| schema.value_json(&Value::Record(vec![u, Value::Float(f), Value::Double(d)]));
    assert_eq!(
        json(union(1, Value::Fixed(vec![b'"', 0xff])), 0.1, f64::NAN),
        r#"{"u":{"a.F":"\"ÿ"},"f":0.1,"d":"NaN"}"#
    );
    assert_eq!(
        json(union(0, Value::Null), f32::NEG_INFINITY, 1e10),
        r#"{"u":null,"f":"-Infinity","d":1.0E10}"#
    );
}
