//! The edge of the transactions: finds one, has its rules decide under its lock, writes what is to
//! be remembered, and answers when that is durable.
//!
//! No lock is held over an await but the one that lets a single task at a time write a
//! transaction's markers. Locks are taken in this order: a transaction, a group, a partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::ResponseError;
use parking_lot::{Mutex, MutexGuard};

use super::config::TransactionConfig;
use super::machine::{self, Caller, Claim, Claimed, Decision, EndRequest, Judged};
use super::record::TransactionRecord;
use super::state_log::{STATE_TOPIC, StateLog};
use super::transaction::{Partitions, Phase, Protocol, Transaction};
use crate::clock::Clock;
use crate::group::GroupCoordinator;
use crate::log::LogError;
use crate::producer_ids::ProducerIds;
use crate::record_log::{RecordLog, ReplayError, WriteError};
use crate::topics::Topics;

/// All transactions of this broker. Wherever a method fails with [`LogError`], the fate of a write
/// is unknown: no answer may be sent, the connection is to be closed.
#[derive(Debug)]
pub(crate) struct TransactionCoordinator {
    transactions: Mutex<BTreeMap<String, Arc<Cell>>>,
    pub(super) log: StateLog,
    pub(super) topics: Arc<Topics>,
    pub(super) groups: Arc<GroupCoordinator>,
    producer_ids: Arc<ProducerIds>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: TransactionConfig,
}

/// One transactional id.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) id: String,
    pub(super) state: Mutex<CellState>,
    /// Held by whoever writes the markers.
    pub(super) completing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
pub(super) struct CellState {
    /// `None` before the first record, and after the last.
    pub(super) transaction: Option<Transaction>,
    /// The last record in the log.
    pub(super) written: Option<i64>,
    /// Taken off the map: whoever still holds it has to look again.
    pub(super) is_forgotten: bool,
}

/// What a decision came to, or why a client is refused.
type Decided<T> = Result<Result<T, ResponseError>, LogError>;

impl TransactionCoordinator {
    /// Replays the state topic, made if it is missing. What was prepared waits for
    /// [`Self::complete_prepared`]. Blocks.
    pub(crate) fn open(
        topics: &Arc<Topics>,
        groups: &Arc<GroupCoordinator>,
        producer_ids: &Arc<ProducerIds>,
        clock: Arc<dyn Clock>,
        config: TransactionConfig,
    ) -> Result<Self, ReplayError> {
        let log = StateLog::new(RecordLog::open(topics, STATE_TOPIC)?);
        let mut known: BTreeMap<String, Transaction> = BTreeMap::new();
        log.replay(|record| match record.transaction {
            Some(transaction) => drop(known.insert(record.transactional_id, transaction)),
            None => drop(known.remove(&record.transactional_id)),
        })?;
        let cells = known.into_iter().map(|(id, transaction)| {
            let cell = Cell::new(&id, Some(transaction));
            (id, Arc::new(cell))
        });
        Ok(Self {
            transactions: Mutex::new(cells.collect()),
            log,
            topics: Arc::clone(topics),
            groups: Arc::clone(groups),
            producer_ids: Arc::clone(producer_ids),
            clock,
            config,
        })
    }

    /// A producer id and epoch for `transactional_id`. Whoever had it before is fenced.
    pub(crate) async fn claim(&self, transactional_id: &str, claim: Claim) -> Decided<Caller> {
        if claim.timeout_ms <= 0 || claim.timeout_ms > self.config.max_timeout_ms {
            return Ok(Err(ResponseError::InvalidTransactionTimeout));
        }
        let cell = match self.find_or_create(transactional_id) {
            Ok(cell) => cell,
            Err(error) => return Ok(Err(error)),
        };
        let judge = |current: Option<&Transaction>, now_ms, fresh| {
            machine::claim(current, claim, now_ms, fresh)
        };
        match self.decide(&cell, judge).await? {
            Ok(Claimed::Given(caller)) => Ok(Ok(caller)),
            Ok(Claimed::Fenced) => {
                self.complete(&cell).await?;
                Ok(Err(ResponseError::ConcurrentTransactions))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Makes `partitions` part of the caller's transaction, which begins with the first of them.
    pub(crate) async fn add(
        &self,
        transactional_id: &str,
        caller: Caller,
        partitions: &Partitions,
        protocol: Protocol,
    ) -> Decided<()> {
        let Some(cell) = self.find(transactional_id) else {
            return Ok(Err(ResponseError::InvalidProducerIdMapping));
        };
        let judge = |current: Option<&Transaction>, now_ms, _| {
            machine::add(current, caller, partitions, protocol, now_ms)
        };
        self.decide(&cell, judge).await
    }

    /// Runs `write` if the caller may write to `partitions` now. The transaction cannot end before
    /// `write` has returned.
    pub(crate) fn within<T>(
        &self,
        transactional_id: &str,
        caller: Caller,
        partitions: &Partitions,
        write: impl FnOnce() -> T,
    ) -> Result<T, ResponseError> {
        let cell = self.find(transactional_id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        let state = cell.state.lock();
        machine::check(state.transaction.as_ref(), caller, partitions)?;
        Ok(write())
    }

    /// Decides the caller's transaction; committed or rolled back everywhere when it returns,
    /// unless a partition cannot be written now. Answers who the producer is from now on.
    pub(crate) async fn end(&self, transactional_id: &str, request: EndRequest) -> Decided<Caller> {
        let Some(cell) = self.find(transactional_id) else {
            return Ok(Err(ResponseError::InvalidProducerIdMapping));
        };
        let judge = |current: Option<&Transaction>, now_ms, fresh| {
            machine::end(current, request, now_ms, fresh)
        };
        let decided = self.decide(&cell, judge).await?;
        if decided.is_ok() {
            self.complete(&cell).await?;
        }
        Ok(decided)
    }

    /// Decides, writes and waits until all is durable that the answer depends on.
    pub(super) async fn decide<T>(
        &self,
        cell: &Cell,
        judge: impl Fn(Option<&Transaction>, i64, Option<i64>) -> Judged<T>,
    ) -> Decided<T> {
        let mut fresh = None;
        loop {
            let decided = self.decide_once(&mut cell.state.lock(), &cell.id, &judge, fresh);
            match decided {
                Ok(Some((answer, written))) => {
                    if let Some(offset) = written {
                        self.log.flushed(offset).await?;
                    }
                    return Ok(Ok(answer));
                }
                Ok(None) => match self.producer_ids.next().await {
                    Ok(id) => fresh = Some(id),
                    Err(reason) => {
                        tracing::error!(%reason, "no producer ids can be given out");
                        return Ok(Err(ResponseError::KafkaStorageError));
                    }
                },
                Err(Undecided::Refused(error)) => return Ok(Err(error)),
                Err(Undecided::OutcomeUnknown(error)) => return Err(error),
            }
        }
    }

    /// `None` when a producer id is needed; else the answer, and what must be durable before it.
    fn decide_once<T>(
        &self,
        state: &mut MutexGuard<'_, CellState>,
        id: &str,
        judge: impl Fn(Option<&Transaction>, i64, Option<i64>) -> Judged<T>,
        fresh: Option<i64>,
    ) -> Result<Option<(T, Option<i64>)>, Undecided> {
        if state.is_forgotten {
            return Err(Undecided::Refused(ResponseError::ConcurrentTransactions));
        }
        let now_ms = self.clock.now_ms();
        let answer = match judge(state.transaction.as_ref(), now_ms, fresh) {
            Err(error) => return Err(Undecided::Refused(error)),
            Ok(Decision::NeedsProducerId) => return Ok(None),
            Ok(Decision::Answer(answer)) => answer,
            Ok(Decision::Change { next, answer }) => {
                self.write(state, id, Some(next))?;
                answer
            }
        };
        Ok(Some((answer, state.written)))
    }

    /// Writes what is known from now on, and applies it; if the log refuses, nothing changes.
    pub(super) fn write(
        &self,
        state: &mut MutexGuard<'_, CellState>,
        id: &str,
        transaction: Option<Transaction>,
    ) -> Result<(), Undecided> {
        let record = TransactionRecord { transactional_id: id.to_owned(), transaction };
        match self.log.append(&record, self.clock.now_ms()) {
            Ok(offset) => {
                state.written = Some(offset);
                state.transaction = record.transaction;
                Ok(())
            }
            Err(WriteError::Refused(reason)) => {
                tracing::warn!(transactional_id = id, reason, "transaction record not written");
                Err(Undecided::Refused(ResponseError::CoordinatorNotAvailable))
            }
            Err(WriteError::OutcomeUnknown(error)) => Err(Undecided::OutcomeUnknown(error)),
        }
    }

    pub(super) fn find(&self, transactional_id: &str) -> Option<Arc<Cell>> {
        self.transactions.lock().get(transactional_id).cloned()
    }

    fn find_or_create(&self, transactional_id: &str) -> Result<Arc<Cell>, ResponseError> {
        let mut transactions = self.transactions.lock();
        if let Some(cell) = transactions.get(transactional_id) {
            return Ok(Arc::clone(cell));
        }
        if transactions.len() >= self.config.max_ids {
            return Err(ResponseError::PolicyViolation);
        }
        let cell = Arc::new(Cell::new(transactional_id, None));
        transactions.insert(transactional_id.to_owned(), Arc::clone(&cell));
        Ok(cell)
    }

    /// In order of their ids.
    pub(super) fn all(&self) -> Vec<Arc<Cell>> {
        self.transactions.lock().values().cloned().collect()
    }

    /// Takes an id of which nothing is left to remember off the map.
    pub(super) fn forget(&self, cell: &Cell, state: &mut MutexGuard<'_, CellState>) {
        state.is_forgotten = true;
        self.transactions.lock().remove(&cell.id);
    }
}

/// Why a decision did not come about.
#[derive(Debug)]
pub(super) enum Undecided {
    /// For certain: nothing happened.
    Refused(ResponseError),
    OutcomeUnknown(LogError),
}

impl Cell {
    fn new(id: &str, transaction: Option<Transaction>) -> Self {
        let state = CellState { transaction, ..CellState::default() };
        Self {
            id: id.to_owned(),
            state: Mutex::new(state),
            completing: tokio::sync::Mutex::default(),
        }
    }

    /// What is decided and may still lack markers.
    pub(super) fn prepared(&self) -> Option<(Transaction, Option<i64>)> {
        let state = self.state.lock();
        let transaction = state.transaction.clone()?;
        matches!(transaction.phase, Phase::Prepared(..)).then_some((transaction, state.written))
    }
}
