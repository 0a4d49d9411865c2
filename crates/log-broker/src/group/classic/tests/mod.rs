//! The rules of the classic group, one test a rule, on a bench with a hand-moved clock.

mod commit;
mod exploration;
mod join;
mod leave;
mod liveness;
mod restore;
mod static_member;
mod sync;

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::{
    ClassicGroup, Effects, JoinAnswer, JoinRequest, Joined, MemberIdentity, Now, Protocol, Step,
    SyncAnswer, SyncRequest, Token,
};
use crate::group::config::GroupConfig;

pub(super) const SESSION_MS: u64 = 10_000;
pub(super) const REBALANCE_MS: u64 = 60_000;

/// A group with its clock and the answers that its requests have had so far.
pub(super) struct Bench {
    pub(super) group: ClassicGroup,
    pub(super) config: GroupConfig,
    pub(super) now: Now,
    pub(super) joins: BTreeMap<Token, JoinAnswer>,
    pub(super) syncs: BTreeMap<Token, SyncAnswer>,
    pub(super) persisted: usize,
    next_token: u64,
}

impl Bench {
    /// Without initial delay: a first join is answered at once.
    pub(super) fn new() -> Self {
        Self::with(GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() })
    }

    pub(super) fn with(config: GroupConfig) -> Self {
        Self {
            group: ClassicGroup::new(),
            config,
            now: Now { monotonic_ms: 1_000, unix_ms: 1_700_000_000_000 },
            joins: BTreeMap::new(),
            syncs: BTreeMap::new(),
            persisted: 0,
            next_token: 0,
        }
    }

    fn token(&mut self) -> Token {
        self.next_token += 1;
        Token(self.next_token)
    }

    fn collect(&mut self, effects: Effects) {
        for (token, answer) in effects.joins {
            assert_eq!(self.joins.insert(token, answer), None, "{token:?} was answered twice");
        }
        for (token, answer) in effects.syncs {
            assert_eq!(self.syncs.insert(token, answer), None, "{token:?} was answered twice");
        }
        self.persisted += usize::from(effects.persist);
    }

    /// Runs one step and collects what it answers.
    pub(super) fn step<T>(
        &mut self,
        event: impl FnOnce(&mut ClassicGroup, &mut Step<'_>) -> T,
    ) -> T {
        let mut step = Step::new(self.now, &self.config);
        let result = event(&mut self.group, &mut step);
        let effects = step.effects;
        self.collect(effects);
        result
    }

    pub(super) fn join(&mut self, request: JoinRequest) -> Token {
        let token = self.token();
        self.step(|group, step| group.join(request, token, step));
        token
    }

    pub(super) fn sync(&mut self, request: SyncRequest) -> Token {
        let token = self.token();
        self.step(|group, step| group.sync(request, token, step));
        token
    }

    pub(super) fn heartbeat(&mut self, id: &str, generation: i32) -> Result<(), ResponseError> {
        self.step(|group, step| group.heartbeat(&dynamic(id), generation, step))
    }

    pub(super) fn leave(&mut self, leaving: &[MemberIdentity]) -> Vec<Result<(), ResponseError>> {
        self.step(|group, step| group.leave(leaving, step)).unwrap()
    }

    /// Moves the clock on, stopping at each deadline of the group as the timer would.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        let end = self.now.monotonic_ms + milliseconds;
        while let Some(deadline) = self.group.next_deadline().filter(|at| *at <= end) {
            self.set_clock(deadline.max(self.now.monotonic_ms));
            self.step(ClassicGroup::time_passes);
        }
        self.set_clock(end);
    }

    fn set_clock(&mut self, monotonic_ms: u64) {
        self.now.unix_ms += i64::try_from(monotonic_ms - self.now.monotonic_ms).unwrap();
        self.now.monotonic_ms = monotonic_ms;
    }

    pub(super) fn joined(&self, token: Token) -> Joined {
        self.joins.get(&token).expect("the join waits").clone().expect("the join was refused")
    }

    pub(super) fn join_error(&self, token: Token) -> ResponseError {
        self.joins.get(&token).expect("the join waits").clone().unwrap_err().error
    }

    pub(super) fn synced(&self, token: Token) -> Bytes {
        let answer = self.syncs.get(&token).expect("the sync waits").clone().unwrap();
        answer.assignment
    }

    pub(super) fn sync_error(&self, token: Token) -> ResponseError {
        self.syncs.get(&token).expect("the sync waits").clone().unwrap_err()
    }

    pub(super) fn join_waits(&self, token: Token) -> bool {
        !self.joins.contains_key(&token)
    }

    pub(super) fn sync_waits(&self, token: Token) -> bool {
        !self.syncs.contains_key(&token)
    }

    pub(super) fn state(&self) -> &'static str {
        self.group.state_name()
    }

    /// A stable group of dynamic members named `ids`, the first one leading; its generation.
    pub(super) fn stable(&mut self, ids: &[&str]) -> i32 {
        for id in ids {
            self.join(first_join(id));
            for earlier in ids.iter().take_while(|earlier| *earlier != id) {
                self.join(rejoin(earlier));
            }
        }
        let generation = self.group.generation_id();
        let parts: Vec<_> = ids.iter().map(|id| (*id, *id)).collect();
        self.sync(leader_sync(ids[0], generation, &parts));
        for id in &ids[1..] {
            self.sync(follower_sync(id, generation));
        }
        assert_eq!(self.state(), "Stable");
        generation
    }
}

pub(super) fn dynamic(id: &str) -> MemberIdentity {
    MemberIdentity { member_id: id.to_owned(), instance_id: None }
}

pub(super) fn fixed(id: &str, instance: &str) -> MemberIdentity {
    MemberIdentity { member_id: id.to_owned(), instance_id: Some(instance.to_owned()) }
}

pub(super) fn protocols(names: &[&str]) -> Vec<Protocol> {
    let protocol =
        |name: &&str| Protocol { name: (*name).to_owned(), metadata: Bytes::from_static(b"m") };
    names.iter().map(protocol).collect()
}

/// A first join of version 3 or lower: admitted at once under the id `new_id`.
pub(super) fn first_join(new_id: &str) -> JoinRequest {
    JoinRequest {
        identity: dynamic(""),
        new_member_id: new_id.to_owned(),
        client_id: "client".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        session_timeout_ms: SESSION_MS,
        rebalance_timeout_ms: REBALANCE_MS,
        protocol_type: "consumer".to_owned(),
        protocols: protocols(&["range"]),
        requires_known_member: false,
        can_skip_assignment: false,
    }
}

pub(super) fn rejoin(id: &str) -> JoinRequest {
    JoinRequest { identity: dynamic(id), ..first_join("unused") }
}

/// A join of a static member that comes without a member id.
pub(super) fn static_join(instance: &str, new_id: &str) -> JoinRequest {
    JoinRequest { identity: fixed("", instance), ..first_join(new_id) }
}

pub(super) fn leader_sync(id: &str, generation_id: i32, parts: &[(&str, &str)]) -> SyncRequest {
    let part = |(id, part): &(&str, &str)| ((*id).to_owned(), Bytes::from((*part).to_owned()));
    SyncRequest {
        identity: dynamic(id),
        generation_id,
        protocol_type: None,
        protocol: None,
        assignments: parts.iter().map(part).collect(),
    }
}

pub(super) fn follower_sync(id: &str, generation_id: i32) -> SyncRequest {
    leader_sync(id, generation_id, &[])
}
