//! Walks a body that the decoder refused, to say where and why, or to pass over what is legal
//! but unexpected.
//!
//! By the language a known field of another wire type is an unknown field, and is passed over;
//! `prost` refuses it. So the walk writes the body anew without such fields.
#![expect(
    clippy::unnecessary_box_returns,
    reason = "small errors keep the hot path's results small"
)]

use std::collections::HashMap;

use prost_reflect::{Cardinality, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{DecodeError, DecodeKind};
use crate::span::Spans;
use crate::wire_format::{Varint, unzigzag, varint};

/// Deepest nesting of messages and groups, as in every Protobuf implementation.
const DEPTH_MAX: usize = 100;
/// Longest length that a Protobuf message can announce.
const LENGTH_MAX: u64 = i32::MAX as u64;

/// What one field, and one message, is taken to need in memory, in bytes.
const FIELD_SIZE: usize = 16;
const TEXT_SIZE: usize = 32;
const MESSAGE_SIZE: usize = 256;

type Walked<T> = Result<T, Box<DecodeError>>;

/// Checks `body` as a `message` that may take so much memory, and gives it back without the
/// fields that cannot be read.
pub(super) fn examine(
    body: &[u8],
    message: &MessageDescriptor,
    allocation_bytes_max: usize,
) -> Walked<Vec<u8>> {
    let mut walk = Walk::new(body, allocation_bytes_max, None);
    walk.message(Some(message), body.len(), None)?;
    Ok(walk.out)
}

/// Which bytes of a body say what, as far as it can be read.
pub(super) fn explain(
    body: &[u8],
    message: &MessageDescriptor,
    allocation_bytes_max: usize,
    spans: &mut Spans,
) {
    let mut walk = Walk::new(body, allocation_bytes_max, Some(&mut *spans));
    // Where it ends early, the decoder says why.
    let _ = walk.message(Some(message), body.len(), None);
    spans.add_rest(body.len(), "not read");
}

struct Walk<'b, 's> {
    body: &'b [u8],
    offset: usize,
    /// From the root message inwards.
    levels: Vec<Level>,
    /// The readable fields so far of the innermost message.
    out: Vec<u8>,
    allocated: usize,
    allocation_bytes_max: usize,
    /// Told of each piece that is read.
    spans: Option<&'s mut Spans>,
}

/// A message that is being walked.
#[derive(Default)]
struct Level {
    message: Option<MessageDescriptor>,
    /// The field where the walk is; 0 before the first.
    number: u32,
    /// How many messages each repeated field has had.
    counts: HashMap<u32, usize>,
}

/// A known field, extension or not.
enum Known {
    Field(FieldDescriptor),
    Extension(ExtensionDescriptor),
}

impl Known {
    fn of(message: Option<&MessageDescriptor>, number: u32) -> Option<Self> {
        let message = message?;
        let field = message.get_field(number).map(Self::Field);
        field.or_else(|| message.get_extension(number).map(Self::Extension))
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Field(field) => field.kind(),
            Self::Extension(field) => field.kind(),
        }
    }

    fn is_repeated(&self) -> bool {
        let cardinality = match self {
            Self::Field(field) => field.cardinality(),
            Self::Extension(field) => field.cardinality(),
        };
        cardinality == Cardinality::Repeated
    }

    fn is_group(&self) -> bool {
        match self {
            Self::Field(field) => field.is_group(),
            Self::Extension(field) => field.is_group(),
        }
    }

    fn shape(&self) -> Shape {
        match self.kind() {
            Kind::Message(message) if self.is_group() => Shape::Group(message),
            Kind::Message(message) => Shape::Message(message),
            Kind::String => Shape::Text,
            Kind::Bytes => Shape::Bytes,
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Shape::Number(1),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Shape::Number(5),
            _ => Shape::Number(0),
        }
    }
}

enum Shape {
    Message(MessageDescriptor),
    Group(MessageDescriptor),
    Text,
    Bytes,
    /// With the wire type that one such number has.
    Number(u8),
}

impl<'b, 's> Walk<'b, 's> {
    fn new(body: &'b [u8], allocation_bytes_max: usize, spans: Option<&'s mut Spans>) -> Self {
        let (levels, out) = (Vec::new(), Vec::with_capacity(body.len()));
        Self { body, offset: 0, levels, out, allocated: 0, allocation_bytes_max, spans }
    }

    /// Tells of what was read since the last time.
    fn tell(&mut self, text: impl FnOnce(&Self, &[u8]) -> String) {
        let Some(told) = self.spans.as_ref().map(|spans| spans.told()) else { return };
        let (bytes, path) = (told..self.offset, self.path());
        let text = text(self, self.body.get(bytes.clone()).unwrap_or_default());
        if let Some(spans) = &mut self.spans {
            spans.add_at(bytes, path, text);
        }
    }

    /// The kind of the field where the walk is, if it is known.
    fn kind(&self) -> Option<Kind> {
        let level = self.levels.last()?;
        Known::of(level.message.as_ref(), level.number).map(|known| known.kind())
    }

    /// Walks a message up to `end`, or a group up to the end that carries its number.
    fn message(
        &mut self,
        message: Option<&MessageDescriptor>,
        end: usize,
        group: Option<u32>,
    ) -> Walked<()> {
        if self.levels.len() > DEPTH_MAX {
            return Err(self.error(self.offset, DecodeKind::DepthLimitExceeded(DEPTH_MAX)));
        }
        self.levels.push(Level { message: message.cloned(), ..Level::default() });
        while self.offset < end {
            let start = self.offset;
            let kept = self.out.len();
            let (number, wire) = self.tag(end)?;
            if wire == 4 && group == Some(number) {
                self.tell(|_, _| format!("the end of group {number}"));
                self.copy(start);
                self.levels.pop();
                return Ok(());
            }
            if let Some(level) = self.levels.last_mut() {
                level.number = number;
            }
            self.tell(|_, _| format!("field {number}, {}", wire_name(wire)));
            if !self.field(message, number, wire, start, end)? {
                self.out.truncate(kept);
            }
            if let Some(level) = self.levels.last_mut() {
                level.number = 0;
            }
        }
        if group.is_some() {
            return Err(self.error(self.offset, DecodeKind::UnexpectedEof));
        }
        self.levels.pop();
        Ok(())
    }

    /// Number and wire type of the next field.
    fn tag(&mut self, end: usize) -> Walked<(u32, u8)> {
        let start = self.offset;
        let key = self.varint(end)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| self.error(start, DecodeKind::InvalidTag(key >> 3)))?;
        Ok((number, u8::try_from(key & 7).unwrap_or_default()))
    }

    /// Walks one field behind its tag, which begins at `start`; false if it is not to be kept.
    fn field(
        &mut self,
        message: Option<&MessageDescriptor>,
        number: u32,
        wire: u8,
        start: usize,
        end: usize,
    ) -> Walked<bool> {
        let known = Known::of(message, number);
        let shape = known.as_ref().map(Known::shape);
        let fits = match (&shape, wire) {
            (None, _)
            | (Some(Shape::Message(_) | Shape::Text | Shape::Bytes), 2)
            | (Some(Shape::Group(_)), 3) => true,
            (Some(Shape::Number(_)), 2) => known.as_ref().is_some_and(Known::is_repeated),
            (Some(Shape::Number(own)), wire) => *own == wire,
            _ => false,
        };
        match wire {
            0 => self.charge(FIELD_SIZE).and_then(|()| self.varint(end).map(drop))?,
            1 => self.charge(FIELD_SIZE).and_then(|()| self.skip(8, end))?,
            5 => self.charge(FIELD_SIZE).and_then(|()| self.skip(4, end))?,
            2 => return self.delimited(shape.filter(|_| fits), number, start, end).map(|()| fits),
            3 => {
                let inner = match &shape {
                    Some(Shape::Group(message)) => Some(message.clone()),
                    _ => None,
                };
                self.copy(start);
                self.charge(MESSAGE_SIZE)?;
                self.count(number);
                self.message(inner.as_ref(), end, Some(number))?;
                return Ok(fits);
            }
            _ => return Err(self.error(start, DecodeKind::InvalidWireType(wire))),
        }
        self.tell(|walk, bytes| number_text(walk.kind().filter(|_| fits), bytes, wire));
        self.copy(start);
        Ok(fits)
    }

    /// Walks what has a length before it; `shape` is what it must be, if that is known.
    fn delimited(
        &mut self,
        shape: Option<Shape>,
        number: u32,
        start: usize,
        end: usize,
    ) -> Walked<()> {
        let at = self.offset;
        let length = self.varint(end)?;
        let left = end - self.offset;
        let kind = match usize::try_from(length) {
            Ok(length) if length <= left => {
                let inner_end = self.offset + length;
                self.tell(|_, _| format!("length {length}"));
                return self.inside(shape, number, start, inner_end);
            }
            _ if length > LENGTH_MAX => {
                let length = i64::try_from(length).unwrap_or(i64::MAX);
                DecodeKind::LengthTooLarge { length, available: left }
            }
            _ => DecodeKind::UnexpectedEof,
        };
        Err(self.error(at, kind))
    }

    fn inside(
        &mut self,
        shape: Option<Shape>,
        number: u32,
        start: usize,
        end: usize,
    ) -> Walked<()> {
        let from = self.offset;
        match shape {
            Some(Shape::Message(message)) => {
                self.charge(MESSAGE_SIZE)?;
                self.count(number);
                let outer = std::mem::take(&mut self.out);
                self.message(Some(&message), end, None)?;
                let inner = std::mem::replace(&mut self.out, outer);
                write_varint(u64::from(number) << 3 | 2, &mut self.out);
                write_varint(u64::try_from(inner.len()).unwrap_or(u64::MAX), &mut self.out);
                self.out.extend_from_slice(&inner);
                return Ok(());
            }
            Some(Shape::Text) => {
                let text = self.body.get(from..end).unwrap_or_default();
                if let Err(error) = std::str::from_utf8(text) {
                    return Err(self.error(from + error.valid_up_to(), DecodeKind::InvalidUtf8));
                }
                self.charge(TEXT_SIZE + text.len())?;
                self.offset = end;
                self.tell(|_, bytes| format!("string {:?}", String::from_utf8_lossy(bytes)));
            }
            Some(Shape::Number(wire)) => {
                self.charge((end - from).saturating_mul(8))?;
                while self.offset < end {
                    match wire {
                        0 => drop(self.varint(end)?),
                        1 => self.skip(8, end)?,
                        _ => self.skip(4, end)?,
                    }
                    self.tell(|walk, bytes| number_text(walk.kind(), bytes, wire));
                }
            }
            _ => {
                self.charge(TEXT_SIZE + (end - from))?;
                self.offset = end;
                self.tell(|_, bytes| format!("bytes, {} of them", bytes.len()));
            }
        }
        self.offset = end;
        self.copy(start);
        Ok(())
    }

    /// Keeps the bytes from `start` up to the current place.
    fn copy(&mut self, start: usize) {
        let bytes = self.body.get(start..self.offset).unwrap_or_default();
        self.out.extend_from_slice(bytes);
    }

    fn varint(&mut self, end: usize) -> Walked<u64> {
        match varint(self.body.get(self.offset..end).unwrap_or_default()) {
            Varint::Value(value, used) => {
                self.offset += used;
                Ok(value)
            }
            Varint::Truncated => Err(self.error(self.offset, DecodeKind::UnexpectedEof)),
            Varint::Overflow => Err(self.error(self.offset, DecodeKind::VarintOverflow)),
        }
    }

    fn skip(&mut self, count: usize, end: usize) -> Walked<()> {
        if end - self.offset < count {
            return Err(self.error(self.offset, DecodeKind::UnexpectedEof));
        }
        self.offset += count;
        Ok(())
    }

    fn charge(&mut self, size: usize) -> Walked<()> {
        self.allocated = self.allocated.saturating_add(size);
        if self.allocated > self.allocation_bytes_max {
            let kind = DecodeKind::AllocationLimitExceeded(self.allocation_bytes_max);
            return Err(self.error(self.offset, kind));
        }
        Ok(())
    }

    /// One more message of a field of the innermost message.
    fn count(&mut self, number: u32) {
        if let Some(level) = self.levels.last_mut() {
            *level.counts.entry(number).or_default() += 1;
        }
    }

    #[cold]
    fn error(&self, offset: usize, kind: DecodeKind) -> Box<DecodeError> {
        Box::new(DecodeError { path: self.path(), ..DecodeError::new("PROTOBUF", offset, kind) })
    }

    /// The fields where the walk is, from the root message inwards.
    fn path(&self) -> String {
        let steps = self.levels.iter().filter(|level| level.number != 0).map(Level::step);
        steps.collect::<Vec<_>>().join(".")
    }
}

impl Level {
    /// The field where the walk is, by name if it has one, with the place in a repeated one.
    fn step(&self) -> String {
        let known = Known::of(self.message.as_ref(), self.number);
        let name = match &known {
            Some(Known::Field(field)) => field.name().to_owned(),
            Some(Known::Extension(field)) => format!("[{}]", field.full_name()),
            None => self.number.to_string(),
        };
        match self.counts.get(&self.number) {
            Some(count) if known.is_some_and(|known| known.is_repeated()) => {
                format!("{name}[{}]", count - 1)
            }
            _ => name,
        }
    }
}

/// The wire types by the names that the language's documentation has for them.
fn wire_name(wire: u8) -> &'static str {
    match wire {
        0 => "VARINT",
        1 => "I64",
        2 => "LEN",
        3 => "SGROUP",
        4 => "EGROUP",
        5 => "I32",
        _ => "no wire type",
    }
}

/// What a number says as its kind; an unknown one as it stands there.
fn number_text(kind: Option<Kind>, bytes: &[u8], wire: u8) -> String {
    let raw = match wire {
        0 => match varint(bytes) {
            Varint::Value(value, _) => value,
            Varint::Truncated | Varint::Overflow => 0,
        },
        1 => bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)),
        _ => bytes.first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes))),
    };
    let [a, b, c, d, ..] = raw.to_le_bytes();
    let low = u32::from_le_bytes([a, b, c, d]);
    match kind {
        Some(Kind::Bool) => format!("bool {}", raw != 0),
        Some(Kind::Int32) => format!("int32 {}", low.cast_signed()),
        Some(Kind::Int64) => format!("int64 {}", raw.cast_signed()),
        Some(Kind::Uint32) => format!("uint32 {low}"),
        Some(Kind::Uint64) => format!("uint64 {raw}"),
        Some(Kind::Sint32 | Kind::Sint64) => format!("zigzag {}", unzigzag(raw)),
        Some(Kind::Fixed32) => format!("fixed32 {low}"),
        Some(Kind::Fixed64) => format!("fixed64 {raw}"),
        Some(Kind::Sfixed32) => format!("sfixed32 {}", low.cast_signed()),
        Some(Kind::Sfixed64) => format!("sfixed64 {}", raw.cast_signed()),
        Some(Kind::Float) => format!("float {}", f32::from_bits(low)),
        Some(Kind::Double) => format!("double {}", f64::from_bits(raw)),
        Some(Kind::Enum(symbols)) => symbols.get_value(low.cast_signed()).map_or_else(
            || format!("enum {}, which has no name", low.cast_signed()),
            |value| format!("enum {}", value.name()),
        ),
        _ => format!("number {raw}"),
    }
}

fn write_varint(mut rest: u64, out: &mut Vec<u8>) {
    while rest > 0x7f {
        out.push(0x80 | rest.to_le_bytes()[0] & 0x7f);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}
