//! A broker in a directory of its own, and a client that can send anything.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{
    ApiKey, CreateTopicsRequest, CreateTopicsResponse, ProduceRequest, RequestHeader, TopicName,
    produce_request,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use levada_kafka_wire::record_batch::BatchBuilder;
use levada_log_broker::{Broker, BrokerConfig, Limits, RunningBroker};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// After this a test has failed; no test waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Rig {
    pub(crate) running: RunningBroker,
    pub(crate) directory: TempDir,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let running = start(&directory, limits).await;
        Self { running, directory }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.running.local_addr()).await
    }

    /// Stops cleanly and starts again on the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| ()).await
    }

    /// As [`Self::restart`]; `meanwhile` gets the data directory of the stopped broker.
    pub(crate) async fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.running.shutdown().await;
        meanwhile(&self.directory.path().join("log"));
        let running = start(&self.directory, Limits::default()).await;
        Self { running, directory: self.directory }
    }
}

async fn start(directory: &TempDir, limits: Limits) -> RunningBroker {
    let cleaner_backoff = Duration::from_millis(20);
    let config = BrokerConfig { limits, cleaner_backoff, ..BrokerConfig::default() };
    let builder = Broker::builder().data_dir(directory.path().join("log")).listen("127.0.0.1:0");
    builder.config(config).start().await.unwrap()
}

pub(crate) struct Client {
    stream: TcpStream,
    correlation_id: i32,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), correlation_id: 0 }
    }

    pub(crate) async fn call<Q: Encodable, A: Decodable>(
        &mut self,
        key: ApiKey,
        version: i16,
        request: &Q,
    ) -> A {
        let id = self.send(key, version, request).await;
        let answer = self.receive(key, version).await.expect("an answer");
        assert_eq!(answer.0, id, "answers come in the order of the requests");
        answer.1
    }

    /// Sends without waiting; answers with the correlation id.
    pub(crate) async fn send<Q: Encodable>(
        &mut self,
        key: ApiKey,
        version: i16,
        request: &Q,
    ) -> i32 {
        self.correlation_id += 1;
        let frame = frame(key, version, self.correlation_id, request);
        self.send_raw(&frame).await;
        self.correlation_id
    }

    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next answer and its correlation id; `None` when the broker has closed instead.
    pub(crate) async fn receive<A: Decodable>(
        &mut self,
        key: ApiKey,
        version: i16,
    ) -> Option<(i32, A)> {
        let mut frame = self.receive_raw().await?;
        let id = frame.get_i32();
        if key.response_header_version(version) >= 1 {
            assert_eq!(frame.get_u8(), 0, "no tagged fields in the header");
        }
        let answer = A::decode(&mut frame, version).unwrap();
        assert!(frame.is_empty(), "the answer ends with its frame");
        Some((id, answer))
    }

    pub(crate) async fn receive_raw(&mut self) -> Option<Bytes> {
        let length = timeout(DEADLINE, self.stream.read_u32()).await;
        let length = length.expect("an answer or the end of the connection").ok()?;
        self.receive_rest(length).await
    }

    /// How long the next answer is.
    pub(crate) async fn receive_length(&mut self) -> u32 {
        timeout(DEADLINE, self.stream.read_u32()).await.expect("an answer").unwrap()
    }

    /// An answer whose length has been received; `None` when the broker closes within it.
    pub(crate) async fn receive_rest(&mut self, length: u32) -> Option<Bytes> {
        let mut frame = vec![0; usize::try_from(length).unwrap()];
        let read = timeout(DEADLINE, self.stream.read_exact(&mut frame)).await;
        read.expect("an answer or the end of the connection").ok()?;
        Some(Bytes::from(frame))
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        self.receive_raw().await.is_none()
    }

    pub(crate) async fn create_topic(&mut self, name: &str, configs: &[(&str, &str)]) {
        let configs = configs.iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        let topic = CreatableTopic::default()
            .with_name(topic_name(name))
            .with_num_partitions(1)
            .with_replication_factor(1)
            .with_configs(configs.collect());
        let request = CreateTopicsRequest::default().with_topics(vec![topic]);
        let answer: CreateTopicsResponse = self.call(ApiKey::CreateTopics, 7, &request).await;
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
    }
}

pub(crate) fn frame<Q: Encodable>(key: ApiKey, version: i16, id: i32, request: &Q) -> Bytes {
    let header = RequestHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_correlation_id(id)
        .with_client_id(Some(text("test")));
    let mut frame = BytesMut::zeroed(4);
    header.encode(&mut frame, key.request_header_version(version)).unwrap();
    request.encode(&mut frame, version).unwrap();
    let length = u32::try_from(frame.len() - 4).unwrap();
    (&mut frame[..4]).put_u32(length);
    frame.freeze()
}

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// One batch of these values, now.
pub(crate) fn batch(values: &[&str]) -> BatchBuilder {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now_ms = i64::try_from(now.as_millis()).unwrap();
    let builder = BatchBuilder::new();
    values.iter().fold(builder, |builder, value| {
        builder.record(now_ms, Some(b"key"), Some(value.as_bytes()))
    })
}

/// Everything for partition 0 of one topic.
pub(crate) fn produce(topic: &str, acks: i16, records: Option<Bytes>) -> ProduceRequest {
    let partition = produce_request::PartitionProduceData::default().with_records(records);
    let topic = produce_request::TopicProduceData::default()
        .with_name(topic_name(topic))
        .with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(30_000).with_topic_data(vec![topic])
}

/// Name to value, as `DescribeConfigs` and `CreateTopics` answer them.
pub(crate) fn config_map<'a>(
    entries: impl Iterator<Item = (&'a StrBytes, &'a Option<StrBytes>)>,
) -> BTreeMap<String, String> {
    entries.map(|(name, value)| (name.to_string(), value.as_deref().unwrap().to_owned())).collect()
}
