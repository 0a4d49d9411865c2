//! Checked reads from the front of a frame: every length is compared with the bytes that are left.

use bytes::Bytes;

/// Why bytes from the wire are no valid request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("frame length {0} is negative")]
    NegativeFrame(i32),
    #[error("frame of {length} bytes, at most {max} are accepted")]
    FrameTooLarge { length: usize, max: usize },
    #[error("{wanted} bytes wanted at byte {at}, {left} are left")]
    Truncated { at: usize, wanted: usize, left: usize },
    #[error("length {length} at byte {at}")]
    NegativeLength { at: usize, length: i64 },
    #[error("array of {count} elements at byte {at}, {left} bytes are left")]
    Count { at: usize, count: u64, left: usize },
    #[error("variable-length integer of more than five bytes at byte {at}")]
    Varint { at: usize },
    #[error("text at byte {at} is not UTF-8")]
    Utf8 { at: usize },
    #[error("null at byte {at}, where a value is required")]
    Null { at: usize },
    #[error("tagged field {tag} at byte {at} does not fill its length")]
    Tag { at: usize, tag: u32 },
    #[error("request would need more than {max} bytes of memory once decoded")]
    Budget { max: usize },
    #[error("the shape of api key {key} is not known")]
    NoShape { key: i16 },
    #[error("body of api key {key} version {version} does not decode: {reason}")]
    Body { key: i16, version: i16, reason: String },
}

/// A position in a frame that only moves forward. What it hands out are slices of the frame.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    frame: &'a Bytes,
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(frame: &'a Bytes) -> Self {
        Self { frame, at: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn remaining(&self) -> usize {
        self.frame.len() - self.at
    }

    pub fn i8(&mut self) -> Result<i8, WireError> {
        Ok(i8::from_be_bytes(self.array()?))
    }

    pub fn i16(&mut self) -> Result<i16, WireError> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub fn i32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub fn i64(&mut self) -> Result<i64, WireError> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub fn skip(&mut self, count: usize) -> Result<(), WireError> {
        self.advance(count).map(|_| ())
    }

    /// The next `count` bytes, sharing the frame's memory.
    pub fn take(&mut self, count: usize) -> Result<Bytes, WireError> {
        let start = self.advance(count)?;
        Ok(self.frame.slice(start..self.at))
    }

    /// Seven bits a byte, least significant first; at most 32 bits.
    pub fn uvarint(&mut self) -> Result<u32, WireError> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| WireError::Varint { at: start });
            }
        }
        Err(WireError::Varint { at: start })
    }

    /// A length before text, compact or with two bytes; `None` is null.
    pub fn text_length(&mut self, is_compact: bool) -> Result<Option<usize>, WireError> {
        if is_compact {
            return self.compact_length();
        }
        let at = self.at;
        let length = i64::from(self.i16()?);
        classic_length(at, length)
    }

    /// A length before bytes or elements, compact or with four bytes; `None` is null.
    pub fn length(&mut self, is_compact: bool) -> Result<Option<usize>, WireError> {
        if is_compact {
            return self.compact_length();
        }
        let at = self.at;
        let length = i64::from(self.i32()?);
        classic_length(at, length)
    }

    /// Nullable text.
    pub fn text(&mut self, is_compact: bool) -> Result<Option<Bytes>, WireError> {
        let Some(length) = self.text_length(is_compact)? else { return Ok(None) };
        let at = self.at;
        let text = self.take(length)?;
        std::str::from_utf8(&text).map_err(|_| WireError::Utf8 { at })?;
        Ok(Some(text))
    }

    /// The number of elements of an array, each of `least` bytes or more; `None` is null.
    pub fn nullable_count(
        &mut self,
        is_compact: bool,
        least: usize,
    ) -> Result<Option<usize>, WireError> {
        let at = self.at;
        let Some(count) = self.length(is_compact)? else { return Ok(None) };
        if count.saturating_mul(least.max(1)) > self.remaining() {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            return Err(WireError::Count { at, count, left: self.remaining() });
        }
        Ok(Some(count))
    }

    /// As [`Self::nullable_count`], where null is an error.
    pub fn count(&mut self, is_compact: bool, least: usize) -> Result<usize, WireError> {
        let at = self.at;
        self.nullable_count(is_compact, least)?.ok_or(WireError::Null { at })
    }

    /// The structs of an array, each with the tagged fields that end it; `None` is null. They are read
    /// one by one, so that a count alone never sizes an allocation.
    pub fn nullable_structs<T>(
        &mut self,
        is_flexible: bool,
        mut read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<Vec<T>>, WireError> {
        let Some(count) = self.nullable_count(is_flexible, 1)? else { return Ok(None) };
        let mut structs = Vec::new();
        for _ in 0..count {
            structs.push(read(self)?);
            if is_flexible {
                self.skip_tagged_fields()?;
            }
        }
        Ok(Some(structs))
    }

    /// As [`Self::nullable_structs`], where null is an error.
    pub fn structs<T>(
        &mut self,
        is_flexible: bool,
        read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        let at = self.at;
        self.nullable_structs(is_flexible, read)?.ok_or(WireError::Null { at })
    }

    /// Steps over the tagged fields that end a flexible struct; none of them is known.
    pub fn skip_tagged_fields(&mut self) -> Result<(), WireError> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let size = self.uvarint()?;
            self.skip(usize::try_from(size).unwrap_or(usize::MAX))?;
        }
        Ok(())
    }

    fn compact_length(&mut self) -> Result<Option<usize>, WireError> {
        let length = self.uvarint()?;
        Ok(length.checked_sub(1).map(|length| usize::try_from(length).unwrap_or(usize::MAX)))
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let start = self.advance(N)?;
        let mut out = [0; N];
        out.copy_from_slice(&self.frame[start..self.at]);
        Ok(out)
    }

    /// Moves on by `count` and answers where it was.
    fn advance(&mut self, count: usize) -> Result<usize, WireError> {
        let (start, left) = (self.at, self.remaining());
        if count > left {
            return Err(WireError::Truncated { at: start, wanted: count, left });
        }
        self.at += count;
        Ok(start)
    }
}

/// −1 is null, anything below is no length.
fn classic_length(at: usize, length: i64) -> Result<Option<usize>, WireError> {
    match length {
        -1 => Ok(None),
        _ => {
            usize::try_from(length).map(Some).map_err(|_| WireError::NegativeLength { at, length })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_beyond_the_frame_are_refused_before_anything_is_taken() {
        let frame = Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff, 1]);
        let mut reader = Reader::new(&frame);
        let length = reader.length(false).unwrap().unwrap();
        assert_eq!(
            reader.take(length),
            Err(WireError::Truncated { at: 4, wanted: 0x7fff_ffff, left: 1 })
        );
        assert_eq!(reader.position(), 4);
    }

    #[test]
    fn count_larger_than_the_bytes_left_is_refused() {
        let frame = Bytes::from_static(&[0, 0, 0, 3, 1, 2]);
        assert_eq!(
            Reader::new(&frame).count(false, 1),
            Err(WireError::Count { at: 0, count: 3, left: 2 })
        );
    }

    #[test]
    fn varint_of_more_than_32_bits_is_refused() {
        for bytes in [&[0xff, 0xff, 0xff, 0xff, 0x1f][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0]] {
            let frame = Bytes::copy_from_slice(bytes);
            assert_eq!(Reader::new(&frame).uvarint(), Err(WireError::Varint { at: 0 }));
        }
        let frame = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert_eq!(Reader::new(&frame).uvarint(), Ok(u32::MAX));
    }

    #[test]
    fn null_and_empty_text_are_told_apart_in_both_forms() {
        for (compact, null, empty) in [(true, &[0][..], &[1][..]), (false, &[255, 255], &[0, 0])] {
            let (null, empty) = (Bytes::copy_from_slice(null), Bytes::copy_from_slice(empty));
            assert_eq!(Reader::new(&null).text(compact), Ok(None));
            assert_eq!(Reader::new(&empty).text(compact), Ok(Some(Bytes::new())));
        }
        let below = Bytes::from_static(&[255, 254]);
        assert_eq!(
            Reader::new(&below).text(false),
            Err(WireError::NegativeLength { at: 0, length: -2 })
        );
    }
}
