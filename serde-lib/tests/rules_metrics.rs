//! What is counted of rules, as a recorder of `metrics` is told it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers fail the test")]

mod contract;
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contract::{domain, register, rule};
use levada_serde::{Error, JsonDeserializer, JsonSerializer};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use serde_json::{Value as Json, json};
use server::start;

/// How often each series was told something.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<BTreeMap<String, u64>>>);

struct Series(Book, String);

impl Series {
    fn of(book: &Book, key: &Key) -> Arc<Self> {
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels: Vec<_> = labels.collect();
        Arc::new(Self(book.clone(), format!("{} {}", key.name(), labels.join(" "))))
    }

    fn add(&self, count: u64) {
        *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += count;
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, value: u64) {
        panic!("{value} is no increment");
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        assert!((0.0..60.0).contains(&value), "{value} seconds");
        self.add(1);
    }
}

impl Recorder for Book {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Series::of(self, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("{key} is no gauge");
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Series::of(self, key))
    }
}

#[tokio::test]
async fn runs_failures_and_times_are_counted_by_subject_rule_and_mode() {
    let (_folder, _server, client) = start().await;
    let condition = |name, expr| rule(name, "CEL", expr, json!({"kind": "CONDITION"}));
    let rules = [condition("small", "message.id < 10"), condition("even", "message.id % 2 == 0")];
    register(&client, "t-value", "JSON", r#"{"type": "object"}"#, domain(&rules)).await;
    let writer = JsonSerializer::<Json>::from_registry(&client).topic("t").build().await.unwrap();
    let reader = JsonDeserializer::<Json>::builder(&client).build();
    let good = writer.encode(&json!({"id": 4})).unwrap();
    reader.decode_async(&good, None).await.unwrap();

    let book = Book::default();
    metrics::with_local_recorder(&book, || {
        writer.encode(&json!({"id": 2})).unwrap();
        let Err(Error::Rule(odd)) = writer.encode(&json!({"id": 3})) else { panic!() };
        let Err(Error::Rule(large)) = writer.encode(&json!({"id": 12})) else { panic!() };
        assert_eq!((&*odd.rule, &*large.rule), ("even", "small"));
        reader.decode(&good, None).unwrap();
    });
    let counted = book.0.lock().unwrap().clone();
    let series = |name: &str, rule: &str, mode: &str, count: u64| {
        (format!("levada_serde_rule_{name} subject=t-value rule={rule} mode={mode}"), count)
    };
    let expected = [
        series("executions_total", "small", "WRITE", 3),
        series("executions_total", "even", "WRITE", 2),
        series("executions_total", "small", "READ", 1),
        series("executions_total", "even", "READ", 1),
        series("failures_total", "small", "WRITE", 1),
        series("failures_total", "even", "WRITE", 1),
        series("seconds", "small", "WRITE", 3),
        series("seconds", "even", "WRITE", 2),
        series("seconds", "small", "READ", 1),
        series("seconds", "even", "READ", 1),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}
