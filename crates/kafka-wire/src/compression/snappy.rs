//! Snappy: one raw block, or the xerial framing that Java clients write.
//!
//! | bytes | xerial field |
//! |---|---|
//! | 0..8 | magic `82 53 4e 41 50 50 59 00` |
//! | 8..16 | version and compatible version, not needed to read |
//! | then | blocks: length (i32, big endian), raw snappy |

use std::io;

use snap::raw::{Decoder, Encoder, decompress_len};

use super::{Codec, CompressionError};

const XERIAL_MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_HEADER_BYTES: usize = 16;

/// The best ratio of the format: a copy element of 3 bytes stands for 64.
const RATIO_MAX: usize = 22;

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    let mut out = Vec::new();
    if !input.starts_with(&XERIAL_MAGIC) {
        append_block(input, max_out, &mut out)?;
        return Ok(out);
    }
    let mut rest = input.get(XERIAL_HEADER_BYTES..).ok_or_else(|| corrupt("cut header"))?;
    while !rest.is_empty() {
        let (length, tail) =
            rest.split_first_chunk::<4>().ok_or_else(|| corrupt("cut block length"))?;
        let length = usize::try_from(i32::from_be_bytes(*length))
            .map_err(|_| corrupt("negative block length"))?;
        let block = tail.get(..length).ok_or_else(|| corrupt("block longer than the data"))?;
        append_block(block, max_out, &mut out)?;
        rest = &tail[length..];
    }
    Ok(out)
}

fn append_block(block: &[u8], max_out: usize, out: &mut Vec<u8>) -> Result<(), CompressionError> {
    let claimed = decompress_len(block).map_err(|error| corrupt(&error.to_string()))?;
    let start = out.len();
    let end = start
        .checked_add(claimed)
        .filter(|end| *end <= max_out)
        .ok_or(CompressionError::TooLarge { max_out })?;
    // A few bytes may claim gigabytes: believe only what their number can unfold to.
    if claimed > block.len().saturating_mul(RATIO_MAX).saturating_add(64) {
        return Err(corrupt("claimed length that the block cannot unfold to"));
    }
    out.resize(end, 0);
    let written = Decoder::new()
        .decompress(block, &mut out[start..])
        .map_err(|error| corrupt(&error.to_string()))?;
    out.truncate(start + written);
    Ok(())
}

/// One raw block, as librdkafka writes it; the Java client reads both forms.
pub(super) fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    Encoder::new().compress_vec(plain).map_err(io::Error::other)
}

fn corrupt(reason: &str) -> CompressionError {
    CompressionError::Corrupt { codec: Codec::Snappy, reason: reason.to_owned() }
}
