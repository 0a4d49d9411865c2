//! Consuming a topic from its beginning.

use std::time::{Duration, Instant};

use clap::Args;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::Offset;
use serde_json::{Value, json};

use crate::process::{Cpu, rss_bytes};
use crate::{Failure, Target, client};

const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(crate) struct Consume {
    #[arg(long)]
    messages: u64,
}

impl Consume {
    pub(crate) fn run(&self, target: &Target) -> Result<Value, Failure> {
        let consumer: BaseConsumer = client::reader(target).create()?;
        // Leaders are known before the clock runs.
        consumer.client().fetch_metadata(Some(&target.topic), PATIENCE)?;
        let cpu = target.pid.map(Cpu::since_now).transpose()?;
        let started = Instant::now();
        consumer.assign(&client::all_partitions(target, Offset::Beginning)?)?;
        let mut bytes = 0;
        for number in 0..self.messages {
            let polled = consumer.poll(PATIENCE);
            let message = polled.ok_or_else(|| format!("only {number} messages came"))??;
            bytes += message.payload_len();
        }
        let seconds = started.elapsed().as_secs_f64();
        let cpu_seconds = cpu.map(|cpu| cpu.used()).transpose()?.map(|used| used.as_secs_f64());
        Ok(json!({
            "messages": self.messages,
            "bytes": bytes,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "rss_bytes": target.pid.map(rss_bytes).transpose()?,
        }))
    }
}
