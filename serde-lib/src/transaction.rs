//! [`Transaction`]: records and a group's positions that count together or not at all.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, Producer};
use rdkafka::util::Timeout;

use crate::handed_out::HandedOut;
use crate::kafka::blocking;
use crate::{DeserializingConsumer, Error, SerializingProducer};

/// Longest wait for whoever holds the transactional id before; longer than a broker takes to end it.
const FENCING: Duration = Duration::from_mins(1);
/// How often an end is asked for while the broker says that it is busy with it.
const ATTEMPTS: usize = 5;

impl<KS, VS> SerializingProducer<KS, VS> {
    /// Begins a transaction: what is sent from here on counts once it is committed, for readers whose
    /// `isolation.level` is `read_committed` (the default of librdkafka). The producer needs the
    /// property `transactional.id`, which is one process's alone: whoever takes it over puts an end
    /// to the transaction of the one before.
    ///
    /// A producer has one transaction at a time.
    pub async fn begin_transaction(&self) -> Result<Transaction, Error> {
        let producer = self.producer.clone();
        let initialized = self.transactions.get_or_try_init(|| {
            let producer = producer.clone();
            blocking(move || producer.init_transactions(FENCING))
        });
        initialized.await?;
        producer.begin_transaction()?;
        Ok(Transaction { producer: Some(producer), positions: Mutex::default() })
    }
}

/// A transaction that is open. Dropped, it is aborted in the background.
#[must_use = "what was sent counts once the transaction is committed"]
pub struct Transaction {
    /// There until the end.
    producer: Option<FutureProducer>,
    /// What counts as read with it, by consumer.
    positions: Mutex<Vec<(Arc<HandedOut>, TopicPartitionList)>>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transaction")
    }
}

impl Transaction {
    /// Adds the position behind every record that `consumer` has handed out and no transaction has
    /// committed: with the transaction they count as read by its group, and without it not. That
    /// consumer commits nothing itself: its `enable.auto.commit` is to be `false`.
    ///
    /// After an error that is retriable the transaction is to be aborted. If the group took a
    /// partition of such records away, they are another member's to read, and `consumer` hands out
    /// all others once more: go on with [`DeserializingConsumer::recv`], and begin a new transaction.
    pub async fn add_positions<KD, VD>(
        &self,
        consumer: &DeserializingConsumer<KD, VD>,
    ) -> Result<(), Error> {
        let (positions, group) = consumer.positions().await?;
        let Some(producer) = self.producer.clone() else { return Ok(()) };
        if positions.count() == 0 {
            return Ok(());
        }
        let added = positions.clone();
        let send = move || producer.send_offsets_to_transaction(&positions, &group, Timeout::Never);
        blocking(send).await?;
        let mut all = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((consumer.handed_out(), added));
        Ok(())
    }

    /// Waits for all records that were sent, and lets them count. After an error nothing of the
    /// transaction does; [`Error::is_retriable`] tells whether it may be made again from the start,
    /// or the producer is of no more use, as one is whose transactional id another has taken.
    pub async fn commit(mut self) -> Result<(), Error> {
        let Some(producer) = self.producer.take() else { return Ok(()) };
        blocking(move || Ok(commit(&producer))).await??;
        let positions = self.positions.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (consumer, positions) in positions.drain(..) {
            consumer.settle(&positions);
        }
        Ok(())
    }

    /// Takes back whatever was sent.
    pub async fn abort(mut self) -> Result<(), Error> {
        let Some(producer) = self.producer.take() else { return Ok(()) };
        blocking(move || repeated(|| producer.abort_transaction(Timeout::Never))).await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(producer) = self.producer.take() else { return };
        // Without a runtime the broker ends it, when its time is over.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || {
                // Nobody is left to be told; the next transaction meets whatever this left.
                let _ = repeated(|| producer.abort_transaction(Timeout::Never));
            });
        }
    }
}

fn commit(producer: &FutureProducer) -> Result<(), Error> {
    let Err(error) = repeated(|| producer.commit_transaction(Timeout::Never)) else {
        return Ok(());
    };
    let KafkaError::Transaction(reason) = &error else { return Err(error.into()) };
    if !reason.txn_requires_abort() {
        return Err(error.into());
    }
    repeated(|| producer.abort_transaction(Timeout::Never))?;
    Err(Error::Kafka { reason: error.to_string(), is_retriable: true })
}

/// Asks again while only time is missing.
fn repeated(call: impl Fn() -> Result<(), KafkaError>) -> Result<(), KafkaError> {
    let mut attempts = 1;
    loop {
        match call() {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && attempts < ATTEMPTS => {
                attempts += 1;
            }
            ended => return ended,
        }
    }
}
