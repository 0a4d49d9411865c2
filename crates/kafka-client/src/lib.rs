//! Asks Kafka brokers for single things: topics, groups, offsets, records.
//!
//! A [`Cluster`] is what the command line needs of a Kafka client, against any broker: one request
//! at a time, each to the broker that can answer it. Whatever is not about one question — groups
//! that rebalance, batches that fill up, transactions — is left to real clients.
//!
//! Brokers are trusted as far as whoever named them trusts them: the length of an answer is
//! bounded, what it says inside is not.

mod cluster;
mod connection;
mod error;
mod groups;
mod offsets;
mod partitioner;
mod produce;
mod read;
mod topics;

pub use cluster::{Broker, Cluster, Partition, Topic};
pub use error::KafkaError;
pub use groups::{Group, GroupListing, GroupMember};
pub use offsets::{OffsetAt, PartitionOffset, TopicPartition};
pub use partitioner::partition_of;
pub use produce::{Header, NewRecord};
pub use read::{Isolation, PartitionReader, Record};
pub use topics::{NewTopic, TopicSetting};
