//! Follows a [`ReadPlan`] over the body of a message and builds the reader's value.
#![expect(
    clippy::unnecessary_box_returns,
    reason = "small errors keep the hot path's results small"
)]

use std::collections::HashMap;

use apache_avro::types::Value;

use super::cursor::{Block, Cursor, Decoded};
use super::leaf::{leaf_from_bytes, leaf_from_int, leaf_from_long};
use super::plan::{
    DecodeLimits, Leaf, Node, NodeId, ReadPlan, RecordPlan, Skip, SkipId, Step, Symbol, Wire,
};
use super::resolve::join_path;
use super::watch::{Watch, shown};
use crate::error::{DecodeError, DecodeKind, Error};
use crate::span::Spans;
use crate::wire_format::write_zigzag;

/// Items that an announced count sets memory aside for; beyond it, memory follows the items read.
const PREALLOCATED_MAX: usize = 1024;

impl ReadPlan {
    /// Reads one value; bytes behind it are an error unless `allow_trailing`.
    pub(super) fn decode(
        &self,
        body: &[u8],
        limits: &DecodeLimits,
        allow_trailing: bool,
    ) -> Result<Value, Error> {
        if self.is_bare_bytes {
            return self.decode_bare_bytes(body, limits);
        }
        let mut decoder = Decoder::new(self, body, limits, ());
        let value = decoder.value(self.root)?;
        match decoder.cursor.remaining() {
            extra if extra > 0 && !allow_trailing => Err(Error::TrailingBytes { extra }),
            _ => Ok(value),
        }
    }

    /// Which bytes of a body say what, as far as it can be read.
    pub(super) fn explain(&self, body: &[u8], limits: &DecodeLimits, spans: &mut Spans) {
        if self.is_bare_bytes {
            return spans.add(0..body.len(), format_args!("bytes, {} of them", body.len()));
        }
        let mut decoder = Decoder::new(self, body, limits, &mut *spans);
        let is_read = decoder.value(self.root).is_ok();
        spans.add_rest(body.len(), if is_read { "behind the value" } else { "not read" });
    }

    /// The whole body is the datum; give it the length that any other `bytes` has.
    fn decode_bare_bytes(&self, body: &[u8], limits: &DecodeLimits) -> Result<Value, Error> {
        let mut framed = Vec::with_capacity(body.len() + 10);
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        write_zigzag(length, &mut framed);
        framed.extend_from_slice(body);
        Ok(Decoder::new(self, &framed, limits, ()).value(self.root)?)
    }
}

pub(super) struct Decoder<'p, 'b, W> {
    pub(super) plan: &'p ReadPlan,
    pub(super) cursor: Cursor<'b>,
    limits: &'p DecodeLimits,
    /// What of the limits is not used up.
    left: DecodeLimits,
    watch: W,
}

impl<'p, 'b, W: Watch> Decoder<'p, 'b, W> {
    #[inline]
    pub(super) fn new(
        plan: &'p ReadPlan,
        body: &'b [u8],
        limits: &'p DecodeLimits,
        watch: W,
    ) -> Self {
        let cursor = Cursor::new(body, limits.allocation_bytes_max);
        Self { plan, cursor, limits, left: *limits, watch }
    }

    /// Tells of what was read since `start`.
    #[inline]
    fn told(&mut self, start: usize, text: impl FnOnce() -> String) {
        self.watch.part(start..self.cursor.offset(), text);
    }

    fn value(&mut self, node: NodeId) -> Decoded<Value> {
        self.charge(size_of::<Value>())?;
        let plan = self.plan;
        match &plan.nodes[node] {
            Node::Leaf { wire, leaf } => {
                let start = self.cursor.offset();
                let value = self.leaf(*wire, *leaf)?;
                self.told(start, || shown(*wire, &value));
                Ok(value)
            }
            Node::Array { items } => self.nested(|decoder| decoder.array(*items)),
            Node::Map { values } => self.nested(|decoder| decoder.map(*values)),
            Node::Record(record) => self.nested(|decoder| {
                let RecordPlan { fields, steps, defaults, .. } = &**record;
                let mut values: Vec<_> =
                    fields.iter().map(|name| (name.clone(), Value::Null)).collect();
                decoder.charge(fields.iter().map(String::len).sum())?;
                for step in steps {
                    decoder.step(step, &mut values)?;
                }
                for default in defaults {
                    decoder.charge(default.size)?;
                    values[default.slot].1 = default.value.clone();
                }
                Ok(Value::Record(values))
            }),
            Node::Enum { symbols } => self.symbol(symbols),
            Node::Union { branches } => {
                let start = self.cursor.offset();
                let branch = self.branch(branches.len())?;
                self.told(start, || format!("branch {branch} of the union"));
                self.value(branches[branch])
            }
            Node::Wrap { branch, inner } => {
                Ok(Value::Union(*branch, Box::new(self.value(*inner)?)))
            }
            Node::Unresolvable { reason } => {
                Err(self.cursor.error(DecodeKind::NotResolvable(reason.clone())))
            }
        }
    }

    fn step(&mut self, step: &Step, values: &mut [(String, Value)]) -> Decoded<()> {
        match step {
            Step::Read { slot, node } => {
                let (name, value) = &mut values[*slot];
                self.watch.enter(name);
                *value = self.value(*node).map_err(|error| inside(error, name))?;
                self.watch.leave();
                Ok(())
            }
            Step::Skip { name, skip } => self.skip(*skip).map_err(|error| inside(error, name)),
        }
    }

    fn array(&mut self, item: NodeId) -> Decoded<Value> {
        let mut items = Vec::new();
        while let Some(block) = self.block()? {
            let count = self.count(block.start, block.count)?;
            items.reserve(count.min(self.cursor.remaining()).min(PREALLOCATED_MAX));
            for _ in 0..count {
                let index = items.len();
                self.watch.enter_item(index);
                let value = self.value(item);
                items.push(value.map_err(|error| inside(error, &format!("[{index}]")))?);
                self.watch.leave();
            }
            self.cursor.end_block(&block)?;
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, values: NodeId) -> Decoded<Value> {
        let mut entries = HashMap::new();
        while let Some(block) = self.block()? {
            for _ in 0..self.count(block.start, block.count)? {
                let start = self.cursor.offset();
                let key = self.cursor.text()?;
                self.charge(key.len() + size_of::<String>())?;
                self.told(start, || format!("key {key:?}"));
                self.watch.enter(key);
                let value = self.value(values).map_err(|error| inside(error, key))?;
                self.watch.leave();
                entries.insert(key.to_owned(), value);
            }
            self.cursor.end_block(&block)?;
        }
        Ok(Value::Map(entries))
    }

    /// The head of the next block of an array or map; `None` ends the sequence.
    fn block(&mut self) -> Decoded<Option<Block>> {
        let start = self.cursor.offset();
        let block = self.cursor.block()?;
        self.told(start, || match &block {
            Some(block) => format!("a block of {}", block.count),
            None => "the end of the blocks".to_owned(),
        });
        Ok(block)
    }

    fn symbol(&mut self, symbols: &[Symbol]) -> Decoded<Value> {
        let start = self.cursor.offset();
        let index = self.enum_index(symbols.len())?;
        self.told(start, || match &symbols[index] {
            Symbol::Known { name, .. } | Symbol::Unknown { name } => format!("symbol {name}"),
        });
        match &symbols[index] {
            Symbol::Known { index, name } => {
                self.charge(name.len())?;
                Ok(Value::Enum(*index, name.clone()))
            }
            Symbol::Unknown { name } => {
                let reason = format!("its enum has no symbol `{name}` and no default");
                Err(self.cursor.error(DecodeKind::NotResolvable(reason)))
            }
        }
    }

    fn leaf(&mut self, wire: Wire, leaf: Leaf) -> Decoded<Value> {
        let result = match wire {
            Wire::Null => Ok(Value::Null),
            Wire::Boolean => Ok(Value::Boolean(self.cursor.boolean()?)),
            Wire::Int => leaf_from_int(self.cursor.int()?, leaf),
            Wire::Long => leaf_from_long(self.cursor.long()?, leaf),
            Wire::Float => match (self.cursor.float()?, leaf) {
                (value, Leaf::Double) => Ok(Value::Double(f64::from(value))),
                (value, _) => Ok(Value::Float(value)),
            },
            Wire::Double => Ok(Value::Double(self.cursor.double()?)),
            Wire::String => {
                let text = self.cursor.text()?;
                self.charge(text.len())?;
                match leaf {
                    Leaf::String => Ok(Value::from(text)),
                    _ => leaf_from_bytes(text.as_bytes(), leaf),
                }
            }
            Wire::Bytes | Wire::Fixed(_) => {
                let bytes = match wire {
                    Wire::Fixed(size) => self.cursor.take(size)?,
                    _ => self.cursor.bytes()?,
                };
                self.charge(bytes.len())?;
                leaf_from_bytes(bytes, leaf)
            }
        };
        result.map_err(|kind| self.cursor.error(kind))
    }

    pub(super) fn skip(&mut self, skip: SkipId) -> Decoded<()> {
        let plan = self.plan;
        match &plan.skips[skip] {
            Skip::Leaf(wire) => self.skip_leaf(*wire),
            Skip::Enum(count) => self.enum_index(*count).map(drop),
            Skip::Union(branches) => {
                let branch = self.branch(branches.len())?;
                self.skip(branches[branch])
            }
            Skip::Record(fields) => self.nested(|decoder| {
                // Fields without bytes still cost time, so they count as memory does.
                decoder.charge(fields.len())?;
                fields.iter().try_for_each(|&field| decoder.skip(field))
            }),
            Skip::Array(items) => self.nested(|decoder| decoder.skip_blocks(|d| d.skip(*items))),
            Skip::Map(values) => self.nested(|decoder| {
                decoder.skip_blocks(|d| {
                    d.cursor.text()?;
                    d.skip(*values)
                })
            }),
        }
    }

    fn skip_blocks(&mut self, item: impl Fn(&mut Self) -> Decoded<()>) -> Decoded<()> {
        while let Some(block) = self.cursor.block()? {
            for _ in 0..self.count(block.start, block.count)? {
                item(self)?;
            }
            self.cursor.end_block(&block)?;
        }
        Ok(())
    }

    fn skip_leaf(&mut self, wire: Wire) -> Decoded<()> {
        match wire {
            Wire::Null => Ok(()),
            Wire::Boolean => self.cursor.boolean().map(drop),
            Wire::Int => self.cursor.int().map(drop),
            Wire::Long => self.cursor.long().map(drop),
            Wire::Float => self.cursor.float().map(drop),
            Wire::Double => self.cursor.double().map(drop),
            Wire::Bytes => self.cursor.bytes().map(drop),
            Wire::String => self.cursor.text().map(drop),
            Wire::Fixed(size) => self.cursor.take(size).map(drop),
        }
    }

    /// Goes one level deeper; the limit keeps hostile nesting off the stack.
    #[inline]
    pub(super) fn nested<T, E: From<Box<DecodeError>>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let depth = self.left.depth_max;
        let Some(deeper) = depth.checked_sub(1) else {
            let kind = DecodeKind::DepthLimitExceeded(self.limits.depth_max);
            return Err(self.cursor.error(kind).into());
        };
        self.left.depth_max = deeper;
        let result = read(self);
        self.left.depth_max = depth;
        result
    }

    /// Counts the items of a block against the limit; items may take no byte at all, so the
    /// length of the message bounds nothing.
    #[inline]
    pub(super) fn count(&mut self, start: usize, count: i64) -> Decoded<usize> {
        let available = self.left.items_max;
        match usize::try_from(count) {
            Ok(items) if items <= available => {
                self.left.items_max = available - items;
                Ok(items)
            }
            _ => {
                let mut error =
                    self.cursor.error(DecodeKind::LengthTooLarge { length: count, available });
                error.offset = start;
                Err(error)
            }
        }
    }

    #[inline]
    pub(super) fn charge(&mut self, bytes: usize) -> Decoded<()> {
        if let Some(left) = self.left.allocation_bytes_max.checked_sub(bytes) {
            self.left.allocation_bytes_max = left;
            return Ok(());
        }
        let limit = self.limits.allocation_bytes_max;
        Err(self.cursor.error(DecodeKind::AllocationLimitExceeded(limit)))
    }

    #[inline]
    pub(super) fn branch(&mut self, count: usize) -> Decoded<usize> {
        let index = self.cursor.long()?;
        let branch = usize::try_from(index).ok().filter(|&branch| branch < count);
        branch.ok_or_else(|| self.cursor.error(DecodeKind::UnionIndexOutOfRange { index, count }))
    }

    #[inline]
    pub(super) fn enum_index(&mut self, count: usize) -> Decoded<usize> {
        let index = self.cursor.long()?;
        let symbol = usize::try_from(index).ok().filter(|&symbol| symbol < count);
        symbol.ok_or_else(|| self.cursor.error(DecodeKind::EnumIndexOutOfRange { index, count }))
    }
}

#[cold]
fn inside(mut error: Box<DecodeError>, segment: &str) -> Box<DecodeError> {
    error.path = join_path(segment, &error.path);
    error
}

/// What a value takes in memory, in bytes; an estimate from its parts.
pub(super) fn size_of_value(value: &Value) -> usize {
    let parts: usize = match value {
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => bytes.len(),
        Value::String(text) | Value::Enum(_, text) => text.len(),
        Value::Union(_, inner) => size_of_value(inner),
        Value::Array(items) => items.iter().map(size_of_value).sum(),
        Value::Map(entries) => {
            entries.values().map(size_of_value).sum::<usize>()
                + entries.keys().map(|key| key.len() + size_of::<String>()).sum::<usize>()
        }
        Value::Record(fields) => {
            fields.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
        }
        _ => 0,
    };
    parts + size_of::<Value>()
}
