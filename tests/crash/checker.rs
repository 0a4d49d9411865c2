//! What must never be in a history: one function a kind of anomaly, over the same index of events.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Ending, Event, Isolation, Place, Record};

/// Why a history cannot be that of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anomaly {
    /// Acknowledged or committed, and a reader has passed its place without it.
    Lost(Record),
    /// At two places.
    Duplicate(Record),
    /// Two records at one place.
    InconsistentOffset(Place, i64),
    /// Read, and never sent or definitely refused.
    Phantom(Record),
    /// Sent after the acknowledgement of a record that stands behind it.
    Order(Record),
    /// A consumer was given this offset after one as high.
    WentBack(Place, i64),
    /// A consumer was not given what another found at this offset.
    Skipped(Place, i64),
    /// Acknowledged, and no reader has come as far.
    Unseen(Record),
    /// Read by a committed reader, and its transaction was not committed.
    AbortedRead(Record),
    /// A part of this transaction is visible.
    Torn(String),
    /// Committed readers wait for something that nobody will end.
    Stuck(Place, i64),
}

/// All anomalies, in order. A transaction that nobody can end must be over after `patience_ms`.
pub fn check(events: &[Event], patience_ms: u64) -> Vec<Anomaly> {
    let index = Index::of(events);
    let all = [
        lost_and_unseen(&index),
        duplicate(&index),
        inconsistent(&index),
        phantom(&index),
        order(events, &index),
        went_back(events),
        skipped(&index),
        aborted_read(&index),
        torn(&index),
        stuck(events, patience_ms),
    ];
    all.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

/// How far a consumer got in a partition without being moved.
#[derive(Debug)]
struct Reading {
    isolation: Isolation,
    place: Place,
    from: i64,
    /// The first offset that it has not passed.
    until: i64,
    found: BTreeSet<i64>,
}

impl Reading {
    fn has_passed(&self, place: Place, offset: i64) -> bool {
        self.place == place && (self.from..self.until).contains(&offset)
    }
}

#[derive(Debug, Default)]
struct Transaction {
    records: BTreeSet<Record>,
    is_commit_asked: bool,
    ending: Option<Ending>,
    /// The number of its last event.
    last: usize,
}

#[derive(Debug, Default)]
struct Index {
    sent: BTreeMap<Record, Option<String>>,
    refused: BTreeSet<Record>,
    acked: BTreeMap<Record, BTreeSet<(Place, i64)>>,
    /// Every place where a record was read.
    read: BTreeMap<Record, BTreeSet<(Place, i64)>>,
    read_committed: BTreeSet<Record>,
    at: BTreeMap<(Place, i64), BTreeSet<Record>>,
    readings: Vec<Reading>,
    /// When a committed reader last came to the end of a topic.
    drained: BTreeMap<&'static str, usize>,
    transactions: BTreeMap<String, Transaction>,
}

impl Index {
    fn of(events: &[Event]) -> Self {
        let mut index = Self::default();
        let mut current: BTreeMap<(u64, Place), Reading> = BTreeMap::new();
        for (number, event) in events.iter().enumerate() {
            match event {
                Event::Opened { consumer, isolation, place, offset } => {
                    let (isolation, place, from) = (*isolation, *place, *offset);
                    let found = BTreeSet::new();
                    let reading = Reading { isolation, place, from, until: from, found };
                    index.readings.extend(current.insert((*consumer, place), reading));
                }
                Event::Polled { consumer, place, offset, value } => {
                    let record = (place.0, value.clone());
                    let reading = current.get_mut(&(*consumer, *place)).expect("it was opened");
                    reading.until = reading.until.max(offset + 1);
                    reading.found.insert(*offset);
                    if reading.isolation == Isolation::Committed {
                        index.read_committed.insert(record.clone());
                    }
                    index.at.entry((*place, *offset)).or_default().insert(record.clone());
                    index.read.entry(record).or_default().insert((*place, *offset));
                }
                Event::Drained { consumer, place, end } => {
                    let reading = current.get_mut(&(*consumer, *place)).expect("it was opened");
                    reading.until = reading.until.max(*end);
                    if reading.isolation == Isolation::Committed {
                        index.drained.insert(place.0, number);
                    }
                }
                other => index.note_producer(number, other),
            }
        }
        index.readings.extend(current.into_values());
        index
    }

    fn note_producer(&mut self, number: usize, event: &Event) {
        match event {
            Event::Sent { record, transaction, .. } => {
                self.sent.insert(record.clone(), transaction.clone());
                if let Some(id) = transaction {
                    self.step(id, number).records.insert(record.clone());
                }
            }
            Event::Acked { record, partition, offset } => {
                let place = ((record.0, *partition), *offset);
                self.at.entry(place).or_default().insert(record.clone());
                self.acked.entry(record.clone()).or_default().insert(place);
            }
            Event::Refused { record } => _ = self.refused.insert(record.clone()),
            Event::CommitAsked { transaction } => {
                self.step(transaction, number).is_commit_asked = true;
            }
            Event::Ended { transaction, ending } => {
                self.step(transaction, number).ending = Some(*ending);
            }
            _ => {}
        }
    }

    fn step(&mut self, transaction: &str, number: usize) -> &mut Transaction {
        let transaction = self.transactions.entry(transaction.to_owned()).or_default();
        transaction.last = number;
        transaction
    }

    fn transaction_of(&self, record: &Record) -> Option<&Transaction> {
        self.transactions.get(self.sent.get(record)?.as_ref()?)
    }

    /// Whether a reader must be given the record when it comes by.
    fn must_see(&self, record: &Record, isolation: Isolation) -> bool {
        isolation == Isolation::Uncommitted
            || self.read_committed.contains(record)
            || self
                .transaction_of(record)
                .is_none_or(|transaction| transaction.ending == Some(Ending::Committed))
    }
}

fn lost_and_unseen(index: &Index) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for (record, places) in &index.acked {
        if index.read.contains_key(record) {
            continue;
        }
        let mut readings = index.readings.iter();
        let is_passed = readings.any(|reading| {
            let mut places = places.iter();
            index.must_see(record, reading.isolation)
                && places.any(|(place, offset)| reading.has_passed(*place, *offset))
        });
        // What is undecided or rolled back, nobody needs to see.
        if is_passed {
            found.push(Anomaly::Lost(record.clone()));
        } else if index.must_see(record, Isolation::Committed) {
            found.push(Anomaly::Unseen(record.clone()));
        }
    }
    found
}

fn duplicate(index: &Index) -> Vec<Anomaly> {
    let all = index.read.iter().filter(|(record, read)| {
        let acked = index.acked.get(*record).into_iter().flatten();
        acked.chain(*read).collect::<BTreeSet<_>>().len() > 1
    });
    all.map(|(record, _)| Anomaly::Duplicate(record.clone())).collect()
}

fn inconsistent(index: &Index) -> Vec<Anomaly> {
    let all = index.at.iter().filter(|(_, records)| records.len() > 1);
    all.map(|((place, offset), _)| Anomaly::InconsistentOffset(*place, *offset)).collect()
}

fn phantom(index: &Index) -> Vec<Anomaly> {
    let all = index
        .read
        .keys()
        .filter(|record| !index.sent.contains_key(*record) || index.refused.contains(*record));
    all.map(|record| Anomaly::Phantom(record.clone())).collect()
}

fn order(events: &[Event], index: &Index) -> Vec<Anomaly> {
    let mut producer_of: BTreeMap<&Record, &str> = BTreeMap::new();
    // Offsets that each producer was told, the highest of each partition.
    let mut told: BTreeMap<&str, BTreeMap<Place, i64>> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        match event {
            Event::Sent { producer, record, .. } => {
                producer_of.insert(record, producer);
                let Some(told) = told.get(producer.as_str()) else { continue };
                let read = index.read.get(record).into_iter();
                let places = read.chain(index.acked.get(record)).flatten();
                let mut behind = places.filter(|(place, offset)| {
                    told.get(place).is_some_and(|before| before > offset)
                });
                found.extend(behind.next().map(|_| Anomaly::Order(record.clone())));
            }
            Event::Acked { record, partition, offset } => {
                let Some(producer) = producer_of.get(record) else { continue };
                let highest = told.entry(producer).or_default();
                let highest = highest.entry((record.0, *partition)).or_insert(*offset);
                *highest = (*highest).max(*offset);
            }
            _ => {}
        }
    }
    found
}

fn went_back(events: &[Event]) -> Vec<Anomaly> {
    let mut next: BTreeMap<(u64, Place), i64> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        match event {
            Event::Opened { consumer, place, offset, .. } => {
                next.insert((*consumer, *place), *offset);
            }
            Event::Polled { consumer, place, offset, .. } => {
                let next = next.entry((*consumer, *place)).or_default();
                if offset < next {
                    found.push(Anomaly::WentBack(*place, *offset));
                }
                *next = offset + 1;
            }
            _ => {}
        }
    }
    found
}

fn skipped(index: &Index) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for reading in &index.readings {
        let range = (reading.place, reading.from)..(reading.place, reading.until);
        for ((place, offset), records) in index.at.range(range) {
            let is_due = records.iter().any(|record| {
                let read = index.read.get(record);
                let was_read = read.is_some_and(|read| read.contains(&(*place, *offset)));
                was_read && index.must_see(record, reading.isolation)
            });
            if is_due && !reading.found.contains(offset) {
                found.push(Anomaly::Skipped(*place, *offset));
            }
        }
    }
    found
}

fn aborted_read(index: &Index) -> Vec<Anomaly> {
    let all = index.read_committed.iter().filter(|record| {
        index.transaction_of(record).is_some_and(|transaction| {
            !transaction.is_commit_asked || transaction.ending == Some(Ending::Aborted)
        })
    });
    all.map(|record| Anomaly::AbortedRead(record.clone())).collect()
}

/// When committed readers have come to the end of each of its topics after it, all of a transaction
/// was visible to them or nothing, and all if its commit was answered.
fn torn(index: &Index) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for (id, transaction) in &index.transactions {
        let is_judged = transaction.records.iter().all(|record| {
            index.drained.get(record.0).is_some_and(|drained| *drained > transaction.last)
        });
        let visible = |record: &&Record| index.read_committed.contains(*record);
        let seen = transaction.records.iter().filter(visible).count();
        if !is_judged || seen == transaction.records.len() {
            continue;
        }
        if seen > 0 {
            found.push(Anomaly::Torn(id.clone()));
        } else if transaction.ending == Some(Ending::Committed) {
            found.extend(transaction.records.iter().cloned().map(Anomaly::Lost));
        }
    }
    found
}

fn stuck(events: &[Event], patience_ms: u64) -> Vec<Anomaly> {
    let stuck = events.iter().filter_map(|event| match event {
        Event::Stable { place, last_stable, high_watermark, quiet_ms }
            if *quiet_ms > patience_ms && last_stable < high_watermark =>
        {
            Some(Anomaly::Stuck(*place, *last_stable))
        }
        _ => None,
    });
    stuck.collect()
}
