//! What a request names more than once: as in Apache Kafka, nothing of it is done; and it is
//! described once, or a small request would have an answer without end.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// As Kafka says it.
pub(super) const TOPIC_REPEATED: &str = "Duplicate topic name.";

/// Those of `names` that come more than once.
pub(super) fn repeated<N: Ord + Clone>(names: impl Iterator<Item = N>) -> BTreeSet<N> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(name.clone())).collect()
}

/// Each of `items` where its key is first named.
pub(super) fn once<T, K: Eq + Hash>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(move |item| seen.insert(key(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_once_where_it_is_named_first() {
        let named = [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("a", 5)];
        let all: Vec<_> = once(named, |(name, _)| *name).collect();
        assert_eq!(all, [("b", 1), ("a", 2), ("c", 4)]);
    }

    #[test]
    fn names_that_come_more_than_once_are_found_once() {
        assert_eq!(repeated(["c", "a", "b", "a", "c", "a"].into_iter()), ["a", "c"].into());
    }
}
