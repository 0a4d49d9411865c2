//! Sets of partitions, by the ids of their topics.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// Topics without partitions are not in it, so equal sets are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assignment(BTreeMap<Uuid, BTreeSet<i32>>);

impl Assignment {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn insert(&mut self, topic: Uuid, partition: i32) {
        self.0.entry(topic).or_default().insert(partition);
    }

    pub(crate) fn contains(&self, topic: Uuid, partition: i32) -> bool {
        self.0.get(&topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (Uuid, &BTreeSet<i32>)> {
        self.0.iter().map(|(topic, partitions)| (*topic, partitions))
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = (Uuid, i32)> {
        self.topics().flat_map(|(topic, all)| all.iter().map(move |partition| (topic, *partition)))
    }

    pub(crate) fn is_subset(&self, of: &Self) -> bool {
        self.partitions().all(|(topic, partition)| of.contains(topic, partition))
    }

    pub(crate) fn has_any(&self, of: &Self) -> bool {
        self.partitions().any(|(topic, partition)| of.contains(topic, partition))
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        self.partitions().filter(|(topic, partition)| other.contains(*topic, *partition)).collect()
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        self.partitions().filter(|(topic, partition)| !other.contains(*topic, *partition)).collect()
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for (topic, partition) in other.partitions() {
            self.insert(topic, partition);
        }
    }
}

impl FromIterator<(Uuid, i32)> for Assignment {
    fn from_iter<I: IntoIterator<Item = (Uuid, i32)>>(partitions: I) -> Self {
        let mut assignment = Self::default();
        for (topic, partition) in partitions {
            assignment.insert(topic, partition);
        }
        assignment
    }
}
