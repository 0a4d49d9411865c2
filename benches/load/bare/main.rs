//! As little as a broker can be, to compare with: `levada-bare-broker FOLDER HOST:PORT [fsync]`.
//!
//! A thread a connection, blocking sockets, header and checksum of each batch checked, one `pwritev`,
//! with `fsync` one `fdatasync` before every answer. No groups, producer state, retention, recovery,
//! limits: what it reaches is a ceiling. Serves until it is killed.

mod control;
mod partition;

use std::io::{BufReader, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ApiKey, FetchRequest, ProduceResponse, TopicName};
use kafka_protocol::protocol::{Encodable, StrBytes};
use levada_kafka_wire::decode::decode;
use levada_kafka_wire::fetch::{FetchResponse, FetchedPartition, FetchedTopic, Piece};
use levada_kafka_wire::frame::{RequestHeader, frame_length, has_tagged_response_header};
use levada_kafka_wire::produce::ProduceRequest;

use crate::partition::Partitions;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const FRAME_BYTES_MAX: usize = 100 << 20;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(listen)) = (words.next(), words.next()) else {
        return Err("usage: levada-bare-broker FOLDER HOST:PORT [fsync]".into());
    };
    let is_synced = words.next().is_some_and(|word| word == "fsync");
    let partitions = Arc::new(Partitions::new(PathBuf::from(folder), is_synced));
    let listener = TcpListener::bind(listen)?;
    writeln!(std::io::stdout(), "kafka {}\nready", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let (stream, partitions) = (stream?, Arc::clone(&partitions));
        std::thread::spawn(move || {
            if let Err(failure) = serve(&stream, &partitions) {
                let _ = writeln!(std::io::stderr(), "levada-bare-broker: {failure}");
            }
        });
    }
    Ok(())
}

/// One request after the other, until the peer closes.
fn serve(mut stream: &TcpStream, partitions: &Partitions) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let port = stream.local_addr()?.port();
    let mut reader = BufReader::with_capacity(16 << 10, stream);
    loop {
        let mut prefix = [0; 4];
        if reader.read_exact(&mut prefix).is_err() {
            return Ok(());
        }
        let length = frame_length(prefix, FRAME_BYTES_MAX)?;
        let mut frame = Vec::with_capacity(length);
        Read::by_ref(&mut reader).take(length.try_into()?).read_to_end(&mut frame)?;
        let frame = Bytes::from(frame);
        let header = RequestHeader::read(&frame)?;
        let body = frame.slice(header.header_bytes..);
        let pieces = match ApiKey::try_from(header.api_key) {
            Ok(ApiKey::Produce) => produce(partitions, &header, &body)?,
            Ok(ApiKey::Fetch) => Some(fetch(partitions, &header, &body)?),
            _ => Some(vec![control::answer(partitions, port, &header, &body)?]),
        };
        if let Some(pieces) = pieces {
            write(&mut stream, &header, &pieces)?;
        }
    }
}

fn produce(
    partitions: &Partitions,
    header: &RequestHeader,
    body: &Bytes,
) -> Result<Option<Vec<Bytes>>, Failure> {
    let request = ProduceRequest::read(body, header.api_version)?;
    let mut topics = Vec::new();
    for topic in &request.topics {
        let name = std::str::from_utf8(&topic.name)?;
        let mut answers = Vec::new();
        for asked in &topic.partitions {
            let batch = asked.records.as_deref().unwrap_or_default();
            let base_offset = partitions.get(name, asked.index)?.append(batch)?;
            let answer = PartitionProduceResponse::default().with_index(asked.index);
            answers.push(answer.with_base_offset(base_offset).with_log_start_offset(0));
        }
        let name = TopicName(StrBytes::from_string(name.to_owned()));
        let answer = TopicProduceResponse::default().with_name(name);
        topics.push(answer.with_partition_responses(answers));
    }
    if request.acks == 0 {
        return Ok(None);
    }
    let response = ProduceResponse::default().with_responses(topics);
    Ok(Some(vec![encode(&response, header.api_version)?]))
}

fn fetch(
    partitions: &Partitions,
    header: &RequestHeader,
    body: &Bytes,
) -> Result<Vec<Bytes>, Failure> {
    let request: FetchRequest = decode(ApiKey::Fetch, header.api_version, body)?;
    let wait = Duration::from_millis(request.max_wait_ms.try_into()?);
    let deadline = Instant::now() + wait;
    let topics = loop {
        let seen = partitions.appends();
        let (mut topics, mut bytes) = (Vec::new(), 0);
        for topic in &request.topics {
            let mut fetched = Vec::new();
            for asked in &topic.partitions {
                let partition = partitions.get(&topic.topic, asked.partition)?;
                let max = usize::try_from(asked.partition_max_bytes)?;
                let (records, end) = partition.read(asked.fetch_offset, max)?;
                bytes += records.len();
                let none = FetchedPartition::failed(asked.partition, 0);
                fetched.push(FetchedPartition {
                    high_watermark: end,
                    last_stable_offset: end,
                    log_start_offset: 0,
                    records: Some(records),
                    ..none
                });
            }
            let name = topic.topic.0.clone().into_bytes();
            topics.push(FetchedTopic { name, id: [0; 16], partitions: fetched });
        }
        let is_enough = bytes >= usize::try_from(request.min_bytes)?;
        if is_enough || !partitions.wait_for_append(seen, deadline) {
            break topics;
        }
    };
    let response = FetchResponse { error_code: 0, session_id: 0, topics };
    let pieces = response.encode(header.api_version).into_iter();
    Ok(pieces.map(|(Piece::Fields(bytes) | Piece::Records(bytes))| bytes).collect())
}

fn encode<R: Encodable>(response: &R, version: i16) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    response.encode(&mut body, version)?;
    Ok(body.freeze())
}

fn write(stream: &mut impl Write, header: &RequestHeader, pieces: &[Bytes]) -> Result<(), Failure> {
    let is_tagged = has_tagged_response_header(header.api_key, header.api_version);
    let body: usize = pieces.iter().map(Bytes::len).sum();
    let mut head = BytesMut::new();
    head.put_i32(i32::try_from(4 + usize::from(is_tagged) + body)?);
    head.put_i32(header.correlation_id);
    head.put_bytes(0, is_tagged.into());
    let mut slices = vec![IoSlice::new(&head)];
    slices.extend(pieces.iter().map(|piece| IoSlice::new(piece)));
    let mut left = &mut slices[..];
    while !left.is_empty() {
        let written = stream.write_vectored(left)?;
        IoSlice::advance_slices(&mut left, written);
    }
    Ok(())
}
