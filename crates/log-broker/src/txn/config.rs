//! The limits of the transaction coordinator, named as Kafka names them.

/// Durations are milliseconds.
#[derive(Debug, Clone)]
pub struct TransactionConfig {
    /// `transaction.max.timeout.ms`: the longest a producer may leave a transaction open.
    pub max_timeout_ms: i32,
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`
    pub abort_interval_ms: u64,
    /// `transactional.id.expiration.ms`: how long an id without transactions is remembered.
    pub id_expiration_ms: i64,
    /// Transactional ids that may be known at a time.
    pub max_ids: usize,
}

impl Default for TransactionConfig {
    fn default() -> Self {
        Self {
            max_timeout_ms: 15 * 60_000,
            abort_interval_ms: 10_000,
            id_expiration_ms: 7 * 24 * 3_600_000,
            max_ids: 100_000,
        }
    }
}
