//! gzip, members one after another.

use flate2::read::MultiGzDecoder;

use super::{Codec, CompressionError, read_capped};

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    read_capped(Codec::Gzip, MultiGzDecoder::new(input), max_out)
}
