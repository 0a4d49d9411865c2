//! Default values as the normal form spells them: by their type. The default 1 of a double becomes
//! 1.0; characters that no byte can hold become `?` in bytes; keys are sorted.

use super::types::{Primitive, Shape, TypeId, Types};
use crate::json_text::{
    Data, Member, Number, java_double, java_float, print_sorted, utf16_order, write_string,
};

/// Prints the default `value` of a field of type `id`, or returns false where the normal form has
/// none: the reference reads it as the first branch of a union, and loses what that cannot hold.
pub(super) fn print(types: &Types, id: TypeId, value: &Data, out: &mut String) -> bool {
    let mut shape = types.shape(id);
    while let Shape::Union(branches) = shape {
        let Some(&first) = branches.first() else { break };
        shape = types.shape(first);
    }
    match value {
        Data::Null | Data::Boolean(_) => print_sorted(value, out),
        Data::Number(number) => return print_number(shape, number, out),
        Data::String(text) => return print_text(shape, text, out),
        Data::Array(items) => {
            // The reference gives up on items in another type than an array; here they stay.
            let Shape::Array(element) = shape else {
                print_sorted(value, out);
                return true;
            };
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                inner(types, *element, &item.data, out);
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
                match member_type(types, shape, &member.key) {
                    Some(id) => inner(types, id, &member.value.data, out),
                    None => print_sorted(&member.value.data, out),
                }
            }
            out.push('}');
        }
    }
    true
}

/// Prints a value inside a default. The reference fails where it cannot hold one; here it stays.
fn inner(types: &Types, id: TypeId, value: &Data, out: &mut String) {
    if !print(types, id, value, out) {
        print_sorted(value, out);
    }
}

fn member_type(types: &Types, shape: &Shape, key: &str) -> Option<TypeId> {
    match shape {
        Shape::Map(values) => Some(*values),
        Shape::Record(record) => {
            let position = types.field_position(record, key)?;
            record.fields.get(position).map(|field| field.type_id)
        }
        _ => None,
    }
}

fn print_number(shape: &Shape, number: &Number, out: &mut String) -> bool {
    let Shape::Primitive(primitive) = shape else { return false };
    if number.is_integer() && number.as_i64().is_none() {
        return false;
    }
    match primitive {
        Primitive::Int | Primitive::Long if number.is_integer() => {
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
