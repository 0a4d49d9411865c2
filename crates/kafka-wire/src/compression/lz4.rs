//! LZ4 frame format. Message format v2 has the standard frame header checksum; the wrong one of
//! old Kafka clients (KIP-57) occurs in formats v0 and v1 only.

use std::io::{self, Write};

use lz4_flex::frame::{BlockMode, FrameDecoder, FrameEncoder, FrameInfo};

use super::{Codec, CompressionError, read_capped};

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    read_capped(Codec::Lz4, FrameDecoder::new(input), max_out)
}

/// Blocks do not refer to each other: the Java client refuses those that do.
pub(super) fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    let frame = FrameInfo::new().block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?)
}
