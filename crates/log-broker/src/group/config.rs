//! The limits and delays of the group coordinator, named as Kafka names them.

/// What members and groups may ask for. Durations are milliseconds.
#[derive(Debug, Clone)]
pub struct GroupConfig {
    /// `group.min.session.timeout.ms`
    pub min_session_timeout_ms: u64,
    /// `group.max.session.timeout.ms`
    pub max_session_timeout_ms: u64,
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for more members.
    pub initial_rebalance_delay_ms: u64,
    /// `group.max.size`: members of one group, and as many again that only asked for an id.
    pub max_size: usize,
    /// Groups that may exist at a time.
    pub max_groups: usize,
    /// Bytes of protocol metadata that one member may hand in.
    pub max_member_metadata_bytes: usize,
    /// `group.consumer.session.timeout.ms`
    pub consumer_session_timeout_ms: u64,
    /// `group.consumer.heartbeat.interval.ms`: what members are told.
    pub consumer_heartbeat_interval_ms: i32,
    /// `offset.metadata.max.bytes`
    pub max_offset_metadata_bytes: usize,
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: u64,
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
            consumer_session_timeout_ms: 45_000,
            consumer_heartbeat_interval_ms: 5_000,
            max_offset_metadata_bytes: 4_096,
            offsets_retention_ms: 7 * 24 * 3_600_000,
        }
    }
}
