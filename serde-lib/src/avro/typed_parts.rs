//! What the parts of a message are to serde: fields in their order or by name, blocks, choices.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::cursor::Block;
use super::decode::Decoder;
use super::plan::{FieldDefault, Node, NodeId, Slot, Step, Symbol, Wire};
use super::typed_decode::{ITEM_SIZE, Part};
use super::typed_default::DefaultValue;
use super::typed_encode::Declined;

/// A record whose fields come in the order of the type.
pub(super) struct InSequence<'d, 'p, 'b> {
    pub(super) decoder: &'d mut Decoder<'p, 'b, ()>,
    pub(super) slots: &'d mut std::slice::Iter<'p, Slot>,
    pub(super) defaults: &'p [FieldDefault],
}

impl<'b> SeqAccess<'b> for InSequence<'_, '_, 'b> {
    type Error = Declined;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'b>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Declined> {
        match self.slots.next() {
            None => Ok(None),
            Some(Slot::Read(node)) => {
                seed.deserialize(Part::of(&mut *self.decoder, *node)?).map(Some)
            }
            Some(slot) => self.differing(slot, seed).map(Some),
        }
    }
}

impl<'b> InSequence<'_, '_, 'b> {
    /// A field before which the writer has another one, or that only the reader has. Out of line, so
    /// that the commoner way stays short.
    #[inline(never)]
    fn differing<S: DeserializeSeed<'b>>(
        &mut self,
        slot: &Slot,
        seed: S,
    ) -> Result<S::Value, Declined> {
        match slot {
            Slot::Read(node) => seed.deserialize(Part::of(&mut *self.decoder, *node)?),
            Slot::ReadBehind { skips, node } => {
                skips.iter().try_for_each(|&skip| self.decoder.skip(skip))?;
                seed.deserialize(Part::of(&mut *self.decoder, *node)?)
            }
            Slot::Default { place } => {
                let default = self.defaults.get(*place).ok_or(Declined)?;
                self.decoder.charge(default.size)?;
                seed.deserialize(DefaultValue(&default.value))
            }
        }
    }
}

/// A record in the writer's order, each field under the reader's name for it.
pub(super) struct ByName<'d, 'p, 'b> {
    pub(super) decoder: &'d mut Decoder<'p, 'b, ()>,
    pub(super) fields: &'p [String],
    pub(super) steps: &'p [Step],
    pub(super) defaults: &'p [FieldDefault],
    pub(super) next: Option<Next<'p>>,
}

/// The value whose name was given.
pub(super) enum Next<'p> {
    Read(NodeId),
    Default(&'p FieldDefault),
}

impl ByName<'_, '_, '_> {
    pub(super) fn has_ended(&self) -> bool {
        self.steps.is_empty() && self.defaults.is_empty() && self.next.is_none()
    }
}

impl<'b> MapAccess<'b> for &mut ByName<'_, '_, 'b> {
    type Error = Declined;

    fn next_key_seed<S: DeserializeSeed<'b>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Declined> {
        let slot = loop {
            if let Some((step, rest)) = self.steps.split_first() {
                self.steps = rest;
                match step {
                    Step::Skip { skip, .. } => self.decoder.skip(*skip)?,
                    Step::Read { slot, node } => {
                        self.next = Some(Next::Read(*node));
                        break *slot;
                    }
                }
            } else if let Some((default, rest)) = self.defaults.split_first() {
                self.defaults = rest;
                self.next = Some(Next::Default(default));
                break default.slot;
            } else {
                return Ok(None);
            }
        };
        let name = self.fields.get(slot).ok_or(Declined)?;
        seed.deserialize(StrDeserializer::<Declined>::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'b>>(&mut self, seed: S) -> Result<S::Value, Declined> {
        match self.next.take().ok_or(Declined)? {
            Next::Read(node) => seed.deserialize(Part::of(&mut *self.decoder, node)?),
            Next::Default(default) => {
                self.decoder.charge(default.size)?;
                seed.deserialize(DefaultValue(&default.value))
            }
        }
    }
}

/// The items of an array or the entries of a map.
pub(super) struct Blocks<'d, 'p, 'b> {
    decoder: &'d mut Decoder<'p, 'b, ()>,
    inner: &'p Node,
    block: Option<Block>,
    /// How many of the block are not read yet; none once the last block was read.
    left: usize,
}

impl<'d, 'p, 'b> Blocks<'d, 'p, 'b> {
    pub(super) fn begin(
        decoder: &'d mut Decoder<'p, 'b, ()>,
        inner: NodeId,
    ) -> Result<Self, Declined> {
        let Part { decoder, node } = Part::of(decoder, inner)?;
        let mut blocks = Self { decoder, inner: node, block: None, left: 0 };
        blocks.next_block()?;
        Ok(blocks)
    }

    pub(super) fn have_ended(&self) -> bool {
        self.left == 0
    }

    /// Goes to the block behind one that is read.
    fn next_block(&mut self) -> Result<(), Declined> {
        if let Some(block) = &self.block {
            self.decoder.cursor.end_block(block)?;
        }
        self.block = self.decoder.cursor.block()?;
        if let Some(block) = &self.block {
            self.left = self.decoder.count(block.start, block.count)?; // no block is empty
            self.decoder.charge(self.left.saturating_mul(ITEM_SIZE))?;
        }
        Ok(())
    }

    #[inline]
    fn item<S: DeserializeSeed<'b>>(&mut self, seed: S) -> Result<S::Value, Declined> {
        let item = seed.deserialize(Part { decoder: &mut *self.decoder, node: self.inner })?;
        self.left -= 1;
        if self.left == 0 {
            self.next_block()?;
        }
        Ok(item)
    }

    /// What to set memory aside for: no more than the bytes that are there.
    fn hint(&self) -> usize {
        self.left.min(self.decoder.cursor.remaining())
    }
}

impl<'b> SeqAccess<'b> for &mut Blocks<'_, '_, 'b> {
    type Error = Declined;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'b>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Declined> {
        if self.left == 0 { Ok(None) } else { self.item(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'b> MapAccess<'b> for &mut Blocks<'_, '_, 'b> {
    type Error = Declined;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'b>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Declined> {
        if self.left == 0 {
            return Ok(None);
        }
        let key = self.decoder.cursor.text()?;
        seed.deserialize(BorrowedStrDeserializer::<Declined>::new(key)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'b>>(&mut self, seed: S) -> Result<S::Value, Declined> {
        self.item(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

/// A symbol of an enum, or a branch of a union whose variants stand for its branches.
pub(super) struct Choice<'d, 'p, 'b>(pub(super) Part<'d, 'p, 'b>);

impl<'d, 'p, 'b> EnumAccess<'b> for Choice<'d, 'p, 'b> {
    type Error = Declined;
    type Variant = Chosen<'d, 'p, 'b>;

    fn variant_seed<S: DeserializeSeed<'b>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Chosen<'d, 'p, 'b>), Declined> {
        let Node::Enum { symbols } = self.0.node else {
            let (branch, part) = self.0.branch()?;
            let variant = seed.deserialize(U32Deserializer::<Declined>::new(branch))?;
            return Ok((variant, Chosen::Branch(part)));
        };
        let index = self.0.decoder.enum_index(symbols.len())?;
        match symbols.get(index) {
            Some(Symbol::Known { name, .. }) => {
                Ok((seed.deserialize(StrDeserializer::<Declined>::new(name))?, Chosen::Symbol))
            }
            _ => Err(Declined),
        }
    }
}

/// What belongs to a variant.
pub(super) enum Chosen<'d, 'p, 'b> {
    Symbol,
    Branch(Part<'d, 'p, 'b>),
}

impl<'b> VariantAccess<'b> for Chosen<'_, '_, 'b> {
    type Error = Declined;

    fn unit_variant(self) -> Result<(), Declined> {
        match self {
            Self::Symbol => Ok(()),
            Self::Branch(part) if matches!(part.node, Node::Leaf { wire: Wire::Null, .. }) => {
                Ok(())
            }
            Self::Branch(_) => Err(Declined),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'b>>(self, seed: S) -> Result<S::Value, Declined> {
        match self {
            // A record of one field may stand for the field itself.
            Self::Branch(part) => match part.node {
                Node::Record(record) if record.fields.len() == 1 => Err(Declined),
                _ => seed.deserialize(part),
            },
            Self::Symbol => Err(Declined),
        }
    }

    fn tuple_variant<V: Visitor<'b>>(self, _len: usize, _visitor: V) -> Result<V::Value, Declined> {
        Err(Declined)
    }

    fn struct_variant<V: Visitor<'b>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Declined> {
        match self {
            Self::Branch(part) => part.record(fields, visitor),
            Self::Symbol => Err(Declined),
        }
    }
}
