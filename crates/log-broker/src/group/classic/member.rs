//! One member of a classic group: who it is, what it supports, and what it waits for.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::join::JoinRefusal;
use super::{Effects, JoinAnswer, JoinRequest, Step, SyncAnswer, Token};

/// Kafka's `NEW_MEMBER_JOIN_TIMEOUT_MS`: a member that waits for its very first generation sends
/// no heartbeats, so a lost one is noticed only by this.
const NEW_MEMBER_TIMEOUT_MS: u64 = 5 * 60_000;

/// Who a request claims to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberIdentity {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
}

/// An assignor by name, with the member's metadata for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: String,
    pub(crate) metadata: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Join(Token),
    Sync(Token),
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) session_timeout_ms: u64,
    pub(crate) rebalance_timeout_ms: u64,
    /// In order of the member's preference.
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    /// It was given the generation and has not yet asked for its assignment.
    pub(super) owes_sync: bool,
    pub(super) session_deadline: u64,
    /// It has not been given a generation yet.
    is_new: bool,
    waiting: Option<Waiting>,
}

impl Member {
    /// A member that joins for the first time and waits for the generation it will be in.
    pub(super) fn joining(request: JoinRequest, token: Token, step: &Step<'_>) -> Self {
        Self {
            instance_id: request.identity.instance_id,
            client_id: request.client_id,
            client_host: request.client_host,
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            protocols: request.protocols,
            assignment: Bytes::new(),
            owes_sync: false,
            session_deadline: step.deadline_in(NEW_MEMBER_TIMEOUT_MS),
            is_new: true,
            waiting: Some(Waiting::Join(token)),
        }
    }

    /// A member as a persisted generation knew it; its session starts again.
    pub(super) fn restored(stored: super::MemberMetadata, protocol: &str, now_ms: u64) -> Self {
        Self {
            instance_id: stored.instance_id,
            client_id: stored.client_id,
            client_host: stored.client_host,
            session_timeout_ms: stored.session_timeout_ms,
            rebalance_timeout_ms: stored.rebalance_timeout_ms,
            protocols: vec![Protocol { name: protocol.to_owned(), metadata: stored.subscription }],
            assignment: stored.assignment,
            owes_sync: false,
            session_deadline: now_ms.saturating_add(stored.session_timeout_ms),
            is_new: false,
            waiting: None,
        }
    }

    /// Takes over what a rejoin says and makes it wait for the next generation.
    pub(super) fn rejoin(
        &mut self,
        id: &str,
        request: JoinRequest,
        token: Token,
        effects: &mut Effects,
    ) {
        self.refuse(ResponseError::RebalanceInProgress, id, effects);
        self.session_timeout_ms = request.session_timeout_ms;
        self.rebalance_timeout_ms = request.rebalance_timeout_ms;
        self.protocols = request.protocols;
        self.waiting = Some(Waiting::Join(token));
    }

    pub(super) fn wait_for_sync(&mut self, id: &str, token: Token, effects: &mut Effects) {
        self.refuse(ResponseError::RebalanceInProgress, id, effects);
        self.owes_sync = false;
        self.waiting = Some(Waiting::Sync(token));
    }

    pub(super) fn is_waiting_for_join(&self) -> bool {
        matches!(self.waiting, Some(Waiting::Join(_)))
    }

    /// Gives a waiting member its generation.
    pub(super) fn answer_join(&mut self, answer: JoinAnswer, step: &mut Step<'_>) {
        if let Some(Waiting::Join(token)) = self.waiting {
            self.waiting = None;
            self.is_new = false;
            self.renew_session(step);
            step.effects.joins.push((token, answer));
        }
    }

    /// Answers a waiting sync, if there is one.
    pub(super) fn answer_sync(
        &mut self,
        answer: impl FnOnce(&Self) -> SyncAnswer,
        step: &mut Step<'_>,
    ) {
        if let Some(Waiting::Sync(token)) = self.waiting {
            self.waiting = None;
            self.renew_session(step);
            step.effects.syncs.push((token, answer(self)));
        }
    }

    /// Ends whatever the member waits for, so that no request waits for ever.
    pub(super) fn refuse(&mut self, error: ResponseError, member_id: &str, effects: &mut Effects) {
        match self.waiting.take() {
            None => {}
            Some(Waiting::Join(token)) => {
                let refusal = JoinRefusal { error, member_id: member_id.to_owned() };
                effects.joins.push((token, Err(refusal)));
            }
            Some(Waiting::Sync(token)) => effects.syncs.push((token, Err(error))),
        }
    }

    pub(super) fn renew_session(&mut self, step: &Step<'_>) {
        self.session_deadline = step.deadline_in(self.session_timeout_ms);
    }

    /// When the member is given up unless it is heard of; a member that waits for the
    /// coordinator cannot be late.
    pub(super) fn expires_at(&self) -> Option<u64> {
        (self.is_new || self.waiting.is_none()).then_some(self.session_deadline)
    }

    pub(super) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|own| own.name == protocol)
    }

    pub(crate) fn metadata_for(&self, protocol: &str) -> Option<Bytes> {
        self.protocols.iter().find(|own| own.name == protocol).map(|own| own.metadata.clone())
    }
}
