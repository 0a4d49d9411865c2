//! Settings of a broker, each with the default a single machine wants.

use std::time::Duration;

use crate::group::GroupConfig;
use crate::log::LogOptions;
use crate::txn::TransactionConfig;

/// Everything a broker may be told besides its directory and addresses.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// `auto.create.topics.enable`
    pub auto_create_topics: bool,
    /// `num.partitions`: of topics created without a count.
    pub default_partition_count: i32,
    /// `message.max.bytes`, `log.*`: what topics obey that say nothing else.
    pub log: LogOptions,
    /// `log.retention.check.interval.ms`
    pub retention_check_interval: Duration,
    /// `log.cleaner.backoff.ms`: between two looks for topics to compact.
    pub cleaner_backoff: Duration,
    /// `group.*`, `offsets.*`
    pub groups: GroupConfig,
    /// `transaction.*`, `transactional.*`
    pub transactions: TransactionConfig,
    pub limits: Limits,
    /// Whether [`crate::BrokerMetrics`] shows each topic, partition and place of a group.
    pub metrics_per_topic: bool,
}

/// What one peer, or all together, may take. Each is enforced before memory is given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `socket.request.max.bytes`
    pub frame_bytes_max: usize,
    /// Of all requests that are read and not yet executed; beyond it reading pauses, but for one
    /// request at a time, which is read to its end.
    pub in_flight_bytes_max: usize,
    /// Requests of one connection that are read and not yet answered; beyond it reading pauses.
    pub pipelined_requests_max: usize,
    pub connections_max: usize,
    pub connections_per_ip_max: usize,
    /// From the first byte of a frame to its last.
    pub frame_deadline: Duration,
    /// `connections.max.idle.ms`
    pub idle_max: Duration,
    pub fetch_wait_max: Duration,
    /// `fetch.max.bytes`
    pub fetch_bytes_max: usize,
    pub topics_max: usize,
    pub partitions_max: usize,
    /// What a stop waits for requests that are being executed.
    pub shutdown_grace: Duration,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            auto_create_topics: true,
            default_partition_count: 1,
            log: LogOptions::default(),
            retention_check_interval: Duration::from_mins(5),
            cleaner_backoff: Duration::from_secs(15),
            groups: GroupConfig::default(),
            transactions: TransactionConfig::default(),
            limits: Limits::default(),
            metrics_per_topic: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 100 << 20,
            in_flight_bytes_max: 256 << 20,
            pipelined_requests_max: 64,
            connections_max: 2_000,
            connections_per_ip_max: 2_000,
            frame_deadline: Duration::from_mins(1),
            idle_max: Duration::from_mins(10),
            fetch_wait_max: Duration::from_secs(30),
            fetch_bytes_max: 55 << 20,
            topics_max: 10_000,
            partitions_max: 50_000,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
