//! Random histories of a compacted partition against a list of all that was ever appended.
//!
//! A record may be missing for one of three reasons only: its transaction was rolled back, a later
//! record of its key is there to stay, or it is a tombstone past its time. Everything else a reader
//! sees is as it was appended.

use std::collections::{BTreeMap, BTreeSet};

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{BatchBuilder, ControlType};
use proptest::prelude::*;

use super::compaction_bench::*;
use super::*;
use crate::clock::Clock as _;
use crate::io::Fault;

/// Producers from here on write transactions.
const FIRST_TRANSACTIONAL: i64 = 10;

/// Sizes of the map.
const ONE_KEY: usize = 0;
const FEW_KEYS: usize = 100;
const MANY_KEYS: usize = 10_000;

#[derive(Debug, Clone)]
enum Step {
    Plain(Vec<(u8, Option<u8>)>),
    Compressed(u8, Vec<(u8, Option<u8>)>),
    /// Without a producer id of its own a producer counts from 0.
    Of(i64, Vec<(u8, Option<u8>)>),
    Retry(i64),
    End(i64, bool),
    Keyless,
    Seal,
    Clean,
    CutWhileCleaning(u64, u64),
    Wait(i64),
    Reopen {
        is_clean: bool,
    },
    Crash(u64),
    LoseSnapshots,
}

fn step() -> impl Strategy<Value = Step> {
    let pairs =
        || proptest::collection::vec((0_u8..5, proptest::option::weighted(0.8, 0_u8..200)), 1..5);
    let producer = || prop_oneof![1_i64..3, FIRST_TRANSACTIONAL..FIRST_TRANSACTIONAL + 2];
    let transactional = || FIRST_TRANSACTIONAL..FIRST_TRANSACTIONAL + 2;
    prop_oneof![
        6 => pairs().prop_map(Step::Plain),
        2 => (1_u8..5, pairs()).prop_map(|(codec, pairs)| Step::Compressed(codec, pairs)),
        8 => (producer(), pairs()).prop_map(|(producer, pairs)| Step::Of(producer, pairs)),
        1 => producer().prop_map(Step::Retry),
        4 => (transactional(), any::<bool>()).prop_map(|(producer, commits)| Step::End(producer, commits)),
        1 => Just(Step::Keyless),
        3 => Just(Step::Seal),
        4 => Just(Step::Clean),
        2 => (0_u64..30, any::<u64>()).prop_map(|(at, seed)| Step::CutWhileCleaning(at, seed)),
        1 => (1_i64..DELETE_RETENTION_MS).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(|is_clean| Step::Reopen { is_clean }),
        1 => any::<u64>().prop_map(Step::Crash),
        1 => Just(Step::LoseSnapshots),
    ]
}

/// A batch as it was appended.
#[derive(Debug, Clone)]
struct Batch {
    base_offset: i64,
    /// Who wrote it, with its first sequence; markers have −1.
    producer: Option<(i64, i32)>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Records(Vec<(i64, Pair)>),
    Marker(ControlType),
}

impl Batch {
    fn end(&self) -> i64 {
        match &self.content {
            Content::Records(records) => self.base_offset + i64::try_from(records.len()).unwrap(),
            Content::Marker(_) => self.base_offset + 1,
        }
    }
}

/// What became of the transaction of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Committed,
    Aborted,
    Open,
}

struct Model {
    bench: Bench,
    dir: LogDir,
    log: Arc<PartitionLog>,
    batches: Vec<Batch>,
}

impl Model {
    fn new(map_bytes: usize) -> Self {
        let mut bench = compacted(SimDisk::new());
        bench.map_bytes = map_bytes;
        let (dir, log) = bench.start();
        Self { bench, dir, log, batches: Vec::new() }
    }

    fn end(&self) -> i64 {
        self.batches.last().map_or(0, Batch::end)
    }

    fn outcome(&self, at: usize) -> Outcome {
        let Some((producer, _)) = self.batches[at].producer else { return Outcome::Committed };
        if producer < FIRST_TRANSACTIONAL {
            return Outcome::Committed;
        }
        let marker = self.batches[at..].iter().find_map(|batch| match batch.content {
            Content::Marker(kind) if batch.producer.is_some_and(|(id, _)| id == producer) => {
                Some(kind)
            }
            _ => None,
        });
        match marker {
            None => Outcome::Open,
            Some(ControlType::Commit) => Outcome::Committed,
            Some(ControlType::Abort) => Outcome::Aborted,
        }
    }

    fn is_open(&self, producer: i64) -> bool {
        let last =
            self.batches.iter().rposition(|b| b.producer.is_some_and(|(id, _)| id == producer));
        last.is_some_and(|at| self.outcome(at) == Outcome::Open)
    }

    fn last_stable_offset(&self) -> i64 {
        let open = (0..self.batches.len()).find(|at| self.outcome(*at) == Outcome::Open);
        open.map_or(self.end(), |at| self.batches[at].base_offset)
    }

    fn last_of(&self, producer: i64) -> Option<&Batch> {
        let is_its =
            |batch: &&Batch| batch.producer.is_some_and(|(id, seq)| id == producer && seq >= 0);
        self.batches.iter().rfind(is_its)
    }

    fn encode(batch: &Batch) -> Vec<u8> {
        let Content::Records(records) = &batch.content else { panic!("markers are not sent") };
        let pairs: Vec<_> = records.iter().map(|(_, pair)| pair.clone()).collect();
        let builder = BatchBuilder::new();
        let builder = match batch.producer {
            None => builder,
            Some((id, sequence)) if id < FIRST_TRANSACTIONAL => builder.producer(id, 0, sequence),
            Some((id, sequence)) => builder.producer(id, 0, sequence).transactional(),
        };
        keyed(builder, records[0].0, &pairs)
    }

    fn append(&mut self, producer: Option<i64>, pairs: &[(u8, Option<u8>)], codec: Codec) {
        let now = self.bench.clock.now_ms();
        let end = self.end();
        let text = |(at, (key, value)): (usize, &(u8, Option<u8>))| {
            // Values name their place, so that none can stand for another.
            let value = value.map(|value| format!("{end}+{at}: {value}"));
            (now, (format!("key {key}"), value))
        };
        let records: Vec<_> = pairs.iter().enumerate().map(text).collect();
        let sequence = |id| {
            self.last_of(id).map_or(0, |last| {
                let count = i32::try_from(last.end() - last.base_offset).unwrap();
                last.producer.unwrap().1 + count
            })
        };
        let producer = producer.map(|id| (id, sequence(id)));
        let batch = Batch { base_offset: end, producer, content: Content::Records(records) };
        let mut bytes = Self::encode(&batch);
        if codec != Codec::None {
            bytes = compressed(codec, &bytes);
        }
        match self.log.append(&bytes, AppendOrigin::Client) {
            Ok(appended) => {
                assert_eq!((appended.base_offset, appended.is_duplicate), (end, false));
                self.batches.push(batch);
            }
            Err(AppendError::LargerThanSegment { .. }) => assert!(bytes.len() > 400),
            Err(error) => panic!("{error}"),
        }
    }

    fn retry(&mut self, producer: i64) {
        let Some(last) = self.last_of(producer) else { return };
        let bytes = Self::encode(last);
        let again = self.log.append(&bytes, AppendOrigin::Client).unwrap();
        assert_eq!((again.base_offset, again.is_duplicate), (last.base_offset, true));
    }

    fn end_txn(&mut self, producer: i64, commits: bool) {
        if !self.is_open(producer) {
            return;
        }
        let kind = if commits { ControlType::Commit } else { ControlType::Abort };
        let base_offset = end_txn(&self.log, producer, kind);
        assert_eq!(base_offset, self.end());
        let content = Content::Marker(kind);
        self.batches.push(Batch { base_offset, producer: Some((producer, -1)), content });
    }

    fn keyless(&self) {
        let refused = self.log.append(&batch(&["keyless"]), AppendOrigin::Client);
        assert!(matches!(refused, Err(AppendError::KeylessRecords { .. })), "{refused:?}");
    }

    fn reopen(&mut self, disk: SimDisk) {
        let now = self.bench.clock.now_ms();
        let mut bench = compacted(disk);
        bench.map_bytes = self.bench.map_bytes;
        bench.clock.set(now);
        let (dir, log) = bench.start();
        assert_eq!(log.topic_id(), self.log.topic_id(), "the partition was lost");
        (self.bench, self.dir, self.log) = (bench, dir, log);
        let end = self.log.bounds().log_end_offset;
        self.batches.retain(|batch| batch.end() <= end);
        assert_eq!(self.end(), end, "the log ends between batches");
    }

    fn cut_while_cleaning(&mut self, at: u64, seed: u64) {
        self.log.flush().unwrap();
        let end = self.end();
        let disk = &self.bench.disk;
        disk.set_fault(Some(Fault::PowerCutAt(disk.operations() + at)));
        drop(self.dir.clean(&|| false));
        let crashed = disk.crash(seed);
        self.reopen(crashed);
        assert_eq!(self.end(), end, "all of it was synced");
    }

    /// A pass, one more though nothing is dirty, which lets go what has become old since, and a
    /// third that changes nothing.
    fn clean_again(&self) {
        clean(&self.dir);
        let Some(offset) = self.log.shared.clean_offsets.offset(TOPIC, 0) else { return };
        let again = || {
            let dirt = cleaner::Dirt { first_dirty: offset, end_offset: offset, ratio: 1.0 };
            let mut pace = cleaner::Pace::new(u64::MAX, &|| false);
            self.log.clean(&dirt, self.bench.clock.now_ms(), &mut pace).unwrap();
            seen(&self.log, ReadBound::HighWatermark)
        };
        let before = again();
        assert!(again() == before, "another pass changes something");
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Plain(pairs) => self.append(None, &pairs, Codec::None),
            Step::Compressed(codec, pairs) => {
                self.append(None, &pairs, Codec::try_from(codec).unwrap());
            }
            Step::Of(producer, pairs) => self.append(Some(producer), &pairs, Codec::None),
            Step::Retry(producer) => self.retry(producer),
            Step::End(producer, commits) => self.end_txn(producer, commits),
            Step::Keyless => self.keyless(),
            Step::Seal => seal(&self.log),
            Step::Clean => self.clean_again(),
            Step::CutWhileCleaning(at, seed) => self.cut_while_cleaning(at, seed),
            Step::Wait(ms) => self.bench.clock.advance(ms),
            Step::Reopen { is_clean } => {
                if is_clean {
                    self.dir.close().unwrap();
                }
                let disk = self.bench.disk.crash(0);
                self.reopen(disk);
            }
            Step::Crash(seed) => {
                let disk = self.bench.disk.crash(seed);
                self.reopen(disk);
            }
            Step::LoseSnapshots => {
                self.log.flush().unwrap();
                let disk = self.bench.disk.crash(0);
                lose_snapshots(&disk);
                self.reopen(disk);
            }
        }
    }

    fn check(&self) {
        self.log.flush().unwrap();
        let bounds = self.log.bounds();
        assert_eq!((bounds.log_start_offset, bounds.log_end_offset), (0, self.end()));
        assert_eq!(bounds.high_watermark, bounds.log_end_offset);
        assert_eq!(bounds.last_stable_offset, self.last_stable_offset());
        let mut replayed = replayed(&self.log);
        let stable = replayed.last_stable_offset(self.end());
        assert_eq!(stable, self.last_stable_offset(), "a replay finds other transactions open");
        let windows = self.log.core.lock().producers.windows();
        assert_eq!(replayed.windows(), windows, "the log replays to another state");
        self.check_windows(&windows);
        self.check_records();
        self.check_committed(bounds.last_stable_offset);
    }

    /// The last five batches of each producer, which retries are compared with.
    fn check_windows(&self, windows: &[(i64, i16, Vec<crate::producer_state::StoredBatch>)]) {
        let mut expected = BTreeMap::<i64, Vec<i64>>::new();
        for batch in &self.batches {
            let Some((id, sequence)) = batch.producer else { continue };
            let bases = expected.entry(id).or_default();
            bases.extend((sequence >= 0).then_some(batch.base_offset));
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(id, bases)| (id, bases[bases.len().saturating_sub(5)..].to_vec()))
            .collect();
        let found: Vec<_> = windows
            .iter()
            .map(|(id, _, window)| (*id, window.iter().map(|b| b.base_offset).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, expected);
    }

    fn check_records(&self) {
        let seen = seen(&self.log, ReadBound::HighWatermark);
        assert!(seen.is_sorted_by(|a, b| a.offset < b.offset));
        let found: BTreeMap<i64, &Seen> = seen.iter().map(|seen| (seen.offset, seen)).collect();
        assert_eq!(found.len(), seen.len(), "a record was seen twice");
        let clean_offset = self.log.shared.clean_offsets.offset(TOPIC, 0).unwrap_or(0);
        let now = self.bench.clock.now_ms();
        // Going backwards: keys that have a later record which nothing rolled back, and those of
        // which a finished pass has seen one.
        let (mut later, mut reached) = (BTreeSet::new(), BTreeSet::new());
        let mut expected = BTreeSet::new();
        for (at, batch) in self.batches.iter().enumerate().rev() {
            let outcome = self.outcome(at);
            let Content::Records(records) = &batch.content else {
                expected.insert(batch.base_offset);
                continue;
            };
            let records: Vec<_> = (batch.base_offset..).zip(records).collect();
            for (offset, (time, (key, value))) in records.into_iter().rev() {
                expected.insert(offset);
                let is_old_tombstone = value.is_none() && now - time >= DELETE_RETENTION_MS;
                let may_miss =
                    outcome == Outcome::Aborted || later.contains(key) || is_old_tombstone;
                match found.get(&offset) {
                    Some(seen) => {
                        let as_it_was = (seen.timestamp, &seen.key, &seen.value);
                        assert_eq!(as_it_was, (*time, key, value), "at {offset}");
                    }
                    None => assert!(may_miss, "{key} is missing at {offset}"),
                }
                let must_miss =
                    offset < clean_offset && (outcome == Outcome::Aborted || reached.contains(key));
                assert!(!(must_miss && found.contains_key(&offset)), "{key} is left at {offset}");
                if outcome == Outcome::Committed {
                    later.insert(key.clone());
                    if offset < clean_offset {
                        reached.insert(key.clone());
                    }
                }
            }
        }
        assert!(found.keys().all(|offset| expected.contains(offset)), "records from nowhere");
    }

    fn check_committed(&self, last_stable_offset: i64) {
        let mut expected = BTreeMap::new();
        for (at, batch) in self.batches.iter().enumerate() {
            let Content::Records(records) = &batch.content else { continue };
            if self.outcome(at) != Outcome::Committed || batch.base_offset >= last_stable_offset {
                continue;
            }
            for (offset, (_, (key, value))) in (batch.base_offset..).zip(records) {
                match value {
                    Some(value) => _ = expected.insert(key.clone(), (offset, value.clone())),
                    None => _ = expected.remove(key),
                }
            }
        }
        assert_eq!(table(&committed(&self.log)), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn readers_and_replays_of_a_compacted_log_equal_the_model(
        steps in proptest::collection::vec(step(), 1..60),
        map_bytes in prop_oneof![Just(ONE_KEY), Just(FEW_KEYS), Just(MANY_KEYS)],
    ) {
        let mut model = Model::new(map_bytes);
        for step in steps {
            model.run(step);
            model.check();
        }
    }
}

/// Every kind of batch, several segments, two passes behind it and a third before it.
fn busy() -> Model {
    let mut model = Model::new(MANY_KEYS);
    for round in 0_u8..3 {
        for key in 0..3 {
            model.append(None, &[(key, Some(round)), (key + 1, None)], Codec::None);
            model.append(Some(1), &[(key, Some(round))], Codec::None);
            model.append(None, &[(key, Some(round)), (4, Some(key))], Codec::Lz4);
            model.append(Some(10), &[(key, Some(round))], Codec::None);
            model.append(Some(11), &[(key, Some(round))], Codec::None);
            model.end_txn(10, key == 1);
            seal(&model.log);
        }
        model.end_txn(11, round == 1);
        seal(&model.log);
        if round < 2 {
            model.log.flush().unwrap();
            clean(&model.dir);
            model.bench.clock.advance(DELETE_RETENTION_MS);
        }
    }
    model.check();
    model
}

#[test]
fn a_power_cut_at_every_operation_of_a_pass_loses_nothing() {
    let operations = {
        let model = busy();
        let before = model.bench.disk.operations();
        clean(&model.dir);
        model.bench.disk.operations() - before
    };
    assert!(operations > 20, "{operations}");
    for cut in 0..=operations {
        for seed in [0, cut * 7919 + 1] {
            let mut model = busy();
            model.cut_while_cleaning(cut, seed);
            model.check();
            model.clean_again();
            model.check();
        }
    }
}

#[test]
fn a_second_power_cut_while_a_swap_is_finished_loses_nothing() {
    for cut in 0..30 {
        for second in [0, 1, 2, 4] {
            let mut model = busy();
            let disk = &model.bench.disk;
            disk.set_fault(Some(Fault::PowerCutAt(disk.operations() + cut)));
            drop(model.dir.clean(&|| false));
            let crashed = compacted(disk.crash(cut * 31 + second));
            crashed.disk.set_fault(Some(Fault::PowerCutAt(second)));
            drop(crashed.open());
            let again = crashed.disk.crash(second * 17 + 1);
            model.reopen(again);
            model.check();
        }
    }
}
