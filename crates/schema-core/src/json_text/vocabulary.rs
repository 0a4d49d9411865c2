//! Names at a glance: those that mean something to a format, and those that were not seen before.

/// Keys that mean something to a format, known by their number.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// By number; number 0 stands for every other key.
    words: &'static [&'static str],
    /// By hash.
    numbers: [u8; HASHES],
}

const HASHES: usize = 64;

impl Vocabulary {
    /// The first of the words stands for all others.
    #[expect(clippy::indexing_slicing, reason = "the compiler does it, and would say so")]
    pub(crate) const fn new(words: &'static [&'static str]) -> Self {
        let mut numbers = [0; HASHES];
        let mut number = 1_u8;
        while (number as usize) < words.len() {
            let slot = &mut numbers[hash(words[number as usize].as_bytes())];
            assert!(*slot == 0, "two words have one hash");
            *slot = number;
            number += 1;
        }
        Self { words, numbers }
    }

    /// The number of a key of that hash, 0 if it is none of the words.
    #[inline]
    fn number(&self, hash: usize, key: &[u8]) -> u8 {
        let number = self.numbers.get(hash).copied().unwrap_or(0);
        match self.words.get(usize::from(number)) {
            Some(word) if word.as_bytes() == key => number,
            _ => 0,
        }
    }
}

/// Names that have been seen, as a bit for each, which others may share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sieve(u64);

impl Sieve {
    /// Adds a name; false if it is new for certain.
    #[inline]
    pub(crate) fn may_have_seen(&mut self, name: &[u8]) -> bool {
        self.may_have_seen_hash(hash(name))
    }

    /// The same for a key, whose number comes with it.
    #[inline]
    pub(super) fn may_have_seen_key(&mut self, key: &[u8], known: &Vocabulary) -> (bool, u8) {
        let hash = hash(key);
        (self.may_have_seen_hash(hash), known.number(hash, key))
    }

    #[inline]
    fn may_have_seen_hash(&mut self, hash: usize) -> bool {
        let bit = 1 << hash;
        let may_have = self.0 & bit != 0;
        self.0 |= bit;
        may_have
    }
}

/// Below [`HASHES`]; another one for each attribute of an Avro schema.
#[inline]
const fn hash(name: &[u8]) -> usize {
    let (front, back) = name.split_at(name.len() / 2);
    let (Some(middle), Some(last)) = (back.first(), back.last()) else { return 0 };
    let first = if let Some(first) = front.first() { first } else { middle };
    let letters = *first as usize * 63 + *middle as usize * 63 + *last as usize * 35;
    (letters + name.len() * 7) % HASHES
}
