//! What is said of the findings between random JSON schemas, tried with random instances: a value is
//! valid by the writer's schema and not by the reader's, and where none exists none turns up.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail where it stands")]
#![allow(clippy::print_stdout, reason = "the counts are what a measurement is run for")]

mod choices;

use std::cell::Cell;

use choices::Choices;
use levada_schema_core::json::{JsonSchema, Validator};
use levada_schema_core::{
    CompatibilityLevel, CounterExample, Incompatibility, Limits, NoneExists, RawSchema, Schema,
    SchemaType, Validation, check_version, counter_example,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["a", "b", "c"];
const DIALECTS: [&str; 4] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];
/// Instances that each pair is tried with.
const INSTANCES: usize = 120;

/// A value of the kind that the schemas are about.
fn instance(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => json!(choices.below(2) == 0),
        2 => json!(choices.below(8)),
        3 => json!([0.5, 1.5, 2.5, -1.0][choices.below(4)]),
        4 | 5 => json!(["", "a", "b", "ab", "abc", "x1"][choices.below(6)]),
        6 | 7 => {
            let items = 0..choices.below(4);
            Value::Array(items.map(|_| instance(choices, depth - 1)).collect())
        }
        _ => {
            let names = 0..choices.below(4);
            let members =
                names.map(|_| (choices.of(&NAMES).to_owned(), instance(choices, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

/// A value that goes some way towards what a schema asks.
fn guided(schema: &Value, choices: &mut Choices<'_>, depth: usize) -> Value {
    if depth == 0 || choices.below(8) == 0 {
        return instance(choices, 1);
    }
    let choice = ["enum", "anyOf", "oneOf", "allOf"].iter().find_map(|key| schema[key].as_array());
    match (choice, schema["type"].as_str()) {
        (Some(list), _) if schema["enum"].is_array() => list[choices.below(list.len())].clone(),
        (Some(list), _) => guided(&list[choices.below(list.len())], choices, depth - 1),
        (None, Some("string")) => json!(choices.of(&["", "a", "b", "ab", "abc", "cc", "x1"])),
        (None, Some("number" | "integer")) => json!(choices.below(10)),
        (None, Some("array")) => {
            let first = schema["prefixItems"].get(0).unwrap_or(&schema["items"]);
            let others = (0..choices.below(3)).map(|_| &schema["items"]);
            let all = std::iter::once(first).chain(others);
            Value::Array(all.map(|item| guided(item, choices, depth - 1)).collect())
        }
        (None, Some("object")) => {
            let mut members = serde_json::Map::new();
            for name in NAMES {
                if choices.below(2) == 0 {
                    let inner = guided(&schema["properties"][name], choices, depth - 1);
                    members.insert(name.to_owned(), inner);
                }
            }
            Value::Object(members)
        }
        _ => instance(choices, 1),
    }
}

/// A schema; what it says need make no sense.
fn schema(choices: &mut Choices<'_>, depth: usize) -> Value {
    let kinds = if depth == 0 { 4 } else { 11 };
    match choices.below(kinds) {
        0 => json!({"type": choices.of(&["null", "boolean", "string", "number", "integer"])}),
        1 => number(choices),
        2 => text(choices),
        3 => json!({"enum": [instance(choices, 0), instance(choices, 0)]}),
        4..=6 => object(choices, depth - 1),
        7 | 8 => array(choices, depth - 1),
        9 => {
            let key = choices.of(&["anyOf", "oneOf", "allOf"]);
            json!({key: [schema(choices, depth - 1), schema(choices, depth - 1)]})
        }
        _ => json!({"not": schema(choices, depth - 1)}),
    }
}

fn number(choices: &mut Choices<'_>) -> Value {
    let mut schema = json!({"type": choices.of(&["number", "integer"])});
    for key in ["minimum", "maximum", "multipleOf"] {
        if choices.below(2) == 0 {
            schema[key] = json!(1 + choices.below(5));
        }
    }
    schema
}

fn text(choices: &mut Choices<'_>) -> Value {
    let mut schema = json!({"type": "string"});
    for key in ["minLength", "maxLength"] {
        if choices.below(2) == 0 {
            schema[key] = json!(choices.below(4));
        }
    }
    if choices.below(3) == 0 {
        schema["pattern"] = json!(choices.of(&["^a", "b$", "[a-z]*", "^[a-c]{2}$"]));
    }
    schema
}

fn object(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut schema = json!({"type": "object", "properties": {}});
    for name in NAMES {
        if choices.below(2) == 0 {
            schema["properties"][name] = self::schema(choices, depth);
        }
    }
    for key in [
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "dependencies",
    ] {
        if choices.below(3) == 0 {
            schema[key] = match key {
                "required" => json!([choices.of(&NAMES)]),
                "patternProperties" => json!({choices.of(&["^a", "."]): self::schema(choices, 0)}),
                "additionalProperties" if choices.below(2) == 0 => json!(false),
                "additionalProperties" => self::schema(choices, 0),
                "dependencies" => json!({choices.of(&NAMES): [choices.of(&NAMES)]}),
                _ => json!(choices.below(3)),
            };
        }
    }
    schema
}

fn array(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut schema = json!({"type": "array"});
    for key in ["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"] {
        if choices.below(3) == 0 {
            schema[key] = match key {
                "items" | "contains" => self::schema(choices, depth),
                "prefixItems" => json!([self::schema(choices, depth)]),
                "uniqueItems" => json!(true),
                _ => json!(choices.below(4)),
            };
        }
    }
    schema
}

/// The schema with something changed, deep or not.
fn changed(schema: &Value, choices: &mut Choices<'_>, depth: usize) -> Value {
    let Some(members) = schema.as_object().filter(|_| depth > 0) else {
        return self::schema(choices, 1);
    };
    let keys: Vec<&String> = members.keys().collect();
    let mut changed = schema.clone();
    match (choices.below(4), keys.is_empty()) {
        (0, false) => {
            let key = choices.of(&keys);
            changed.as_object_mut().expect("an object").remove(key);
        }
        (1 | 2, false) => {
            let key = choices.of(&keys).as_str();
            changed[key] = match &schema[key] {
                Value::Number(_) => json!(choices.below(6)),
                Value::Object(_) if key == "properties" => {
                    let mut inner = schema[key].clone();
                    let name = choices.of(&NAMES);
                    inner[name] = self::changed(&inner[name], choices, depth - 1);
                    inner
                }
                Value::Object(_) if matches!(key, "items" | "not" | "contains") => {
                    self::changed(&schema[key], choices, depth - 1)
                }
                Value::Array(list) if matches!(key, "anyOf" | "oneOf" | "allOf") => {
                    let mut list = list.clone();
                    list[0] = self::changed(&list[0], choices, depth - 1);
                    Value::Array(list)
                }
                other => other.clone(),
            };
        }
        _ => {
            let more = self::schema(choices, 1);
            for (key, value) in more.as_object().into_iter().flatten() {
                changed[key] = value.clone();
            }
        }
    }
    changed
}

fn parsed(text: &str) -> Option<JsonSchema> {
    let raw = RawSchema { schema_type: SchemaType::Json, text, references: &[] };
    match Schema::parse(raw, Validation::Stored, &Limits::default()) {
        Ok(Schema::Json(schema)) => Some(schema),
        _ => None,
    }
}

/// The place that the path of a finding leads to as a JSON pointer, and the keyword behind it; only
/// where properties alone lead there.
fn pointed(path: &str) -> Option<(String, Option<&str>)> {
    let mut pointer = String::new();
    let mut parts = path.strip_prefix("#/")?.split('/').filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        match part {
            "properties" => pointer.extend(["/", parts.next()?]),
            "items"
            | "additionalItems"
            | "unevaluatedItems"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "dependencies" => return None,
            keyword => return parts.next().is_none().then_some((pointer, Some(keyword))),
        }
    }
    Some((pointer, None))
}

/// Says what is wrong with `reason`, if the instance, which the writer takes, shows it.
fn is_shown(found: &Incompatibility, reason: NoneExists, reader: &Validator, at: &Value) -> bool {
    let Some((pointer, keyword)) = pointed(&found.path) else { return false };
    let rule = found.rule.as_str();
    let is_of_one_side = rule.contains("PROPERTY_") || rule.contains("REQUIRED");
    if reason == NoneExists::WriterAllowsNothing {
        return !is_of_one_side && at.pointer(&pointer).is_some();
    }
    let violations = reader.violations(at);
    violations.iter().any(|violation| {
        let is_there = violation.instance_path == pointer;
        let last = violation.schema_path.rsplit('/').next();
        !is_of_one_side && is_there && keyword.is_none_or(|keyword| last == Some(keyword))
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    values: usize,
    none_exists: usize,
    not_found: usize,
}

fn try_pair(
    (old, new): (&str, &str),
    instances: &[Value],
    counts: &mut Counts,
) -> Result<(), TestCaseError> {
    let (Some(old), Some(new)) = (parsed(old), parsed(new)) else { return Ok(()) };
    let (Ok(writer), Ok(reader)) = (old.validator(), new.validator()) else { return Ok(()) };
    let valid: Vec<&Value> = instances.iter().filter(|at| writer.is_valid(at)).collect();
    let (old, new, limits) = (Schema::Json(old), Schema::Json(new), Limits::default());
    let Ok(report) = check_version(CompatibilityLevel::Backward, &new, &old, &limits) else {
        return Ok(());
    };
    for found in &report.incompatibilities {
        let told = format!("{} at {}", found.rule.as_str(), found.path);
        match counter_example(&new, &old, found, &limits) {
            CounterExample::Value(example) => {
                counts.values += 1;
                let at = serde_json::from_slice(&example.encoded).expect("an instance");
                prop_assert!(writer.is_valid(&at), "{told}: {at} is none of the writer's");
                prop_assert!(!reader.is_valid(&at), "{told}: {at} is taken by the reader");
            }
            CounterExample::NoneExists(reason) => {
                counts.none_exists += 1;
                for at in &valid {
                    let (old, new) = (old.canonical(), new.canonical());
                    let is_shown = is_shown(found, reason, &reader, at);
                    prop_assert!(!is_shown, "{told}: {reason}, but {at} of {old} read as {new}");
                }
            }
            CounterExample::NotFound => counts.not_found += 1,
        }
    }
    Ok(())
}

#[test]
fn what_is_said_of_random_pairs_holds_for_random_instances() {
    let cases = if std::env::var_os("COUNTER_EXAMPLES").is_some() { 20_000 } else { 600 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let counts = Cell::new(Counts::default());
    let bytes = |most| prop::collection::vec(any::<u8>(), most);
    TestRunner::new(config)
        .run(&(bytes(60), bytes(40), bytes(12 * INSTANCES)), |(first, second, values)| {
            let mut choices = Choices::new(&first);
            let dialect = choices.of(&DIALECTS);
            let mut before = schema(&mut choices, 2);
            let mut after = changed(&before, &mut Choices::new(&second), 3);
            before["$schema"] = json!(dialect);
            after["$schema"] = json!(dialect);
            let instances: Vec<Value> = values
                .chunks(12)
                .map(|bytes| guided(&before, &mut Choices::new(bytes), 3))
                .collect();
            let mut counted = counts.get();
            let outcome =
                try_pair((&before.to_string(), &after.to_string()), &instances, &mut counted);
            counts.set(counted);
            outcome
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let Counts { values, none_exists, .. } = counts.get();
    println!("{:?}", counts.get());
    assert!(values > 80 && none_exists > 20, "{:?}", counts.get());
}
