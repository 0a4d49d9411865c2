//! The classic group protocol as a state machine: join, sync, heartbeat, leave, and time.
//!
//! ```text
//!            join                 everyone joined, or time is up         leader synced
//!  Empty ───────────▶ PreparingRebalance ──────────────▶ CompletingRebalance ──────▶ Stable
//!    ▲                  │      ▲  ▲                             │                      │
//!    └─── nobody left ──┘      │  └── join, leave, expiry ──────┘                      │
//!                              └────────────── join, leave, expiry ────────────────────┘
//! ```
//! A step takes the event and the time, changes the group, and leaves its answers in `Effects`;
//! requests that must wait are known by their `Token` and answered by a later step. The machine
//! knows no clock, task, socket or disk, so a history of steps always ends in the same state.

mod join;
mod leave;
mod liveness;
mod member;
mod metadata;
mod rebalance;
mod static_member;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use bytes::Bytes;
use kafka_protocol::ResponseError;

pub(crate) use self::join::{JoinAnswer, JoinRefusal, JoinRequest, Joined, JoinedMember};
pub(crate) use self::member::{Member, MemberIdentity, Protocol};
pub(crate) use self::metadata::{GroupMetadata, MemberMetadata};
pub(crate) use self::sync::{SyncAnswer, SyncRequest};
use super::config::GroupConfig;
use super::subscription;

/// Names a request that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(pub(crate) u64);

/// One reading of both clocks: deadlines must not follow a wall clock that is set back, and
/// records must carry a time that survives a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) monotonic_ms: u64,
    pub(crate) unix_ms: i64,
}

/// What a step leaves for the driver to do.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) joins: Vec<(Token, JoinAnswer)>,
    pub(crate) syncs: Vec<(Token, SyncAnswer)>,
    /// The group's metadata changed in a way that must outlive a restart. The answers may leave
    /// only when it is durable.
    pub(crate) persist: bool,
}

/// What every step is given.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a GroupConfig,
    pub(crate) effects: Effects,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Now, config: &'a GroupConfig) -> Self {
        Self { now, config, effects: Effects::default() }
    }

    fn deadline_in(&self, milliseconds: u64) -> u64 {
        self.now.monotonic_ms.saturating_add(milliseconds)
    }
}

/// Deadlines are in `Now::monotonic_ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Empty,
    PreparingRebalance {
        deadline: u64,
        initial: Option<InitialDelay>,
    },
    CompletingRebalance {
        deadline: u64,
    },
    /// Members that were given the generation and do not ask for their assignment by
    /// `sync_deadline` are dropped; `None` once all have asked.
    Stable {
        sync_deadline: Option<u64>,
    },
    Dead,
}

/// The first rebalance of an empty group waits, and waits again while members arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InitialDelay {
    remaining_ms: u64,
    member_joined: bool,
}

/// One classic group. `Clone` lets a driver take back a step whose records were refused.
#[derive(Debug, Clone)]
pub(crate) struct ClassicGroup {
    state: State,
    generation_id: i32,
    protocol_type: Option<String>,
    protocol: Option<String>,
    leader: Option<String>,
    members: BTreeMap<String, Member>,
    /// Instance id to the member id that holds it.
    static_members: BTreeMap<String, String>,
    /// Ids that were handed out with `MEMBER_ID_REQUIRED`, and until when they may be used.
    pending_joins: BTreeMap<String, u64>,
    /// When the group last became Empty or Stable, in Unix milliseconds.
    state_since_ms: Option<i64>,
}

impl ClassicGroup {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Empty,
            generation_id: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_joins: BTreeMap::new(),
            state_since_ms: None,
        }
    }

    /// The state's name as Kafka's tools print it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::PreparingRebalance { .. } => "PreparingRebalance",
            State::CompletingRebalance { .. } => "CompletingRebalance",
            State::Stable { .. } => "Stable",
            State::Dead => "Dead",
        }
    }

    pub(crate) fn generation_id(&self) -> i32 {
        self.generation_id
    }

    pub(crate) fn protocol_type(&self) -> Option<&str> {
        self.protocol_type.as_deref()
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.members.iter().map(|(id, member)| (id.as_str(), member))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state == State::Empty
    }

    pub(crate) fn is_stable(&self) -> bool {
        matches!(self.state, State::Stable { .. })
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state == State::Dead
    }

    /// Nobody belongs to the group and nobody is about to.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.is_empty() && self.pending_joins.is_empty()
    }

    /// The last state: whoever still holds the group must look its id up again.
    pub(crate) fn die(&mut self) {
        self.state = State::Dead;
    }

    /// When the group last became Empty or Stable, in Unix milliseconds.
    pub(crate) fn state_since_ms(&self) -> Option<i64> {
        self.state_since_ms
    }

    /// The topics that the members read; `None` when that cannot be told, because this is no
    /// group of consumers or a member's metadata is foreign.
    pub(crate) fn subscribed_topics(&self) -> Option<BTreeSet<String>> {
        if self.protocol_type.as_deref() != Some(CONSUMER_PROTOCOL_TYPE) {
            return None;
        }
        let protocol = match &self.protocol {
            Some(protocol) => protocol,
            None if self.members.is_empty() => return Some(BTreeSet::new()),
            None => return None,
        };
        let mut all = BTreeSet::new();
        for member in self.members.values() {
            all.extend(subscription::topics(&member.metadata_for(protocol)?)?);
        }
        Some(all)
    }

    /// Whether the caller is who it says it is: KIP-345 fences a member id whose instance id
    /// another member has taken over.
    fn check_member(&self, identity: &MemberIdentity) -> Result<(), ResponseError> {
        if let Some(instance_id) = &identity.instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ResponseError::UnknownMemberId),
                Some(holder) if *holder != identity.member_id => {
                    return Err(ResponseError::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        if self.members.contains_key(&identity.member_id) {
            Ok(())
        } else {
            Err(ResponseError::UnknownMemberId)
        }
    }

    /// Takes a member out and answers what it waits for. The caller decides about a rebalance.
    fn remove_member(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(mut member) = self.members.remove(member_id) else { return };
        member.refuse(ResponseError::UnknownMemberId, member_id, &mut step.effects);
        if let Some(instance_id) = &member.instance_id
            && self.static_members.get(instance_id).is_some_and(|holder| holder == member_id)
        {
            self.static_members.remove(instance_id);
        }
        if self.leader.as_deref() == Some(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
    }
}

/// The protocol type of every consumer; other types (Connect's, say) are opaque to a broker.
pub(crate) const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

/// Foreign bytes are copied before they are kept: a slice of a frame would keep all of it alive.
pub(crate) fn owned(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
