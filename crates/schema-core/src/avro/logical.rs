//! Logical types: which annotations are usable. An unusable one is a custom property like any
//! other, never an error.

use super::types::{Primitive, Shape, Type, Types};
use crate::json_text::{Number, View};

/// Bytes of a UUID and of a duration.
const UUID_SIZE: i32 = 16;
const DURATION_SIZE: i32 = 12;

/// Properties that choose a Java class; beside one, the reference ignores the logical type.
const JAVA_CLASSES: [&str; 4] =
    ["avro.java.string", "java-class", "java-key-class", "java-element-class"];

/// The logical type in force for `annotated`, if any.
pub(super) fn usable<'a>(types: &'a Types, annotated: &Type) -> Option<&'a str> {
    let name = types.prop(annotated, "logicalType")?.as_str()?;
    let shape = &annotated.shape;
    let is_usable = match name {
        "date" | "time-millis" => is(shape, Primitive::Int),
        "time-micros"
        | "timestamp-millis"
        | "timestamp-micros"
        | "timestamp-nanos"
        | "local-timestamp-millis"
        | "local-timestamp-micros"
        | "local-timestamp-nanos" => is(shape, Primitive::Long),
        "uuid" => is(shape, Primitive::String) || fixed_size(shape) == Some(UUID_SIZE),
        "duration" => fixed_size(shape) == Some(DURATION_SIZE),
        "big-decimal" => is(shape, Primitive::Bytes),
        "decimal" => is_decimal(types, annotated),
        _ => false,
    };
    let is_text = |key| types.prop(annotated, key).is_some_and(|value| value.as_str().is_some());
    (is_usable && !JAVA_CLASSES.into_iter().any(is_text)).then_some(name)
}

/// The scale of a usable decimal.
pub(super) fn scale(types: &Types, annotated: &Type) -> i64 {
    attribute(types, annotated, "scale").unwrap_or(0)
}

fn is(shape: &Shape, wanted: Primitive) -> bool {
    matches!(shape, Shape::Primitive(primitive) if *primitive == wanted)
}

fn fixed_size(shape: &Shape) -> Option<i32> {
    match shape {
        Shape::Fixed(fixed) => Some(fixed.size),
        _ => None,
    }
}

fn is_decimal(types: &Types, annotated: &Type) -> bool {
    let precision_max = match &annotated.shape {
        Shape::Primitive(Primitive::Bytes) => f64::from(i32::MAX),
        // As many decimal digits as the bytes can hold, their sign aside.
        Shape::Fixed(fixed) => (f64::from(fixed.size).mul_add(8.0, -1.0) * 2f64.log10()).floor(),
        _ => return false,
    };
    let Some(precision) = attribute(types, annotated, "precision") else { return false };
    let Ok(precision) = i32::try_from(precision) else { return false };
    let scale = match types.prop(annotated, "scale") {
        None => 0,
        Some(_) => match attribute(types, annotated, "scale") {
            Some(scale) => scale,
            None => return false,
        },
    };
    precision > 0
        && f64::from(precision) <= precision_max
        && (0..=i64::from(precision)).contains(&scale)
}

fn attribute(types: &Types, annotated: &Type, key: &str) -> Option<i64> {
    match types.prop(annotated, key)?.view() {
        View::Number(source) => Number::new(source).as_i64(),
        _ => None,
    }
}
