//! Producing as fast as the client can.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use serde_json::{Value, json};

use crate::process::{Cpu, rss_bytes};
use crate::{Failure, Target, client};

const PATIENCE: Duration = Duration::from_mins(2);
/// Messages between two looks at what was delivered.
const POLL_EVERY: u64 = 10_000;

#[derive(Debug, Args)]
pub(crate) struct Produce {
    #[arg(long)]
    messages: u64,
    /// Bytes of each value
    #[arg(long, default_value_t = 100)]
    size: usize,
    /// acks: 0, 1 or all
    #[arg(long, default_value = "all")]
    acks: String,
    #[arg(long, default_value = "none")]
    codec: String,
    /// Milliseconds that the client waits for a batch to fill
    #[arg(long, default_value_t = 5)]
    linger_ms: u32,
}

/// Counts what was refused.
#[derive(Debug, Clone, Default)]
struct Refusals(Arc<AtomicU64>);

impl ClientContext for Refusals {}

impl ProducerContext for Refusals {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Produce {
    pub(crate) fn run(&self, target: &Target) -> Result<Value, Failure> {
        let refusals = Refusals::default();
        let producer: BaseProducer<Refusals> = client::config(target)
            .set("acks", &self.acks)
            .set("compression.codec", &self.codec)
            .set("linger.ms", self.linger_ms.to_string())
            // A report of every message would cost the client more than sending it.
            .set("delivery.report.only.error", "true")
            .set("queue.buffering.max.messages", "500000")
            .set("queue.buffering.max.kbytes", "524288")
            .create_with_context(refusals.clone())?;
        // Leaders are known before the clock runs.
        producer.client().fetch_metadata(Some(&target.topic), PATIENCE)?;
        let values = values(self.size);
        let cpu = target.pid.map(Cpu::since_now).transpose()?;
        let started = Instant::now();
        let mut next = values.iter().cycle();
        let mut partitions = (0..target.partitions).cycle();
        for number in 0..self.messages {
            let (Some(value), Some(partition)) = (next.next(), partitions.next()) else { break };
            send(&producer, &target.topic, partition, value)?;
            if number % POLL_EVERY == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        producer.flush(PATIENCE)?;
        let seconds = started.elapsed().as_secs_f64();
        let cpu_seconds = cpu.map(|cpu| cpu.used()).transpose()?.map(|used| used.as_secs_f64());
        let refused = refusals.0.load(Ordering::Relaxed);
        if refused > 0 {
            return Err(format!("{refused} of {} messages were refused", self.messages).into());
        }
        Ok(json!({
            "messages": self.messages,
            "bytes": self.messages * u64::try_from(self.size)?,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "rss_bytes": target.pid.map(rss_bytes).transpose()?,
        }))
    }
}

/// Queues one message; waits while the client's own queue is full.
fn send(
    producer: &BaseProducer<Refusals>,
    topic: &str,
    partition: i32,
    value: &[u8],
) -> Result<(), Failure> {
    let mut record = BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                producer.poll(Duration::from_millis(1));
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}

/// Values that look like the text of events: they compress about as well as such do, neither not at
/// all nor to nothing.
fn values(size: usize) -> Vec<Vec<u8>> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut digit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let value = |_| {
        let mut text = String::new();
        while text.len() < size {
            let number = digit();
            text.push_str(&format!("{{\"order\":{},\"state\":\"paid\"}},", number % 1_000_000_007));
        }
        let mut bytes = text.into_bytes();
        bytes.truncate(size);
        bytes
    };
    (0..1000).map(value).collect()
}
