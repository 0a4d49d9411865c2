//! Many topics, partitions, connections and groups, which stay until the input ends.

use std::io::Read;
use std::time::{Duration, Instant};

use clap::Args;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};

use crate::process::rss_bytes;
use crate::{Failure, Target, client, tell, topic};

const PATIENCE: Duration = Duration::from_mins(2);
/// As many as a broker creates within the client's patience.
const TOPICS_A_REQUEST: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct Scale {
    /// Topics, each of as many partitions as --partitions says
    #[arg(long, default_value_t = 100)]
    topics: usize,
    /// Groups of one consumer each
    #[arg(long, default_value_t = 500)]
    groups: usize,
}

impl Scale {
    /// Tells how long it took and what it came to, then keeps the consumers.
    pub(crate) fn run(&self, target: &Target) -> Result<Value, Failure> {
        let names: Vec<String> = (0..self.topics).map(|at| format!("scale-{at}")).collect();
        let started = Instant::now();
        let topics: Vec<&str> = names.iter().map(String::as_str).collect();
        for some in topics.chunks(TOPICS_A_REQUEST) {
            topic::create(target, some, &[])?;
        }
        fill(target, &topics)?;
        let filled = started.elapsed();
        let started = Instant::now();
        let consumers = self.join(target, &names)?;
        let joined = started.elapsed();
        let mut idle = consumers.iter().cycle();
        tell(&json!({
            "topics": self.topics,
            "partitions": self.topics * usize::try_from(target.partitions)?,
            "groups": self.groups,
            "connections": target.pid.map(connections).transpose()?,
            "rss_bytes": target.pid.map(rss_bytes).transpose()?,
            "fill_seconds": filled.as_secs_f64(),
            "join_seconds": joined.as_secs_f64(),
        }))?;
        let stop = std::thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()));
        while !stop.is_finished() {
            // Served in turn, so that each stays a member of its group.
            if let Some(consumer) = idle.next() {
                consumer.poll(Duration::from_millis(1)).transpose()?;
            }
        }
        Ok(Value::Null)
    }

    /// One consumer a group; each has read a message and committed its place.
    fn join(&self, target: &Target, names: &[String]) -> Result<Vec<BaseConsumer>, Failure> {
        let mut consumers = Vec::new();
        for (group, name) in (0..self.groups).zip(names.iter().cycle()) {
            let consumer: BaseConsumer = client::config(target)
                .set("group.id", format!("group-{group}"))
                .set("auto.offset.reset", "earliest")
                .set("enable.auto.commit", "false")
                // Small, because this machine also holds all clients.
                .set("queued.max.messages.kbytes", "64")
                .create()?;
            consumer.subscribe(&[name])?;
            consumers.push(consumer);
        }
        wait_for_messages(&consumers)?;
        Ok(consumers)
    }
}

/// Polls all in turn, because each needs that to take its partitions.
fn wait_for_messages(consumers: &[BaseConsumer]) -> Result<(), Failure> {
    let started = Instant::now();
    let mut waiting: Vec<_> = consumers.iter().collect();
    while !waiting.is_empty() {
        if started.elapsed() > PATIENCE {
            return Err(format!("{} groups got no message", waiting.len()).into());
        }
        let mut left = Vec::new();
        for consumer in waiting {
            match consumer.poll(Duration::from_millis(1)).transpose()? {
                Some(_) => consumer.commit_consumer_state(CommitMode::Async)?,
                None => left.push(consumer),
            }
        }
        waiting = left;
    }
    Ok(())
}

/// One message into every partition.
fn fill(target: &Target, names: &[&str]) -> Result<(), Failure> {
    let producer: ThreadedProducer<DefaultProducerContext> = client::config(target).create()?;
    for name in names {
        for partition in 0..target.partitions {
            let record =
                BaseRecord::<(), [u8]>::to(name).partition(partition).payload(&[b'x'; 100][..]);
            producer.send(record).map_err(|(error, _)| error)?;
        }
    }
    Ok(producer.flush(PATIENCE)?)
}

/// Sockets that the process has open.
fn connections(pid: u32) -> Result<usize, Failure> {
    let mut sockets = 0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))? {
        let link = std::fs::read_link(entry?.path()).unwrap_or_default();
        sockets += usize::from(link.to_string_lossy().starts_with("socket:"));
    }
    Ok(sockets)
}
