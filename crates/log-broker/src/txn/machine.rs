//! The rules of transactions: no clock, task, socket or disk.
//!
//! Refusals are the errors of the newest request versions; handlers turn them into what older
//! clients know.

use kafka_protocol::ResponseError;

use super::transaction::{LAST_EPOCH, Open, Outcome, Partitions, Phase, Protocol, Transaction};

/// Who a request claims to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
}

/// What a rule makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision<T> {
    /// Nothing changes.
    Answer(T),
    /// `next` must be durable before the answer leaves.
    Change { next: Transaction, answer: T },
    /// To be asked again with a producer id that nobody has had.
    NeedsProducerId,
}

pub(crate) type Judged<T> = Result<Decision<T>, ResponseError>;

/// A producer that wants to begin, or to go on after an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) timeout_ms: i32,
    /// What it was given before (KIP-360): without it whoever had the id is fenced.
    pub(crate) holder: Option<Caller>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct EndRequest {
    pub(crate) caller: Caller,
    pub(crate) outcome: Outcome,
    pub(crate) protocol: Protocol,
}

/// How a claim was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claimed {
    Given(Caller),
    /// A transaction was open: it is rolled back first, then the client asks again.
    Fenced,
}

/// A producer id and epoch for a claim; `fresh` is a producer id that nobody has had.
pub(crate) fn claim(
    current: Option<&Transaction>,
    claim: Claim,
    now_ms: i64,
    fresh: Option<i64>,
) -> Judged<Claimed> {
    let Some(txn) = current else {
        let Some(producer_id) = fresh else { return Ok(Decision::NeedsProducerId) };
        return Ok(given(Transaction::new(producer_id, claim.timeout_ms, now_ms)));
    };
    if !may_claim(txn, claim.holder) {
        return Err(ResponseError::ProducerFenced);
    }
    match &txn.phase {
        Phase::Prepared(..) => Err(ResponseError::ConcurrentTransactions),
        // Who was fenced before may not disturb what is open now.
        Phase::Ongoing(_) if claim.holder.is_some_and(|holder| holder.epoch != txn.epoch) => {
            Err(ResponseError::ProducerFenced)
        }
        Phase::Ongoing(_) => {
            let next = match claim.holder {
                Some(_) => roll_back(txn, now_ms),
                None => fence(txn, now_ms),
            };
            Ok(Decision::Change { next, answer: Claimed::Fenced })
        }
        Phase::Empty | Phase::Completed(_) => raise(txn, claim, now_ms, fresh),
    }
}

/// The epoch is judged when it is raised; here only who is meant.
fn may_claim(txn: &Transaction, holder: Option<Caller>) -> bool {
    holder.is_none_or(|holder| {
        holder.producer_id == txn.producer_id
            || (Some(holder.producer_id) == txn.previous_producer_id && holder.epoch >= LAST_EPOCH)
    })
}

fn raise(txn: &Transaction, claim: Claim, now_ms: i64, fresh: Option<i64>) -> Judged<Claimed> {
    let holder_epoch = claim.holder.map(|holder| holder.epoch);
    let is_current = holder_epoch.is_none_or(|epoch| epoch == txn.epoch);
    let renewed = Transaction {
        timeout_ms: claim.timeout_ms,
        phase: Phase::Empty,
        last_update_ms: now_ms,
        next_producer_id: None,
        ..txn.clone()
    };
    if txn.is_epoch_exhausted() && is_current {
        let Some(producer_id) = fresh else { return Ok(Decision::NeedsProducerId) };
        let previous_producer_id = Some(txn.producer_id);
        let last_epoch = holder_epoch;
        return Ok(given(Transaction {
            producer_id,
            previous_producer_id,
            epoch: 0,
            last_epoch,
            ..renewed
        }));
    }
    if is_current {
        let last_epoch = holder_epoch;
        return Ok(given(Transaction { epoch: txn.epoch + 1, last_epoch, ..renewed }));
    }
    // The answer to an earlier try was lost.
    if txn.last_epoch.is_some() && txn.last_epoch == holder_epoch {
        return Ok(given(renewed));
    }
    Err(ResponseError::ProducerFenced)
}

fn given(next: Transaction) -> Decision<Claimed> {
    let answer = Claimed::Given(next.caller());
    Decision::Change { next, answer }
}

/// Rolls back what is open for its own producer, which may go on under the next epoch: an abort
/// with the old one passes for a retry of this, and so does a claim (observed with Kafka 4.4 after
/// a timeout, and when a producer asks for a new epoch within its transaction).
pub(crate) fn roll_back(txn: &Transaction, now_ms: i64) -> Transaction {
    let fenced = fence(txn, now_ms);
    if txn.is_epoch_exhausted() {
        return fenced;
    }
    Transaction { last_epoch: Some(txn.epoch), protocol: txn.protocol, ..fenced }
}

/// Rolls back what is open under an epoch that no client has: whoever wrote can go on no more.
fn fence(txn: &Transaction, now_ms: i64) -> Transaction {
    let open = txn.open().cloned().unwrap_or_else(|| Open::empty(now_ms));
    Transaction {
        epoch: txn.epoch.saturating_add(1),
        last_epoch: None,
        phase: Phase::Prepared(Outcome::Abort, open),
        last_update_ms: now_ms,
        // The new epoch is the broker's: no end by the client may pass for its retry.
        protocol: Protocol::V1,
        ..txn.clone()
    }
}

/// Takes partitions into the open transaction, or begins one with them.
pub(crate) fn add(
    current: Option<&Transaction>,
    caller: Caller,
    partitions: &Partitions,
    protocol: Protocol,
    now_ms: i64,
) -> Judged<()> {
    let txn = recognise(current, caller)?;
    let mut open = match &txn.phase {
        Phase::Prepared(..) => return Err(ResponseError::ConcurrentTransactions),
        Phase::Ongoing(open) if open.covers(partitions) => return Ok(Decision::Answer(())),
        Phase::Ongoing(open) => open.clone(),
        Phase::Empty | Phase::Completed(_) => Open::empty(now_ms),
    };
    for (topic, indexes) in partitions {
        open.partitions.entry(topic.clone()).or_default().extend(indexes);
    }
    let next = Transaction {
        phase: Phase::Ongoing(open),
        last_update_ms: now_ms,
        protocol,
        ..txn.clone()
    };
    Ok(Decision::Change { next, answer: () })
}

/// Whether the caller may write to these partitions now; `TransactionAbortable` when they are not
/// part of its transaction.
pub(crate) fn check(
    current: Option<&Transaction>,
    caller: Caller,
    partitions: &Partitions,
) -> Result<(), ResponseError> {
    let txn = recognise(current, caller)?;
    match &txn.phase {
        Phase::Prepared(..) => Err(ResponseError::ConcurrentTransactions),
        Phase::Ongoing(open) if open.covers(partitions) => Ok(()),
        _ => Err(ResponseError::TransactionAbortable),
    }
}

/// Equality, not order: no client raises its own epoch.
fn recognise(current: Option<&Transaction>, caller: Caller) -> Result<&Transaction, ResponseError> {
    let txn = current.ok_or(ResponseError::InvalidProducerIdMapping)?;
    if caller.producer_id != txn.producer_id {
        return Err(ResponseError::InvalidProducerIdMapping);
    }
    if caller.epoch != txn.epoch {
        return Err(ResponseError::ProducerFenced);
    }
    Ok(txn)
}

/// Decides the open transaction. The answer is who the producer is from now on.
pub(crate) fn end(
    current: Option<&Transaction>,
    request: EndRequest,
    now_ms: i64,
    fresh: Option<i64>,
) -> Judged<Caller> {
    let txn = current.ok_or(ResponseError::InvalidProducerIdMapping)?;
    match request.protocol {
        Protocol::V1 => end_v1(recognise(current, request.caller)?, request, now_ms),
        Protocol::V2 => end_v2(txn, request, now_ms, fresh),
    }
}

fn end_v1(txn: &Transaction, request: EndRequest, now_ms: i64) -> Judged<Caller> {
    match &txn.phase {
        Phase::Ongoing(open) => {
            let next = Transaction {
                phase: Phase::Prepared(request.outcome, open.clone()),
                last_update_ms: now_ms,
                protocol: Protocol::V1,
                ..txn.clone()
            };
            Ok(Decision::Change { next, answer: request.caller })
        }
        Phase::Prepared(outcome, _) if *outcome == request.outcome => {
            Err(ResponseError::ConcurrentTransactions)
        }
        Phase::Completed(outcome) if *outcome == request.outcome => {
            Ok(Decision::Answer(request.caller))
        }
        Phase::Empty | Phase::Prepared(..) | Phase::Completed(_) => {
            Err(ResponseError::InvalidTxnState)
        }
    }
}

/// The epoch tells a retry of the last end from the end of what came after it.
fn end_v2(
    txn: &Transaction,
    request: EndRequest,
    now_ms: i64,
    fresh: Option<i64>,
) -> Judged<Caller> {
    let Caller { producer_id, epoch } = request.caller;
    let is_ours = txn.protocol == Protocol::V2;
    let retried_overflow = is_ours
        && txn.previous_producer_id == Some(producer_id)
        && (epoch, txn.epoch) == (LAST_EPOCH, 0);
    if producer_id != txn.producer_id && !retried_overflow {
        return Err(ResponseError::InvalidProducerIdMapping);
    }
    let is_retry = retried_overflow || (is_ours && epoch.checked_add(1) == Some(txn.epoch));
    let is_current = epoch == txn.epoch && producer_id == txn.producer_id;
    match &txn.phase {
        Phase::Ongoing(open) if is_current => {
            Ok(prepare_v2(txn, request, open.clone(), now_ms, fresh))
        }
        Phase::Prepared(outcome, _) if is_retry && *outcome == request.outcome => {
            Err(ResponseError::ConcurrentTransactions)
        }
        Phase::Completed(outcome) if is_retry && *outcome == request.outcome => {
            Ok(Decision::Answer(txn.caller()))
        }
        Phase::Prepared(..) | Phase::Completed(_) if is_retry => {
            Err(ResponseError::InvalidTxnState)
        }
        // Nothing was written: only the epoch is raised, and a client that does not know whether
        // its first write has arrived may abort.
        Phase::Empty | Phase::Completed(_) if is_current => match request.outcome {
            Outcome::Abort => Ok(prepare_v2(txn, request, Open::empty(now_ms), now_ms, fresh)),
            Outcome::Commit => Err(ResponseError::InvalidTxnState),
        },
        _ => Err(ResponseError::ProducerFenced),
    }
}

fn prepare_v2(
    txn: &Transaction,
    request: EndRequest,
    open: Open,
    now_ms: i64,
    fresh: Option<i64>,
) -> Decision<Caller> {
    let next_producer_id = match fresh {
        _ if !txn.is_epoch_exhausted() => None,
        Some(id) => Some(id),
        None => return Decision::NeedsProducerId,
    };
    let next = Transaction {
        epoch: txn.epoch.saturating_add(1),
        last_epoch: Some(txn.epoch),
        next_producer_id,
        phase: Phase::Prepared(request.outcome, open),
        last_update_ms: now_ms,
        protocol: Protocol::V2,
        ..txn.clone()
    };
    let answer = match next_producer_id {
        Some(producer_id) => Caller { producer_id, epoch: 0 },
        None => next.caller(),
    };
    Decision::Change { next, answer }
}

/// All markers are written. `None` when nothing was prepared.
pub(crate) fn complete(txn: &Transaction, now_ms: i64) -> Option<Transaction> {
    let Phase::Prepared(outcome, _) = txn.phase else { return None };
    let completed = Transaction {
        phase: Phase::Completed(outcome),
        last_update_ms: now_ms,
        next_producer_id: None,
        ..txn.clone()
    };
    Some(match txn.next_producer_id {
        None => completed,
        Some(producer_id) => Transaction {
            producer_id,
            previous_producer_id: Some(txn.producer_id),
            epoch: 0,
            ..completed
        },
    })
}

impl Open {
    fn empty(now_ms: i64) -> Self {
        Self { started_ms: now_ms, partitions: Partitions::new() }
    }

    fn covers(&self, partitions: &Partitions) -> bool {
        partitions.iter().all(|(topic, indexes)| {
            self.partitions.get(topic).is_some_and(|own| own.is_superset(indexes))
        })
    }
}

impl Transaction {
    fn new(producer_id: i64, timeout_ms: i32, now_ms: i64) -> Self {
        Self {
            producer_id,
            previous_producer_id: None,
            next_producer_id: None,
            epoch: 0,
            last_epoch: None,
            timeout_ms,
            phase: Phase::Empty,
            last_update_ms: now_ms,
            protocol: Protocol::V1,
        }
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller { producer_id: self.producer_id, epoch: self.epoch }
    }
}
