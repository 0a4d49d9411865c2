//! What administrators see of the transactions.

use super::coordinator::TransactionCoordinator;
use super::transaction::{Open, Partitions, Transaction};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TransactionView {
    pub(crate) transactional_id: String,
    pub(crate) state: &'static str,
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) timeout_ms: i32,
    /// Of the transaction under way.
    pub(crate) started_ms: Option<i64>,
    pub(crate) partitions: Partitions,
}

impl TransactionCoordinator {
    /// In order of their ids.
    pub(crate) fn list(&self) -> Vec<TransactionView> {
        let cells = self.all();
        cells
            .iter()
            .filter_map(|cell| view(&cell.id, cell.state.lock().transaction.as_ref()))
            .collect()
    }

    pub(crate) fn describe(&self, transactional_id: &str) -> Option<TransactionView> {
        let cell = self.find(transactional_id)?;
        let state = cell.state.lock();
        view(transactional_id, state.transaction.as_ref())
    }
}

fn view(id: &str, transaction: Option<&Transaction>) -> Option<TransactionView> {
    let transaction = transaction?;
    let open = transaction.open();
    Some(TransactionView {
        transactional_id: id.to_owned(),
        state: transaction.state_name(),
        producer_id: transaction.producer_id,
        epoch: transaction.epoch,
        timeout_ms: transaction.timeout_ms,
        started_ms: open.map(|open| open.started_ms),
        partitions: open.map(|open: &Open| open.partitions.clone()).unwrap_or_default(),
    })
}
