//! CRC-32C (Castagnoli), the checksum of a record batch.

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// Of one run of bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    low_half(checksum(CrcAlgorithm::Crc32Iscsi, bytes))
}

/// Of several runs, as if they were joined.
pub fn crc32c_of(parts: &[&[u8]]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    for part in parts {
        digest.update(part);
    }
    low_half(digest.finalize())
}

/// The crate answers every width as `u64`; a 32-bit checksum has nothing in the upper half.
fn low_half(crc: u64) -> u32 {
    u32::try_from(crc).unwrap_or_default()
}
