//! Zstandard frames.

use std::io;

use ::zstd::DEFAULT_COMPRESSION_LEVEL;
use ::zstd::stream::encode_all;
use ::zstd::stream::read::Decoder;

use super::{Codec, CompressionError, read_capped};

/// The largest window of the standard levels.
const WINDOW_LOG_MAX: u32 = 27;
/// That of level 19.
const WINDOW_LOG_USUAL: u32 = 23;

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    let corrupt = |error: io::Error| CompressionError::Corrupt {
        codec: Codec::Zstd,
        reason: error.to_string(),
    };
    let mut decoder = Decoder::with_buffer(input).map_err(corrupt)?;
    // The decoder reserves the window that the frame asks for.
    decoder.window_log_max(window_log(max_out)).map_err(corrupt)?;
    read_capped(Codec::Zstd, decoder, max_out)
}

pub(super) fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    encode_all(plain, DEFAULT_COMPRESSION_LEVEL)
}

/// Compressors choose a window by level, whatever the input, so a small cap alone must not refuse
/// the usual 2 MiB (2²¹) of level 3 or the 8 MiB (2²³) of level 19.
fn window_log(max_out: usize) -> u32 {
    let enough = usize::BITS - max_out.leading_zeros();
    enough.clamp(WINDOW_LOG_USUAL, WINDOW_LOG_MAX)
}
