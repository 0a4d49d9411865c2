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
    bytes: &'a [u8],
    offset: usize,
    /// Longest string or bytes that may be announced at all.
    length_max: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], length_max: usize) -> Self {
        Self { bytes, offset: 0, length_max }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.offset
    }

    #[cold]
    pub(super) fn error(&self, kind: DecodeKind) -> Box<DecodeError> {
        Box::new(DecodeError::new("AVRO", self.offset, kind))
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    /// The next `len` bytes.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Decoded<&'a [u8]> {
        let taken = self.rest().get(..len);
        let taken = taken.ok_or_else(|| self.error(DecodeKind::UnexpectedEof))?;
        self.offset += len;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let chunk = self.rest().first_chunk::<N>();
        let chunk = *chunk.ok_or_else(|| self.error(DecodeKind::UnexpectedEof))?;
        self.offset += N;
        Ok(chunk)
    }

    pub(super) fn boolean(&mut self) -> Decoded<bool> {
        match self.rest().first() {
            Some(0) => self.offset += 1,
            Some(1) => {
                self.offset += 1;
                return Ok(true);
            }
            Some(&byte) => return Err(self.error(DecodeKind::InvalidBoolean(byte))),
            None => return Err(self.error(DecodeKind::UnexpectedEof)),
        }
        Ok(false)
    }

    #[inline]
    pub(super) fn long(&mut self) -> Decoded<i64> {
        if let Some(&byte) = self.rest().first()
            && byte < 0x80
        {
            self.offset += 1;
            return Ok(unzigzag(u64::from(byte)));
        }
        self.long_of_many()
    }

    fn long_of_many(&mut self) -> Decoded<i64> {
        match varint(self.rest()) {
            Varint::Value(value, used) => {
                self.offset += used;
                Ok(unzigzag(value))
            }
            Varint::Truncated => Err(self.error(DecodeKind::UnexpectedEof)),
            Varint::Overflow => Err(self.error(DecodeKind::VarintOverflow)),
        }
    }

    #[inline]
    pub(super) fn int(&mut self) -> Decoded<i32> {
        let start = self.offset;
        let value = self.long()?;
        i32::try_from(value).map_err(|_| {
            self.offset = start;
            self.error(DecodeKind::IntOverflow(value))
        })
    }

    pub(super) fn float(&mut self) -> Decoded<f32> {
        self.chunk().map(f32::from_le_bytes)
    }

    pub(super) fn double(&mut self) -> Decoded<f64> {
        self.chunk().map(f64::from_le_bytes)
    }

    /// Bytes with their length before them. A length beyond any message is a lie
    /// (`LengthTooLarge`); one beyond the end of this message means that it was cut.
    pub(super) fn bytes(&mut self) -> Decoded<&'a [u8]> {
        let start = self.offset;
        let length = self.long()?;
        let kind = match usize::try_from(length) {
            Ok(len) if len <= self.length_max => return self.take(len),
            Err(_) if length < 0 => DecodeKind::NegativeLength(length),
            _ => DecodeKind::LengthTooLarge { length, available: self.remaining() },
        };
        self.offset = start;
        Err(self.error(kind))
    }

    pub(super) fn text(&mut self) -> Decoded<&'a str> {
        let start = self.offset;
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| {
            self.offset = start;
            self.error(DecodeKind::InvalidUtf8)
        })
    }

    /// The head of the next block of an array or map; `None` ends the sequence.
    pub(super) fn block(&mut self) -> Decoded<Option<Block>> {
        let start = self.offset;
        let count = self.long()?;
        if count == 0 {
            return Ok(None);
        }
        if count > 0 {
            return Ok(Some(Block { start, count, declared: None }));
        }
        let declared = self.long()?;
        let negated = count.checked_neg();
        let (Some(count), true) = (negated, declared >= 0) else {
            self.offset = start;
            let negative = if negated.is_some() { declared } else { count };
            return Err(self.error(DecodeKind::NegativeLength(negative)));
        };
        Ok(Some(Block { start, count, declared: Some((declared, self.offset)) }))
    }

    /// Checks that a block with a declared size had exactly that size.
    pub(super) fn end_block(&self, block: &Block) -> Decoded<()> {
        match block.declared {
            Some((declared, from)) if usize::try_from(declared) != Ok(self.offset - from) => {
                let actual = self.offset - from;
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
