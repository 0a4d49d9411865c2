//! Producing at a steady rate, and timing each message until a consumer has it.

use std::time::{Duration, Instant};

use clap::Args;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::Offset;
use serde_json::{Value, json};

use crate::{Failure, Target, client};

const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(crate) struct Latency {
    /// Messages a second
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    #[arg(long, default_value_t = 100)]
    size: usize,
    #[arg(long, default_value = "all")]
    acks: String,
}

impl Latency {
    /// In milliseconds, from the call that sends to the call that returns the message.
    pub(crate) fn run(&self, target: &Target) -> Result<Value, Failure> {
        let consumer: BaseConsumer = client::reader(target).create()?;
        consumer.assign(&client::all_partitions(target, Offset::End)?)?;
        let producer: ThreadedProducer<DefaultProducerContext> =
            client::config(target).set("acks", &self.acks).set("linger.ms", "0").create()?;
        producer.client().fetch_metadata(Some(&target.topic), PATIENCE)?;
        let started = Instant::now();
        wait_until_heard(&producer, &consumer, target, started)?;
        let count = self.rate * self.seconds;
        // The first second warms both sides up.
        let warm = usize::try_from(self.rate)?;
        let times = std::thread::scope(|scope| {
            let sending = scope.spawn(|| self.send(&producer, target, started, count));
            let received = receive(&consumer, started, count);
            sending.join().map_err(|_| "the sending thread ended early")??;
            received
        })?;
        let mut times = times.get(warm..).unwrap_or_default().to_vec();
        times.sort_unstable();
        let at = |per_mille: usize| {
            let index = (times.len() * per_mille / 1000).min(times.len().saturating_sub(1));
            times.get(index).map(|time| time.as_secs_f64() * 1000.0)
        };
        Ok(json!({
            "messages": times.len(),
            "rate": self.rate,
            "p50_ms": at(500),
            "p99_ms": at(990),
            "p999_ms": at(999),
            "max_ms": at(1000),
        }))
    }

    fn send(
        &self,
        producer: &ThreadedProducer<DefaultProducerContext>,
        target: &Target,
        started: Instant,
        count: u32,
    ) -> Result<(), String> {
        let begin = Instant::now();
        let mut value = vec![b'x'; self.size.max(8)];
        for number in 0..count {
            let due = begin + Duration::from_secs(1) * number / self.rate;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            stamp(&mut value, started);
            let partition = i32::try_from(number).unwrap_or_default() % target.partitions;
            let record =
                BaseRecord::<(), [u8]>::to(&target.topic).partition(partition).payload(&value);
            producer.send(record).map_err(|(error, _)| error.to_string())?;
        }
        producer.flush(PATIENCE).map_err(|error| error.to_string())
    }
}

fn stamp(value: &mut [u8], started: Instant) {
    let now = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    if let Some(head) = value.first_chunk_mut() {
        *head = now.to_be_bytes();
    }
}

/// Sends until the consumer, which begins at the end of the topic, has heard something, and lets the
/// rest of it pass.
fn wait_until_heard(
    producer: &ThreadedProducer<DefaultProducerContext>,
    consumer: &BaseConsumer,
    target: &Target,
    started: Instant,
) -> Result<(), Failure> {
    while started.elapsed() < PATIENCE {
        let record =
            BaseRecord::<(), [u8]>::to(&target.topic).partition(0).payload(b"?".as_slice());
        producer.send(record).map_err(|(error, _)| error)?;
        if consumer.poll(Duration::from_millis(500)).transpose()?.is_some() {
            producer.flush(PATIENCE)?;
            while consumer.poll(Duration::from_millis(500)).transpose()?.is_some() {}
            return Ok(());
        }
    }
    Err("the consumer hears nothing".into())
}

fn receive(
    consumer: &BaseConsumer,
    started: Instant,
    count: u32,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    for number in 0..count {
        let polled = consumer.poll(PATIENCE);
        let message = polled.ok_or_else(|| format!("only {number} messages came"))??;
        let sent = message.payload().and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        times
            .push(started.elapsed().saturating_sub(Duration::from_nanos(u64::from_be_bytes(sent))));
    }
    Ok(times)
}
