//! What is said of the findings between random Protobuf schemas, tried with a library's codec: the
//! bytes of an example are the writer's and read as something else, and where the reader is said to
//! take everything it does.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]

mod choices;

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use choices::Choices;
use levada_schema_core::{
    CompatibilityLevel, CounterExample, ExampleValue, Limits, NoneExists, RawSchema, Schema,
    SchemaType, Validation, check_version, counter_example,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::{FileDescriptorProto, FileDescriptorSet};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage as _, Value,
};

const TYPES: [&str; 13] = [
    "int32",
    "sint32",
    "int64",
    "uint32",
    "bool",
    "string",
    "bytes",
    "double",
    "fixed32",
    "E",
    "B",
    "C",
    "map<int32, string>",
];
/// Messages that each pair is tried with.
const MESSAGES: usize = 20;

/// A field of A: its number, label and type; whether it stands in the oneof.
#[derive(Clone, Copy)]
struct Field {
    number: usize,
    label: &'static str,
    ty: &'static str,
    is_in_oneof: bool,
}

fn field(number: usize, choices: &mut Choices<'_>) -> Field {
    let ty = choices.of(&TYPES);
    let label = choices.of(&["optional", "required", "repeated"]);
    let is_in_oneof = choices.below(3) == 0 && !ty.starts_with("map") && label == "optional";
    Field { number, label, ty, is_in_oneof }
}

fn fields(choices: &mut Choices<'_>) -> Vec<Field> {
    let mut numbers: Vec<usize> = (1..=4).collect();
    numbers.retain(|_| choices.below(4) > 0);
    numbers.into_iter().map(|number| field(number, choices)).collect()
}

/// The same with some fields changed, some gone and one more.
fn changed(before: &[Field], choices: &mut Choices<'_>) -> Vec<Field> {
    let mut after = Vec::new();
    for known in before {
        match choices.below(6) {
            0 => {}
            1 | 2 => after.push(field(known.number, choices)),
            _ => after.push(*known),
        }
    }
    if choices.below(4) == 0 {
        after.push(field(5, choices));
    }
    after
}

fn text(fields: &[Field]) -> String {
    let mut text = "syntax = \"proto2\"; message B { optional int32 x = 1; } \
                    message C { optional int64 x = 1; optional string y = 2; } \
                    enum E { ZERO = 0; ONE = 1; } message A {"
        .to_owned();
    let mut oneof = String::new();
    for Field { number, label, ty, is_in_oneof } in fields {
        let label = if *is_in_oneof || ty.starts_with("map") { "" } else { label };
        let into = if *is_in_oneof { &mut oneof } else { &mut text };
        write!(into, " {label} {ty} f{number} = {number};").expect("a text grows");
    }
    if !oneof.is_empty() {
        write!(text, " oneof o {{{oneof} }}").expect("a text grows");
    }
    text + " }"
}

fn parsed(text: &str) -> Schema {
    let raw = RawSchema { schema_type: SchemaType::Protobuf, text, references: &[] };
    Schema::parse(raw, Validation::Stored, &Limits::default()).expect(text)
}

fn message(schema: &Schema, name: &str) -> Option<MessageDescriptor> {
    let Schema::Protobuf(schema) = schema else { panic!("a Protobuf schema") };
    let bytes = base64::engine::general_purpose::STANDARD.decode(schema.serialized());
    let file = FileDescriptorProto::decode(bytes.expect("base64").as_slice()).expect("a file");
    let set = FileDescriptorSet { file: vec![file] };
    DescriptorPool::from_file_descriptor_set(set).expect("a pool").get_message_by_name(name)
}

fn value(kind: &Kind, choices: &mut Choices<'_>, depth: usize) -> Value {
    let number = choices.below(4);
    let small = i32::try_from(number).expect("small");
    match kind {
        Kind::Bool => Value::Bool(number > 1),
        Kind::Int32 | Kind::Sint32 => Value::I32(small - 2),
        Kind::Int64 => Value::I64(i64::from(small) - 2),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(small.unsigned_abs()),
        Kind::Double => Value::F64(f64::from(small) + 0.5),
        Kind::String => Value::String("ab".repeat(number)),
        Kind::Bytes => Value::Bytes("ab".repeat(number).into()),
        Kind::Enum(_) => Value::EnumNumber(small % 2),
        Kind::Message(message) => Value::Message(random(message, choices, depth + 1)),
        other => panic!("{other:?} is no type of the test"),
    }
}

/// A message with some of its fields and all required ones.
fn random(message: &MessageDescriptor, choices: &mut Choices<'_>, depth: usize) -> DynamicMessage {
    let mut made = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if choices.below(3) == 0 && field.cardinality() != Cardinality::Required {
            continue;
        }
        let content = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let (key, kind) = (MapKey::I32(1), entry.map_entry_value_field().kind());
                Value::Map(HashMap::from([(key, value(&kind, choices, depth))]))
            }
            kind if field.is_list() => {
                let items = 0..choices.below(3);
                Value::List(items.map(|_| value(&kind, choices, depth)).collect())
            }
            kind => value(&kind, choices, depth),
        };
        made.set_field(&field, content);
    }
    made
}

/// Whether the reader makes something else of the example than the writer wrote.
fn check_value(
    example: &ExampleValue,
    writer: &MessageDescriptor,
    reader: &MessageDescriptor,
) -> Result<(), TestCaseError> {
    let written = DynamicMessage::decode(writer.clone(), example.encoded.as_slice());
    let written = serde_json::to_value(written.expect("the writer's own")).expect("JSON");
    prop_assert_eq!(written.to_string(), example.value.as_str());
    let Ok(read) = DynamicMessage::decode(reader.clone(), example.encoded.as_slice()) else {
        return Ok(());
    };
    let misses = |field: FieldDescriptor| {
        field.cardinality() == Cardinality::Required && !read.has_field(&field)
    };
    let is_other = serde_json::to_value(&read).expect("JSON") != written;
    let is_lost = read.unknown_fields().next().is_some() || reader.fields().any(misses);
    prop_assert!(is_other || is_lost, "{} is read as it was written", example.value);
    Ok(())
}

/// Whether the reader has in the field what the writer wrote there: it is written back as the same.
fn check_kept(
    message: &DynamicMessage,
    number: u32,
    reader: &MessageDescriptor,
) -> Result<(), TestCaseError> {
    let writer = message.descriptor();
    let (Some(from), Some(to)) = (writer.get_field(number), reader.get_field(number)) else {
        return Err(TestCaseError::fail(format!("no field {number} on some side")));
    };
    let mut alone = DynamicMessage::new(writer.clone());
    if message.has_field(&from) {
        alone.set_field(&from, message.get_field(&from).into_owned());
    }
    let read = DynamicMessage::decode(reader.clone(), alone.encode_to_vec().as_slice());
    let read = read.map_err(|error| TestCaseError::fail(format!("{alone}: {error}")))?;
    let mut kept = DynamicMessage::new(reader.clone());
    if read.has_field(&to) {
        kept.set_field(&to, read.get_field(&to).into_owned());
    }
    let again = DynamicMessage::decode(writer, kept.encode_to_vec().as_slice());
    prop_assert_eq!(again.expect("the writer's field"), alone);
    Ok(())
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    values: usize,
    takes_all: usize,
    not_found: usize,
}

fn try_pair(
    (before, after): (&str, &str),
    values: &[u8],
    counts: &mut Counts,
) -> Result<(), TestCaseError> {
    let (old, new, limits) = (parsed(before), parsed(after), Limits::default());
    let report = check_version(CompatibilityLevel::Backward, &new, &old, &limits);
    for found in report.expect("a verdict").incompatibilities {
        let name = found.path.split('/').nth(1).expect("a message");
        let (writer, reader) = (message(&old, name), message(&new, name));
        let (writer, reader) = (writer.expect("a message"), reader.expect("a message"));
        let outcome = counter_example(&new, &old, &found, &limits);
        let told = |error: TestCaseError| {
            let rule = found.rule.as_str();
            TestCaseError::fail(format!("{rule} at {}, {before} as {after}: {error}", found.path))
        };
        match outcome {
            CounterExample::Value(example) => {
                counts.values += 1;
                check_value(&example, &writer, &reader).map_err(told)?;
            }
            CounterExample::NoneExists(NoneExists::ReaderTakesAll) => {
                counts.takes_all += 1;
                let last = found.path.rsplit('/').next().expect("a part");
                for bytes in values.chunks(values.len() / MESSAGES) {
                    let message = random(&writer, &mut Choices::new(bytes), 0);
                    if let Ok(number) = last.parse() {
                        check_kept(&message, number, &reader).map_err(told)?;
                    }
                }
            }
            CounterExample::NotFound => counts.not_found += 1,
            other @ CounterExample::NoneExists(_) => {
                return Err(told(TestCaseError::fail(format!("{other:?}"))));
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_said_of_random_pairs_holds_for_messages_really_encoded() {
    let config =
        ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    let counts = Cell::new(Counts::default());
    let bytes = |most| prop::collection::vec(any::<u8>(), most);
    TestRunner::new(config)
        .run(&(bytes(20), bytes(20), bytes(16 * MESSAGES)), |(first, second, values)| {
            let before = fields(&mut Choices::new(&first));
            let after = changed(&before, &mut Choices::new(&second));
            let mut counted = counts.get();
            let outcome = try_pair((&text(&before), &text(&after)), &values, &mut counted);
            counts.set(counted);
            outcome
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let Counts { values, takes_all, not_found } = counts.get();
    let is_enough = values > 100 && takes_all > 0 && not_found * 20 < values;
    assert!(is_enough, "{:?}", counts.get());
}
