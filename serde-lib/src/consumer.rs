//! [`DeserializingConsumer`]: receives typed keys and values from Kafka.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use rdkafka::consumer::{CommitMode, Consumer, ConsumerGroupMetadata, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::sync::Mutex;

use crate::Error;
use crate::handed_out::{HandedOut, Positions};
use crate::kafka::{Unset, blocking, is_passing};
use crate::serializer::{Deserializer, deserialize_or_load};
use crate::wire_format::Side;

/// Longest wait until partitions go back to an earlier record; nothing is asked over the network.
const SEEKING: Duration = Duration::from_secs(10);

/// What happens to a record that can never be read ([`Error::is_poison`]).
///
/// Other failures, such as a registry that does not answer, are returned under either policy,
/// and the record is tried again by the next [`DeserializingConsumer::recv`].
#[derive(Clone, Default)]
pub enum ErrorPolicy {
    /// It is returned as [`ReceiveError::Record`]; the next call goes on behind it.
    #[default]
    Fail,
    /// It is shown to the function and passed over.
    Skip(Arc<dyn Fn(&RecordError) + Send + Sync>),
}

impl ErrorPolicy {
    /// Passes over records that cannot be read, after `note` has seen each.
    pub fn skip(note: impl Fn(&RecordError) + Send + Sync + 'static) -> Self {
        Self::Skip(Arc::new(note))
    }
}

impl fmt::Debug for ErrorPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "Fail",
            Self::Skip(_) => "Skip",
        })
    }
}

/// Why no record could be received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The Kafka client or the registry failed; no record was lost.
    #[error(transparent)]
    Client(#[from] Error),
    /// A record came that can never be read.
    #[error(transparent)]
    Record(Box<RecordError>),
}

impl ReceiveError {
    /// Whether receiving again later may succeed.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Client(error) => error.is_retriable(),
            Self::Record(_) => false,
        }
    }
}

/// A record that cannot be read, with everything needed to set it aside.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {side:?} of {}[{}]@{} cannot be read: {error}",
    raw.topic(), raw.partition(), raw.offset()
)]
pub struct RecordError {
    /// The half that cannot be read.
    pub side: Side,
    /// Why.
    #[source]
    pub error: Error,
    /// The record as it came.
    pub raw: RawRecord,
}

/// A record as the broker sent it.
pub struct RawRecord(OwnedMessage);

impl RawRecord {
    /// The topic it was read from.
    pub fn topic(&self) -> &str {
        self.0.topic()
    }

    /// The partition within the topic.
    pub fn partition(&self) -> i32 {
        self.0.partition()
    }

    /// The offset within the partition.
    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    /// Milliseconds since the epoch, set by the producer or by the broker.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.0.timestamp().to_millis()
    }

    /// The key's bytes, frame included.
    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// The value's bytes, frame included; `None` is a tombstone.
    pub fn value(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    /// All headers in order; a name may repeat and a value may be null.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let headers = self.0.headers().map(OwnedHeaders::iter);
        headers.into_iter().flatten().map(|header| (header.key, header.value))
    }

    /// The last header of this name, unless it is null.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let named = self.headers().filter(|(key, _)| *key == name);
        named.last().and_then(|(_, value)| value)
    }
}

impl fmt::Debug for RawRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]@{}", self.topic(), self.partition(), self.offset())
    }
}

/// A received record.
#[derive(Debug)]
pub struct Message<K, V> {
    /// `None` when the record has no key.
    pub key: Option<K>,
    /// `None` is a tombstone.
    pub value: Option<V>,
    /// Topic, partition, offset, headers and the bytes as they came.
    pub raw: RawRecord,
}

/// Receives records and reads their keys and values.
pub struct DeserializingConsumer<KD, VD> {
    consumer: Arc<StreamConsumer<HandedOut>>,
    key: KD,
    value: VD,
    on_error: ErrorPolicy,
    /// The record being read. It stays here while the registry is asked, so that neither a
    /// failure nor a caller that stops waiting loses it.
    current: Mutex<Option<RawRecord>>,
}

impl<KD, VD> fmt::Debug for DeserializingConsumer<KD, VD> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeserializingConsumer")
            .field("on_error", &self.on_error)
            .finish_non_exhaustive()
    }
}

impl DeserializingConsumer<Unset, Unset> {
    /// Settings for a member of consumer group `group` on the brokers at `bootstrap`.
    pub fn builder(
        bootstrap: impl Into<String>,
        group: impl Into<String>,
    ) -> DeserializingConsumerBuilder<Unset, Unset> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("group.id", group);
        Self::with_config(config)
    }

    /// Settings for a consumer with these properties of librdkafka, `bootstrap.servers` and
    /// `group.id` among them.
    pub fn with_config(config: ClientConfig) -> DeserializingConsumerBuilder<Unset, Unset> {
        let on_error = ErrorPolicy::Fail;
        DeserializingConsumerBuilder { config, key: Unset, value: Unset, on_error }
    }
}

/// Settings of a [`DeserializingConsumer`].
pub struct DeserializingConsumerBuilder<KD, VD> {
    config: ClientConfig,
    key: KD,
    value: VD,
    on_error: ErrorPolicy,
}

impl<KD, VD> fmt::Debug for DeserializingConsumerBuilder<KD, VD> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeserializingConsumerBuilder") // the configuration may hold passwords
    }
}

impl<KD, VD> DeserializingConsumerBuilder<KD, VD> {
    /// A configuration property of librdkafka, such as `auto.offset.reset`.
    ///
    /// `enable.auto.offset.store` is always off: this consumer stores an offset when it hands
    /// the record out, so that automatic commits never pass a record still being read.
    #[must_use]
    pub fn set(mut self, property: &str, value: impl Into<String>) -> Self {
        self.config.set(property, value);
        self
    }

    /// How keys are read; [`crate::PlainText`] for keys without a schema.
    #[must_use]
    pub fn key<D>(self, deserializer: D) -> DeserializingConsumerBuilder<D, VD> {
        let Self { config, value, on_error, .. } = self;
        DeserializingConsumerBuilder { config, key: deserializer, value, on_error }
    }

    /// How values are read.
    #[must_use]
    pub fn value<D>(self, deserializer: D) -> DeserializingConsumerBuilder<KD, D> {
        let Self { config, key, on_error, .. } = self;
        DeserializingConsumerBuilder { config, key, value: deserializer, on_error }
    }

    /// What happens to records that cannot be read; the default is [`ErrorPolicy::Fail`].
    #[must_use]
    pub fn on_error(mut self, policy: ErrorPolicy) -> Self {
        self.on_error = policy;
        self
    }

    /// Makes the consumer and subscribes it. The group is joined in the background.
    pub fn subscribe(mut self, topics: &[&str]) -> Result<DeserializingConsumer<KD, VD>, Error> {
        self.config.set("enable.auto.offset.store", "false");
        let consumer: StreamConsumer<HandedOut> =
            self.config.create_with_context(HandedOut::default())?;
        consumer.subscribe(topics)?;
        Ok(DeserializingConsumer {
            consumer: Arc::new(consumer),
            key: self.key,
            value: self.value,
            on_error: self.on_error,
            current: Mutex::new(None),
        })
    }
}

impl<KD, VD> DeserializingConsumer<KD, VD> {
    /// The next record. Dropping the call before it returns loses nothing.
    ///
    /// Brokers that are away, leaders that move and groups that rebalance are waited for, as long as
    /// it takes: librdkafka logs them and goes on by itself.
    pub async fn recv<K, V>(&self) -> Result<Message<K, V>, ReceiveError>
    where
        KD: Deserializer<K>,
        VD: Deserializer<V>,
    {
        let mut current = self.current.lock().await;
        loop {
            if current.is_none() {
                match self.consumer.recv().await {
                    Ok(message) => *current = Some(RawRecord(message.detach())),
                    Err(error) if error.rdkafka_error_code().is_some_and(is_passing) => {}
                    Err(error) => return Err(Error::from(error).into()),
                }
            }
            let Some(raw) = current.as_ref() else { continue };
            let read = self.read(raw).await;
            if let Err((_, error)) = &read
                && !error.is_poison()
            {
                return Err(error.clone().into());
            }
            self.store_offset(raw)?;
            let Some(raw) = current.take() else { continue };
            self.consumer.context().note(&raw);
            match (read, &self.on_error) {
                (Ok((key, value)), _) => return Ok(Message { key, value, raw }),
                (Err((side, error)), ErrorPolicy::Fail) => {
                    return Err(ReceiveError::Record(Box::new(RecordError { side, error, raw })));
                }
                (Err((side, error)), ErrorPolicy::Skip(note)) => {
                    note(&RecordError { side, error, raw });
                }
            }
        }
    }

    /// The records as an endless stream.
    pub fn stream<K, V>(&self) -> impl Stream<Item = Result<Message<K, V>, ReceiveError>>
    where
        KD: Deserializer<K>,
        VD: Deserializer<V>,
    {
        futures_util::stream::unfold(self, async |consumer| Some((consumer.recv().await, consumer)))
    }

    async fn read<K, V>(&self, raw: &RawRecord) -> Result<(Option<K>, Option<V>), (Side, Error)>
    where
        KD: Deserializer<K>,
        VD: Deserializer<V>,
    {
        let key = read_side(&self.key, Side::Key, raw.key(), raw).await?;
        let value = read_side(&self.value, Side::Value, raw.value(), raw).await?;
        Ok((key, value))
    }

    /// Marks the record as handed out, for automatic commits and [`Self::commit_received`].
    fn store_offset(&self, raw: &RawRecord) -> Result<(), Error> {
        match self.consumer.store_offset(raw.topic(), raw.partition(), raw.offset()) {
            // The partition was taken away meanwhile: its new owner will get the record again.
            Err(KafkaError::StoreOffset(RDKafkaErrorCode::State)) => Ok(()),
            stored => Ok(stored?),
        }
    }

    /// Commits the group's position behind this record.
    pub async fn commit<K, V>(&self, message: &Message<K, V>) -> Result<(), Error> {
        let mut position = TopicPartitionList::new();
        let next = Offset::Offset(message.raw.offset() + 1);
        position.add_partition_offset(message.raw.topic(), message.raw.partition(), next)?;
        let consumer = Arc::clone(&self.consumer);
        blocking(move || consumer.commit(&position, CommitMode::Sync)).await
    }

    /// Commits the group's position behind every record received so far.
    pub async fn commit_received(&self) -> Result<(), Error> {
        let consumer = Arc::clone(&self.consumer);
        blocking(move || match consumer.commit_consumer_state(CommitMode::Sync) {
            // Nothing was received since the last commit.
            Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
            committed => committed,
        })
        .await
    }

    /// The positions behind what was handed out and no transaction has committed, and the group that
    /// they are of.
    ///
    /// Where a partition with such records was taken away, none of them can count: all are handed
    /// out once more, and the error is retriable.
    pub(crate) async fn positions(
        &self,
    ) -> Result<(TopicPartitionList, ConsumerGroupMetadata), Error> {
        let mut current = self.current.lock().await;
        let again = match self.consumer.context().positions()? {
            Positions::Behind(positions) => {
                let group = self.consumer.group_metadata();
                let missing = || Error::Config("the consumer is in no group".to_owned());
                return Ok((positions, group.ok_or_else(missing)?));
            }
            Positions::Again(again) => again,
        };
        if again.count() > 0 {
            let (consumer, wanted) = (Arc::clone(&self.consumer), again.clone());
            blocking(move || {
                let sought = consumer.seek_partitions(wanted, SEEKING)?;
                sought.elements().iter().try_for_each(TopicPartitionListElem::error)
            })
            .await?;
        }
        current.take_if(|raw| again.find_partition(raw.topic(), raw.partition()).is_some());
        self.consumer.context().forget();
        let reason = "a partition was taken away from this consumer after it had handed out records \
                      of it; abort the transaction, and receive again: what was not committed \
                      comes once more, to whoever has the partition now";
        Err(Error::Kafka { reason: reason.to_owned(), is_retriable: true })
    }

    /// What was handed out, for a transaction that is committed later.
    pub(crate) fn handed_out(&self) -> Arc<HandedOut> {
        Arc::clone(self.consumer.context())
    }

    /// Leaves the group, which gets its partitions back at once. Commits what was received only
    /// if `enable.auto.commit` is on (the default of librdkafka).
    pub async fn close(self) -> Result<(), Error> {
        let consumer = self.consumer;
        blocking(move || {
            drop(consumer);
            Ok(())
        })
        .await
    }
}

/// Reads one side; asks the registry for its schema when it is new.
async fn read_side<T>(
    deserializer: &impl Deserializer<T>,
    side: Side,
    payload: Option<&[u8]>,
    raw: &RawRecord,
) -> Result<Option<T>, (Side, Error)> {
    let Some(payload) = payload else { return Ok(None) };
    let header = raw.header(side.schema_id_header());
    let result = deserialize_or_load(deserializer, payload, header).await;
    result.map(Some).map_err(|error| (side, error))
}
