//! The idempotence window, epochs, the last stable offset, snapshots.

use levada_kafka_wire::record_batch::{BatchBuilder, ControlType};

use super::*;

const PRODUCER: i64 = 9;

fn batch(epoch: i16, sequence: i32, records: i32, base_offset: i64) -> BatchHeader {
    let mut builder = BatchBuilder::new().producer(PRODUCER, epoch, sequence);
    for _ in 0..records {
        builder = builder.record(1000, None, Some(b"v"));
    }
    let mut header = BatchHeader::parse(&builder.build().unwrap()).unwrap();
    header.base_offset = base_offset;
    header
}

fn transactional(producer_id: i64, base_offset: i64) -> BatchHeader {
    let built = BatchBuilder::new()
        .producer(producer_id, 0, 0)
        .transactional()
        .record(1, None, None)
        .build()
        .unwrap();
    let mut header = BatchHeader::parse(&built).unwrap();
    header.base_offset = base_offset;
    header
}

fn end(states: &mut ProducerStates, control_type: ControlType, producer_id: i64, base_offset: i64) {
    let marker = EndTxnMarker { control_type, coordinator_epoch: 0 };
    let built = marker.to_batch(1, producer_id, 0).unwrap();
    let mut header = BatchHeader::parse(&built).unwrap();
    header.base_offset = base_offset;
    states.apply(&header, EndTxnMarker::of_batch(&header, &built), 0);
}

#[test]
fn last_five_batches_are_duplicates_and_older_ones_are_too_old() {
    let mut states = ProducerStates::default();
    for at in 0..7 {
        let header = batch(0, at * 2, 2, i64::from(at) * 2);
        assert_eq!(states.admit(&header), Ok(Admission::Append));
        states.apply(&header, None, 0);
    }
    for at in 2..7 {
        let stored = StoredBatch {
            first_sequence: at * 2,
            last_sequence: at * 2 + 1,
            base_offset: i64::from(at) * 2,
            last_offset: i64::from(at) * 2 + 1,
            max_timestamp: 1000,
        };
        assert_eq!(states.admit(&batch(0, at * 2, 2, 0)), Ok(Admission::Duplicate(stored)));
    }
    assert_eq!(states.admit(&batch(0, 2, 2, 0)), Err(SequenceError::OutOfOrder { expected: 14 }));
    assert_eq!(states.admit(&batch(0, 15, 2, 0)), Err(SequenceError::OutOfOrder { expected: 14 }));
    assert_eq!(
        states.admit(&batch(0, 12, 1, 0)),
        Err(SequenceError::OutOfOrder { expected: 14 }),
        "a part of a stored batch is neither the batch nor the next one"
    );
}

#[test]
fn a_batch_outside_of_the_transaction_that_its_producer_has_open_is_refused() {
    let mut states = ProducerStates::default();
    states.apply(&transactional(PRODUCER, 0), None, 0);
    assert_eq!(states.admit(&batch(0, 1, 1, 0)), Err(SequenceError::InTransaction));
    end(&mut states, ControlType::Commit, PRODUCER, 1);
    assert_eq!(states.admit(&batch(0, 1, 1, 0)), Ok(Admission::Append));
}

#[test]
fn sequences_wrap_to_zero() {
    let mut states = ProducerStates::default();
    states.apply(&batch(0, i32::MAX - 1, 2, 0), None, 0);
    assert_eq!(states.admit(&batch(0, 0, 1, 0)), Ok(Admission::Append));
    states.apply(&batch(0, 0, 1, 2), None, 0);
    assert_eq!(
        states.admit(&batch(0, i32::MAX - 2, 1, 0)),
        Err(SequenceError::OutOfOrder { expected: 1 })
    );
    assert_eq!(states.admit(&batch(0, 2, 1, 0)), Err(SequenceError::OutOfOrder { expected: 1 }));
}

#[test]
fn older_epochs_are_fenced_and_newer_ones_begin_at_zero() {
    let mut states = ProducerStates::default();
    states.apply(&batch(3, 0, 1, 0), None, 0);
    assert_eq!(states.admit(&batch(2, 1, 1, 0)), Err(SequenceError::Epoch { current: 3 }));
    assert_eq!(states.admit(&batch(4, 1, 1, 0)), Err(SequenceError::OutOfOrder { expected: 0 }));
    assert_eq!(states.admit(&batch(4, 0, 1, 0)), Ok(Admission::Append));
}

#[test]
fn expired_producers_may_continue_with_any_sequence() {
    let mut states = ProducerStates::default();
    states.apply(&batch(0, 0, 1, 0), None, 100);
    states.expire(100);
    assert!(states.admit(&batch(0, 5, 1, 0)).is_err());
    states.expire(101);
    assert_eq!(states.admit(&batch(0, 5, 1, 0)), Ok(Admission::Append));
}

#[test]
fn number_of_producers_is_bounded_and_the_recent_ones_stay() {
    let mut states = ProducerStates::default();
    for id in 0..=i64::try_from(PRODUCERS_MAX).unwrap() {
        let header = BatchHeader { producer_id: id, ..batch(0, 0, 1, id) };
        states.apply(&header, None, id);
    }
    assert!(states.producers.len() <= PRODUCERS_MAX);
    assert!(!states.producers.contains_key(&0));
    assert!(states.producers.contains_key(&50_000));
}

#[test]
fn stable_offset_waits_for_open_transactions_and_for_durable_markers() {
    let mut states = ProducerStates::default();
    states.apply(&transactional(1, 10), None, 0);
    states.apply(&transactional(2, 20), None, 0);
    assert_eq!(states.last_stable_offset(30), 10);
    end(&mut states, ControlType::Abort, 1, 30);
    assert_eq!(states.last_stable_offset(30), 10, "the marker is not durable yet");
    assert_eq!(states.last_stable_offset(31), 20);
    end(&mut states, ControlType::Commit, 2, 31);
    assert_eq!(states.last_stable_offset(32), 32);
    assert_eq!(states.aborted(0, 32), [AbortedTransaction { producer_id: 1, first_offset: 10 }]);
    assert_eq!(states.aborted(31, 32), []);
}

#[test]
fn snapshot_gives_the_state_back_and_refuses_every_damaged_byte() {
    let mut states = ProducerStates::default();
    for at in 0..3 {
        states.apply(&batch(1, at, 1, i64::from(at)), None, 0);
    }
    states.apply(&transactional(1, 10), None, 0);
    end(&mut states, ControlType::Abort, 1, 11);
    states.apply(&transactional(2, 12), None, 0);
    assert_eq!(states.last_stable_offset(13), 12);
    let bytes = states.encode();
    assert_eq!(ProducerStates::decode(&bytes, 0), Ok(states));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert_eq!(ProducerStates::decode(&damaged, 0), Err(SnapshotError), "byte {at}");
        assert_eq!(ProducerStates::decode(&bytes[..at], 0), Err(SnapshotError), "cut at {at}");
    }
}

#[test]
fn transaction_index_holds_what_kafkas_tools_read() {
    let mut states = ProducerStates::default();
    states.apply(&transactional(1, 5), None, 0);
    states.apply(&transactional(2, 6), None, 0);
    end(&mut states, ControlType::Abort, 2, 7);
    let [aborted] = &states.aborted_in(0, 8)[..] else { panic!("one was rolled back") };
    let numbers: Vec<u8> = [2_i64, 6, 7, 5].into_iter().flat_map(i64::to_be_bytes).collect();
    assert_eq!(aborted.index_entry(), [&[0, 0], &numbers[..]].concat());
    assert_eq!(states.aborted_in(0, 7), [], "its marker is in the next segment");
}

#[test]
fn aborted_transactions_of_every_range_are_those_that_overlap_it() {
    let mut states = ProducerStates::default();
    for (producer_id, at) in [(1, 0), (2, 1), (3, 4)] {
        states.apply(&transactional(producer_id, at), None, 0);
        if producer_id == 2 {
            end(&mut states, ControlType::Abort, 2, 2);
            end(&mut states, ControlType::Commit, 1, 3);
        }
    }
    end(&mut states, ControlType::Abort, 3, 5);
    states.apply(&transactional(1, 6), None, 0);
    end(&mut states, ControlType::Abort, 1, 7);
    let all = [(2, 1, 2), (3, 4, 5), (1, 6, 7)];
    for from in 0..9 {
        for end in from..9 {
            let overlapping = all.iter().filter(|(_, first, last)| *first < end && *last >= from);
            let expected: Vec<AbortedTransaction> = overlapping
                .map(|(producer_id, first_offset, _)| AbortedTransaction {
                    producer_id: *producer_id,
                    first_offset: *first_offset,
                })
                .collect();
            assert_eq!(states.aborted(from, end), expected, "{from}..{end}");
        }
    }
}
