//! What is counted while the broker runs: atomics of its own, shown by `exposition` when asked for.

mod answers;
mod exposition;
mod instruments;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;

pub(crate) use self::answers::Answer;
pub use self::exposition::BrokerMetrics;
pub(crate) use self::instruments::{Counter, Gauge, Histogram};
use crate::log::Volume;

/// Api keys that are known lie below, those that are served among them.
const API_KEYS: usize = 96;
/// Error codes from -1 on; Kafka's last is 133.
const ERROR_CODES: usize = 144;

/// Counted on the way of requests: no lock is taken and nothing allocated.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// By api key.
    apis: Box<[ApiMetrics]>,
    pub(crate) connections: Gauge,
    pub(crate) connections_accepted: Counter,
    pub(crate) connections_refused: Counter,
    /// Requests whose answer was the end of their connection.
    pub(crate) requests_refused: Counter,
    pub(crate) received_bytes: Counter,
    pub(crate) sent_bytes: Counter,
    /// Of clients, all topics together, deleted ones among them.
    pub(crate) traffic: Traffic,
    /// Fetches that wait for records.
    pub(crate) fetches_waiting: Gauge,
    recovery_nanos: AtomicU64,
    retention_ms: AtomicI64,
}

#[derive(Debug)]
struct ApiMetrics {
    durations: Histogram,
    errors: [Counter; ERROR_CODES],
}

/// What clients have written and read.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) produced_batches: Counter,
    pub(crate) produced_records: Counter,
    pub(crate) produced_bytes: Counter,
    pub(crate) fetched_batches: Counter,
    pub(crate) fetched_records: Counter,
    pub(crate) fetched_bytes: Counter,
}

impl Traffic {
    pub(crate) fn produced(&self, Volume { batches, records, bytes }: Volume) {
        self.produced_batches.add(batches);
        self.produced_records.add(records);
        self.produced_bytes.add(bytes);
    }

    pub(crate) fn fetched(&self, Volume { batches, records, bytes }: Volume) {
        self.fetched_batches.add(batches);
        self.fetched_records.add(records);
        self.fetched_bytes.add(bytes);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let api = || ApiMetrics {
            durations: Histogram::default(),
            errors: [const { Counter::new() }; ERROR_CODES],
        };
        Self {
            apis: std::iter::repeat_with(api).take(API_KEYS).collect(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            connections_refused: Counter::default(),
            requests_refused: Counter::default(),
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
            traffic: Traffic::default(),
            fetches_waiting: Gauge::default(),
            recovery_nanos: AtomicU64::new(0),
            retention_ms: AtomicI64::new(0),
        }
    }
}

impl Metrics {
    /// A request that was answered, from its last byte to its answer; what the client takes to
    /// read that is its own affair.
    pub(crate) fn request(&self, api_key: i16, took: Duration) {
        if let Some(api) = self.api(api_key) {
            api.durations.observe(took);
        }
    }

    /// The errors that an answer names, one for each place that it names them for.
    pub(crate) fn answered(&self, api_key: i16, answer: &impl Answer) {
        let Some(api) = self.api(api_key) else { return };
        answer.errors(&mut |code| {
            let counter = usize::try_from(code + 1).ok().and_then(|at| api.errors.get(at));
            if let Some(counter) = counter.filter(|_| code != 0) {
                counter.add(1);
            }
        });
    }

    fn api(&self, api_key: i16) -> Option<&ApiMetrics> {
        self.apis.get(usize::try_from(api_key).ok()?)
    }

    /// Apis that have been asked for, by key.
    fn requests(&self) -> impl Iterator<Item = (ApiKey, &Histogram)> {
        self.known().map(|(key, api)| (key, &api.durations)).filter(|(_, all)| all.count() > 0)
    }

    fn errors(&self) -> impl Iterator<Item = (ApiKey, ResponseError, u64)> {
        self.known().flat_map(|(key, api)| {
            let codes = (-1_i16..).zip(&api.errors).map(|(code, counter)| (code, counter.get()));
            codes.filter(|(_, count)| *count > 0).filter_map(move |(code, count)| {
                Some((key, ResponseError::try_from_code(code)?, count))
            })
        })
    }

    fn known(&self) -> impl Iterator<Item = (ApiKey, &ApiMetrics)> {
        (0_i16..).zip(&self.apis).filter_map(|(key, api)| Some((ApiKey::try_from(key).ok()?, api)))
    }

    pub(crate) fn recovered_in(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.recovery_nanos.store(nanos, Ordering::Relaxed);
    }

    fn recovery(&self) -> Duration {
        Duration::from_nanos(self.recovery_nanos.load(Ordering::Relaxed))
    }

    pub(crate) fn retention_ran_at(&self, now_ms: i64) {
        self.retention_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Milliseconds since 1970; `None` before the first run.
    fn last_retention_ms(&self) -> Option<i64> {
        Some(self.retention_ms.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_served_key_and_every_error_has_its_place() {
        let metrics = Metrics::default();
        for api in crate::net::apis() {
            let key = api.key as i16;
            metrics.request(key, Duration::ZERO);
            assert!(metrics.requests().any(|(known, all)| known == api.key && all.count() == 1));
        }
        let answer = kafka_protocol::messages::HeartbeatResponse::default();
        for code in -1..=133 {
            metrics.answered(12, &answer.clone().with_error_code(code));
        }
        let codes: Vec<_> =
            metrics.errors().map(|(_, error, count)| (error.code(), count)).collect();
        let named = (-1..=133).filter(|code| *code != 0);
        assert_eq!(codes, named.map(|code| (code, 1)).collect::<Vec<_>>());
    }
}
