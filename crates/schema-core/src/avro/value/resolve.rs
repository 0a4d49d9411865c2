//! What a reader makes of a value that was written under another schema.

use super::default::Defaults;
use super::matching::{Clash, is_same_name, reader_branch, written_fields};
use super::{DecodeError, Pair, Value, depth_max};
use crate::Limits;
use crate::avro::types::{Enum, Fixed, Named, Primitive, Record, Shape, TypeId, Types};

/// What the specification forbids and Avro Java lets pass (seen with 1.12.1): it reads a record by
/// its fields, whatever it is called.
const NAMES_OVERLOOKED: &str =
    " (a reader that overlooks the names of records, as Avro Java's, may go on)";

type Resolved = Result<Value, DecodeError>;

pub(super) struct Resolver<'a> {
    reader: &'a Types,
    writer: &'a Types,
    depth_max: usize,
    defaults: Defaults<'a>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(reader: &'a Types, writer: &'a Types, limits: &Limits) -> Self {
        let defaults = Defaults::new(reader, limits);
        Self { reader, writer, depth_max: depth_max(limits), defaults }
    }

    /// `written` must be a value of the pair's writer.
    pub(super) fn resolve(mut self, written: Value, pair: Pair) -> Resolved {
        self.value(written, pair, 0)
    }

    fn value(&mut self, written: Value, (reader, writer): Pair, depth: usize) -> Resolved {
        if depth > self.depth_max {
            return Err(DecodeError::TooComplex);
        }
        let (r, w) = (self.reader.shape(reader), self.writer.shape(writer));
        match (r, w, written) {
            (_, Shape::Union(branches), Value::Union(index, inner)) => {
                // The reader's type counts the level, and a branch is no union itself.
                let branch = *branches.get(index).ok_or(NO_VALUE)?;
                self.value(*inner, (reader, branch), depth)
            }
            (Shape::Union(branches), _, written) => {
                let place = reader_branch((self.reader, branches), (self.writer, writer));
                let chosen = place.and_then(|place| Some((place, *branches.get(place)?)));
                let (place, branch) =
                    chosen.ok_or_else(|| no_branch((self.reader, branches), w))?;
                let inner = self.value(written, (branch, writer), depth + 1)?;
                Ok(Value::Union(place, Box::new(inner)))
            }
            (Shape::Array(r), Shape::Array(w), Value::Array(items)) => {
                let items = items.into_iter().map(|item| self.value(item, (*r, *w), depth + 1));
                let items = items.collect::<Result<_, _>>().map_err(|error| error.inside("[]"))?;
                Ok(Value::Array(items))
            }
            (Shape::Map(r), Shape::Map(w), Value::Map(entries)) => {
                let entries = entries.into_iter();
                let entries = entries
                    .map(|(key, value)| Ok((key, self.value(value, (*r, *w), depth + 1)?)))
                    .collect::<Result<_, DecodeError>>();
                entries.map(Value::Map).map_err(|error| error.inside("{}"))
            }
            (Shape::Record(r), Shape::Record(w), Value::Record(values)) => {
                check_names("record", &r.named, &w.named)?;
                self.record(values, (r, w), depth)
            }
            (Shape::Enum(r), Shape::Enum(w), Value::Enum(index)) => {
                check_names("enum", &r.named, &w.named)?;
                symbol(index, r, w)
            }
            (Shape::Fixed(r), Shape::Fixed(w), written) => {
                check_names("fixed", &r.named, &w.named)?;
                check_sizes(r, w)?;
                Ok(written)
            }
            (Shape::Primitive(r), Shape::Primitive(_), written) => {
                promoted(written, *r).ok_or_else(|| no_promotion(self.reader.shape(reader), w))
            }
            (r, w, _) => Err(no_promotion(r, w)),
        }
    }

    fn record(
        &mut self,
        values: Vec<Value>,
        (reader, writer): (&'a Record, &Record),
        depth: usize,
    ) -> Resolved {
        let written = written_fields(reader, writer).map_err(|c| clash(&c, reader, writer))?;
        let mut values: Vec<Option<Value>> = values.into_iter().map(Some).collect();
        let mut fields = Vec::with_capacity(reader.fields.len());
        for (field, position) in reader.fields.iter().zip(written) {
            let source =
                position.and_then(|at| Some((writer.fields.get(at)?, values.get_mut(at)?)));
            fields.push(match source {
                Some((source, value)) => {
                    let value = value.take().ok_or(NO_VALUE)?;
                    let pair = (field.type_id, source.type_id);
                    self.value(value, pair, depth + 1).map_err(|e| e.inside(&source.name))?
                }
                None => match &field.default {
                    Some(default) => self.defaults.value(field, default, depth + 1)?,
                    None => return Err(missing(&field.name, reader)),
                },
            });
        }
        Ok(Value::Record(fields))
    }
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

fn symbol(index: usize, reader: &Enum, writer: &Enum) -> Resolved {
    let name = writer.symbols.get(index).ok_or(NO_VALUE)?;
    let position = |name: &String| reader.symbols.iter().position(|known| known == name);
    let found = position(name).or_else(|| reader.default.as_ref().and_then(position));
    found.map(Value::Enum).ok_or_else(|| {
        let own = &reader.named.name.full;
        DecodeError::refused(format!(
            "the reader's enum {own} has no symbol \"{name}\" and no default"
        ))
    })
}

fn check_names(kind: &str, reader: &Named, writer: &Named) -> Result<(), DecodeError> {
    if is_same_name(reader, writer) {
        return Ok(());
    }
    let (r, w) = (&reader.name.full, &writer.name.full);
    let lenient = if kind == "record" { NAMES_OVERLOOKED } else { "" };
    Err(DecodeError::refused(format!(
        "the writer's {kind} {w} is {r} to the reader, which has no alias for it{lenient}"
    )))
}

fn check_sizes(reader: &Fixed, writer: &Fixed) -> Result<(), DecodeError> {
    if reader.size == writer.size {
        return Ok(());
    }
    let (name, r, w) = (&reader.named.name.full, reader.size, writer.size);
    Err(DecodeError::refused(format!("the reader's fixed {name} has size {r}, the writer's {w}")))
}

fn no_branch((reader, branches): (&Types, &[TypeId]), writer: &Shape) -> DecodeError {
    let is_record = |shape: &Shape| matches!(shape, Shape::Record(_));
    let has_record = is_record(writer) && branches.iter().any(|&id| is_record(reader.shape(id)));
    let lenient = if has_record { NAMES_OVERLOOKED } else { "" };
    let written = described(writer);
    DecodeError::refused(format!("no branch of the reader's union takes {written}{lenient}"))
}

fn no_promotion(reader: &Shape, writer: &Shape) -> DecodeError {
    let (r, w) = (described(reader), described(writer));
    DecodeError::refused(format!("the reader wants {r} and cannot make it of {w}"))
}

/// The kind, and the name where there is one.
fn described(shape: &Shape) -> String {
    match shape.named() {
        Some(named) => format!("{} {}", shape.kind(), named.name.full),
        None => shape.kind().to_owned(),
    }
}

fn missing(field: &str, reader: &Record) -> DecodeError {
    let record = &reader.named.name.full;
    DecodeError::refused(format!(
        "the reader's record {record} needs a field \"{field}\", which is not written and has no default"
    ))
}

fn clash(clash: &Clash, reader: &Record, writer: &Record) -> DecodeError {
    let name = |record: &Record, at: usize| {
        record.fields.get(at).map(|field| field.name.clone()).unwrap_or_default()
    };
    let [first, second] = clash.writer.map(|at| name(writer, at));
    DecodeError::refused(format!(
        "the writer's fields \"{first}\" and \"{second}\" both answer to the reader's field \"{}\"",
        name(reader, clash.reader)
    ))
}

/// Values come from `decode.rs`, which gives them the shape of the writer's schema.
const NO_VALUE: DecodeError = DecodeError::Malformed("a value does not have the writer's shape");
