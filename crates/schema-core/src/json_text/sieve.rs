//! What tells at a glance that a name has not been seen.

/// Names that have been seen, as a bit for each, which others may share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sieve(u64);

impl Sieve {
    /// Adds a name; false if it is new for certain.
    #[inline]
    pub(crate) fn may_have_seen(&mut self, name: &[u8]) -> bool {
        let bit = 1 << (hash(name) % 64);
        let may_have = self.0 & bit != 0;
        self.0 |= bit;
        may_have
    }
}

/// Gives the attributes of an Avro schema a bit of their own.
fn hash(name: &[u8]) -> usize {
    let [first, middle, last] = [0, name.len() / 2, name.len().saturating_sub(1)]
        .map(|at| name.get(at).map_or(0, |byte| usize::from(*byte)));
    first * 63 + middle * 63 + last * 35 + name.len() * 7
}
