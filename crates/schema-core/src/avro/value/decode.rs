//! Avro's binary encoding, read under the schema that it was written with.

use super::{DecodeError, Value, depth_max};
use crate::Limits;
use crate::avro::types::{Primitive, Shape, TypeId, Types};

/// A varint has at most so many bytes.
const VARINT_BYTES_MAX: u32 = 10;

/// Reads `encoded` as one value of the type, to its last byte.
pub(super) fn decode(
    (types, root): (&Types, TypeId),
    encoded: &[u8],
    limits: &Limits,
) -> Result<Value, DecodeError> {
    let mut decoder = Decoder {
        types,
        rest: encoded,
        values_left: limits.pairs_max,
        depth_max: depth_max(limits),
    };
    let value = decoder.value(root, 0)?;
    if decoder.rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::Malformed("bytes are left over"))
    }
}

struct Decoder<'a> {
    types: &'a Types,
    rest: &'a [u8],
    /// Items of no bytes could otherwise be as many as a count says.
    values_left: usize,
    depth_max: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, id: TypeId, depth: usize) -> Result<Value, DecodeError> {
        self.values_left = self.values_left.checked_sub(1).ok_or(DecodeError::TooComplex)?;
        if depth > self.depth_max {
            return Err(DecodeError::TooComplex);
        }
        match self.types.shape(id) {
            Shape::Primitive(primitive) => self.primitive(*primitive),
            Shape::Fixed(fixed) => {
                let size = usize::try_from(fixed.size).unwrap_or_default();
                Ok(Value::Fixed(self.take(size)?.to_vec()))
            }
            Shape::Enum(symbols) => Ok(Value::Enum(self.position(symbols.symbols.len())?)),
            Shape::Union(branches) => {
                let index = self.position(branches.len())?;
                let branch = branches.get(index).copied().ok_or(NO_POSITION)?;
                Ok(Value::Union(index, Box::new(self.value(branch, depth + 1)?)))
            }
            Shape::Record(record) => {
                let fields = record.fields.iter();
                let values = fields.map(|field| self.value(field.type_id, depth + 1));
                values.collect::<Result<_, _>>().map(Value::Record)
            }
            Shape::Array(items) => {
                let mut values = Vec::new();
                while let Some(count) = self.block()? {
                    for _ in 0..count {
                        values.push(self.value(*items, depth + 1)?);
                    }
                }
                Ok(Value::Array(values))
            }
            Shape::Map(inside) => {
                let mut entries = Vec::new();
                while let Some(count) = self.block()? {
                    for _ in 0..count {
                        let key = self.text()?;
                        entries.push((key, self.value(*inside, depth + 1)?));
                    }
                }
                Ok(Value::Map(entries))
            }
            Shape::Unresolved(_) => Err(DecodeError::Malformed("a type is not defined")),
        }
    }

    fn primitive(&mut self, primitive: Primitive) -> Result<Value, DecodeError> {
        Ok(match primitive {
            Primitive::Null => Value::Null,
            Primitive::Boolean => match self.take(1)? {
                [0] => Value::Boolean(false),
                [1] => Value::Boolean(true),
                _ => return Err(DecodeError::Malformed("a boolean is neither 0 nor 1")),
            },
            Primitive::Int => {
                let out_of_range = |_| DecodeError::Malformed("an int is out of range");
                Value::Int(i32::try_from(self.long()?).map_err(out_of_range)?)
            }
            Primitive::Long => Value::Long(self.long()?),
            Primitive::Float => Value::Float(f32::from_le_bytes(self.array()?)),
            Primitive::Double => Value::Double(f64::from_le_bytes(self.array()?)),
            Primitive::Bytes => Value::Bytes(self.bytes()?.to_vec()),
            Primitive::String => Value::String(self.text()?),
        })
    }

    /// How many items follow, `None` at the end of the blocks.
    fn block(&mut self) -> Result<Option<u64>, DecodeError> {
        let count = self.long()?;
        if count < 0 {
            self.long()?; // the bytes of the block, for readers that skip it
        }
        Ok(Some(count.unsigned_abs()).filter(|&count| count > 0))
    }

    fn position(&mut self, count: usize) -> Result<usize, DecodeError> {
        let index = usize::try_from(self.long()?).map_err(|_| NO_POSITION)?;
        if index < count { Ok(index) } else { Err(NO_POSITION) }
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        let no_text = |_| DecodeError::Malformed("a string is not UTF-8");
        String::from_utf8(self.bytes()?.to_vec()).map_err(no_text)
    }

    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(self.long()?);
        self.take(length.map_err(|_| DecodeError::Malformed("a length is negative"))?)
    }

    fn long(&mut self) -> Result<i64, DecodeError> {
        let mut zigzag = 0u64;
        for place in 0..VARINT_BYTES_MAX {
            let [byte] = self.array()?;
            zigzag |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
            }
        }
        Err(DecodeError::Malformed("a number has too many bytes"))
    }

    fn array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }
}

const TRUNCATED: DecodeError = DecodeError::Malformed("they end too early");
const NO_POSITION: DecodeError = DecodeError::Malformed("a symbol or branch has no such position");
