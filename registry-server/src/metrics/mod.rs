//! What is counted while the server runs, and how Prometheus is shown it.

mod process;

use std::time::Duration;

use levada_schema_core::SchemaType;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the latencies, in seconds.
const LATENCIES: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Method and route, then the status; 0 is that of a client that went away.
type RequestLabels = ([(&'static str, &'static str); 2], [(&'static str, u16); 1]);
type Label = [(&'static str, &'static str); 1];
/// Pool and state of database connections.
type PoolLabels = [(&'static str, &'static str); 2];

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    registrations: Family<Label, Counter>,
    verdicts: Family<Label, Counter>,
    schemas: Family<Label, Gauge>,
    database_connections: Family<PoolLabels, Gauge>,
    pub(crate) requests_in_progress: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) connections_refused: Counter,
}

/// A pool of database connections at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolSize {
    pub(crate) pool: &'static str,
    pub(crate) idle: usize,
    pub(crate) busy: usize,
}

impl Metrics {
    /// `others` are shown after everything of the registry.
    pub(crate) fn new(others: Vec<Box<dyn Collector>>) -> Self {
        let mut registry = Registry::default();
        let requests =
            Family::new_with_constructor((|| Histogram::new(LATENCIES)) as fn() -> Histogram);
        let metrics = Self {
            registry: Registry::default(),
            requests,
            registrations: Family::default(),
            verdicts: Family::default(),
            schemas: Family::default(),
            database_connections: Family::default(),
            requests_in_progress: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
        };
        metrics.register(registry.sub_registry_with_prefix("levada"));
        registry.register_collector(Box::new(process::Process));
        others.into_iter().for_each(|other| registry.register_collector(other));
        Self { registry, ..metrics }
    }

    fn register(&self, registry: &mut Registry) {
        let requests = self.requests.clone();
        let help = "Requests and how long they took; status 0: the client went away";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, requests);
        let in_progress = self.requests_in_progress.clone();
        registry.register("http_requests_in_progress", "Requests worked on", in_progress);
        registry.register("http_connections", "Open connections", self.connections.clone());
        let refused = self.connections_refused.clone();
        let help = "Connections of clients that had too many";
        registry.register("http_connections_refused", help, refused);
        let registrations = self.registrations.clone();
        registry.register("schema_registrations", "Versions registered", registrations);
        let help = "Compatibility checks and registrations by what came of the comparison";
        registry.register("compatibility_verdicts", help, self.verdicts.clone());
        registry.register("schemas", "Schemas stored, in all contexts", self.schemas.clone());
        let pools = self.database_connections.clone();
        registry.register("database_connections", "Connections to the database", pools);
    }

    pub(crate) fn request(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
    ) {
        let labels = ([("method", method), ("route", route)], [("status", status)]);
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn registration(&self, schema_type: SchemaType) {
        self.registrations.get_or_create(&[("type", schema_type.as_str())]).inc();
    }

    pub(crate) fn verdict(&self, is_compatible: bool) {
        let verdict = if is_compatible { "compatible" } else { "incompatible" };
        self.verdicts.get_or_create(&[("verdict", verdict)]).inc();
    }

    pub(crate) fn set_schemas(&self, schema_type: SchemaType, count: i64) {
        self.schemas.get_or_create(&[("type", schema_type.as_str())]).set(count);
    }

    pub(crate) fn set_pool(&self, PoolSize { pool, idle, busy }: PoolSize) {
        for (state, count) in [("idle", idle), ("busy", busy)] {
            let gauge =
                self.database_connections.get_or_create_owned(&[("pool", pool), ("state", state)]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// All of it in the text form of `OpenMetrics` 1.0.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail; what is there is better than nothing.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown() {
        let metrics = Metrics::new(Vec::new());
        metrics.request("GET", "/subjects", 200, Duration::from_millis(3));
        metrics.registration(SchemaType::Avro);
        metrics.verdict(true);
        metrics.verdict(false);
        metrics.verdict(false);
        metrics.set_pool(PoolSize { pool: "readers", idle: 2, busy: 1 });
        metrics.set_schemas(SchemaType::Json, 7);
        let text = metrics.text();
        let route = "method=\"GET\",route=\"/subjects\",status=\"200\"";
        for line in [
            &format!("levada_http_request_duration_seconds_count{{{route}}} 1"),
            &format!("levada_http_request_duration_seconds_bucket{{le=\"0.0025\",{route}}} 0"),
            &format!("levada_http_request_duration_seconds_bucket{{le=\"0.005\",{route}}} 1"),
            "levada_schema_registrations_total{type=\"AVRO\"} 1",
            "levada_compatibility_verdicts_total{verdict=\"compatible\"} 1",
            "levada_compatibility_verdicts_total{verdict=\"incompatible\"} 2",
            "levada_schemas{type=\"JSON\"} 7",
            "levada_database_connections{pool=\"readers\",state=\"busy\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
    }
}
