//! What derived types read from: the body of a message within its limits.

use super::super::cursor::{Cursor, Decoded};
use super::super::plan::DecodeLimits;
use crate::error::{DecodeError, DecodeKind};

/// The body of a message, read from its front.
pub struct AvroReader<'b> {
    pub(super) cursor: Cursor<'b>,
    limits: DecodeLimits,
    depth: usize,
    items: usize,
    allocated: usize,
}

impl std::fmt::Debug for AvroReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AvroReader").field("offset", &self.cursor.offset()).finish_non_exhaustive()
    }
}

impl<'b> AvroReader<'b> {
    #[inline]
    pub(in super::super) fn new(body: &'b [u8], limits: &DecodeLimits) -> Self {
        let cursor = Cursor::new(body, limits.allocation_bytes_max);
        // Texts and bytes cannot take more than the body is long.
        Self { cursor, limits: *limits, depth: 0, items: 0, allocated: body.len() }
    }

    #[inline]
    pub(in super::super) fn remaining(&self) -> usize {
        self.cursor.remaining()
    }

    /// An error at this place.
    #[cold]
    pub fn error(&self, kind: DecodeKind) -> Box<DecodeError> {
        self.cursor.error(kind)
    }

    /// A `boolean`.
    #[inline]
    pub fn boolean(&mut self) -> Decoded<bool> {
        self.cursor.boolean()
    }

    /// An `int`.
    #[inline]
    pub fn int(&mut self) -> Decoded<i32> {
        self.cursor.int()
    }

    /// A `long`.
    #[inline]
    pub fn long(&mut self) -> Decoded<i64> {
        self.cursor.long()
    }

    /// A `float`.
    #[inline]
    pub fn float(&mut self) -> Decoded<f32> {
        self.cursor.float()
    }

    /// A `double`.
    #[inline]
    pub fn double(&mut self) -> Decoded<f64> {
        self.cursor.double()
    }

    /// A `string`.
    #[inline]
    pub fn text(&mut self) -> Decoded<&'b str> {
        self.cursor.text()
    }

    /// A `bytes`.
    #[inline]
    pub fn bytes(&mut self) -> Decoded<&'b [u8]> {
        self.cursor.bytes()
    }

    /// A `fixed` of `N` bytes.
    #[inline]
    pub fn fixed<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.cursor.take(N)?);
        Ok(bytes)
    }

    /// The branch of a union that has `count` of them.
    #[inline]
    pub fn branch(&mut self, count: usize) -> Decoded<usize> {
        let index = self.cursor.long()?;
        let branch = usize::try_from(index).ok().filter(|&branch| branch < count);
        branch.ok_or_else(|| self.error(DecodeKind::UnionIndexOutOfRange { index, count }))
    }

    /// The symbol of an enum that has `count` of them.
    #[inline]
    pub fn symbol(&mut self, count: usize) -> Decoded<usize> {
        let index = self.cursor.long()?;
        let symbol = usize::try_from(index).ok().filter(|&symbol| symbol < count);
        symbol.ok_or_else(|| self.error(DecodeKind::EnumIndexOutOfRange { index, count }))
    }

    /// Reads a value one level deeper; the limit keeps hostile nesting off the stack.
    #[inline]
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<T> {
        if self.depth >= self.limits.depth_max {
            return Err(self.error(DecodeKind::DepthLimitExceeded(self.limits.depth_max)));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads the items of an array or the entries of a map, each of which takes `size` bytes of
    /// memory. `item` is told how many are to come that memory may be set aside for.
    #[inline]
    pub(super) fn blocks(
        &mut self,
        size: usize,
        mut item: impl FnMut(&mut Self, usize) -> Decoded<()>,
    ) -> Decoded<()> {
        self.nested(|reader| {
            while let Some(block) = reader.cursor.block()? {
                let count = reader.count(block.count, size)?;
                let mut left = count;
                while left > 0 {
                    item(reader, left.min(reader.cursor.remaining()))?;
                    left -= 1;
                }
                reader.cursor.end_block(&block)?;
            }
            Ok(())
        })
    }

    fn count(&mut self, count: i64, size: usize) -> Decoded<usize> {
        let available = self.limits.items_max - self.items;
        let Some(items) = usize::try_from(count).ok().filter(|&items| items <= available) else {
            return Err(self.error(DecodeKind::LengthTooLarge { length: count, available }));
        };
        self.items += items;
        self.charge(items.saturating_mul(size))?;
        Ok(items)
    }

    /// Counts what a value takes beside its place in another, in bytes.
    #[inline]
    pub(super) fn charge(&mut self, bytes: usize) -> Decoded<()> {
        self.allocated = self.allocated.saturating_add(bytes);
        if self.allocated <= self.limits.allocation_bytes_max {
            return Ok(());
        }
        let limit = self.limits.allocation_bytes_max;
        Err(self.error(DecodeKind::AllocationLimitExceeded(limit)))
    }
}
