//! What there is one of for each topic, partition, or place of a group: shown when asked for,
//! because with many of them it is much.

use std::fmt;
use std::sync::Arc;

use super::TRAFFIC;
use super::page::{About, Page, signed};
use crate::broker::Broker;
use crate::log::PartitionLog;
use crate::topics::Topic;

type Look = fn(&PartitionLog) -> i64;

const PARTITION: [(About<'_>, Look); 4] = [
    (About("partition_log_start_offset", "First offset that can be read"), |log| {
        log.bounds().log_start_offset
    }),
    (About("partition_log_end_offset", "Offset of the next record"), |log| {
        log.bounds().log_end_offset
    }),
    (About("partition_last_stable_offset", "Where committed readers stop"), |log| {
        log.bounds().last_stable_offset
    }),
    (About("partition_log_size_bytes", "Bytes of the log"), |log| signed(log.size_bytes())),
];

pub(super) fn topics(page: &mut Page<'_>, topics: &[Arc<Topic>]) -> fmt::Result {
    for (About(name, help), look) in TRAFFIC {
        let sums = topics.iter().map(|topic| {
            let logs = topic.partitions.iter().flatten();
            let sum = logs.map(|log| look(log.traffic()).get()).sum();
            ([("topic", topic.name.as_str())], sum)
        });
        page.counters(About(&format!("topic_{name}"), help), sums)?;
    }
    for (about, look) in PARTITION {
        let logs = topics.iter().flat_map(|topic| topic.partitions.iter().flatten());
        let values = logs.map(|log| {
            let (topic, partition) = (log.topic().to_owned(), log.index().to_string());
            ([("topic", topic), ("partition", partition)], look(log))
        });
        page.gauges(about, values)?;
    }
    Ok(())
}

pub(super) fn groups(page: &mut Page<'_>, broker: &Broker) -> fmt::Result {
    let committed = broker.groups.committed_offsets();
    let labelled = || {
        committed.iter().map(|place| {
            let labels = [
                ("group", place.group.clone()),
                ("topic", place.topic.clone()),
                ("partition", place.partition.to_string()),
            ];
            (labels, place)
        })
    };
    let offsets = labelled().map(|(labels, place)| (labels, place.offset));
    let help = "Next record of the group, as it has committed";
    page.gauges(About("group_committed_offset", help), offsets)?;
    // A topic that is gone has no end, so there is no lag to it.
    let lags = labelled().filter_map(|(labels, place)| {
        let log = broker.topics.partition(&place.topic, place.partition).ok()?;
        let lag = log.bounds().high_watermark.saturating_sub(place.offset);
        Some((labels, lag.max(0)))
    });
    page.gauges(About("group_lag", "Records that the group has not committed yet"), lags)
}
