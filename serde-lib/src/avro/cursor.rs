//! Reads the primitive encodings of Avro from a slice, trusting none of its lengths.
#![expect(
    clippy::unnecessary_box_returns,
    reason = "small errors keep the hot path's results small"
)]

use crate::error::{DecodeError, DecodeKind};
use crate::wire_format::{Varint, unzigzag, varint};

pub(super) type Decoded<T> = Result<T, Box<DecodeError>>;

/// A position in the body of a message.
pub(super) struct Cursor<'a> {
    /// What is not read yet.
    rest: &'a [u8],
    /// Length of the whole body.
    len: usize,
    /// Longest string or bytes that may be announced at all.
    length_max: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn new(body: &'a [u8], length_max: usize) -> Self {
        Self { rest: body, len: body.len(), length_max }
    }

    #[inline]
    pub(super) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    #[inline]
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[cold]
    pub(super) fn error(&self, kind: DecodeKind) -> Box<DecodeError> {
        Box::new(DecodeError::new("AVRO", self.offset(), kind))
    }

    /// An error at an earlier place, where the cursor goes back to.
    #[cold]
    fn error_at(&mut self, start: &'a [u8], kind: DecodeKind) -> Box<DecodeError> {
        self.rest = start;
        self.error(kind)
    }

    /// The next `len` bytes.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Decoded<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.error(DecodeKind::UnexpectedEof));
        };
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let Some((chunk, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.error(DecodeKind::UnexpectedEof));
        };
        self.rest = rest;
        Ok(*chunk)
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Decoded<bool> {
        let value = match self.rest.first() {
            Some(0) => false,
            Some(1) => true,
            Some(&byte) => return Err(self.error(DecodeKind::InvalidBoolean(byte))),
            None => return Err(self.error(DecodeKind::UnexpectedEof)),
        };
        self.take(1)?;
        Ok(value)
    }

    #[inline]
    pub(super) fn long(&mut self) -> Decoded<i64> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(unzigzag(u64::from(byte)));
        }
        self.long_of_many()
    }

    fn long_of_many(&mut self) -> Decoded<i64> {
        match varint(self.rest) {
            Varint::Value(value, used) => {
                self.take(used)?;
                Ok(unzigzag(value))
            }
            Varint::Truncated => Err(self.error(DecodeKind::UnexpectedEof)),
            Varint::Overflow => Err(self.error(DecodeKind::VarintOverflow)),
        }
    }

    #[inline]
    pub(super) fn int(&mut self) -> Decoded<i32> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(i32::from(byte >> 1) ^ -i32::from(byte & 1));
        }
        self.int_of_many()
    }

    fn int_of_many(&mut self) -> Decoded<i32> {
        let start = self.rest;
        let value = self.long()?;
        i32::try_from(value).map_err(|_| self.error_at(start, DecodeKind::IntOverflow(value)))
    }

    #[inline]
    pub(super) fn float(&mut self) -> Decoded<f32> {
        self.chunk().map(f32::from_le_bytes)
    }

    #[inline]
    pub(super) fn double(&mut self) -> Decoded<f64> {
        self.chunk().map(f64::from_le_bytes)
    }

    /// Bytes with their length before them. A length beyond any message is a lie
    /// (`LengthTooLarge`); one beyond the end of this message means that it was cut.
    #[inline]
    pub(super) fn bytes(&mut self) -> Decoded<&'a [u8]> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte & 0x81 == 0
        // a length of one byte that is not negative
        {
            let len = usize::from(byte >> 1);
            if len <= self.length_max
                && let Some((taken, rest)) = rest.split_at_checked(len)
            {
                self.rest = rest;
                return Ok(taken);
            }
        }
        self.long_bytes()
    }

    /// Bytes of any length, and what is wrong with those that are not there.
    fn long_bytes(&mut self) -> Decoded<&'a [u8]> {
        let start = self.rest;
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(len) if len <= self.length_max => self.take(len),
            _ => Err(self.lie(start, length)),
        }
    }

    /// A length that no message can have.
    #[cold]
    fn lie(&mut self, start: &'a [u8], length: i64) -> Box<DecodeError> {
        let available = self.remaining();
        let kind = match length {
            ..0 => DecodeKind::NegativeLength(length),
            _ => DecodeKind::LengthTooLarge { length, available },
        };
        self.error_at(start, kind)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Decoded<&'a str> {
        let start = self.rest;
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.error_at(start, DecodeKind::InvalidUtf8))
    }

    /// The head of the next block of an array or map; `None` ends the sequence.
    #[inline]
    pub(super) fn block(&mut self) -> Decoded<Option<Block>> {
        let before = self.rest;
        let start = self.offset();
        match self.long()? {
            0 => Ok(None),
            count @ 1.. => Ok(Some(Block { start, count, declared: None })),
            count => self.sized_block(before, count).map(Some),
        }
    }

    /// A block whose negative count announces its size.
    fn sized_block(&mut self, before: &'a [u8], count: i64) -> Decoded<Block> {
        let start = self.len - before.len();
        let declared = self.long()?;
        let negated = count.checked_neg();
        let (Some(count), true) = (negated, declared >= 0) else {
            let negative = if negated.is_some() { declared } else { count };
            return Err(self.error_at(before, DecodeKind::NegativeLength(negative)));
        };
        Ok(Block { start, count, declared: Some((declared, self.offset())) })
    }

    /// Checks that a block with a declared size had exactly that size.
    #[inline]
    pub(super) fn end_block(&self, block: &Block) -> Decoded<()> {
        match block.declared {
            Some((declared, from)) if usize::try_from(declared) != Ok(self.offset() - from) => {
                let actual = self.offset() - from;
                Err(self.error(DecodeKind::BlockSizeMismatch { declared, actual }))
            }
            _ => Ok(()),
        }
    }
}

/// A run of items inside an array or map.
pub(super) struct Block {
    /// Where its head begins.
    pub(super) start: usize,
    /// Number of items; positive.
    pub(super) count: i64,
    /// Size in bytes as written, and the offset it counts from.
    declared: Option<(i64, usize)>,
}
