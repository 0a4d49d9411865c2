//! What is known of one transactional id.

use std::collections::{BTreeMap, BTreeSet};

use levada_kafka_wire::record_batch::ControlType;

/// The last epoch that a client is given; one more is left for fencing it.
pub(crate) const LAST_EPOCH: i16 = i16::MAX - 1;

/// Topics with their partitions.
pub(crate) type Partitions = BTreeMap<String, BTreeSet<i32>>;

/// Which rules a client's transaction follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The epoch stays from one transaction to the next.
    V1,
    /// KIP-890: every end of a transaction raises the epoch, so nothing that is late can reach the
    /// next one.
    V2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Commit,
    Abort,
}

/// What a transaction under way has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) started_ms: i64,
    pub(crate) partitions: Partitions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Since the producer was given its id or epoch there was no transaction.
    Empty,
    Ongoing(Open),
    /// Decided; the markers are being written.
    Prepared(Outcome, Open),
    Completed(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) producer_id: i64,
    /// The producer id before this one, when its epochs were used up.
    pub(crate) previous_producer_id: Option<i64>,
    /// Takes over when the prepared transaction is completed.
    pub(crate) next_producer_id: Option<i64>,
    pub(crate) epoch: i16,
    /// The epoch that the producer had when it asked for this one: its retry is answered with this
    /// one again. Not in the records, as in Kafka: after a restart such a retry is fenced.
    pub(crate) last_epoch: Option<i16>,
    pub(crate) timeout_ms: i32,
    pub(crate) phase: Phase,
    pub(crate) last_update_ms: i64,
    /// Of the client that wrote last.
    pub(crate) protocol: Protocol,
}

impl Outcome {
    pub(crate) fn control_type(self) -> ControlType {
        match self {
            Self::Commit => ControlType::Commit,
            Self::Abort => ControlType::Abort,
        }
    }
}

impl Transaction {
    pub(crate) fn is_epoch_exhausted(&self) -> bool {
        self.epoch >= LAST_EPOCH
    }

    /// Whether a transaction is open and its time is up.
    pub(crate) fn is_overdue(&self, now_ms: i64) -> bool {
        match &self.phase {
            Phase::Ongoing(open) => {
                open.started_ms.saturating_add(i64::from(self.timeout_ms)) < now_ms
            }
            _ => false,
        }
    }

    /// Whether nobody has used the id for `expiration_ms`.
    pub(crate) fn is_expired(&self, now_ms: i64, expiration_ms: i64) -> bool {
        matches!(self.phase, Phase::Empty | Phase::Completed(_))
            && self.last_update_ms.saturating_add(expiration_ms) <= now_ms
    }

    /// What the transaction under way has, decided or not.
    pub(crate) fn open(&self) -> Option<&Open> {
        match &self.phase {
            Phase::Ongoing(open) | Phase::Prepared(_, open) => Some(open),
            Phase::Empty | Phase::Completed(_) => None,
        }
    }

    /// The state's name as Kafka's tools print it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.phase {
            Phase::Empty => "Empty",
            Phase::Ongoing(_) => "Ongoing",
            Phase::Prepared(Outcome::Commit, _) => "PrepareCommit",
            Phase::Prepared(Outcome::Abort, _) => "PrepareAbort",
            Phase::Completed(Outcome::Commit) => "CompleteCommit",
            Phase::Completed(Outcome::Abort) => "CompleteAbort",
        }
    }
}
