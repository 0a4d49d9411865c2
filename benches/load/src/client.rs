//! The settings of the client, the same for every broker.

use rdkafka::ClientConfig;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::{Failure, Target};

pub(crate) fn config(target: &Target) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &target.bootstrap).set("broker.address.family", "v4");
    config
}

/// Settings of a consumer that is given its partitions and commits nothing.
pub(crate) fn reader(target: &Target) -> ClientConfig {
    let mut config = config(target);
    config
        .set("group.id", "unused")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // The defaults stop fetching for a second whenever 100,000 messages wait for the application.
        .set("queued.min.messages", "1000000")
        .set("queued.max.messages.kbytes", "262144")
        .set("fetch.queue.backoff.ms", "1");
    config
}

/// All partitions of the topic, from `offset` on.
pub(crate) fn all_partitions(
    target: &Target,
    offset: Offset,
) -> Result<TopicPartitionList, Failure> {
    let mut list = TopicPartitionList::new();
    for partition in 0..target.partitions {
        list.add_partition_offset(&target.topic, partition, offset)?;
    }
    Ok(list)
}
