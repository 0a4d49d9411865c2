//! The last offset of each key, within a fixed amount of memory.
//!
//! Keys are held as the front of their SHA-256, so that nobody can make two keys look the same.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

const HASH_BYTES: usize = 16;
/// A slot of the map: hash, offset and one byte of its own.
const SLOT_BYTES: usize = HASH_BYTES + 8 + 1;

#[derive(Debug)]
pub(super) struct OffsetMap {
    offsets: HashMap<[u8; HASH_BYTES], i64>,
    keys_max: usize,
}

impl OffsetMap {
    /// For as many keys as fit into `bytes`, but no more than there are `offsets`.
    pub(super) fn new(bytes: usize, offsets: i64) -> Self {
        // The table has a power of two of slots, of which it fills seven in eight.
        let slots = 1 << (bytes / SLOT_BYTES).max(2).ilog2();
        let keys_max = (slots * 7 / 8).max(1);
        let wanted = usize::try_from(offsets).unwrap_or(usize::MAX);
        Self { offsets: HashMap::with_capacity(keys_max.min(wanted)), keys_max }
    }

    /// Whether there was room for the key.
    #[must_use]
    pub(super) fn put(&mut self, key: &[u8], offset: i64) -> bool {
        let hash = hash(key);
        if self.offsets.len() >= self.keys_max && !self.offsets.contains_key(&hash) {
            return false;
        }
        self.offsets.insert(hash, offset);
        true
    }

    pub(super) fn last_offset(&self, key: &[u8]) -> Option<i64> {
        self.offsets.get(&hash(key)).copied()
    }
}

fn hash(key: &[u8]) -> [u8; HASH_BYTES] {
    let digest = Sha256::digest(key);
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(&digest[..HASH_BYTES]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_takes_only_keys_that_it_knows() {
        let mut map = OffsetMap::new(8 * SLOT_BYTES, 1000);
        let keys: Vec<[u8; 1]> = (0..8).map(|key| [key]).collect();
        let taken: Vec<bool> = (0..).zip(&keys).map(|(at, key)| map.put(key, at)).collect();
        assert_eq!(taken, [true, true, true, true, true, true, true, false]);
        assert!(map.put(&keys[2], 9));
        assert_eq!(map.last_offset(&keys[2]), Some(9));
        assert_eq!(map.last_offset(&keys[6]), Some(6));
        assert_eq!(map.last_offset(&keys[7]), None);
    }

    #[test]
    fn the_least_memory_holds_one_key() {
        let mut map = OffsetMap::new(0, i64::MAX);
        assert!(map.put(b"a", 1));
        assert!(!map.put(b"b", 2));
    }
}
