//! The limits and delays of the group coordinator, named as Kafka names them.

/// All durations are milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct GroupConfig {
    /// `group.min.session.timeout.ms`
    pub(crate) min_session_timeout_ms: u64,
    /// `group.max.session.timeout.ms`
    pub(crate) max_session_timeout_ms: u64,
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for more members.
    pub(crate) initial_rebalance_delay_ms: u64,
    /// `group.max.size`: members of one group, and as many again that only asked for an id.
    pub(crate) max_size: usize,
    /// Groups that may exist at a time.
    pub(crate) max_groups: usize,
    /// Bytes of protocol metadata that one member may hand in.
    pub(crate) max_member_metadata_bytes: usize,
    /// `offset.metadata.max.bytes`
    pub(crate) max_offset_metadata_bytes: usize,
    /// `offsets.retention.minutes`, in milliseconds.
    pub(crate) offsets_retention_ms: u64,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 30 * 60_000,
            initial_rebalance_delay_ms: 3_000,
            max_size: 1_000,
            max_groups: 10_000,
            max_member_metadata_bytes: 1 << 20,
            max_offset_metadata_bytes: 4_096,
            offsets_retention_ms: 7 * 24 * 3_600_000,
        }
    }
}
