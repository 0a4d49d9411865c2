//! What Prometheus is shown: the counters as they stand, and the state of logs, groups and
//! transactions read at that moment.

mod page;
mod per_topic;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use kafka_protocol::ResponseError;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use self::page::{About, Page, signed};
use super::{Counter, Traffic};
use crate::broker::Broker;
use crate::topics::Topic;

/// The metrics of a broker, for a Prometheus registry; nothing is shown of one that is gone.
#[derive(Debug, Clone)]
pub struct BrokerMetrics(Weak<Broker>);

impl BrokerMetrics {
    pub(crate) fn new(broker: &Arc<Broker>) -> Self {
        Self(Arc::downgrade(broker))
    }
}

impl Collector for BrokerMetrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(broker) = self.0.upgrade() else { return Ok(()) };
        let (mut page, topics) = (Page::new(encoder), broker.topics.list());
        requests(&mut page, &broker)?;
        log(&mut page, &broker, &topics)?;
        coordinators(&mut page, &broker)?;
        if broker.config.metrics_per_topic {
            per_topic::topics(&mut page, &topics)?;
            per_topic::groups(&mut page, &broker)?;
        }
        Ok(())
    }
}

type Look = fn(&Traffic) -> &Counter;

/// The same for the broker and for each topic.
const TRAFFIC: [(About<'_>, Look); 6] = [
    (About("produced_batches", "Batches that clients wrote"), |all| &all.produced_batches),
    (About("produced_records", "Records that clients wrote"), |all| &all.produced_records),
    (About("produced_bytes", "Bytes of the batches that clients wrote"), |all| &all.produced_bytes),
    (About("fetched_batches", "Batches that clients read"), |all| &all.fetched_batches),
    (About("fetched_records", "Records that clients read"), |all| &all.fetched_records),
    (About("fetched_bytes", "Bytes of the batches that clients read"), |all| &all.fetched_bytes),
];

fn requests(page: &mut Page<'_>, broker: &Broker) -> fmt::Result {
    let metrics = &broker.metrics;
    let durations = metrics.requests().map(|(key, all)| ([("api", format!("{key:?}"))], all));
    let about = About("request_duration_seconds", "Requests, from the last byte to the answer");
    page.histograms(about, durations)?;
    let errors = metrics.errors().map(|(key, error, count)| {
        ([("api", format!("{key:?}")), ("error", error_name(error))], count)
    });
    page.counters(About("request_errors", "Errors in answers, one a place named"), errors)?;
    let help = "Requests that were answered by closing the connection";
    page.counter(About("requests_refused", help), metrics.requests_refused.get())?;
    page.gauge(About("connections", "Open connections"), metrics.connections.get())?;
    let accepted = About("connections_accepted", "Connections accepted");
    page.counter(accepted, metrics.connections_accepted.get())?;
    let refused = About("connections_refused", "Connections of addresses that had too many");
    page.counter(refused, metrics.connections_refused.get())?;
    page.counter(About("received_bytes", "Bytes of requests"), metrics.received_bytes.get())?;
    page.counter(About("sent_bytes", "Bytes of answers"), metrics.sent_bytes.get())?;
    let waiting = About("fetches_waiting", "Fetches that wait for records");
    page.gauge(waiting, metrics.fetches_waiting.get())?;
    TRAFFIC.iter().try_for_each(|(about, look)| page.counter(*about, look(&metrics.traffic).get()))
}

fn log(page: &mut Page<'_>, broker: &Broker, topics: &[Arc<Topic>]) -> fmt::Result {
    let partitions = || topics.iter().flat_map(|topic| &topic.partitions);
    let offline = partitions().filter(|partition| partition.is_none()).count();
    let bytes: u64 = partitions().flatten().map(|log| log.size_bytes()).sum();
    page.gauge(About("topics", "Topics, internal ones included"), signed(topics.len()))?;
    let help = "Partitions, internal ones included";
    page.gauge(About("partitions", help), signed(partitions().count()))?;
    let help = "Partitions whose log could not be recovered";
    page.gauge(About("partitions_offline", help), signed(offline))?;
    page.gauge(About("log_size_bytes", "Bytes of all logs"), signed(bytes))?;
    let syncs = About("log_sync_duration_seconds", "Syncs of log files to the disk");
    page.histogram(syncs, broker.log_dir.syncs())?;
    let recovery = About("recovery_duration_seconds", "Time to open the data at the last start");
    page.seconds(recovery, broker.metrics.recovery())?;
    match broker.metrics.last_retention_ms() {
        None => Ok(()),
        Some(at_ms) => page.seconds(
            About("retention_last_run_timestamp_seconds", "When retention ran, since 1970"),
            Duration::from_millis(at_ms.unsigned_abs()),
        ),
    }
}

fn coordinators(page: &mut Page<'_>, broker: &Broker) -> fmt::Result {
    let groups = broker.groups.list();
    let states = groups.iter().map(|one| [("protocol", one.group_type), ("state", one.state)]);
    page.gauges(About("groups", "Groups by protocol and state"), counted(states))?;
    let transactions = broker.transactions.list();
    let states = transactions.iter().map(|one| [("state", one.state)]);
    let help = "Transactional ids by state; Ongoing are open transactions";
    page.gauges(About("transactions", help), counted(states))
}

/// How often each comes, in order.
fn counted<L: Ord>(all: impl Iterator<Item = L>) -> impl Iterator<Item = (L, i64)> {
    let mut counts = BTreeMap::new();
    all.for_each(|one| *counts.entry(one).or_default() += 1);
    counts.into_iter()
}

/// As Kafka's tools write it: `NOT_LEADER_OR_FOLLOWER`.
fn error_name(error: ResponseError) -> String {
    let mut name = String::new();
    for letter in format!("{error:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_that_kafka_gives_them() {
        let errors = [
            (ResponseError::UnknownServerError, "UNKNOWN_SERVER_ERROR"),
            (ResponseError::NotLeaderOrFollower, "NOT_LEADER_OR_FOLLOWER"),
            (ResponseError::KafkaStorageError, "KAFKA_STORAGE_ERROR"),
        ];
        for (error, name) in errors {
            assert_eq!(error_name(error), name);
        }
    }
}
