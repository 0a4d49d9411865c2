//! Who reads what: the two assignors of the broker. Both are functions of what they are given.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::assignment::Assignment;

/// The assignors that members may ask for, the default first.
pub(crate) const ASSIGNORS: [&str; 2] = [UNIFORM, RANGE];
const UNIFORM: &str = "uniform";
const RANGE: &str = "range";

/// A member as the assignors see it.
#[derive(Debug)]
pub(crate) struct Subscriber {
    /// Existing topics it reads.
    pub(crate) topics: BTreeSet<Uuid>,
    /// What it was to have before.
    pub(crate) previous: Assignment,
}

pub(crate) type Subscribers = BTreeMap<String, Subscriber>;
pub(crate) type Targets = BTreeMap<String, Assignment>;

/// What each member is to have; `partitions` counts those of each topic.
pub(crate) fn assign(
    assignor: &str,
    members: &Subscribers,
    partitions: &BTreeMap<Uuid, i32>,
) -> Targets {
    match assignor {
        RANGE => range(members, partitions),
        _ => Uniform::new(members, partitions).assign(),
    }
}

/// For each topic by itself: neighbouring partitions to neighbouring members, so that a member has
/// the same numbers of topics that are counted alike.
fn range(members: &Subscribers, partitions: &BTreeMap<Uuid, i32>) -> Targets {
    let mut targets: Targets =
        members.keys().map(|id| (id.clone(), Assignment::default())).collect();
    for (topic, count) in partitions {
        let readers: Vec<&String> = members
            .iter()
            .filter(|(_, member)| member.topics.contains(topic))
            .map(|(id, _)| id)
            .collect();
        let Some(reader_count) = i32::try_from(readers.len()).ok().filter(|count| *count > 0)
        else {
            continue;
        };
        let (each, rest) = (count / reader_count, count % reader_count);
        let mut next = 0;
        for (reader, at) in readers.into_iter().zip(0..) {
            let end = next + each + i32::from(at < rest);
            if let Some(target) = targets.get_mut(reader) {
                (next..end).for_each(|partition| target.insert(*topic, partition));
            }
            next = end;
        }
    }
    targets
}

/// As even as the subscriptions allow, moving as little as that takes.
struct Uniform<'a> {
    members: &'a Subscribers,
    readers: BTreeMap<Uuid, Vec<&'a str>>,
    held: BTreeMap<&'a str, BTreeSet<(Uuid, i32)>>,
    free: Vec<(Uuid, i32)>,
}

impl<'a> Uniform<'a> {
    fn new(members: &'a Subscribers, partitions: &BTreeMap<Uuid, i32>) -> Self {
        let mut readers: BTreeMap<Uuid, Vec<&str>> = BTreeMap::new();
        for (id, member) in members {
            for topic in &member.topics {
                readers.entry(*topic).or_default().push(id);
            }
        }
        let held = members.keys().map(|id| (id.as_str(), BTreeSet::new())).collect();
        let all = partitions.iter().flat_map(|(topic, count)| (0..*count).map(|at| (*topic, at)));
        let free = all.filter(|(topic, _)| readers.contains_key(topic)).collect();
        Self { members, readers, held, free }
    }

    fn assign(mut self) -> Targets {
        self.keep();
        self.give();
        while self.level() {}
        let target =
            |(id, held): (&str, BTreeSet<(Uuid, i32)>)| (id.to_owned(), held.into_iter().collect());
        self.held.into_iter().map(target).collect()
    }

    /// Everyone keeps what it had and still reads.
    fn keep(&mut self) {
        let mut owners = BTreeMap::new();
        for (id, member) in self.members {
            for (topic, partition) in member.previous.partitions() {
                if member.topics.contains(&topic) {
                    owners.entry((topic, partition)).or_insert(id.as_str());
                }
            }
        }
        let held = &mut self.held;
        self.free.retain(|partition| {
            let owner = owners.get(partition).and_then(|id| held.get_mut(id));
            owner.map(|own| own.insert(*partition)).is_none()
        });
    }

    /// What is free goes to whoever has least; what few may read goes first.
    fn give(&mut self) {
        let mut free = std::mem::take(&mut self.free);
        free.sort_by_key(|(topic, _)| self.readers.get(topic).map_or(0, Vec::len));
        for (topic, partition) in free {
            let readers = self.readers.get(&topic).into_iter().flatten();
            let least = readers.min_by_key(|id| self.held.get(*id).map_or(0, BTreeSet::len));
            if let Some(own) = least.and_then(|id| self.held.get_mut(id)) {
                own.insert((topic, partition));
            }
        }
    }

    /// Moves one partition from a member that has two more than another who may read it. `false`
    /// when there is none: each move makes the counts more even, so this ends.
    fn level(&mut self) -> bool {
        let mut by_load: Vec<(usize, &str)> =
            self.held.iter().map(|(id, own)| (own.len(), *id)).collect();
        by_load.sort_by(|a, b| b.cmp(a));
        let move_of = |(load, id): &(usize, &'a str)| {
            self.held.get(id)?.iter().rev().find_map(|(topic, partition)| {
                let readers = self.readers.get(topic)?;
                let least = readers
                    .iter()
                    .min_by_key(|reader| self.held.get(*reader).map_or(0, BTreeSet::len))?;
                let is_better = self.held.get(least)?.len() + 2 <= *load;
                is_better.then_some((*id, *least, (*topic, *partition)))
            })
        };
        let Some((from, to, partition)) = by_load.iter().find_map(move_of) else { return false };
        if let Some(own) = self.held.get_mut(from) {
            own.remove(&partition);
        }
        if let Some(own) = self.held.get_mut(to) {
            own.insert(partition);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn topic(number: u8) -> Uuid {
        Uuid::from_bytes([number; 16])
    }

    fn members(subscriptions: &[(&str, &[u8])]) -> Subscribers {
        let subscriber = |topics: &[u8]| Subscriber {
            topics: topics.iter().map(|number| topic(*number)).collect(),
            previous: Assignment::default(),
        };
        subscriptions.iter().map(|(id, topics)| ((*id).to_owned(), subscriber(topics))).collect()
    }

    fn numbers(targets: &Targets, id: &str, number: u8) -> Vec<i32> {
        let own = targets[id].topics().find(|(found, _)| *found == topic(number));
        own.map(|(_, partitions)| partitions.iter().copied().collect()).unwrap_or_default()
    }

    #[test]
    fn range_gives_neighbours_the_same_numbers_of_each_topic() {
        let partitions = BTreeMap::from([(topic(1), 5), (topic(2), 3)]);
        let targets = assign("range", &members(&[("a", &[1, 2]), ("b", &[1, 2])]), &partitions);
        assert_eq!(numbers(&targets, "a", 1), [0, 1, 2]);
        assert_eq!(numbers(&targets, "b", 1), [3, 4]);
        assert_eq!(numbers(&targets, "a", 2), [0, 1]);
        assert_eq!(numbers(&targets, "b", 2), [2]);
    }

    #[test]
    fn uniform_moves_no_more_than_a_new_member_needs() {
        let partitions = BTreeMap::from([(topic(1), 6)]);
        let before = assign("uniform", &members(&[("a", &[1]), ("b", &[1])]), &partitions);
        let mut all = members(&[("a", &[1]), ("b", &[1]), ("c", &[1])]);
        for (id, target) in &before {
            all.get_mut(id).unwrap().previous = target.clone();
        }
        let after = assign("uniform", &all, &partitions);
        for id in ["a", "b"] {
            assert!(after[id].is_subset(&before[id]), "{id} is given nothing new");
        }
        assert_eq!(["a", "b", "c"].map(|id| after[id].partitions().count()), [2, 2, 2]);
    }

    #[test]
    fn more_members_than_partitions_leave_some_idle() {
        let partitions = BTreeMap::from([(topic(1), 1)]);
        let targets = assign("uniform", &members(&[("a", &[1]), ("b", &[1])]), &partitions);
        assert_eq!(["a", "b"].map(|id| targets[id].partitions().count()), [1, 0]);
    }

    proptest! {
        #[test]
        fn every_partition_that_is_read_has_one_reader_who_may_read_it(
            subscriptions in prop::collection::vec(prop::collection::btree_set(0_u8..4, 0..4), 1..6),
            counts in prop::collection::vec(0_i32..7, 4),
            is_range in any::<bool>(),
        ) {
            let partitions: BTreeMap<Uuid, i32> =
                counts.iter().zip(0_u8..).map(|(count, number)| (topic(number), *count)).collect();
            let all: Subscribers = subscriptions
                .iter()
                .enumerate()
                .map(|(at, topics)| {
                    let topics = topics.iter().map(|number| topic(*number)).collect();
                    (format!("m{at}"), Subscriber { topics, previous: Assignment::default() })
                })
                .collect();
            let assignor = if is_range { "range" } else { "uniform" };
            let targets = assign(assignor, &all, &partitions);
            let mut seen = BTreeSet::new();
            for (id, target) in &targets {
                for (topic, partition) in target.partitions() {
                    prop_assert!(all[id].topics.contains(&topic));
                    prop_assert!(seen.insert((topic, partition)), "given twice");
                }
            }
            let readable = partitions.iter().filter(|(topic, _)| {
                all.values().any(|member| member.topics.contains(topic))
            });
            let count: i32 = readable.map(|(_, count)| *count).sum();
            prop_assert_eq!(seen.len(), usize::try_from(count).unwrap());
        }
    }
}
