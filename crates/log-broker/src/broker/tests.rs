//! A broker whose disk fails, and one that tells when it last deleted what was too old.

use levada_kafka_wire::record_batch::BatchBuilder;

use super::*;
use crate::clock::ManualClock;
use crate::io::{Fault, SimDisk};
use crate::log::{AppendError, AppendOrigin};
use crate::topics::NewTopic;

#[tokio::test]
async fn failed_write_resolves_failed_and_refuses_what_comes_after() {
    let disk = SimDisk::new();
    let builder = Broker::builder().listen("127.0.0.1:0");
    let running = builder.disk(Arc::new(disk.clone())).start().await.unwrap();
    let topic = running.broker().topics.create(NewTopic::plain("t")).await.unwrap();
    let log = topic.partition(0).unwrap();
    let now_ms = running.broker().clock.now_ms();
    let batch = BatchBuilder::new().record(now_ms, None, Some(b"value")).build().unwrap();
    log.append(&batch, AppendOrigin::Client).unwrap();
    tokio::select! {
        biased;
        reason = running.failed() => panic!("a healthy broker goes on: {reason}"),
        () = std::future::ready(()) => {}
    }

    disk.set_fault(Some(Fault::PowerCutAt(0)));
    let unknown = log.append(&batch, AppendOrigin::Client);
    assert!(matches!(unknown, Err(AppendError::OutcomeUnknown(_))), "{unknown:?}");
    let reason = running.failed().await;
    assert!(matches!(reason, LogError::Offline { .. }), "{reason}");
    assert!(!reason.to_string().contains('\n'), "{reason}");
    let refused = log.append(&batch, AppendOrigin::Client);
    assert!(matches!(refused, Err(AppendError::Storage(LogError::Offline { .. }))), "{refused:?}");
    running.shutdown().await;
}

#[tokio::test]
async fn the_last_run_of_retention_is_told() {
    let clock = Arc::new(ManualClock::at(7_000));
    let builder = Broker::builder().in_memory().listen("127.0.0.1:0").clock(clock);
    let running = builder.start().await.unwrap();
    let shown = || {
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register_collector(Box::new(running.metrics()));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let line =
            |line: &str| line.starts_with("levada_broker_retention").then(|| line.to_owned());
        text.lines().find_map(line)
    };
    assert_eq!(shown(), None);
    running.broker().maintain_log().unwrap();
    let expected = "levada_broker_retention_last_run_timestamp_seconds 7.0".to_owned();
    assert_eq!(shown(), Some(expected));
}
