//! Random histories of a small group: whatever three clients do, in whatever order and pace,
//! nobody waits for ever, a generation has one leader, and a member has one assignment in it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::group::classic::CONSUMER_PROTOCOL_TYPE;

#[derive(Debug, Clone)]
enum Event {
    Join { client: usize, changed: bool, known_id: bool },
    Sync { client: usize },
    StaleSync { client: usize },
    Heartbeat { client: usize },
    Leave { client: usize },
    Pass { milliseconds: u64 },
    Restart,
}

/// What a client has learnt; client 0 is static, the others are dynamic.
#[derive(Debug, Clone, Default)]
struct Client {
    member_id: String,
    generation: i32,
    leads: bool,
    members: Vec<String>,
    joining: Option<Token>,
    syncing: Option<(Token, i32)>,
    /// The generation whose assignment it has.
    synced: i32,
}

struct World {
    bench: Bench,
    clients: Vec<Client>,
    requests: BTreeSet<Token>,
    leaders: BTreeMap<i32, BTreeSet<String>>,
    assignments: BTreeMap<(i32, String), Bytes>,
    next_id: u32,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let client = 0..3_usize;
    let event = prop_oneof![
        5 => (client.clone(), prop::bool::weighted(0.2), prop::bool::weighted(0.8))
            .prop_map(|(client, changed, known_id)| Event::Join { client, changed, known_id }),
        5 => client.clone().prop_map(|client| Event::Sync { client }),
        1 => client.clone().prop_map(|client| Event::StaleSync { client }),
        2 => client.clone().prop_map(|client| Event::Heartbeat { client }),
        1 => client.prop_map(|client| Event::Leave { client }),
        2 => prop_oneof![Just(1_u64), Just(3_000), Just(SESSION_MS), Just(REBALANCE_MS)]
            .prop_map(|milliseconds| Event::Pass { milliseconds }),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..60)
}

impl World {
    fn new(initial_rebalance_delay_ms: u64) -> Self {
        let config = GroupConfig { initial_rebalance_delay_ms, ..GroupConfig::default() };
        Self {
            bench: Bench::with(config),
            clients: vec![Client::default(); 3],
            requests: BTreeSet::new(),
            leaders: BTreeMap::new(),
            assignments: BTreeMap::new(),
            next_id: 0,
        }
    }

    fn identity(&self, client: usize) -> MemberIdentity {
        MemberIdentity {
            member_id: self.clients[client].member_id.clone(),
            instance_id: (client == 0).then(|| "instance".to_owned()),
        }
    }

    fn apply(&mut self, event: &Event) {
        let generation_before = self.bench.group.generation_id();
        let persisted = self.bench.persisted;
        match *event {
            Event::Join { client, changed, known_id } => self.join(client, changed, known_id),
            Event::Sync { client } => self.sync(client, 0),
            Event::StaleSync { client } => self.sync(client, -1),
            Event::Heartbeat { client } => {
                let (identity, generation) =
                    (self.identity(client), self.clients[client].generation);
                let _ = self.bench.step(|group, step| group.heartbeat(&identity, generation, step));
            }
            Event::Leave { client } => {
                let leaving = [self.identity(client)];
                self.bench.leave(&leaving);
            }
            Event::Pass { milliseconds } => self.bench.pass(milliseconds),
            Event::Restart => self.restart(),
        }
        if !matches!(event, Event::Restart) {
            assert!(self.bench.group.generation_id() >= generation_before);
        }
        if self.bench.persisted > persisted {
            self.check_restore();
        }
        self.learn();
    }

    fn join(&mut self, client: usize, changed: bool, known_id: bool) {
        if !known_id {
            self.clients[client].member_id.clear();
        }
        self.next_id += 1;
        let mut request = first_join(&format!("m{}", self.next_id));
        request.identity = self.identity(client);
        request.requires_known_member = client == 2;
        if changed {
            request.protocols[0].metadata = Bytes::from(self.next_id.to_string());
        }
        let token = self.bench.join(request);
        self.requests.insert(token);
        self.clients[client].joining = Some(token);
    }

    /// A leader gives each member a part that names it and the generation.
    fn sync(&mut self, client: usize, skew: i32) {
        let Client { generation, leads, members, .. } = self.clients[client].clone();
        let part = |id: &String| (id.clone(), Bytes::from(format!("{id}@{generation}")));
        let assignments = if leads { members.iter().map(part).collect() } else { BTreeMap::new() };
        let generation_id = generation + skew;
        let identity = self.identity(client);
        let request = SyncRequest {
            identity,
            generation_id,
            protocol_type: None,
            protocol: None,
            assignments,
        };
        let token = self.bench.sync(request);
        self.requests.insert(token);
        self.clients[client].syncing = Some((token, generation_id));
    }

    /// Connections break in a restart: open requests are gone, what was persisted remains.
    fn restart(&mut self) {
        if self.bench.persisted > 0 && self.bench.group.is_stable() {
            self.bench.group = ClassicGroup::restore(self.bench.group.metadata(), self.bench.now);
            self.requests.retain(|token| {
                self.bench.joins.contains_key(token) || self.bench.syncs.contains_key(token)
            });
        }
    }

    fn check_restore(&self) {
        let metadata = self.bench.group.metadata();
        let restored = ClassicGroup::restore(metadata.clone(), self.bench.now);
        assert_eq!(restored.metadata(), metadata);
        assert_eq!(restored.is_empty(), self.bench.group.is_empty());
    }

    fn learn(&mut self) {
        for index in 0..self.clients.len() {
            self.learn_join(index);
            self.learn_sync(index);
        }
    }

    fn learn_join(&mut self, index: usize) {
        let Some(token) = self.clients[index].joining else { return };
        let Some(answer) = self.bench.joins.get(&token).cloned() else { return };
        let client = &mut self.clients[index];
        client.joining = None;
        match answer {
            Ok(joined) => {
                client.member_id.clone_from(&joined.member_id);
                client.generation = joined.generation_id;
                client.leads = joined.leader == joined.member_id;
                client.members = joined.members.into_iter().map(|one| one.member_id).collect();
                if client.leads {
                    let leaders = self.leaders.entry(client.generation).or_default();
                    leaders.insert(joined.leader);
                    assert_eq!(leaders.len(), 1, "two leaders in generation {}", client.generation);
                }
            }
            Err(refusal) if refusal.error == ResponseError::MemberIdRequired => {
                client.member_id = refusal.member_id;
            }
            Err(_) => client.member_id.clear(),
        }
    }

    fn learn_sync(&mut self, index: usize) {
        let Some((token, generation)) = self.clients[index].syncing else { return };
        let Some(answer) = self.bench.syncs.get(&token).cloned() else { return };
        self.clients[index].syncing = None;
        if let Ok(synced) = answer {
            assert_eq!(synced.protocol_type, CONSUMER_PROTOCOL_TYPE);
            self.clients[index].synced = generation;
            let key = (generation, self.clients[index].member_id.clone());
            let first = self.assignments.entry(key).or_insert_with(|| synced.assignment.clone());
            assert_eq!(*first, synced.assignment, "a second assignment in one generation");
        }
    }

    fn assert_nobody_waits(&self) {
        for token in &self.requests {
            let answered =
                self.bench.joins.contains_key(token) || self.bench.syncs.contains_key(token);
            assert!(answered, "{token:?} waits for ever in {}", self.bench.state());
        }
    }

    /// Every client does what a sound client does until all are in one generation.
    fn converge(&mut self) {
        for _ in 0..200 {
            for client in 0..3 {
                self.go_on(client);
            }
            self.bench.pass(1_000);
            self.learn();
            let generation = self.bench.group.generation_id();
            let all_synced = self.clients.iter().all(|client| client.synced == generation);
            if self.bench.group.is_stable() && all_synced {
                return self.assert_one_assignment_each();
            }
        }
        panic!("no common generation after 200 rounds, but {:?}", self.bench.group);
    }

    fn go_on(&mut self, client: usize) {
        let Client { generation, synced, joining, syncing, .. } = self.clients[client].clone();
        if joining.is_some() || syncing.is_some() {
            return;
        }
        let identity = self.identity(client);
        let beat = self.bench.step(|group, step| group.heartbeat(&identity, generation, step));
        match beat {
            Ok(()) if synced == generation => {}
            Ok(()) => self.apply(&Event::Sync { client }),
            Err(ResponseError::RebalanceInProgress | ResponseError::IllegalGeneration) => {
                self.apply(&Event::Join { client, changed: false, known_id: true });
            }
            Err(_) => self.apply(&Event::Join {
                client,
                changed: false,
                // An id that was handed out is no member yet, so its heartbeat is refused too.
                known_id: client == 2,
            }),
        }
    }

    fn assert_one_assignment_each(&self) {
        let generation = self.bench.group.generation_id();
        for (id, member) in self.bench.group.members() {
            assert_eq!(member.assignment, Bytes::from(format!("{id}@{generation}")));
        }
        let known: BTreeSet<_> = self.clients.iter().map(|one| one.member_id.as_str()).collect();
        assert_eq!(known, self.bench.group.members().map(|(id, _)| id).collect());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nobody_waits_for_ever(history in events(), delay in prop_oneof![Just(0_u64), Just(3_000)]) {
        let mut world = World::new(delay);
        for event in &history {
            world.apply(event);
        }
        world.bench.pass(20 * REBALANCE_MS);
        world.learn();
        world.assert_nobody_waits();
        prop_assert_eq!(world.bench.state(), "Empty");
        prop_assert_eq!(world.bench.group.next_deadline(), None);
    }

    #[test]
    fn sound_clients_always_end_in_one_generation(
        history in events(),
        delay in prop_oneof![Just(0_u64), Just(3_000)],
    ) {
        let mut world = World::new(delay);
        for event in &history {
            world.apply(event);
        }
        world.bench.pass(REBALANCE_MS);
        world.learn();
        world.converge();
    }
}
