//! Decompression of record batches, each codec under a hard cap on its output, and compression of
//! what compaction has left of a batch.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use std::io::{self, Read};

/// The codec in attribute bits 0–2 of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Why compressed records could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompressionError {
    #[error("codec id {0} is not defined")]
    UnknownCodec(u8),
    #[error("the records unfold to more than {max_out} bytes")]
    TooLarge { max_out: usize },
    #[error("corrupt {codec:?} data: {reason}")]
    Corrupt { codec: Codec, reason: String },
    #[error("{codec:?} cannot compress the records: {reason}")]
    Write { codec: Codec, reason: String },
}

impl TryFrom<u8> for Codec {
    type Error = CompressionError;

    fn try_from(id: u8) -> Result<Self, CompressionError> {
        match id {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            _ => Err(CompressionError::UnknownCodec(id)),
        }
    }
}

impl From<Codec> for u8 {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::None => 0,
            Codec::Gzip => 1,
            Codec::Snappy => 2,
            Codec::Lz4 => 3,
            Codec::Zstd => 4,
        }
    }
}

/// Unfolds `input` to at most `max_out` bytes. Memory follows the bytes that really come out, not
/// what the input claims.
pub fn decompress(codec: Codec, input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    match codec {
        Codec::None if input.len() > max_out => Err(CompressionError::TooLarge { max_out }),
        Codec::None => Ok(input.to_vec()),
        Codec::Gzip => gzip::decompress(input, max_out),
        Codec::Snappy => snappy::decompress(input, max_out),
        Codec::Lz4 => lz4::decompress(input, max_out),
        Codec::Zstd => zstd::decompress(input, max_out),
    }
}

/// What every Kafka client unfolds again, at the usual level of the codec.
pub fn compress(codec: Codec, plain: &[u8]) -> Result<Vec<u8>, CompressionError> {
    let packed = match codec {
        Codec::None => Ok(plain.to_vec()),
        Codec::Gzip => gzip::compress(plain),
        Codec::Snappy => snappy::compress(plain),
        Codec::Lz4 => lz4::compress(plain),
        Codec::Zstd => zstd::compress(plain),
    };
    packed.map_err(|error: io::Error| CompressionError::Write { codec, reason: error.to_string() })
}

/// Reads to the end, or to one byte past the cap.
fn read_capped(
    codec: Codec,
    reader: impl Read,
    max_out: usize,
) -> Result<Vec<u8>, CompressionError> {
    let mut out = Vec::new();
    let probe = u64::try_from(max_out).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(probe)
        .read_to_end(&mut out)
        .map_err(|error| CompressionError::Corrupt { codec, reason: error.to_string() })?;
    if out.len() > max_out {
        return Err(CompressionError::TooLarge { max_out });
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
