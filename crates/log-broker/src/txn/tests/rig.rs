//! Both coordinators over partitions on a simulated disk, and a reader that sees what a client
//! would.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use levada_kafka_wire::record_batch::{
    BatchBuilder, BatchHeader, ControlType, EndTxnMarker, Records, record_bytes,
};

use crate::clock::{Clock, ManualClock};
use crate::config::BrokerConfig;
use crate::group::classic::MemberIdentity;
use crate::group::committed::{Committer, TopicPartition};
use crate::group::record::CommittedOffset;
use crate::group::{self, GroupCoordinator, OFFSETS_TOPIC};
use crate::io::SimDisk;
use crate::log::{AppendOrigin, LogDir, LogError, ReadBound};
use crate::producer_ids::ProducerIds;
use crate::record_log::TxnProducer;
use crate::topics::{NewTopic, Topics};
use crate::txn::{
    Caller, Claim, EndRequest, Outcome, Partitions, Protocol, TransactionCoordinator,
};

pub(super) const ID: &str = "app";
pub(super) const GROUP: &str = "readers";
pub(super) const TIMEOUT_MS: i32 = 60_000;

/// Why a step of a history went no further.
#[derive(Debug)]
pub(super) enum Stopped {
    Refused(ResponseError),
    Disk,
}

impl From<LogError> for Stopped {
    fn from(_: LogError) -> Self {
        Self::Disk
    }
}

impl From<ResponseError> for Stopped {
    fn from(error: ResponseError) -> Self {
        Self::Refused(error)
    }
}

pub(super) struct Rig {
    pub(super) disk: SimDisk,
    pub(super) clock: Arc<ManualClock>,
    pub(super) transactions: Arc<TransactionCoordinator>,
    pub(super) groups: Arc<GroupCoordinator>,
    pub(super) topics: Arc<Topics>,
}

impl Rig {
    pub(super) fn open(disk: SimDisk, now_ms: i64) -> Self {
        let clock = Arc::new(ManualClock::at(now_ms));
        let config = BrokerConfig::default();
        let path = Path::new("/data/log");
        let log_dir =
            LogDir::open_on(Arc::new(disk.clone()), path, clock.clone(), config.log.clone());
        let log_dir = Arc::new(log_dir.unwrap());
        let topics = Topics::open(path, log_dir, config.clone()).unwrap();
        let topics = Arc::new(topics);
        let groups = group::open(&topics, clock.clone(), config.groups).unwrap();
        let groups = Arc::new(groups);
        let ids = Arc::new(ProducerIds::open(Arc::new(disk.clone()), path).unwrap());
        let opened = TransactionCoordinator::open(
            &topics,
            &groups,
            &ids,
            clock.clone(),
            config.transactions,
        );
        let transactions = Arc::new(opened.unwrap());
        Self { disk, clock, transactions, groups, topics }
    }

    pub(super) async fn create(&self, topic: &str) {
        self.topics.create(NewTopic::plain(topic)).await.unwrap();
    }

    pub(super) async fn claim(&self, holder: Option<Caller>) -> Result<Caller, Stopped> {
        Ok(self.transactions.claim(ID, Claim { timeout_ms: TIMEOUT_MS, holder }).await??)
    }

    pub(super) async fn add(&self, caller: Caller, topics: &[&str]) -> Result<(), Stopped> {
        let places = topics.iter().map(|topic| ((*topic).to_owned(), [0].into()));
        let places: Partitions = places.collect();
        Ok(self.transactions.add(ID, caller, &places, Protocol::V1).await??)
    }

    /// Writes one record as part of the transaction, durably.
    pub(super) async fn write(
        &self,
        caller: Caller,
        topic: &str,
        sequence: i32,
        value: &str,
    ) -> Result<(), Stopped> {
        let Caller { producer_id, epoch } = caller;
        let batch = BatchBuilder::new()
            .transactional()
            .producer(producer_id, epoch, sequence)
            .record(self.clock.now_ms(), None, Some(value.as_bytes()))
            .build()
            .unwrap();
        let log = self.topics.partition(topic, 0)?;
        let place = Partitions::from([(topic.to_owned(), [0].into())]);
        let append = || log.append(&batch, AppendOrigin::Client);
        let appended = self.transactions.within(ID, caller, &place, append)?;
        let appended = appended.map_err(|_| Stopped::Disk)?;
        Ok(log.flushed(appended.last_offset).await?)
    }

    /// Commits an offset of the topic "a" as part of the transaction, durably.
    pub(super) async fn commit(&self, caller: Caller, offset: i64) -> Result<(), Stopped> {
        let Caller { producer_id, epoch } = caller;
        let identity = MemberIdentity { member_id: String::new(), instance_id: None };
        let committer = Committer { identity, generation_id: -1 };
        let place = TopicPartition { topic: "a".to_owned(), partition: 0 };
        let position = CommittedOffset {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
            commit_timestamp_ms: self.clock.now_ms(),
            expire_timestamp_ms: None,
        };
        let producer = TxnProducer { producer_id, epoch };
        let write = || {
            let offsets = vec![(place, position)];
            self.groups.commit_in_transaction(GROUP, &committer, producer, offsets)
        };
        let offsets = Partitions::from([(OFFSETS_TOPIC.to_owned(), [0].into())]);
        let written = self.transactions.within(ID, caller, &offsets, write)?;
        let written = written.map_err(|_| Stopped::Disk)?;
        Ok(self.groups.offsets_partition().flushed(written.unwrap()).await?)
    }

    pub(super) async fn end(
        &self,
        caller: Caller,
        outcome: Outcome,
        protocol: Protocol,
    ) -> Result<Caller, Stopped> {
        let request = EndRequest { caller, outcome, protocol };
        Ok(self.transactions.end(ID, request).await??)
    }

    /// The offset that the group has, unless a transaction may yet change it.
    pub(super) async fn group_offset(&self) -> Option<i64> {
        let read = |group: Option<&crate::group::state::Group>| {
            group.and_then(|group| group.offsets.committed("a", 0)).map(|one| one.offset)
        };
        self.groups.read_offsets(GROUP, read).await.unwrap()
    }

    /// What a committed reader of the topic sees, by the rules of clients.
    pub(super) fn committed(&self, topic: &str) -> Vec<String> {
        let log = self.topics.partition(topic, 0).unwrap();
        let (mut offset, mut values) = (0, Vec::new());
        loop {
            let read = log.read(offset, ReadBound::LastStable, 1 << 20, true).unwrap();
            if read.records.is_empty() {
                return values;
            }
            let mut aborted = read.aborted.unwrap();
            let mut skipped = BTreeSet::new();
            for batch in batches(&read.records) {
                let header = BatchHeader::parse(&batch).unwrap();
                while aborted.first().is_some_and(|txn| txn.first_offset <= header.base_offset) {
                    skipped.insert(aborted.remove(0).producer_id);
                }
                if let Some(marker) =
                    EndTxnMarker::of_batch(&header, &batch).filter(|_| header.is_control())
                {
                    if marker.control_type == ControlType::Abort {
                        skipped.remove(&header.producer_id);
                    }
                } else if !skipped.contains(&header.producer_id) {
                    values.extend(values_of(&header, &batch));
                }
            }
            offset = read.next_offset;
        }
    }

    pub(super) fn is_stable(&self, topic: &str) -> bool {
        let bounds = self.topics.partition(topic, 0).unwrap().bounds();
        bounds.last_stable_offset == bounds.high_watermark
    }
}

fn batches(records: &Bytes) -> Vec<Bytes> {
    let (mut rest, mut batches) = (records.clone(), Vec::new());
    while !rest.is_empty() {
        let header = BatchHeader::parse(&rest).unwrap();
        batches.push(rest.split_to(header.total_bytes));
    }
    batches
}

fn values_of(header: &BatchHeader, batch: &[u8]) -> Vec<String> {
    let bytes = record_bytes(header, batch, 1 << 20).unwrap();
    let records = Records::new(header, &bytes);
    records
        .map(|record| String::from_utf8(record.unwrap().value.unwrap().to_vec()).unwrap())
        .collect()
}
