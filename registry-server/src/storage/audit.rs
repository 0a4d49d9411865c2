//! The table of the audit: a row for every change, and for every one that was refused.

use levada_registry_core::{About, AuditEntry, Origin, Store, StoreError, WriteTransaction};

use super::rows::get;
use super::statements::Statement;
use super::store::SqlStore;
use super::transaction::SqlTransaction;

/// Most rows that one transaction removes, for others wait for it.
const PURGED_AT_ONCE: usize = 1_000;

impl SqlTransaction {
    pub(super) async fn note(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let AuditEntry { ts_ms, origin, about, refusal } = entry;
        let Origin { principal, request_id, action } = origin;
        let About { subject, version, id, name } = about;
        let insert = Statement::new(
            "INSERT INTO audit (ts_ms, principal, action, context, subject, version, schema_id,
                                name, error_code, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        let context = subject.as_ref().map(|subject| subject.context.as_str());
        let subject = subject.as_ref().map(|subject| subject.subject.as_str());
        let error_code = refusal.and_then(|code| i32::try_from(code).ok());
        let insert = insert.bind(*ts_ms).bind(principal).bind(*action).bind(context).bind(subject);
        let insert = insert.bind(version.map(|version| version.0)).bind(id.map(|id| id.0));
        self.run(insert.bind(name.as_deref()).bind(error_code).bind(request_id)).await
    }
}

impl SqlStore {
    /// Removes the rows of the audit that are older than `before_ms`, wherever they stand: clocks
    /// are set back and forth. The newest row stays: the next one gets the number behind it.
    pub(crate) async fn purge_audit(&self, before_ms: i64) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            // Found outside of the transaction that others wait for.
            let old = Statement::new(
                "SELECT seq FROM audit WHERE seq > $1 AND ts_ms < $2
                 AND seq < (SELECT MAX(seq) FROM audit) ORDER BY seq LIMIT $3",
            );
            let most = i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX);
            let old = old.bind(after).bind(before_ms).bind(most).long();
            let found: Vec<i64> = self.read().await?.all(old, |row| get(row, "seq")).await?;
            let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(()) };
            let mut tx = self.write().await?;
            let remove =
                Statement::new("DELETE FROM audit WHERE seq BETWEEN $1 AND $2 AND ts_ms < $3");
            tx.run(remove.bind(*first).bind(*last).bind(before_ms)).await?;
            tx.commit(None).await?;
            if found.len() < PURGED_AT_ONCE {
                return Ok(());
            }
            after = *last;
        }
    }
}
