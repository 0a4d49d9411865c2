//! What the verdict promises, tried: values written with one schema and read with another.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]

mod avro_random;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as TheirValue;
use apache_avro::writer::datum::GenericDatumWriter;
use avro_random::{Choices, Field, Type, evolved, schema};
use levada_schema_core::avro::{AvroSchema, DecodeError, Value};
use levada_schema_core::{
    CompatibilityLevel, Limits, RawSchema, Schema, SchemaType, Validation, check_version,
    counter_example,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

fn parsed(text: &str) -> Option<Schema> {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default()).ok()
}

fn avro(schema: &Schema) -> &AvroSchema {
    match schema {
        Schema::Avro(schema) => schema,
        other => panic!("{other:?} is no Avro schema"),
    }
}

/// The schema after a few steps, those left out that make no schema of it.
fn evolution(from: &Type, choices: &mut Choices<'_>) -> Type {
    let steps = 1 + choices.below(3);
    (0..steps).fold(from.clone(), |before, _| {
        let after = evolved(&before, choices);
        if parsed(&after.text()).is_some() { after } else { before }
    })
}

/// What came of one pair in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    /// Compatible, and a value was read.
    Read,
    /// Incompatible, and a value was refused.
    Refused,
    /// Incompatible without an example, or no value to write.
    NoValue,
    /// Compatible, and still a value was refused; the reference is known to be too loose here.
    Loose,
}

/// Checks one direction of a pair: values of `writer` against the verdict.
fn try_pair(reader: &Type, writer: &Type, values: &[u8]) -> Result<Outcome, TestCaseError> {
    let limits = Limits::default();
    let [new, old] =
        [reader, writer].map(|side| parsed(&side.text()).expect("checked when it was made"));
    let report = check_version(CompatibilityLevel::Backward, &new, &old, &limits);
    let found = report.expect("a verdict").incompatibilities;
    let mut outcome = Outcome::NoValue;
    for finding in &found {
        let example = counter_example(&new, &old, finding, &limits);
        let Some(example) = example.value() else { continue };
        let itself = avro(&old).decode(avro(&old), &example.encoded, &limits);
        if let Ok(value) = itself {
            prop_assert_eq!(&avro(&old).value_json(&value), &example.value);
        }
        match avro(&new).decode(avro(&old), &example.encoded, &limits) {
            Err(DecodeError::Refused(refusals)) => {
                let reasons: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                prop_assert!(reasons.contains(&example.refusal), "{reasons:?}");
            }
            other => prop_assert!(false, "{other:?} of {}", example.value),
        }
        outcome = Outcome::Refused;
    }
    if !found.is_empty() {
        return Ok(outcome);
    }
    let Some(value) = writer.value(&mut Choices::new(values), &mut vec![]) else {
        return Ok(Outcome::NoValue);
    };
    match avro(&new).decode(avro(&old), &value.encode(), &limits) {
        Ok(_) => Ok(Outcome::Read),
        Err(error) if is_loose(reader) => {
            prop_assert!(matches!(error, DecodeError::Refused(_)), "{error}");
            Ok(Outcome::Loose)
        }
        Err(error) => {
            let json = avro(&old).value_json(&value);
            let (new, old) = (new.canonical(), old.canonical());
            Err(TestCaseError::fail(format!("{error}: {json} of {old} read with {new}")))
        }
    }
}

/// Whether the reader has what the verdict is known to be too loose about (pinned in the unit
/// tests): an alias that is the name of another field, so that both would have one field of the
/// writer; or a default of an enum that is none of its symbols.
fn is_loose(reader: &Type) -> bool {
    match reader {
        Type::Array(inner) | Type::Map(inner) => is_loose(inner),
        Type::Union(branches) => branches.iter().any(is_loose),
        Type::Record(_, fields) => {
            let names: Vec<&String> =
                fields.iter().flat_map(|it| it.aliases.iter().chain([&it.name])).collect();
            let distinct: HashSet<&String> = names.iter().copied().collect();
            let is_field_loose = |field: &Field| is_loose(&field.has) || has_unknown_symbol(field);
            distinct.len() < names.len() || fields.iter().any(is_field_loose)
        }
        _ => false,
    }
}

fn has_unknown_symbol(field: &Field) -> bool {
    let branches = match &field.has {
        Type::Union(branches) => branches.as_slice(),
        plain => std::slice::from_ref(plain),
    };
    let default = field.default.as_ref().and_then(|default| default.as_str());
    default.is_some_and(|default| {
        branches.iter().any(|branch| {
            matches!(branch, Type::Enum(_, symbols, _) if symbols.iter().all(|it| it != default))
        })
    })
}

/// Runs `case` on random pairs and says how often each outcome came.
fn outcomes(cases: u32, pair: impl Fn(&[u8], &[u8]) -> (Type, Type)) -> HashMap<Outcome, usize> {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let counts = Cell::new(HashMap::new());
    TestRunner::new(config)
        .run(&(bytes(40), bytes(40), bytes(40)), |(first, second, values)| {
            let (a, b) = pair(&first, &second);
            for (reader, writer) in [(&a, &b), (&b, &a)] {
                let outcome = try_pair(reader, writer, &values)?;
                let mut counted: HashMap<Outcome, usize> = counts.take();
                *counted.entry(outcome).or_default() += 1;
                counts.set(counted);
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    counts.take()
}

#[test]
fn values_are_read_after_a_compatible_evolution_and_examples_refused_after_another() {
    let counts = outcomes(600, |first, second| {
        let before = schema(&mut Choices::new(first));
        let after = evolution(&before, &mut Choices::new(second));
        (after, before)
    });
    let count = |outcome| counts.get(&outcome).copied().unwrap_or_default();
    assert!(count(Outcome::Read) > 100 && count(Outcome::Refused) > 100, "{counts:?}");
}

#[test]
fn values_are_read_between_unrelated_schemas_that_happen_to_be_compatible() {
    let counts = outcomes(600, |first, second| {
        (schema(&mut Choices::new(first)), schema(&mut Choices::new(second)))
    });
    let count = |outcome| counts.get(&outcome).copied().unwrap_or_default();
    assert!(count(Outcome::Read) > 10 && count(Outcome::Refused) > 100, "{counts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_those_of_the_apache_library(first in bytes(40), values in bytes(40)) {
        let random = schema(&mut Choices::new(&first));
        let Some(value) = random.value(&mut Choices::new(&values), &mut vec![]) else {
            return Ok(());
        };
        let text = random.text();
        let ours = parsed(&text).expect(&text);
        let schema = apache_avro::Schema::parse_str(&text).expect(&text);
        let encoded = value.encode();
        let read = GenericDatumReader::builder(&schema).build().expect("a reader");
        let read = read.read_value(&mut encoded.as_slice()).expect("ours is readable");
        let theirs = theirs(&random, &value, &mut vec![]);
        prop_assert_eq!(&read, &theirs);
        let written = GenericDatumWriter::builder(&schema).build().expect("a writer");
        let written = written.write_value_to_vec(theirs).expect("a value of the schema");
        let again = avro(&ours).decode(avro(&ours), &written, &Limits::default());
        prop_assert_eq!(sorted(again.expect("theirs is readable")), sorted(value));
    }
}

/// The value as the apache library has it.
fn theirs<'t>(of: &'t Type, value: &Value, around: &mut Vec<&'t Type>) -> TheirValue {
    let index = |index: &usize| u32::try_from(*index).expect("few");
    match (of, value) {
        (Type::Around(levels), value) => {
            let place = around.len() - levels - 1;
            let outer = around[place];
            theirs(outer, value, &mut around[..place].to_vec())
        }
        (Type::Union(branches), Value::Union(at, inner)) => {
            TheirValue::Union(index(at), Box::new(theirs(&branches[*at], inner, around)))
        }
        (Type::Record(_, fields), Value::Record(values)) => {
            around.push(of);
            let values = fields
                .iter()
                .zip(values)
                .map(|(field, value)| (field.name.clone(), theirs(&field.has, value, around)));
            let record = TheirValue::Record(values.collect());
            around.pop();
            record
        }
        (Type::Array(items), Value::Array(values)) => {
            TheirValue::Array(values.iter().map(|value| theirs(items, value, around)).collect())
        }
        (Type::Map(inside), Value::Map(entries)) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, it)| (key.clone(), theirs(inside, it, around)));
            TheirValue::Map(entries.collect())
        }
        (Type::Enum(_, symbols, _), Value::Enum(at)) => {
            TheirValue::Enum(index(at), symbols[*at].clone())
        }
        (_, Value::Fixed(bytes)) => TheirValue::Fixed(bytes.len(), bytes.clone()),
        (_, Value::Null) => TheirValue::Null,
        (_, Value::Boolean(value)) => TheirValue::Boolean(*value),
        (_, Value::Int(value)) => TheirValue::Int(*value),
        (_, Value::Long(value)) => TheirValue::Long(*value),
        (_, Value::Float(value)) => TheirValue::Float(*value),
        (_, Value::Double(value)) => TheirValue::Double(*value),
        (_, Value::Bytes(value)) => TheirValue::Bytes(value.clone()),
        (_, Value::String(value)) => TheirValue::String(value.clone()),
        (of, value) => panic!("{value:?} is no value of {of:?}"),
    }
}

/// The value with the entries of maps in the order of their keys; the apache library has none.
fn sorted(value: Value) -> Value {
    match value {
        Value::Map(entries) => {
            let mut entries: Vec<_> =
                entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Map(entries)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Record(fields) => Value::Record(fields.into_iter().map(sorted).collect()),
        Value::Union(at, inner) => Value::Union(at, Box::new(sorted(*inner))),
        leaf => leaf,
    }
}
