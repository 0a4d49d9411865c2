//! What a request names more than once: nothing of it is done, as in Apache Kafka.

use std::collections::BTreeSet;

/// As Kafka says it.
pub(super) const TOPIC_REPEATED: &str = "Duplicate topic name.";

/// Those of `names` that come more than once.
pub(super) fn repeated<N: Ord + Clone>(names: impl Iterator<Item = N>) -> BTreeSet<N> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_more_than_once_are_found_once() {
        assert_eq!(repeated(["c", "a", "b", "a", "c", "a"].into_iter()), ["a", "c"].into());
    }
}
