//! Batches built, checked, stamped and walked; hostile ones refused.

use proptest::prelude::*;

use super::*;

fn two_records() -> Vec<u8> {
    BatchBuilder::new()
        .producer(7, 1, i32::MAX)
        .record_with_headers(
            1000,
            Some(b"key"),
            Some(b"value"),
            &[(b"trace", Some(b"1")), (b"trace", Some(b"2")), (b"empty", None)],
        )
        .record(990, None, None)
        .build()
        .unwrap()
}

#[test]
fn built_batch_has_the_header_it_was_asked_for() {
    let batch = two_records();
    let header = BatchHeader::parse_whole(&batch).unwrap();
    assert_eq!(
        header,
        BatchHeader {
            base_offset: 0,
            total_bytes: batch.len(),
            leader_epoch: 0,
            crc: header.crc,
            attributes: 0,
            last_offset_delta: 1,
            base_timestamp: 1000,
            max_timestamp: 1000,
            producer_id: 7,
            producer_epoch: 1,
            base_sequence: i32::MAX,
            record_count: 2,
        }
    );
    assert_eq!(header.last_sequence(), 0, "sequences wrap after 2³¹−1");
}

#[test]
fn walking_keeps_duplicate_header_keys_in_order() {
    let batch = two_records();
    let header = BatchHeader::parse_whole(&batch).unwrap();
    let bytes = record_bytes(&header, &batch, 1000).unwrap();
    let records = Records::new(&header, &bytes).collect::<Result<Vec<_>, _>>().unwrap();
    let headers: Vec<_> = records[0].headers.iter().map(|h| (h.key, h.value)).collect();
    assert_eq!(
        headers,
        [(&b"trace"[..], Some(&b"1"[..])), (&b"trace"[..], Some(&b"2"[..])), (&b"empty"[..], None)]
    );
    let rest: Vec<_> = records.iter().map(|r| (r.offset, r.timestamp, r.key, r.value)).collect();
    assert_eq!(rest, [(0, 1000, Some(&b"key"[..]), Some(&b"value"[..])), (1, 990, None, None)]);
}

#[test]
fn stamping_offset_and_epoch_leaves_the_checksum_valid() {
    let mut batch = two_records();
    let mut head = BatchHead::of(&batch).unwrap();
    head.set_base_offset(42);
    head.set_leader_epoch(3);
    batch[..HEADER_BYTES].copy_from_slice(head.bytes());
    let header = BatchHeader::parse_whole(&batch).unwrap();
    assert_eq!((header.base_offset, header.leader_epoch), (42, 3));
}

#[test]
fn log_append_time_is_stamped_with_a_new_checksum() {
    let mut batch = two_records();
    let mut head = BatchHead::of(&batch).unwrap();
    head.set_log_append_time(5555, &batch[HEADER_BYTES..]);
    batch[..HEADER_BYTES].copy_from_slice(head.bytes());
    let header = BatchHeader::parse_whole(&batch).unwrap();
    assert!(header.is_log_append_time());
    let times: Vec<_> = Records::new(&header, &batch[HEADER_BYTES..])
        .map(|record| record.unwrap().timestamp)
        .collect();
    assert_eq!(times, [5555, 5555]);
}

#[test]
fn end_of_transaction_markers_come_back() {
    for control_type in [ControlType::Abort, ControlType::Commit] {
        let marker = EndTxnMarker { control_type, coordinator_epoch: 9 };
        let batch = marker.to_batch(1, 77, 4).unwrap();
        let header = BatchHeader::parse_whole(&batch).unwrap();
        assert!(header.is_control() && header.is_transactional());
        assert_eq!(EndTxnMarker::of_batch(&header, &batch), Some(marker));
    }
}

/// Offset, timestamp, key and value of each record.
type Walked = Vec<(i64, i64, Option<Vec<u8>>, Option<Vec<u8>>)>;

fn walked(batch: &[u8]) -> Walked {
    let header = BatchHeader::parse_whole(batch).unwrap();
    let bytes = record_bytes(&header, batch, 1000).unwrap();
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    Records::new(&header, &bytes)
        .map(Result::unwrap)
        .map(|r| (r.offset, r.timestamp, owned(r.key), owned(r.value)))
        .collect()
}

/// The batch with the records of these places, under a codec.
fn retained(batch: &[u8], codec: i16, places: &[usize], horizon_ms: Option<i64>) -> Vec<u8> {
    let mut header = BatchHeader::parse_whole(batch).unwrap();
    let bytes = record_bytes(&header, batch, 1000).unwrap().into_owned();
    let records: Vec<_> = Records::new(&header, &bytes).map(Result::unwrap).collect();
    let kept: Vec<_> = places.iter().map(|place| records[*place]).collect();
    header.attributes |= codec;
    retain_records(&header, &kept, horizon_ms).unwrap()
}

#[test]
fn retained_records_keep_their_place_under_every_codec() {
    let batch = two_records();
    for codec in 0..5 {
        let left = retained(&batch, codec, &[1], None);
        assert_eq!(walked(&left), walked(&batch)[1..], "codec {codec}");
        let (before, after) =
            (BatchHeader::parse(&batch).unwrap(), BatchHeader::parse(&left).unwrap());
        let expected = BatchHeader {
            total_bytes: left.len(),
            crc: after.crc,
            attributes: codec,
            max_timestamp: 990,
            record_count: 1,
            ..before
        };
        assert_eq!(after, expected, "codec {codec}");
    }
    assert_eq!(retained(&batch, 0, &[0, 1], None), batch, "all of it, headers included");
}

#[test]
fn a_delete_horizon_moves_no_timestamp_and_stays() {
    let batch = two_records();
    let with_horizon = retained(&batch, 0, &[0, 1], Some(5_000_000));
    let header = BatchHeader::parse(&with_horizon).unwrap();
    assert_eq!(header.delete_horizon_ms(), Some(5_000_000));
    assert_eq!((header.base_timestamp, header.max_timestamp), (5_000_000, 1000));
    assert_eq!(walked(&with_horizon), walked(&batch));
    let later = retained(&with_horizon, 0, &[1], Some(6_000_000));
    assert_eq!(BatchHeader::parse(&later).unwrap().delete_horizon_ms(), Some(5_000_000));
    assert_eq!(walked(&later), walked(&batch)[1..]);
}

#[test]
fn a_batch_without_records_is_its_header() {
    let batch = two_records();
    let with_horizon = retained(&batch, 3, &[0, 1], Some(5_000_000));
    let empty = retained(&with_horizon, 0, &[], None);
    assert_eq!(empty.len(), HEADER_BYTES);
    let header = BatchHeader::parse_whole(&empty).unwrap();
    assert_eq!((header.attributes, header.base_timestamp, header.record_count), (0, -1, 0));
    assert_eq!((header.max_timestamp, header.newest_timestamp()), (1000, None));
    assert_eq!((header.last_offset(), header.last_sequence()), (1, 0));
    assert_eq!(walked(&empty), []);
}

#[test]
fn checksum_is_castagnoli_in_one_run_or_many() {
    // The check value of CRC-32C, and a length that reaches the wide code path.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    let long: Vec<u8> = (0..10_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let mut bitwise = u32::MAX;
    for byte in &long {
        bitwise ^= u32::from(*byte);
        for _ in 0..8 {
            bitwise = (bitwise >> 1) ^ (0x82f6_3b78 & (bitwise & 1).wrapping_neg());
        }
    }
    assert_eq!(crc32c(&long), !bitwise);
    assert_eq!(crc32c_of(&[&long[..17], &long[17..]]), !bitwise);
}

#[test]
fn hostile_headers_are_refused() {
    let good = two_records();
    let with = |at: usize, bytes: &[u8]| {
        let mut batch = good.clone();
        batch[at..at + bytes.len()].copy_from_slice(bytes);
        BatchHeader::parse_whole(&batch)
    };
    assert_eq!(with(8, &(-1_i32).to_be_bytes()), Err(BatchError::Length { length: -1 }));
    assert_eq!(with(8, &48_i32.to_be_bytes()), Err(BatchError::Length { length: 48 }));
    assert_eq!(
        with(8, &i32::MAX.to_be_bytes()),
        Err(BatchError::Extent { claimed: (1 << 31) + 11, have: good.len() })
    );
    assert_eq!(with(16, &[1]), Err(BatchError::Magic(1)));
    assert!(matches!(with(57, &i32::MAX.to_be_bytes()), Err(BatchError::Crc { .. })));
    assert_eq!(BatchHeader::parse(&good[..60]), Err(BatchError::Truncated { have: 60 }));
}

#[test]
fn records_that_contradict_their_count_end_in_an_error() {
    let batch = two_records();
    let mut header = BatchHeader::parse_whole(&batch).unwrap();
    header.record_count = 1;
    let last = Records::new(&header, &batch[HEADER_BYTES..]).last().unwrap();
    assert!(matches!(last, Err(RecordError::TrailingBytes(_))));
    header.record_count = i32::MAX;
    let walked: Vec<_> = Records::new(&header, &batch[HEADER_BYTES..]).collect();
    assert_eq!(walked.len(), 3);
    assert!(matches!(walked[2], Err(RecordError::Malformed { index: 2, .. })));
}

proptest! {
    #[test]
    fn arbitrary_record_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        record_count: i32,
    ) {
        let batch = two_records();
        let mut header = BatchHeader::parse_whole(&batch).unwrap();
        header.record_count = record_count;
        for record in Records::new(&header, &bytes).flatten() {
            prop_assert!(record.headers.iter().count() <= bytes.len());
        }
    }

    #[test]
    fn any_flipped_bit_past_the_prefix_breaks_the_checksum(at in 16_usize..90, bit in 0_u8..8) {
        let mut batch = two_records();
        let at = at.min(batch.len() - 1);
        batch[at] ^= 1 << bit;
        prop_assert!(BatchHeader::parse_whole(&batch).is_err());
    }
}
