//! `levada produce`: JSON lines become records of a topic.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::DateTime;
use clap::{Args, ValueEnum};
use levada_kafka_client::{Cluster, Header, KafkaError, NewRecord, Topic, partition_of};
use levada_serde::wire_format::{KEY_SCHEMA_ID_HEADER, VALUE_SCHEMA_ID_HEADER};
use levada_serde::{AnySerializer, AnySerializerBuilder, Error, SchemaSource};
use serde::Deserialize;
use serde_json::Value as Json;

use super::BrokerArgs;
use super::payload::{SubjectsArgs, from_hex, named_version};
use super::place::milliseconds;
use crate::config_file::RegistryTable;
use crate::exit::{self, Failure};
use crate::globals::Globals;

/// What is collected before it is sent, in bytes; brokers take a batch of a million.
const BATCH_BYTES: usize = 512 << 10;
/// The longest line that is read, in bytes; no broker takes a record that is as long.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// Error codes of what the registry does not have: a subject, a version, a schema.
const NOT_FOUND: [u32; 3] = [40401, 40402, 40403];

#[derive(Debug, Args)]
pub(crate) struct ProduceArgs {
    topic: String,
    /// JSON lines; - is stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// What each line is
    #[arg(long, value_name = "WHAT", default_value = "values")]
    lines: Lines,
    /// How keys are written [default: schema where the registry has one for them, else text]
    #[arg(long, value_name = "WRITING")]
    key: Option<Writing>,
    /// How values are written
    #[arg(long, value_name = "WRITING", default_value = "schema")]
    value: Writing,
    /// The schema of values [default: the newest of the subject of the topic]
    #[arg(long = "as", value_name = "SUBJECT[@VERSION]")]
    subject: Option<String>,
    /// The message of a Protobuf schema [default: the first one]
    #[arg(long, value_name = "NAME")]
    message: Option<String>,
    /// The partition [default: the one of the record, of its key, else one after the other]
    #[arg(long, value_name = "NUMBER")]
    partition: Option<i32>,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    registry: SubjectsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lines {
    /// A value each
    Values,
    /// A record each, as levada cat --format jsonl prints them: key, value, headers, timestamp
    Records,
}

/// How keys or values become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Writing {
    /// With the schema of their subject
    Schema,
    Json,
    /// JSON strings, without the quotes
    Text,
    /// JSON strings of hex digits
    Hex,
}

/// A line of records. What levada cat tells besides is no part of a new record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default)]
    key: Json,
    key_hex: Option<String>,
    #[serde(default)]
    value: Json,
    value_hex: Option<String>,
    #[serde(default)]
    headers: Vec<HeaderLine>,
    timestamp: Option<Json>,
    partition: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderLine {
    name: String,
    value: Option<String>,
    value_hex: Option<String>,
}

/// Turns one side into bytes.
enum Writer {
    Schema(Box<AnySerializer>),
    Json,
    Text,
    Hex,
}

impl Writer {
    /// Null is no key, or a tombstone.
    fn bytes(&self, json: &Json) -> Result<Option<Vec<u8>>, String> {
        if json.is_null() {
            return Ok(None);
        }
        let text = || json.as_str().ok_or_else(|| format!("{json} is no JSON string"));
        match self {
            Self::Schema(serializer) => serializer.encode(json).map_err(|error| error.to_string()),
            Self::Json => Ok(json.to_string().into_bytes()),
            Self::Text => Ok(text()?.as_bytes().to_vec()),
            Self::Hex => from_hex(text()?).ok_or_else(|| format!("{json} is not hex")),
        }
        .map(Some)
    }
}

pub(crate) fn run_produce(args: &ProduceArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let input: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(&args.file);
        Box::new(file.map_err(|error| unreadable(&args.file, &error))?)
    };
    let file = globals.settings()?;
    let writers = Writers { args, globals, table: &file.registry };
    let work = async |cluster: &mut Cluster| produce(cluster, args, &writers, input).await;
    let count = args.broker.run(globals, &file.kafka, work)?;
    globals.tell(format_args!(
        "{count} {} written\n",
        if count == 1 { "record" } else { "records" }
    ))?;
    Ok(ExitCode::from(exit::OK))
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(exit::NO_INPUT, format!("cannot read {}: {error}", file.display()))
}

/// The number of records that were written.
async fn produce(
    cluster: &mut Cluster,
    args: &ProduceArgs,
    writers: &Writers<'_>,
    input: Box<dyn Read>,
) -> Result<usize, Failure> {
    let topic = cluster.topic(&args.topic).await?;
    let mut sender = Sender {
        key: writers.key().await?,
        value: writers.value().await?,
        topic,
        args,
        pending: BTreeMap::new(),
        pending_bytes: 0,
        sent: 0,
        turn: 0,
    };
    let mut input = BufReader::with_capacity(BATCH_BYTES, input);
    for number in 1usize.. {
        if input.buffer().is_empty() {
            // Whoever writes the lines may take his time.
            sender.flush(cluster).await?;
        }
        let mut line = Vec::new();
        let read = (&mut input).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        match read.map_err(|error| unreadable(&args.file, &error))? {
            0 => break,
            // What is cut is no JSON.
            _ if line.trim_ascii().is_empty() => continue,
            _ => {}
        }
        match sender.record(&line) {
            Ok((partition, record)) => sender.add(cluster, partition, record).await?,
            Err(reason) => {
                let flushed = sender.flush(cluster).await;
                return Err(sender.stopped(
                    &format!("line {number}: {reason}"),
                    exit::FAILED,
                    flushed,
                ));
            }
        }
    }
    sender.flush(cluster).await?;
    Ok(sender.sent)
}

/// Collects records by partition.
struct Sender<'a> {
    key: Writer,
    value: Writer,
    topic: Topic,
    args: &'a ProduceArgs,
    pending: BTreeMap<i32, Vec<NewRecord>>,
    pending_bytes: usize,
    sent: usize,
    /// The partition of the next record that has no key.
    turn: i32,
}

impl Sender<'_> {
    /// The record of a line, and where it goes.
    fn record(&mut self, line: &[u8]) -> Result<(i32, NewRecord), String> {
        let no_json = |error: serde_json::Error| error.to_string();
        let line: Line = match self.args.lines {
            Lines::Records => serde_json::from_slice(line).map_err(no_json)?,
            Lines::Values => Line {
                value: serde_json::from_slice(line).map_err(no_json)?,
                key: Json::Null,
                key_hex: None,
                value_hex: None,
                headers: Vec::new(),
                timestamp: None,
                partition: None,
            },
        };
        let key = side(line.key_hex.as_deref(), &line.key, &self.key)
            .map_err(|reason| format!("key: {reason}"))?;
        let value = side(line.value_hex.as_deref(), &line.value, &self.value)
            .map_err(|reason| format!("value: {reason}"))?;
        let mut headers = Vec::new();
        // Which schema wrote the new bytes stands in front of them.
        let is_ours = |name: &str| [KEY_SCHEMA_ID_HEADER, VALUE_SCHEMA_ID_HEADER].contains(&name);
        for header in line.headers.into_iter().filter(|header| !is_ours(&header.name)) {
            headers.push(header_of(header)?);
        }
        let now = || milliseconds(SystemTime::now()).unwrap_or_default();
        let timestamp_ms = line.timestamp.as_ref().map_or_else(|| Ok(now()), time_of)?;
        let partition = self.partition(line.partition, key.as_deref())?;
        Ok((partition, NewRecord { timestamp_ms, key, value, headers }))
    }

    fn partition(&mut self, asked: Option<i32>, key: Option<&[u8]>) -> Result<i32, String> {
        let count = i32::try_from(self.topic.partitions.len()).unwrap_or(i32::MAX);
        let chosen = match (self.args.partition.or(asked), key) {
            (Some(asked), _) => asked,
            (None, Some(key)) => partition_of(key, count),
            (None, None) => {
                let turn = self.turn;
                self.turn = turn.wrapping_add(1).checked_rem(count).unwrap_or_default();
                turn
            }
        };
        if (0..count).contains(&chosen) {
            return Ok(chosen);
        }
        Err(format!("topic '{}' has no partition {chosen}; it has {count}", self.topic.name))
    }

    async fn add(
        &mut self,
        cluster: &mut Cluster,
        partition: i32,
        record: NewRecord,
    ) -> Result<(), Failure> {
        let size = record.size();
        if self.pending_bytes.saturating_add(size) > BATCH_BYTES {
            self.flush(cluster).await?;
        }
        self.pending_bytes += size;
        self.pending.entry(partition).or_default().push(record);
        Ok(())
    }

    /// Sends what was collected.
    async fn flush(&mut self, cluster: &mut Cluster) -> Result<(), Failure> {
        self.pending_bytes = 0;
        for (partition, records) in std::mem::take(&mut self.pending) {
            match cluster.produce(&self.topic.name, partition, &records).await {
                Ok(_) => self.sent += records.len(),
                Err(error @ KafkaError::OutcomeUnknown { .. }) => {
                    let sent = self.sent;
                    let message = format!("{error}; records written for sure: {sent}");
                    return Err(Failure::new(exit::PARTLY, message));
                }
                Err(error) => {
                    return Err(self.stopped(&error.to_string(), exit::REGISTRY, Ok(())));
                }
            }
        }
        Ok(())
    }

    /// Why nothing more is sent, and how much was.
    fn stopped(&self, reason: &str, code: u8, flushed: Result<(), Failure>) -> Failure {
        match (flushed, self.sent) {
            (Err(failure), _) => failure,
            (Ok(()), 0) => Failure::new(code, format!("{reason}; nothing was written")),
            (Ok(()), sent) => {
                Failure::new(exit::PARTLY, format!("{reason}; records written until then: {sent}"))
            }
        }
    }
}

fn side(hex: Option<&str>, json: &Json, writer: &Writer) -> Result<Option<Vec<u8>>, String> {
    match hex {
        Some(hex) => from_hex(hex).map(Some).ok_or_else(|| format!("'{hex}' is not hex")),
        None => writer.bytes(json),
    }
}

fn header_of(header: HeaderLine) -> Result<Header, String> {
    let HeaderLine { name, value, value_hex } = header;
    let value = match value_hex {
        Some(hex) => {
            Some(from_hex(&hex).ok_or_else(|| format!("header {name}: '{hex}' is not hex"))?)
        }
        None => value.map(String::into_bytes),
    };
    Ok(Header { name, value: value.map(Bytes::from) })
}

/// RFC 3339, or milliseconds since the epoch.
fn time_of(time: &Json) -> Result<i64, String> {
    let text = time.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let known = text.map(|time| time.timestamp_millis()).or(time.as_i64());
    known.ok_or_else(|| format!("timestamp {time} is no time; it takes 2026-11-27T08:00:00Z"))
}

/// Finds out how keys and values are written.
struct Writers<'a> {
    args: &'a ProduceArgs,
    globals: &'a Globals,
    table: &'a RegistryTable,
}

impl Writers<'_> {
    async fn key(&self) -> Result<Writer, Failure> {
        let Self { args, globals, table } = self;
        match args.key {
            Some(Writing::Json) => Ok(Writer::Json),
            Some(Writing::Text) => Ok(Writer::Text),
            Some(Writing::Hex) => Ok(Writer::Hex),
            Some(Writing::Schema) => {
                let builder = AnySerializer::builder(&args.registry.client(globals, table)?);
                let builder = builder.key().topic(&args.topic).associated_subject(None);
                serializer(builder, &args.topic).await
            }
            // Values have no key, and without a registry there is no schema for one.
            None if args.lines == Lines::Values || !args.registry.is_named(table) => {
                Ok(Writer::Text)
            }
            None => {
                let client = args.registry.client(globals, table)?;
                let builder = AnySerializer::builder(&client).key().topic(&args.topic);
                match builder.associated_subject(None).build().await {
                    Ok(serializer) => Ok(Writer::Schema(Box::new(serializer))),
                    Err(error) if is_not_found(&error) => Ok(Writer::Text),
                    Err(error) => Err(Failure::new(exit::REGISTRY, error)),
                }
            }
        }
    }

    async fn value(&self) -> Result<Writer, Failure> {
        let Self { args, globals, table } = self;
        match args.value {
            Writing::Json => return Ok(Writer::Json),
            Writing::Text => return Ok(Writer::Text),
            Writing::Hex => return Ok(Writer::Hex),
            Writing::Schema => {}
        }
        let client = args.registry.client(globals, table)?;
        let mut builder = AnySerializer::builder(&client);
        builder = match &args.subject {
            None => builder.topic(&args.topic).associated_subject(None),
            Some(named) => {
                let found = named_version(&client, named).await?;
                let source = SchemaSource::Id { id: found.id, strict: false };
                builder.subject(&found.subject).source(source)
            }
        };
        if let Some(message) = &args.message {
            builder = builder.message(message);
        }
        serializer(builder, &args.topic).await
    }
}

async fn serializer(builder: AnySerializerBuilder, topic: &str) -> Result<Writer, Failure> {
    match builder.build().await {
        Ok(serializer) => Ok(Writer::Schema(Box::new(serializer))),
        Err(error) if is_not_found(&error) => {
            let message = format!(
                "{error}. Register a schema for topic '{topic}', name another subject with --as, or \
                 write without a schema: --value json"
            );
            Err(Failure::new(exit::REGISTRY, message))
        }
        Err(error) => Err(Failure::new(exit::REGISTRY, error)),
    }
}

fn is_not_found(error: &Error) -> bool {
    let Error::Registry(error) = error else { return false };
    error.error_code().is_some_and(|code| NOT_FOUND.contains(&code))
}
