//! `levada cat`: the records of a topic.

use std::io::{BufWriter, StdoutLock, Write};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use clap::{Args, ValueEnum};
use levada_kafka_client::{Cluster, Isolation, OffsetAt, PartitionReader, Record};
use levada_serde::wire_format::Side;
use serde_json::{Map, Value as Json, json};

use super::BrokerArgs;
use super::payload::{Payloads, Reading, Shown, SubjectsArgs, hex};
use super::place::{PLACES, Place};
use crate::config_file::ConfigFile;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::is_read;

/// How long a broker may wait for a record, before another partition is asked.
const WAIT: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    topic: String,
    /// Only these partitions
    #[arg(long = "partition", value_name = "NUMBER", value_delimiter = ',')]
    partitions: Vec<i32>,
    #[arg(long, value_name = "PLACE", default_value = "earliest", help = from_help(), allow_hyphen_values = true)]
    from: Place,
    #[arg(long, value_name = "PLACE", help = until_help(), allow_hyphen_values = true)]
    until: Option<Place>,
    /// No more than so many records
    #[arg(long, value_name = "NUMBER")]
    max: Option<usize>,
    /// Wait for records that are yet to come
    #[arg(long)]
    follow: bool,
    /// Records too of transactions that are open or were rolled back
    #[arg(long)]
    uncommitted: bool,
    /// How keys are read
    #[arg(long, value_name = "READING", default_value = "auto")]
    key: Reading,
    /// How values are read
    #[arg(long, value_name = "READING", default_value = "auto")]
    value: Reading,
    /// Values name no schema, and this is theirs
    #[arg(long = "as", value_name = "SUBJECT[@VERSION]")]
    subject: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: RecordFormat,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    registry: SubjectsArgs,
}

fn from_help() -> String {
    format!(
        "Where to begin in each partition: {PLACES}. -N counts from the end, +N from the beginning"
    )
}

fn until_help() -> String {
    "Where to end, that place excluded [default: where the partition ends now; with --follow nowhere]"
        .to_owned()
}

/// The form of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum RecordFormat {
    /// A line a record for people: partition:offset, time, key, value, headers
    #[default]
    Text,
    /// A list of records
    Json,
    /// A record a line
    Jsonl,
}

/// Exits 1 where a record could not be decoded.
pub(crate) fn run_cat(args: &CatArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let file = globals.settings()?;
    let work = async |cluster: &mut Cluster| cat(cluster, args, globals, &file).await;
    let undecoded = args.broker.run(globals, &file.kafka, work)?;
    Ok(ExitCode::from(if undecoded > 0 { exit::FAILED } else { exit::OK }))
}

/// A partition, and where reading it ends.
struct Walk {
    reader: PartitionReader,
    end: Option<i64>,
}

impl Walk {
    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| self.reader.position() >= end)
    }
}

/// The number of records that could not be decoded.
async fn cat(
    cluster: &mut Cluster,
    args: &CatArgs,
    globals: &Globals,
    file: &ConfigFile,
) -> Result<usize, Failure> {
    let named = args.subject.as_deref();
    let payloads = Payloads::open(&args.registry, named, globals, &file.registry).await?;
    let mut walks = walks(cluster, args).await?;
    let mut out = Out::new(args);
    while !walks.is_empty() && out.is_wanted() {
        for walk in &mut walks {
            // One after the other: in the order of the partitions where there is an end.
            while !walk.is_over() && out.is_wanted() {
                let records = cluster.read(&mut walk.reader, WAIT).await?;
                let is_quiet = records.is_empty();
                for record in records {
                    if walk.end.is_none_or(|end| record.offset < end) && out.is_wanted() {
                        out.record(&payloads, record).await?;
                    }
                }
                out.flush()?;
                if walk.end.is_none() && is_quiet {
                    break;
                }
            }
        }
        walks.retain(|walk| !walk.is_over());
    }
    out.end()
}

async fn walks(cluster: &mut Cluster, args: &CatArgs) -> Result<Vec<Walk>, Failure> {
    let wanted = partitions(cluster, args).await?;
    let isolation = if args.uncommitted { Isolation::Uncommitted } else { Isolation::Committed };
    let name = &args.topic;
    let first = cluster.offsets(name, &wanted, OffsetAt::Earliest, isolation).await?;
    let end = cluster.offsets(name, &wanted, OffsetAt::Latest, isolation).await?;
    let mut walks = Vec::new();
    for (first, end) in first.into_iter().zip(end) {
        let bounds = Bounds { partition: first.partition, first: first.offset, end: end.offset };
        let from = bounds.find(cluster, name, args.from, isolation).await?.max(bounds.first);
        let until = match args.until {
            Some(place) => Some(bounds.find(cluster, name, place, isolation).await?),
            None => None,
        };
        // Without --follow nobody waits for what is not there yet.
        let (from, end) = if args.follow {
            (from, until)
        } else {
            (from.min(bounds.end), Some(until.unwrap_or(bounds.end).min(bounds.end)))
        };
        let reader = PartitionReader::new(name, bounds.partition, from, isolation);
        walks.push(Walk { reader, end });
    }
    walks.retain(|walk| !walk.is_over());
    Ok(walks)
}

/// The partitions that were asked for.
async fn partitions(cluster: &mut Cluster, args: &CatArgs) -> Result<Vec<i32>, Failure> {
    let topic = cluster.topic(&args.topic).await?;
    let there: Vec<i32> = topic.partitions.iter().map(|partition| partition.index).collect();
    if args.partitions.is_empty() {
        return Ok(there);
    }
    if let Some(missing) = args.partitions.iter().find(|asked| !there.contains(asked)) {
        let (name, count) = (&args.topic, there.len());
        let message = format!("topic '{name}' has no partition {missing}; it has {count}");
        return Err(Failure::new(exit::NO_INPUT, message));
    }
    Ok(there.into_iter().filter(|partition| args.partitions.contains(partition)).collect())
}

/// What a partition holds.
struct Bounds {
    partition: i32,
    first: i64,
    end: i64,
}

impl Bounds {
    /// The offset of a place.
    async fn find(
        &self,
        cluster: &mut Cluster,
        topic: &str,
        place: Place,
        isolation: Isolation,
    ) -> Result<i64, Failure> {
        Ok(match place {
            Place::Earliest => self.first,
            Place::Latest => self.end,
            Place::Offset(offset) => offset,
            Place::Shift(by) if by < 0 => self.end.saturating_add(by),
            Place::Shift(by) => self.first.saturating_add(by),
            Place::TimeMs(time) => {
                let at = OffsetAt::TimeMs(time);
                let found = cluster.offsets(topic, &[self.partition], at, isolation).await?;
                found.first().map_or(self.end, |found| found.offset)
            }
        })
    }
}

/// Where records go.
struct Out<'a> {
    args: &'a CatArgs,
    stdout: BufWriter<StdoutLock<'static>>,
    is_open: bool,
    written: usize,
    undecoded: usize,
}

impl<'a> Out<'a> {
    fn new(args: &'a CatArgs) -> Self {
        let stdout = BufWriter::new(std::io::stdout().lock());
        Self { args, stdout, is_open: true, written: 0, undecoded: 0 }
    }

    /// Whether there shall be more.
    fn is_wanted(&self) -> bool {
        self.is_open && self.args.max.is_none_or(|max| self.written < max)
    }

    async fn record(&mut self, payloads: &Payloads, record: Record) -> Result<(), Failure> {
        let Record { partition, offset, timestamp_ms, key, value, headers } = record;
        let key = payloads.show(key.as_deref(), &headers, Side::Key, self.args.key).await?;
        let value = payloads.show(value.as_deref(), &headers, Side::Value, self.args.value).await?;
        for (side, shown) in [("key", &key), ("value", &value)] {
            if let Some(error) = &shown.error {
                self.undecoded += 1;
                // A closed stderr leaves the exit code to say it.
                let topic = &self.args.topic;
                let _ = writeln!(
                    std::io::stderr(),
                    "levada: {topic}, partition {partition}, offset {offset}, {side}: {error}"
                );
            }
        }
        let time = time_of(timestamp_ms);
        let headers = headers.into_iter().map(|header| {
            let value = header
                .value
                .as_deref()
                .map(|value| std::str::from_utf8(value).map_err(|_| hex(value)));
            match value {
                None => json!({"name": header.name, "value": null}),
                Some(Ok(text)) => json!({"name": header.name, "value": text}),
                Some(Err(hex)) => json!({"name": header.name, "valueHex": hex}),
            }
        });
        let headers: Vec<Json> = headers.collect();
        let line = match self.args.format {
            RecordFormat::Text => text_of(partition, offset, &time, &key, &value, &headers),
            RecordFormat::Json | RecordFormat::Jsonl => {
                let mut record = Map::new();
                record.insert("partition".to_owned(), Json::from(partition));
                record.insert("offset".to_owned(), Json::from(offset));
                record.insert("timestamp".to_owned(), Json::from(time));
                record.insert("headers".to_owned(), Json::from(headers));
                key.tell("key", &mut record);
                value.tell("value", &mut record);
                Json::Object(record).to_string()
            }
        };
        let (before, after) = match (self.args.format, self.written) {
            (RecordFormat::Json, 0) => ("[\n", ""),
            (RecordFormat::Json, _) => (",\n", ""),
            _ => ("", "\n"),
        };
        self.written += 1;
        self.write(format_args!("{before}{line}{after}"))
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        let is_read = is_read(self.stdout.write_fmt(text))?;
        self.is_open &= is_read;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let is_read = is_read(self.stdout.flush())?;
        self.is_open &= is_read;
        Ok(())
    }

    fn end(mut self) -> Result<usize, Failure> {
        if self.is_open && self.args.format == RecordFormat::Json {
            let text = if self.written == 0 { "[]\n" } else { "\n]\n" };
            self.write(format_args!("{text}"))?;
        }
        self.flush()?;
        Ok(self.undecoded)
    }
}

/// RFC 3339 in UTC; a time beyond it, in milliseconds.
fn time_of(timestamp_ms: i64) -> String {
    DateTime::from_timestamp_millis(timestamp_ms).map_or_else(
        || timestamp_ms.to_string(),
        |time| time.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}

fn text_of(
    partition: i32,
    offset: i64,
    time: &str,
    key: &Shown,
    value: &Shown,
    headers: &[Json],
) -> String {
    let headers = if headers.is_empty() {
        String::new()
    } else {
        format!("  {}", Json::from(headers.to_vec()))
    };
    format!("{partition}:{offset}  {time}  {}  {}{headers}", key.text(), value.text())
}
