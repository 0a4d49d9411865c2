//! One group under its lock, with the requests that wait for it.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::classic::{Effects, GroupMetadata, JoinAnswer, SyncAnswer, Token};
use super::state::Group;

/// An answer, and the offset that must be durable before it may leave the broker.
#[derive(Debug)]
pub(crate) struct Held<T> {
    pub(crate) answer: T,
    pub(crate) written: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) id: String,
    pub(crate) state: Mutex<CellState>,
}

#[derive(Debug)]
pub(crate) struct CellState {
    pub(crate) group: Group,
    pub(crate) joins: BTreeMap<Token, oneshot::Sender<Held<JoinAnswer>>>,
    pub(crate) syncs: BTreeMap<Token, oneshot::Sender<Held<SyncAnswer>>>,
    /// The group's metadata as the log has it; the machine may be on its way to the next.
    pub(crate) persisted: Option<GroupMetadata>,
    /// The group's last record in the log.
    pub(crate) written: Option<i64>,
    /// The earliest deadline that the timers know of.
    pub(crate) scheduled: Option<u64>,
}

impl Cell {
    pub(crate) fn new(id: &str, group: Group, persisted: Option<GroupMetadata>) -> Self {
        let state = CellState {
            group,
            joins: BTreeMap::new(),
            syncs: BTreeMap::new(),
            persisted,
            written: None,
            scheduled: None,
        };
        Self { id: id.to_owned(), state: Mutex::new(state) }
    }
}

impl CellState {
    /// Wakes the requests that a step has answered. A client that hung up has dropped its
    /// receiver; its answer goes nowhere, and its session will end.
    pub(crate) fn hand_out(&mut self, effects: Effects) {
        let written = self.written;
        for (token, answer) in effects.joins {
            if let Some(waiting) = self.joins.remove(&token) {
                let _gone = waiting.send(Held { answer, written });
            }
        }
        for (token, answer) in effects.syncs {
            if let Some(waiting) = self.syncs.remove(&token) {
                let _gone = waiting.send(Held { answer, written });
            }
        }
    }
}
