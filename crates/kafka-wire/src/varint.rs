//! Variable-length integers, 7 bits a byte, lowest first: zigzag ones of the record format, and
//! plain ones of compact lengths.

use bytes::{BufMut, BytesMut};

/// Takes a 32-bit value off the front. `None` when the bytes end or the value has more than 32
/// bits; the input is then left as it was.
#[inline]
pub fn take_varint(input: &mut &[u8]) -> Option<i32> {
    let mut rest = *input;
    let raw = u32::try_from(take_unsigned(&mut rest, 5)?).ok()?;
    *input = rest;
    Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

/// Takes a 64-bit value off the front, with the same rules.
#[inline]
pub fn take_varlong(input: &mut &[u8]) -> Option<i64> {
    let mut rest = *input;
    let raw = take_unsigned(&mut rest, 10)?;
    *input = rest;
    Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

/// Appends a 32-bit value.
pub fn put_varint(out: &mut Vec<u8>, value: i32) {
    put_varlong(out, i64::from(value));
}

/// Appends a 64-bit value.
pub fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    loop {
        let [low, ..] = (raw & 0x7f).to_le_bytes();
        raw >>= 7;
        if raw == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a plain value.
pub(crate) fn put_uvarint(out: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        out.put_u8(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.put_u8(value.to_le_bytes()[0]);
}

/// Almost all are of one byte or two.
#[inline]
fn take_unsigned(input: &mut &[u8], max_bytes: u32) -> Option<u64> {
    match **input {
        [byte @ ..0x80, ref rest @ ..] => {
            *input = rest;
            Some(u64::from(byte))
        }
        [low, high @ ..0x80, ref rest @ ..] => {
            *input = rest;
            Some(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => take_long(input, max_bytes),
    }
}

#[cold]
fn take_long(input: &mut &[u8], max_bytes: u32) -> Option<u64> {
    let mut value = 0_u64;
    for at in 0..max_bytes {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * at);
        // The tenth byte has room for one bit only.
        if shifted >> (7 * at) != bits {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values_have_known_bytes() {
        for (value, bytes) in [
            (0_i32, &[0x00_u8][..]),
            (-1, &[0x01]),
            (63, &[0x7e]),
            (64, &[0x80, 0x01]),
            (i32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out, bytes, "{value}");
            assert_eq!(take_varint(&mut &*out), Some(value));
        }
    }

    #[test]
    fn overlong_and_cut_values_are_refused_and_leave_the_input() {
        for bytes in [&[0x80_u8][..], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0xff; 6]] {
            let mut input = bytes;
            assert_eq!(take_varint(&mut input), None);
            assert_eq!(input, bytes);
        }
        assert_eq!(take_varlong(&mut &[0xff_u8; 10][..]), None);
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value: i64, small: i32) {
            let mut out = Vec::new();
            put_varlong(&mut out, value);
            put_varint(&mut out, small);
            let mut input = &*out;
            prop_assert_eq!(take_varlong(&mut input), Some(value));
            prop_assert_eq!(take_varint(&mut input), Some(small));
            prop_assert!(input.is_empty());
        }
    }
}
