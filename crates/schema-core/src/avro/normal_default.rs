//! Default values as the normal form spells them: by their type. The default 1 of a double becomes
//! 1.0; characters that no byte can hold become `?` in bytes; keys are sorted.

use super::types::{Primitive, Shape, TypeId, Types};
use crate::json_text::{
    Data, Member, Number, Value, java_double, java_float, print_sorted, utf16_order, write_string,
};

/// Prints the `value` of a field of type `id`.
pub(super) fn print(types: &Types, id: TypeId, value: &Value, out: &mut String) {
    if !print_as(types, id, value, out) {
        // Only a stored schema can have a default that fits nothing; it stays as it is.
        print_sorted(value, out);
    }
}

/// Prints the value in the way of the type, or returns false where the type has none for it.
fn print_as(types: &Types, id: TypeId, value: &Value, out: &mut String) -> bool {
    let shape = types.shape(id);
    if let (Shape::Union(branches), false) = (shape, value.is_null()) {
        // The first branch that can, in source order; null never counts.
        return branches.iter().any(|&branch| {
            let is_null = matches!(types.shape(branch), Shape::Primitive(Primitive::Null));
            !is_null && print_as(types, branch, value, out)
        });
    }
    match &value.data {
        Data::Null | Data::Boolean(_) => print_sorted(value, out),
        Data::Number(number) => return print_number(shape, number, out),
        Data::String(text) => return print_text(shape, text, out),
        Data::Array(items) => {
            let element = match shape {
                Shape::Array(element) => *element,
                _ if items.is_empty() => id,
                _ => return false,
            };
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                print(types, element, item, out);
            }
            out.push(']');
        }
        Data::Object(object) => {
            let mut members: Vec<&Member> = object.iter().collect();
            members.sort_by(|a, b| utf16_order(&a.key, &b.key));
            out.push('{');
            for (index, member) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(&member.key, out);
                out.push(':');
                match member_type(shape, &member.key) {
                    Some(inner) => print(types, inner, &member.value, out),
                    None => print_sorted(&member.value, out),
                }
            }
            out.push('}');
        }
    }
    true
}

fn member_type(shape: &Shape, key: &str) -> Option<TypeId> {
    match shape {
        Shape::Map(values) => Some(*values),
        Shape::Record(record) => {
            let position = *record.by_name.get(key)?;
            record.fields.get(position).map(|field| field.type_id)
        }
        _ => None,
    }
}

fn print_number(shape: &Shape, number: &Number, out: &mut String) -> bool {
    let Shape::Primitive(primitive) = shape else { return false };
    match primitive {
        Primitive::Int | Primitive::Long if number.as_i64().is_some() => {
            out.push_str(&number.printed());
        }
        Primitive::Double => out.push_str(&java_double(number.as_f64())),
        #[expect(clippy::cast_possible_truncation, reason = "rounding to float is what is wanted")]
        Primitive::Float => out.push_str(&java_float(number.as_f64() as f32)),
        _ => return false,
    }
    true
}

fn print_text(shape: &Shape, text: &str, out: &mut String) -> bool {
    match shape {
        Shape::Primitive(Primitive::String) | Shape::Enum(_) => write_string(text, out),
        Shape::Primitive(Primitive::Bytes) | Shape::Fixed(_) => {
            let bytes: String =
                text.chars().map(|c| if u32::from(c) > 0xFF { '?' } else { c }).collect();
            write_string(&bytes, out);
        }
        _ => return false,
    }
    true
}
