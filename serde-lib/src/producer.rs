//! [`SerializingProducer`]: sends typed keys and values to Kafka.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer};
use tokio::sync::OnceCell;

use crate::Error;
use crate::consumer::RecordError;
use crate::kafka::{Unset, blocking};
use crate::rules::{Loads, RuleFailure};
use crate::serializer::Serializer;
use crate::wire_format::Side;

/// How long to wait before a full queue is tried again.
const QUEUE_RETRY: Duration = Duration::from_millis(10);

/// How long a record that is set aside may wait for room in the queue.
const DEAD_LETTER_WAIT: Duration = Duration::from_secs(30);

thread_local! {
    /// Where records are serialized; the Kafka client copies them out before it returns.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Serializes keys and values and hands them to librdkafka.
///
/// Every method may be called from many tasks at once.
pub struct SerializingProducer<KS, VS> {
    pub(crate) producer: FutureProducer,
    /// Set once the transactional id is this producer's.
    pub(crate) transactions: OnceCell<()>,
    key: KS,
    value: VS,
}

impl<KS, VS> fmt::Debug for SerializingProducer<KS, VS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerializingProducer")
    }
}

impl SerializingProducer<Unset, Unset> {
    /// Settings for a producer to the brokers at `bootstrap` (`host:port`, several with commas).
    pub fn builder(bootstrap: impl Into<String>) -> SerializingProducerBuilder<Unset, Unset> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        Self::with_config(config)
    }

    /// Settings for a producer with these properties of librdkafka, `bootstrap.servers` among them.
    pub fn with_config(config: ClientConfig) -> SerializingProducerBuilder<Unset, Unset> {
        SerializingProducerBuilder { config, key: Unset, value: Unset }
    }
}

/// Settings of a [`SerializingProducer`].
pub struct SerializingProducerBuilder<KS, VS> {
    config: ClientConfig,
    key: KS,
    value: VS,
}

impl<KS, VS> fmt::Debug for SerializingProducerBuilder<KS, VS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerializingProducerBuilder") // the configuration may hold passwords
    }
}

impl<KS, VS> SerializingProducerBuilder<KS, VS> {
    /// A configuration property of librdkafka, such as `linger.ms`.
    #[must_use]
    pub fn set(mut self, property: &str, value: impl Into<String>) -> Self {
        self.config.set(property, value);
        self
    }

    /// How keys are serialized; [`crate::PlainText`] for keys without a schema.
    #[must_use]
    pub fn key<S>(self, serializer: S) -> SerializingProducerBuilder<S, VS> {
        SerializingProducerBuilder { config: self.config, key: serializer, value: self.value }
    }

    /// How values are serialized.
    #[must_use]
    pub fn value<S>(self, serializer: S) -> SerializingProducerBuilder<KS, S> {
        SerializingProducerBuilder { config: self.config, key: self.key, value: serializer }
    }

    /// Makes the producer. Brokers are connected to in the background.
    pub fn build(self) -> Result<SerializingProducer<KS, VS>, Error> {
        let producer = self.config.create()?;
        let transactions = OnceCell::new();
        Ok(SerializingProducer { producer, transactions, key: self.key, value: self.value })
    }
}

/// A record to be sent. Without a value it is a tombstone.
#[derive(Debug)]
pub struct Record<'a, K, V> {
    topic: &'a str,
    key: Option<&'a K>,
    value: Option<&'a V>,
    headers: Vec<(&'a str, Option<&'a [u8]>)>,
    partition: Option<i32>,
    timestamp_ms: Option<i64>,
}

impl<'a, K, V> Record<'a, K, V> {
    /// A record for `topic` with neither key nor value yet.
    pub fn to(topic: &'a str) -> Self {
        let headers = Vec::new();
        Self { topic, key: None, value: None, headers, partition: None, timestamp_ms: None }
    }

    /// The key; records of one key go to one partition.
    #[must_use]
    pub fn key(mut self, key: &'a K) -> Self {
        self.key = Some(key);
        self
    }

    /// The value; `None` makes a tombstone.
    #[must_use]
    pub fn value(mut self, value: impl Into<Option<&'a V>>) -> Self {
        self.value = value.into();
        self
    }

    /// Adds a header; names may repeat.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: impl Into<Option<&'a [u8]>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The partition; by default the key chooses.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Milliseconds since the epoch; by default the time of sending.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp: i64) -> Self {
        self.timestamp_ms = Some(timestamp);
        self
    }
}

/// Where a record ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The partition that the record is in.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
}

/// The report of a queued record, to be awaited.
#[must_use = "a record may still fail after it was queued"]
pub struct PendingDelivery {
    report: DeliveryFuture,
}

impl fmt::Debug for PendingDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingDelivery")
    }
}

impl Future for PendingDelivery {
    type Output = Result<Delivery, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.report).poll(context)) {
            Ok(Ok(report)) => Ok(Delivery { partition: report.partition, offset: report.offset }),
            Ok(Err((error, _message))) => Err(error.into()),
            Err(_) => Err(KafkaError::Canceled.into()),
        })
    }
}

impl<KS, VS> SerializingProducer<KS, VS> {
    /// Sends a record and waits for the broker's word.
    ///
    /// A record that a rule does not pass is an [`Error::Rule`]; if the rule's action is `DLQ`, the
    /// record was set aside in the topic that the rule names before that is returned.
    pub async fn send<K, V>(&self, record: Record<'_, K, V>) -> Result<Delivery, Error>
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        self.enqueue(record).await?.await
    }

    /// Queues a record, waiting only while the queue is full; its report is awaited apart. This
    /// is how many records are sent at once.
    pub async fn enqueue<K, V>(&self, record: Record<'_, K, V>) -> Result<PendingDelivery, Error>
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        check_binding(&self.key, Side::Key, record.topic)?;
        check_binding(&self.value, Side::Value, record.topic)?;
        let mut loads = Loads::default();
        loop {
            match self.try_enqueue(&record) {
                Ok(Some(report)) => return Ok(PendingDelivery { report }),
                Ok(None) => tokio::time::sleep(QUEUE_RETRY).await,
                Err(error) => {
                    let Err(error) = loads.load(error).await else { continue };
                    return Err(self.set_aside(&record, error).await);
                }
            }
        }
    }

    /// Sends a record that a rule wants in another topic there; gives the error to return.
    async fn set_aside<K, V>(&self, record: &Record<'_, K, V>, error: Error) -> Error
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        let Error::Rule(failure) = &error else { return error };
        let Some(letter) = &failure.dead_letter else { return error };
        let mut key = Vec::new();
        let written = record.key.map(|value| self.key.serialize_into(value, &mut key));
        // If the key itself failed, it is what is set aside.
        let (key, value) = match written {
            None => (None, letter.body.as_deref()),
            Some(Ok(())) => (Some(&key[..]), letter.body.as_deref()),
            Some(Err(_)) => (letter.body.as_deref(), None),
        };
        let headers = record.headers.iter().copied();
        match self.send_letter((key, value), headers, record.topic, failure).await {
            Ok(_) => error,
            Err(failed) => failed,
        }
    }

    /// Sets a received record aside as it came, in the topic that the rule names which did not
    /// pass it. None if no rule wants that.
    pub async fn send_dead_letter(&self, error: &RecordError) -> Result<Option<Delivery>, Error> {
        let Error::Rule(failure) = &error.error else { return Ok(None) };
        if failure.dead_letter.is_none() {
            return Ok(None);
        }
        let raw = &error.raw;
        let content = (raw.key(), raw.value());
        self.send_letter(content, raw.headers(), raw.topic(), failure).await.map(Some)
    }

    async fn send_letter<'h>(
        &self,
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        headers: impl Iterator<Item = (&'h str, Option<&'h [u8]>)>,
        topic: &str,
        failure: &RuleFailure,
    ) -> Result<Delivery, Error> {
        let target = failure.dead_letter.as_ref().map(|letter| letter.topic.as_str());
        let target = target.unwrap_or_default();
        let exception = failure.error.to_string();
        let told = [
            ("__rule.name", failure.rule.as_str()),
            ("__rule.mode", failure.mode.as_str()),
            ("__rule.subject", failure.subject.as_str()),
            ("__rule.topic", topic),
            ("__rule.exception", exception.as_str()),
        ];
        let headers = headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value })
        });
        let headers = told.into_iter().fold(headers, |headers, (key, text)| {
            headers.insert(Header { key, value: Some(text) })
        });
        let mut letter = FutureRecord::<[u8], [u8]>::to(target).headers(headers);
        (letter.key, letter.payload) = (key, value);
        match self.producer.send(letter, DEAD_LETTER_WAIT).await {
            Ok(report) => Ok(Delivery { partition: report.partition, offset: report.offset }),
            Err((error, _)) => {
                let Error::Kafka { reason, is_retriable } = Error::from(error) else {
                    return Err(Error::Rule(Box::new(failure.clone())));
                };
                let reason = format!("{failure}; setting it aside in '{target}' failed: {reason}");
                Err(Error::Kafka { reason, is_retriable })
            }
        }
    }

    /// Serializes and queues; `None` when the queue is full.
    fn try_enqueue<K, V>(&self, record: &Record<'_, K, V>) -> Result<Option<DeliveryFuture>, Error>
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        let mut scratch = SCRATCH.take();
        scratch.clear();
        let queued = self.serialize(record, &mut scratch).and_then(|key_len| {
            let (key, value) = scratch.split_at(key_len);
            let mut out = FutureRecord::<[u8], [u8]>::to(record.topic);
            out.key = record.key.map(|_| key);
            out.payload = record.value.map(|_| value);
            out.partition = record.partition;
            out.timestamp = record.timestamp_ms;
            out.headers = self.headers(record);
            match self.producer.send_result(out) {
                Ok(report) => Ok(Some(report)),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(None),
                Err((error, _)) => Err(error.into()),
            }
        });
        SCRATCH.set(scratch);
        queued
    }

    /// Writes key and value behind each other and returns where the key ends.
    fn serialize<K, V>(&self, record: &Record<'_, K, V>, out: &mut Vec<u8>) -> Result<usize, Error>
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        if let Some(key) = record.key {
            self.key.serialize_into(key, out)?;
        }
        let key_len = out.len();
        if let Some(value) = record.value {
            self.value.serialize_into(value, out)?;
        }
        Ok(key_len)
    }

    fn headers<K, V>(&self, record: &Record<'_, K, V>) -> Option<OwnedHeaders>
    where
        KS: Serializer<K>,
        VS: Serializer<V>,
    {
        let key = record.key.and_then(|_| self.key.schema_id_header());
        let value = record.value.and_then(|_| self.value.schema_id_header());
        let schema_ids = key.into_iter().chain(value);
        let schema_ids = schema_ids.map(|(name, bytes)| (name, Some(&bytes[..])));
        let mut all = record.headers.iter().copied().chain(schema_ids).peekable();
        all.peek()?;
        Some(all.fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value })
        }))
    }

    /// Waits until every queued record was delivered or has failed.
    pub async fn flush(&self, timeout: Duration) -> Result<(), Error> {
        let producer = self.producer.clone();
        blocking(move || producer.flush(timeout)).await
    }

    /// Flushes and ends the producer. Records that are still queued after `timeout` fail with
    /// their reports, and the error says how many there were.
    pub async fn close(self, timeout: Duration) -> Result<(), Error> {
        self.flush(timeout).await.map_err(|error| match error {
            Error::Kafka { reason, is_retriable } => Error::Kafka {
                reason: format!(
                    "{reason}; {} records not delivered",
                    self.producer.in_flight_count()
                ),
                is_retriable,
            },
            error => error,
        })
    }
}

/// A serializer whose schema was chosen for another topic or side would write under the wrong
/// subject, which only a reader would notice.
fn check_binding<T>(serializer: &impl Serializer<T>, side: Side, topic: &str) -> Result<(), Error> {
    let Some(binding) = serializer.binding() else { return Ok(()) };
    if let Some(bound) = binding.topic().filter(|bound| *bound != topic) {
        let hint = format!("the {side:?} serializer was built for topic {bound}, not {topic}");
        return Err(Error::Config(hint));
    }
    match binding.side() {
        bound if bound != side => {
            Err(Error::Config(format!("a {bound:?} serializer is used for the {side:?}")))
        }
        _ => Ok(()),
    }
}
