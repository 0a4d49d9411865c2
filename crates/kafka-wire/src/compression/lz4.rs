//! LZ4 frame format. Message format v2 has the standard frame header checksum; the wrong one of
//! old Kafka clients (KIP-57) occurs in formats v0 and v1 only.

use lz4_flex::frame::FrameDecoder;

use super::{Codec, CompressionError, read_capped};

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    read_capped(Codec::Lz4, FrameDecoder::new(input), max_out)
}
