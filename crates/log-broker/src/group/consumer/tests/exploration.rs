//! Random histories of members that lose answers, leave, fall silent and rejoin: no partition is
//! ever read by two, records give the state back, and everybody arrives when it is quiet.

use proptest::prelude::*;

use super::*;

/// A client as it really is: it reads what it was told, and gives up before it takes.
#[derive(Debug, Clone, Default)]
struct Client {
    epoch: i32,
    is_in: bool,
    /// It does not know what became of its last heartbeat, so the next one says everything.
    is_unsure: bool,
    owned: Assignment,
}

#[derive(Debug, Clone)]
enum Act {
    Beat { member: usize, loses_answer: bool },
    Leave { member: usize },
    Silence { member: usize },
    Grow { topic: usize },
    Restart,
}

const MEMBERS: [&str; 3] = ["a", "b", "c"];
const TOPICS: [&str; 2] = ["t", "u"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let member = 0..MEMBERS.len();
    let act = prop_oneof![
        12 => (member.clone(), prop::bool::weighted(0.2))
            .prop_map(|(member, loses_answer)| Act::Beat { member, loses_answer }),
        1 => member.clone().prop_map(|member| Act::Leave { member }),
        1 => member.prop_map(|member| Act::Silence { member }),
        1 => (0..TOPICS.len()).prop_map(|topic| Act::Grow { topic }),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..60)
}

struct History {
    bench: Bench,
    clients: [Client; 3],
    sizes: [i32; 2],
}

impl History {
    fn new() -> Self {
        let mut bench = Bench::default();
        for topic in TOPICS {
            bench.topics.set(topic, 2);
        }
        Self { bench, clients: Default::default(), sizes: [2; 2] }
    }

    fn perform(&mut self, act: &Act) {
        let before = self.bench.group.clone();
        match *act {
            Act::Beat { member, loses_answer } => self.beat(member, loses_answer),
            Act::Leave { member } => {
                if self.clients[member].is_in {
                    let _ = self.bench.beat(&going_on(MEMBERS[member], -1));
                    self.clients[member] = Client::default();
                }
            }
            // The client stops reading before its session ends.
            Act::Silence { member } => {
                if let Some(silent) = self.bench.group.members.get_mut(MEMBERS[member]) {
                    self.clients[member] = Client::default();
                    silent.session_deadline = self.bench.now_ms;
                    self.bench.pass(0);
                }
            }
            Act::Grow { topic } => {
                if self.sizes[topic] < 5 {
                    self.sizes[topic] += 1;
                    self.bench.topics.set(TOPICS[topic], self.sizes[topic]);
                }
            }
            Act::Restart => self.restart(),
        }
        let mut replayed = before.clone();
        for record in self.bench.group.changes_since(&before) {
            replayed.replay(record);
        }
        assert_eq!(replayed.durable(), self.bench.group.durable(), "replay of the changes");
        self.assert_read_by_one();
    }

    fn restart(&mut self) {
        let mut restored = ConsumerGroup::default();
        for record in self.bench.group.changes_since(&ConsumerGroup::default()) {
            restored.replay(record);
        }
        restored.begin_sessions(self.bench.now(), 45_000);
        self.bench.group = restored;
    }

    fn beat(&mut self, member: usize, loses_answer: bool) {
        let client = self.clients[member].clone();
        let id = MEMBERS[member];
        let beat = if client.is_in {
            let owned = Some(client.owned.clone());
            if client.is_unsure {
                Beat { epoch: client.epoch, owned, ..joining(id, &TOPICS) }
            } else {
                Beat { owned, ..going_on(id, client.epoch) }
            }
        } else {
            joining(id, &TOPICS)
        };
        match self.bench.beat(&beat) {
            Ok(_) if loses_answer => {
                self.clients[member].is_unsure = true;
            }
            Ok(beaten) => {
                let client = &mut self.clients[member];
                client.is_in = true;
                client.is_unsure = false;
                client.epoch = beaten.epoch;
                if let Some(assignment) = beaten.assignment {
                    client.owned = assignment;
                }
            }
            // Fenced: it drops everything and joins anew.
            Err(_) => self.clients[member] = Client::default(),
        }
    }

    fn assert_read_by_one(&self) {
        let mut seen = BTreeSet::new();
        for client in &self.clients {
            for place in client.owned.partitions() {
                assert!(seen.insert(place), "{place:?} is read by two: {:?}", self.clients);
            }
        }
    }

    fn everyone_arrives(&mut self) {
        for _ in 0..12 {
            for member in 0..MEMBERS.len() {
                self.beat(member, false);
                self.assert_read_by_one();
            }
        }
        assert_eq!(self.bench.group.state_name(), "Stable", "{:?}", self.bench.group);
        let owned = self.clients.iter().flat_map(|client| client.owned.partitions());
        let total: i32 = self.sizes.iter().sum();
        assert_eq!(owned.count(), usize::try_from(total).unwrap(), "everything is read");
        let counts = self.clients.iter().map(|client| client.owned.partitions().count());
        let (least, most) = (counts.clone().min().unwrap(), counts.max().unwrap());
        assert!(most - least <= 1, "{least} to {most}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn partitions_have_one_reader_at_any_time_and_all_have_one_in_the_end(history in acts()) {
        let mut living = History::new();
        for act in history {
            living.perform(&act);
        }
        living.everyone_arrives();
    }
}
