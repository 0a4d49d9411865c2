//! What appending reads of the records of clients, and what it changes in their batches.

use levada_kafka_wire::compression::Codec;
use levada_kafka_wire::record_batch::{HEADER_BYTES, recompress};

use super::*;

#[test]
fn records_that_nobody_could_read_are_refused() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let good = batch(&["x", "y"]);
    let counted = |count: u8, last: u8| {
        patched(patched(good.clone(), 57, &[0, 0, 0, count]), 23, &[0, 0, 0, last])
    };
    for bad in [patched(good.clone(), HEADER_BYTES, &[0x80; 5]), counted(1, 0), counted(3, 2)] {
        let refused = log.append(&bad, AppendOrigin::Client).unwrap_err();
        assert!(matches!(refused, AppendError::UnreadableRecords { .. }), "{refused}");
    }
    let refused = log.append(&patched(good, 7, &[7]), AppendOrigin::Client).unwrap_err();
    assert!(matches!(refused, AppendError::InvalidRecord(_)), "{refused}");
    assert_eq!(log.bounds().log_end_offset, 0);
}

#[test]
fn each_record_is_as_old_as_it_may_be() {
    let mut bench = Bench::new();
    bench.config.timestamp_before_max_ms = 10;
    let (_dir, log) = bench.start();
    let at = |times: &[i64]| {
        let add = |builder: BatchBuilder, time: &i64| builder.record(*time, None, None);
        times.iter().fold(BatchBuilder::new(), add).build().unwrap()
    };
    let (old, new) = (NOW_MS - 11, NOW_MS + 3_600_001);
    let refused = log.append(&at(&[NOW_MS, old, NOW_MS, new]), AppendOrigin::Client);
    let Err(AppendError::TimestampOutOfRange { indexes, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(indexes, [1, 3]);
    log.append(&at(&[NOW_MS - 10, -1, NOW_MS]), AppendOrigin::Client).unwrap();
}

#[tokio::test]
async fn a_header_says_of_its_records_what_they_say() {
    let bench = Bench::new();
    let (_dir, log) = bench.start();
    let (early, late) = ((NOW_MS - 500).to_be_bytes(), (NOW_MS + 500).to_be_bytes());
    for lie in [early, late] {
        log.append(&patched(batch(&["x"]), 35, &lie), AppendOrigin::Client).unwrap();
    }
    // It claims to be stamped by the log.
    log.append(&patched(batch(&["x"]), 22, &[8]), AppendOrigin::Client).unwrap();
    log.flushed(2).await.unwrap();
    let read = log.read(0, ReadBound::HighWatermark, 1000, true).unwrap();
    let mut rest = &read.records[..];
    while !rest.is_empty() {
        let header = BatchHeader::parse(rest).unwrap();
        BatchHeader::parse_whole(&rest[..header.total_bytes]).unwrap();
        assert_eq!((header.max_timestamp, header.attributes), (NOW_MS, 0));
        rest = &rest[header.total_bytes..];
    }
    let newest = log.max_timestamp().unwrap();
    let expected = TimestampedOffset { offset: 0, timestamp: NOW_MS, leader_epoch: 0 };
    assert_eq!(newest, Some(expected));
}

#[tokio::test]
async fn batches_are_stored_as_the_topic_wants_them_compressed() {
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let mut bench = Bench::new();
        bench.config.compression = Some(codec);
        let (_dir, log) = bench.start();
        append(&log, &["a", "b"]);
        let plain = batch(&["c"]);
        let header = BatchHeader::parse(&plain).unwrap();
        let folded = recompress(&header, &plain[HEADER_BYTES..], Codec::Lz4).unwrap();
        log.append(&folded, AppendOrigin::Client).unwrap();
        log.flushed(2).await.unwrap();
        let read = log.read(0, ReadBound::HighWatermark, 1000, true).unwrap();
        let mut codecs = Vec::new();
        let mut rest = &read.records[..];
        while let Ok(header) = BatchHeader::parse(rest) {
            codecs.push(Codec::try_from(header.codec_id()).unwrap());
            rest = &rest[header.total_bytes..];
        }
        assert_eq!(codecs, [codec, codec]);
        assert_eq!(all(&log), numbered(&["a", "b", "c"]));
    }
}

#[test]
fn records_that_cannot_be_unfolded_are_not_recompressed() {
    let mut bench = Bench::new();
    bench.config.compression = Some(Codec::Zstd);
    let (_dir, log) = bench.start();
    let garbled = patched(batch(&["no gzip stream"]), 22, &[1]);
    let refused = log.append(&garbled, AppendOrigin::Client).unwrap_err();
    assert!(matches!(refused, AppendError::UnreadableRecords { .. }), "{refused}");
    assert_eq!(log.bounds().log_end_offset, 0);
}
