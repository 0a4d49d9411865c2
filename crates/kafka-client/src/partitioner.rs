//! Which partition the records of a key go to: the one that Kafka's own Java client chooses.

const SEED: u32 = 0x9747_b28c;
const MULTIPLIER: u32 = 0x5bd1_e995;

/// The partition of a key among `count`; 0 where there are none.
pub fn partition_of(key: &[u8], count: i32) -> i32 {
    let positive = (murmur2(key) & 0x7fff_ffff).cast_signed();
    positive.checked_rem(count).unwrap_or_default()
}

/// 32-bit `MurmurHash2`, a public algorithm of Austin Appleby's.
fn murmur2(bytes: &[u8]) -> u32 {
    // Kafka, too, counts no more than 32 bits of the length.
    let length = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or_default();
    let mut hash = SEED ^ length;
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        mixed = (mixed ^ (mixed >> 24)).wrapping_mul(MULTIPLIER);
        hash = hash.wrapping_mul(MULTIPLIER) ^ mixed;
    }
    if !rest.is_empty() {
        let mut last = [0; 4];
        last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        hash = (hash ^ u32::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_keys_is_that_of_kafkas_java_client() {
        let known = [
            (&b"21"[..], -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in known {
            assert_eq!(murmur2(key).cast_signed(), hash, "{}", key.escape_ascii());
        }
    }

    #[test]
    fn partition_is_within_the_topic() {
        assert_eq!(partition_of(b"foobar", 12), 6);
        assert_eq!(partition_of(b"foobar", 0), 0);
    }
}
