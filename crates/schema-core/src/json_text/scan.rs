//! Runs of bytes of one kind, looked at several at a time.

/// Where the white space ends that begins at `at`, if there is any.
#[inline]
pub(super) fn behind_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
        // Lines are indented.
        while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let others = u64::from_le_bytes(*eight) ^ u64::from_le_bytes([b' '; 8]);
            at += first_byte(others);
            if others != 0 {
                break;
            }
        }
    }
    at
}

/// How many bytes come before a quote, a backslash or a control character.
#[inline]
pub(super) fn plain_length(text: &[u8]) -> usize {
    // Names and words end here.
    match text.first_chunk().map(|eight| special_bytes(u64::from_le_bytes(*eight))) {
        Some(special) if special != 0 => first_byte(special),
        _ => long_plain_length(text),
    }
}

/// The same where it may be many.
pub(super) fn long_plain_length(text: &[u8]) -> usize {
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let mut length = 0;
    let rest = |length| text.get(length..).unwrap_or_default();
    // Without an early end, they are looked at together.
    while let Some(sixteen) = rest(length).first_chunk::<16>()
        && !sixteen.iter().fold(false, |any, byte| any | is_special(*byte))
    {
        length += sixteen.len();
    }
    while let Some(eight) = rest(length).first_chunk() {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            return length + first_byte(special);
        }
        length += eight.len();
    }
    length + rest(length).iter().take_while(|byte| !is_special(**byte)).count()
}

/// The position of the first byte, in the order of the text, that is not zero; 8 if all are.
fn first_byte(eight: u64) -> usize {
    usize::try_from(eight.trailing_zeros() / 8).unwrap_or(0)
}

/// The high bit of each byte that a string cannot hold as it is. Bits above the lowest one may be
/// set for nothing, because a subtraction borrows from the next byte.
fn special_bytes(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |bytes: u64, bound: u8| {
        bytes.wrapping_sub(ONES.wrapping_mul(u64::from(bound))) & !bytes & HIGH
    };
    let equal = |byte: u8| below(eight ^ ONES.wrapping_mul(u64::from(byte)), 1);
    below(eight, b' ') | equal(b'"') | equal(b'\\')
}
