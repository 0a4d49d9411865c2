//! gzip, members one after another.

use std::io::{self, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Codec, CompressionError, read_capped};

pub(super) fn decompress(input: &[u8], max_out: usize) -> Result<Vec<u8>, CompressionError> {
    read_capped(Codec::Gzip, MultiGzDecoder::new(input), max_out)
}

pub(super) fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}
