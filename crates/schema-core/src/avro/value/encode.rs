//! Avro's binary encoding, written.

use super::Value;

pub(super) fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Boolean(value) => out.push(u8::from(*value)),
        Value::Int(value) => long(i64::from(*value), out),
        Value::Long(value) => long(*value, out),
        Value::Float(value) => out.extend(value.to_le_bytes()),
        Value::Double(value) => out.extend(value.to_le_bytes()),
        Value::Bytes(value) => bytes(value, out),
        Value::String(value) => bytes(value.as_bytes(), out),
        Value::Fixed(value) => out.extend(value),
        Value::Enum(index) => size(*index, out),
        Value::Array(items) => {
            block(items.len(), out);
            for item in items {
                encode(item, out);
            }
            size(0, out);
        }
        Value::Map(entries) => {
            block(entries.len(), out);
            for (key, value) in entries {
                bytes(key.as_bytes(), out);
                encode(value, out);
            }
            size(0, out);
        }
        Value::Record(fields) => {
            for field in fields {
                encode(field, out);
            }
        }
        Value::Union(index, inner) => {
            size(*index, out);
            encode(inner, out);
        }
    }
}

/// Begins the one block that holds all items; a block of none would be the end already.
fn block(count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        size(count, out);
    }
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    size(value.len(), out);
    out.extend(value);
}

fn size(value: usize, out: &mut Vec<u8>) {
    // What lies in memory has fewer than 2^63 parts.
    long(i64::try_from(value).unwrap_or(i64::MAX), out);
}

/// Zigzag, seven bits a byte, the lowest first.
fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    out.push(u8::try_from(rest).unwrap_or_default());
}
