//! What a reader makes of a value that was written under another schema.

use super::default::Defaults;
use super::matching::{is_same_name, reader_branch, written_fields};
use super::refusals::Refusals;
use super::{DecodeError, Pair, Value, depth_max};
use crate::Limits;
use crate::avro::types::{Enum, Primitive, Record, Shape, TypeId, Types};

/// `None` for a value that is refused, once the reason is noted.
type Resolved = Result<Option<Value>, DecodeError>;

/// One resolution. It goes on behind a refusal, so that every reason is told and not the first
/// alone; only the items behind a refused one are left out.
pub(super) struct Resolver<'a> {
    reader: &'a Types,
    writer: &'a Types,
    depth_max: usize,
    defaults: Defaults<'a>,
    refusals: Refusals<'a>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(reader: &'a Types, writer: &'a Types, limits: &Limits) -> Self {
        let (defaults, refusals) = (Defaults::new(reader, limits), Refusals::new(reader, writer));
        Self { reader, writer, depth_max: depth_max(limits), defaults, refusals }
    }

    /// `written` must be a value of the pair's writer.
    pub(super) fn resolve(mut self, written: Value, pair: Pair) -> Result<Value, DecodeError> {
        let value = self.value(written, pair, 0)?;
        let refusals = self.refusals.into_list();
        value.filter(|_| refusals.is_empty()).ok_or(DecodeError::Refused(refusals))
    }

    fn value(&mut self, written: Value, pair: Pair, depth: usize) -> Resolved {
        if depth > self.depth_max {
            return Err(DecodeError::TooComplex);
        }
        let (r, w) = (self.reader.shape(pair.0), self.writer.shape(pair.1));
        if let (Some(reader), Some(writer)) = (r.named(), w.named())
            && r.kind() == w.kind()
            && !is_same_name(reader, writer)
        {
            self.refusals.other_name(pair);
        }
        match (r, w, written) {
            (_, Shape::Union(branches), Value::Union(index, inner)) => {
                // The reader's type counts the level, and a branch is no union itself.
                let branch = *branches.get(index).ok_or(NO_VALUE)?;
                self.value(*inner, (pair.0, branch), depth)
            }
            (Shape::Union(branches), _, written) => self.branch(written, (branches, pair), depth),
            (Shape::Array(r), Shape::Array(w), Value::Array(items)) => {
                let mut read = Vec::with_capacity(items.len());
                for item in items {
                    let Some(item) = self.inside("[]", item, (*r, *w), depth)? else {
                        return Ok(None);
                    };
                    read.push(item);
                }
                Ok(Some(Value::Array(read)))
            }
            (Shape::Map(r), Shape::Map(w), Value::Map(entries)) => {
                let mut read = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let Some(value) = self.inside("{}", value, (*r, *w), depth)? else {
                        return Ok(None);
                    };
                    read.push((key, value));
                }
                Ok(Some(Value::Map(read)))
            }
            (Shape::Record(r), Shape::Record(w), Value::Record(values)) => {
                self.record(values, pair, (r, w), depth)
            }
            (Shape::Enum(r), Shape::Enum(w), Value::Enum(index)) => {
                let name = self.writer.symbols(w).nth(index).ok_or(NO_VALUE)?;
                let position = symbol(name, (self.reader, r));
                if position.is_none() {
                    self.refusals.unknown_symbol(pair, name);
                }
                Ok(position.map(Value::Enum))
            }
            (Shape::Fixed(r), Shape::Fixed(w), written) => {
                if r.size != w.size {
                    self.refusals.other_size(pair, [r.size, w.size]);
                }
                Ok(Some(written))
            }
            (Shape::Primitive(r), Shape::Primitive(_), written) => {
                let value = promoted(written, *r);
                if value.is_none() {
                    self.refusals.other_type(pair);
                }
                Ok(value)
            }
            _ => {
                self.refusals.other_type(pair);
                Ok(None)
            }
        }
    }

    /// Resolves a value one level further in; `step` leads there.
    fn inside(&mut self, step: &'a str, written: Value, pair: Pair, depth: usize) -> Resolved {
        self.refusals.enter(step);
        let value = self.value(written, pair, depth + 1);
        self.refusals.leave();
        value
    }

    fn branch(
        &mut self,
        written: Value,
        (branches, pair): (&[TypeId], Pair),
        depth: usize,
    ) -> Resolved {
        let place = reader_branch((self.reader, branches), (self.writer, pair.1));
        let chosen = place.and_then(|place| Some((place, *branches.get(place)?)));
        let Some((place, branch)) = chosen else {
            self.refusals.no_branch(pair, branches);
            return Ok(None);
        };
        let inner = self.value(written, (branch, pair.1), depth + 1)?;
        Ok(inner.map(|inner| Value::Union(place, Box::new(inner))))
    }

    fn record(
        &mut self,
        values: Vec<Value>,
        pair: Pair,
        (reader, writer): (&'a Record, &'a Record),
        depth: usize,
    ) -> Resolved {
        let written = match written_fields((self.reader, reader), (self.writer, writer)) {
            Ok(written) => written,
            Err(clash) => {
                self.refusals.clash(pair, &clash, (reader, writer));
                return Ok(None);
            }
        };
        let mut values: Vec<Option<Value>> = values.into_iter().map(Some).collect();
        let mut fields = Vec::with_capacity(reader.fields.len());
        for ((index, field), position) in reader.fields.iter().enumerate().zip(written) {
            let source =
                position.and_then(|at| Some((writer.fields.get(at)?, values.get_mut(at)?)));
            let value = match (source, self.reader.default(field)) {
                (Some((source, value)), _) => {
                    let value = value.take().ok_or(NO_VALUE)?;
                    self.inside(
                        self.writer.text(source.name),
                        value,
                        (field.type_id, source.type_id),
                        depth,
                    )?
                }
                (None, Some(default)) => {
                    let value = self.defaults.value(field.type_id, &default, depth + 1)?;
                    if value.is_none() {
                        self.refusals.wrong_default(pair, (index, field));
                    }
                    value
                }
                (None, None) => {
                    self.refusals.missing_field(pair, (index, field), reader);
                    None
                }
            };
            fields.push(value);
        }
        Ok(fields.into_iter().collect::<Option<_>>().map(Value::Record))
    }
}

/// The position of the writer's symbol in the reader's enum, or that of its default.
fn symbol(name: &str, (types, reader): (&Types, &Enum)) -> Option<usize> {
    let position = |name: &str| types.symbols(reader).position(|known| known == name);
    position(name).or_else(|| position(types.text(reader.default?)))
}

/// A value of the reader's primitive, if the writer's may become one.
fn promoted(written: Value, reader: Primitive) -> Option<Value> {
    #[expect(clippy::cast_precision_loss, reason = "the specification takes the nearest number")]
    Some(match (reader, written) {
        (Primitive::Null, value @ Value::Null)
        | (Primitive::Boolean, value @ Value::Boolean(_))
        | (Primitive::Int, value @ Value::Int(_))
        | (Primitive::Long, value @ Value::Long(_))
        | (Primitive::Float, value @ Value::Float(_))
        | (Primitive::Double, value @ Value::Double(_))
        | (Primitive::Bytes, value @ Value::Bytes(_))
        | (Primitive::String, value @ Value::String(_)) => value,
        (Primitive::Long, Value::Int(value)) => Value::Long(i64::from(value)),
        (Primitive::Float, Value::Int(value)) => Value::Float(value as f32),
        (Primitive::Float, Value::Long(value)) => Value::Float(value as f32),
        (Primitive::Double, Value::Int(value)) => Value::Double(f64::from(value)),
        (Primitive::Double, Value::Long(value)) => Value::Double(value as f64),
        (Primitive::Double, Value::Float(value)) => Value::Double(f64::from(value)),
        (Primitive::Bytes, Value::String(value)) => Value::Bytes(value.into_bytes()),
        // Readers do not look whether the bytes are text; Java shows U+FFFD for what is none.
        (Primitive::String, Value::Bytes(value)) => {
            Value::String(String::from_utf8_lossy(&value).into_owned())
        }
        _ => return None,
    })
}

/// Values come from `decode.rs`, which gives them the shape of the writer's schema.
const NO_VALUE: DecodeError = DecodeError::Malformed("a value does not have the writer's shape");
