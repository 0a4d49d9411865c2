//! Properties that hold for every Avro schema, on generated ones.
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

use levada_schema_core::{CompatibilityLevel, Incompatibility, Limits, RawSchema, Schema};
use levada_schema_core::{SchemaType, Side, Validation, check_version};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A schema before its types have names.
#[derive(Clone, Debug)]
enum Shape {
    Primitive(&'static str),
    Array(Box<Shape>),
    Map(Box<Shape>),
    /// Null and one other type.
    Nullable(Box<Shape>),
    Record(Vec<(Shape, bool)>),
    Enum(usize, bool),
    Fixed(usize),
    /// The record around it, if there is one.
    Recursive,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["int", "long", "float", "double", "string", "bytes", "boolean"])
            .prop_map(Shape::Primitive),
        (1..4usize, any::<bool>()).prop_map(|(count, default)| Shape::Enum(count, default)),
        (0..3usize).prop_map(Shape::Fixed),
        Just(Shape::Recursive),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| Shape::Array(Box::new(shape))),
            inner.clone().prop_map(|shape| Shape::Map(Box::new(shape))),
            inner.clone().prop_map(|shape| Shape::Nullable(Box::new(shape))),
            prop::collection::vec((inner, any::<bool>()), 0..4).prop_map(Shape::Record),
        ]
    })
}

/// Writes the shape out; types are named in the order in which they occur.
fn written(shape: &Shape, around: Option<&str>, count: &mut usize) -> Value {
    let mut name = || {
        *count += 1;
        format!("N{count}")
    };
    match shape {
        Shape::Primitive(name) => json!(name),
        Shape::Array(items) => json!({"type": "array", "items": written(items, around, count)}),
        Shape::Map(values) => json!({"type": "map", "values": written(values, around, count)}),
        Shape::Nullable(inner) => match written(inner, around, count) {
            nullable if nullable.is_array() || nullable == json!("null") => nullable,
            other => json!(["null", other]),
        },
        Shape::Fixed(size) => json!({"type": "fixed", "name": name(), "size": size}),
        Shape::Enum(symbols, has_default) => {
            let symbols: Vec<String> = (0..*symbols).map(|i| format!("S{i}")).collect();
            let mut schema = json!({"type": "enum", "name": name(), "symbols": symbols});
            if *has_default {
                schema["default"] = json!("S0");
            }
            schema
        }
        Shape::Recursive => around.map_or(json!("null"), |record| json!(record)),
        Shape::Record(fields) => {
            let record = name();
            let mut listed = Vec::new();
            for (index, (shape, has_default)) in fields.iter().enumerate() {
                let field_type = written(shape, Some(&record), count);
                let mut field = json!({"name": format!("f{index}"), "type": field_type});
                if *has_default && field["type"][0] == json!("null") {
                    field["default"] = Value::Null;
                }
                listed.push(field);
            }
            json!({"type": "record", "name": record, "fields": listed})
        }
    }
}

fn schema(shape: &Shape) -> Schema {
    parsed(&written(shape, None, &mut 0).to_string())
}

fn parsed(text: &str) -> Schema {
    let raw = RawSchema { schema_type: SchemaType::Avro, text, references: &[] };
    Schema::parse(raw, Validation::New, &Limits::default()).expect(text)
}

fn found(level: CompatibilityLevel, candidate: &Schema, old: &Schema) -> Vec<Incompatibility> {
    check_version(level, candidate, old, &Limits::default()).expect("a verdict").incompatibilities
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schema_reads_itself(shape in shapes()) {
        let schema = schema(&shape);
        prop_assert_eq!(found(CompatibilityLevel::Full, &schema, &schema), vec![]);
    }

    #[test]
    fn canonical_and_normal_text_are_fixed_points(shape in shapes()) {
        let schema = schema(&shape);
        let again = parsed(schema.canonical());
        prop_assert_eq!(again.canonical(), schema.canonical());
        prop_assert!(again.is_equivalent(&schema));
        let normal = parsed(&schema.normalized());
        prop_assert_eq!(normal.canonical(), schema.normalized());
        prop_assert_eq!(normal.normalized(), schema.normalized());
    }

    #[test]
    fn full_is_forward_then_backward(a in shapes(), b in shapes()) {
        let (candidate, old) = (schema(&a), schema(&b));
        let mut both = found(CompatibilityLevel::Forward, &candidate, &old);
        both.extend(found(CompatibilityLevel::Backward, &candidate, &old));
        prop_assert_eq!(found(CompatibilityLevel::Full, &candidate, &old), both);
    }

    #[test]
    fn forward_is_backward_with_the_sides_exchanged(a in shapes(), b in shapes()) {
        let (candidate, old) = (schema(&a), schema(&b));
        let forward = found(CompatibilityLevel::Forward, &candidate, &old);
        let backward = found(CompatibilityLevel::Backward, &old, &candidate);
        let bare = |found: &[Incompatibility]| -> Vec<_> {
            found.iter().map(|f| (f.rule, f.path.clone(), f.detail.clone())).collect()
        };
        prop_assert_eq!(bare(&forward), bare(&backward));
        prop_assert!(forward.iter().all(|found| found.reader == Side::Old));
    }

    #[test]
    fn making_a_type_nullable_is_backward_compatible(shape in shapes()) {
        let old = schema(&shape);
        let new = schema(&Shape::Nullable(Box::new(shape)));
        prop_assert_eq!(found(CompatibilityLevel::Backward, &new, &old), vec![]);
    }
}
