//! Avro's JSON encoding, written.

use super::Value;
use crate::avro::types::{Shape, TypeId, Types};
use crate::json_text::{java_double, java_float, write_string};

pub(super) fn print((types, id): (&Types, TypeId), value: &Value, out: &mut String) {
    match (types.shape(id), value) {
        (_, Value::Boolean(value)) => out.push_str(if *value { "true" } else { "false" }),
        (_, Value::Int(value)) => out.push_str(&value.to_string()),
        (_, Value::Long(value)) => out.push_str(&value.to_string()),
        (_, Value::Float(value)) => out.push_str(&java_float(*value)),
        (_, Value::Double(value)) => out.push_str(&java_double(*value)),
        (_, Value::String(value)) => write_string(value, out),
        (_, Value::Bytes(value) | Value::Fixed(value)) => latin1(value, out),
        (Shape::Enum(symbols), Value::Enum(index)) if *index < symbols.symbols.len() => {
            write_string(types.symbols(symbols).nth(*index).unwrap_or_default(), out);
        }
        (Shape::Array(items), Value::Array(values)) => {
            let items = values.iter().map(|value| (None, *items, value));
            listed(types, items, ['[', ']'], out);
        }
        (Shape::Map(inside), Value::Map(entries)) => {
            let members = entries.iter().map(|(key, value)| (Some(key.as_str()), *inside, value));
            listed(types, members, ['{', '}'], out);
        }
        (Shape::Record(record), Value::Record(values)) => {
            let members = record.fields.iter().zip(values);
            let members =
                members.map(|(field, it)| (Some(types.text(field.name)), field.type_id, it));
            listed(types, members, ['{', '}'], out);
        }
        (Shape::Union(branches), Value::Union(index, inner)) => match branches.get(*index) {
            Some(&branch) if **inner != Value::Null => {
                let shape = types.shape(branch);
                let name = shape.named().map_or(shape.kind(), |named| named.name.full.as_str());
                listed(types, std::iter::once((Some(name), branch, &**inner)), ['{', '}'], out);
            }
            _ => out.push_str("null"),
        },
        _ => out.push_str("null"),
    }
}

/// Items, or members where there are keys.
fn listed<'v>(
    types: &Types,
    values: impl Iterator<Item = (Option<&'v str>, TypeId, &'v Value)>,
    [open, close]: [char; 2],
    out: &mut String,
) {
    out.push(open);
    for (index, (key, id, value)) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(key) = key {
            write_string(key, out);
            out.push(':');
        }
        print((types, id), value, out);
    }
    out.push(close);
}

/// One character a byte.
fn latin1(bytes: &[u8], out: &mut String) {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    write_string(&text, out);
}
