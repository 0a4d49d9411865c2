//! Follows a [`ReadPlan`] over the body of a message and gives each part to serde as it is read.
//!
//! This is the straight way only, as in `typed_encode.rs`: what it does not know and whatever is
//! wrong is [`Declined`], and the way over generic values reads the body again or says why not.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::decode::Decoder;
use super::leaf::{leaf_from_bytes, leaf_from_int, leaf_from_long};
use super::plan::{DecodeLimits, InOrder, Leaf, Node, NodeId, ReadPlan, RecordPlan, Wire};
use super::typed_encode::Declined;
use super::typed_parts::{Blocks, ByName, Choice, InSequence};
use crate::error::DecodeError;

/// What an item is counted with against the limit of memory, in bytes.
pub(super) const ITEM_SIZE: usize = size_of::<apache_avro::types::Value>();

impl serde::de::Error for Declined {
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self
    }
}

impl From<Box<DecodeError>> for Declined {
    fn from(_error: Box<DecodeError>) -> Self {
        Self
    }
}

impl ReadPlan {
    /// Reads one value; bytes behind it are declined unless `allow_trailing`.
    #[inline]
    pub(super) fn read<'b, T: Deserialize<'b>>(
        &self,
        body: &'b [u8],
        limits: &DecodeLimits,
        allow_trailing: bool,
    ) -> Result<T, Declined> {
        if self.is_bare_bytes {
            return Err(Declined);
        }
        let mut decoder = Decoder::new(self, body, limits, ());
        decoder.charge(body.len())?; // all that strings and bytes can take
        // Looked at in its place: a value is as large as its type, and each move copies it.
        let read = T::deserialize(Part::of(&mut decoder, self.root)?);
        if decoder.cursor.remaining() > 0 && !allow_trailing {
            return Err(Declined);
        }
        read
    }
}

/// A part of the message, not read yet.
pub(super) struct Part<'d, 'p, 'b> {
    pub(super) decoder: &'d mut Decoder<'p, 'b, ()>,
    pub(super) node: &'p Node,
}

impl<'d, 'p, 'b> Part<'d, 'p, 'b> {
    #[inline]
    pub(super) fn of(decoder: &'d mut Decoder<'p, 'b, ()>, id: NodeId) -> Result<Self, Declined> {
        let plan = decoder.plan;
        let node = plan.nodes.get(id).ok_or(Declined)?;
        Ok(Self { decoder, node })
    }

    /// The value in the branch that the message names, and which branch that is to the reader.
    #[inline]
    pub(super) fn branch(self) -> Result<(u32, Self), Declined> {
        let part = match self.node {
            Node::Union { branches } => {
                let branch = self.decoder.branch(branches.len())?;
                Self::of(self.decoder, *branches.get(branch).ok_or(Declined)?)?
            }
            _ => self,
        };
        match part.node {
            Node::Wrap { branch, inner } => Ok((*branch, Self::of(part.decoder, *inner)?)),
            _ => Err(Declined),
        }
    }

    fn leaf<V: Visitor<'b>>(
        self,
        wire: Wire,
        leaf: Leaf,
        visitor: V,
    ) -> Result<V::Value, Declined> {
        use apache_avro::types::Value;
        let cursor = &mut self.decoder.cursor;
        let bytes = match wire {
            Wire::Null => return visitor.visit_unit(),
            Wire::Boolean => return visitor.visit_bool(cursor.boolean()?),
            Wire::Int if matches!(leaf, Leaf::Int | Leaf::Date) => {
                return visitor.visit_i32(cursor.int()?);
            }
            Wire::Int => {
                return match leaf_from_int(cursor.int()?, leaf).map_err(|_| Declined)? {
                    Value::TimeMillis(value) => visitor.visit_i32(value),
                    Value::Float(value) => visitor.visit_f32(value),
                    Value::Double(value) => visitor.visit_f64(value),
                    Value::Long(value) => visitor.visit_i64(value),
                    _ => Err(Declined),
                };
            }
            Wire::Long => {
                let long = cursor.long()?;
                return match leaf {
                    Leaf::Float | Leaf::Double | Leaf::TimeMicros => {
                        match leaf_from_long(long, leaf).map_err(|_| Declined)? {
                            Value::Float(value) => visitor.visit_f32(value),
                            Value::Double(value) => visitor.visit_f64(value),
                            _ => visitor.visit_i64(long),
                        }
                    }
                    _ => visitor.visit_i64(long),
                };
            }
            Wire::Float if leaf == Leaf::Double => {
                return visitor.visit_f64(f64::from(cursor.float()?));
            }
            Wire::Float => return visitor.visit_f32(cursor.float()?),
            Wire::Double => return visitor.visit_f64(cursor.double()?),
            Wire::String if leaf == Leaf::String => {
                return visitor.visit_borrowed_str(cursor.text()?);
            }
            Wire::String => cursor.text()?.as_bytes(),
            Wire::Bytes => cursor.bytes()?,
            Wire::Fixed(size) => cursor.take(size)?,
        };
        match leaf {
            Leaf::Bytes | Leaf::Fixed | Leaf::Decimal => visitor.visit_borrowed_bytes(bytes),
            Leaf::UuidBytes if bytes.len() == 16 => visitor.visit_borrowed_bytes(bytes),
            Leaf::UuidText => {
                leaf_from_bytes(bytes, leaf).map_err(|_| Declined)?;
                visitor.visit_borrowed_str(std::str::from_utf8(bytes).map_err(|_| Declined)?)
            }
            Leaf::String => {
                visitor.visit_borrowed_str(std::str::from_utf8(bytes).map_err(|_| Declined)?)
            }
            _ => Err(Declined),
        }
    }

    /// A record: as a sequence of exactly the fields that the type asks for, else by their names.
    #[inline]
    pub(super) fn record<V: Visitor<'b>>(
        self,
        asked: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Declined> {
        let Node::Record(record) = self.node else { return Err(Declined) };
        self.decoder.charge(record.size)?;
        self.decoder.nested(|decoder| match &record.in_order {
            Some(in_order) if is_as_asked(record, asked) => {
                in_sequence(decoder, record, in_order, visitor)
            }
            _ => by_name(decoder, record, visitor),
        })
    }
}

#[inline]
fn in_sequence<'p, 'b, V: Visitor<'b>>(
    decoder: &mut Decoder<'p, 'b, ()>,
    record: &'p RecordPlan,
    InOrder { slots, trailing }: &'p InOrder,
    visitor: V,
) -> Result<V::Value, Declined> {
    let (mut slots, defaults) = (slots.iter(), &record.defaults);
    let sequence = InSequence { decoder: &mut *decoder, slots: &mut slots, defaults };
    let value = visitor.visit_seq(sequence)?;
    if !slots.as_slice().is_empty() {
        return Err(Declined);
    }
    trailing.iter().try_for_each(|&skip| decoder.skip(skip))?;
    Ok(value)
}

/// Out of line, so that the commoner way stays short.
#[inline(never)]
fn by_name<'p, 'b, V: Visitor<'b>>(
    decoder: &mut Decoder<'p, 'b, ()>,
    record: &'p RecordPlan,
    visitor: V,
) -> Result<V::Value, Declined> {
    let RecordPlan { fields, steps, defaults, .. } = record;
    let mut left = ByName { fields, steps, defaults, next: None, decoder };
    let value = visitor.visit_map(&mut left)?;
    if left.has_ended() { Ok(value) } else { Err(Declined) }
}

/// Whether the type asks for exactly the fields of a record in their order. Two static lists of one
/// place and length are one, so most of the time nothing is compared.
#[inline]
fn is_as_asked(record: &RecordPlan, asked: &'static [&'static str]) -> bool {
    asked.len() == record.fields.len()
        && (record.place.load(Ordering::Relaxed) == asked.as_ptr().addr()
            || has_names(record, asked))
}

#[cold]
fn has_names(record: &RecordPlan, asked: &'static [&'static str]) -> bool {
    let is_same = record.fields.iter().zip(asked).all(|(field, asked)| field == asked);
    if is_same {
        record.place.store(asked.as_ptr().addr(), Ordering::Relaxed);
    }
    is_same
}

impl<'de> Deserializer<'de> for Part<'_, '_, 'de> {
    type Error = Declined;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        match self.node {
            Node::Leaf { wire, leaf } => self.leaf(*wire, *leaf, visitor),
            Node::Array { .. } => self.deserialize_seq(visitor),
            Node::Map { .. } => self.deserialize_map(visitor),
            Node::Record(_) => self.record(&[], visitor),
            Node::Enum { .. } => visitor.visit_enum(Choice(self)),
            Node::Union { branches } => {
                let branch = self.decoder.branch(branches.len())?;
                let node = *branches.get(branch).ok_or(Declined)?;
                Self::of(self.decoder, node)?.deserialize_any(visitor)
            }
            Node::Wrap { inner, .. } => Self::of(self.decoder, *inner)?.deserialize_any(visitor),
            Node::Unresolvable { .. } => Err(Declined),
        }
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        if let Node::Leaf { wire: Wire::Int, leaf: Leaf::Int | Leaf::Date } = self.node {
            return visitor.visit_i32(self.decoder.cursor.int()?);
        }
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        if let Node::Leaf { wire: Wire::Long, leaf: Leaf::Long | Leaf::TimestampMillis } = self.node
        {
            return visitor.visit_i64(self.decoder.cursor.long()?);
        }
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        if let Node::Leaf { wire: Wire::Double, .. } = self.node {
            return visitor.visit_f64(self.decoder.cursor.double()?);
        }
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        if let Node::Leaf { wire: Wire::String, leaf: Leaf::String } = self.node {
            return visitor.visit_borrowed_str(self.decoder.cursor.text()?);
        }
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        let (_, inner) = self.branch()?;
        match inner.node {
            Node::Leaf { wire: Wire::Null, .. } => visitor.visit_none(),
            _ => visitor.visit_some(inner),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        let Node::Array { items } = self.node else { return self.through_union(visitor) };
        self.decoder.nested(|decoder| {
            let mut blocks = Blocks::begin(decoder, *items)?;
            let value = visitor.visit_seq(&mut blocks)?;
            if blocks.have_ended() { Ok(value) } else { Err(Declined) }
        })
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Declined> {
        let Node::Map { values } = self.node else {
            return match self.node {
                Node::Record(_) => self.record(&[], visitor),
                _ => self.through_union(visitor),
            };
        };
        self.decoder.nested(|decoder| {
            let mut blocks = Blocks::begin(decoder, *values)?;
            let value = visitor.visit_map(&mut blocks)?;
            if blocks.have_ended() { Ok(value) } else { Err(Declined) }
        })
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Declined> {
        let part = match self.node {
            Node::Record(_) => self,
            _ => self.branch()?.1,
        };
        part.record(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Declined> {
        visitor.visit_enum(Choice(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit identifier ignored_any
    }
}

impl<'b> Part<'_, '_, 'b> {
    /// Goes on inside a union; anything else is not what the type asks for.
    fn through_union<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Declined> {
        match self.node {
            Node::Union { .. } | Node::Wrap { .. } => self.deserialize_any(visitor),
            _ => Err(Declined),
        }
    }
}
