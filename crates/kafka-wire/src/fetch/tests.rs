//! The hand-written response against the protocol crate's decoder.

use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchableTopicResponse, PartitionData,
};
use kafka_protocol::messages::{FetchResponse as Decoded, ProducerId, TopicName};
use kafka_protocol::protocol::{Decodable, StrBytes};

use super::*;

fn response() -> FetchResponse {
    let full = FetchedPartition {
        index: 3,
        error_code: 0,
        high_watermark: 40,
        last_stable_offset: 30,
        log_start_offset: 20,
        diverging_epoch: Some((2, 25)),
        aborted: Some(vec![(7, 21)]),
        records: Some(Bytes::from(vec![9; 300])),
    };
    let name = Bytes::from_static(b"orders");
    let partitions = vec![full, FetchedPartition::failed(4, 3)];
    let topics = vec![FetchedTopic { name, id: [7; 16], partitions }];
    FetchResponse { error_code: 70, session_id: 5, topics }
}

fn bytes(piece: Piece<Bytes>) -> Bytes {
    match piece {
        Piece::Fields(bytes) | Piece::Records(bytes) => bytes,
    }
}

fn expected(version: i16) -> Decoded {
    let mut full = PartitionData::default()
        .with_partition_index(3)
        .with_high_watermark(40)
        .with_last_stable_offset(30)
        .with_aborted_transactions(Some(vec![
            AbortedTransaction::default().with_producer_id(ProducerId(7)).with_first_offset(21),
        ]))
        .with_records(Some(Bytes::from(vec![9; 300])));
    let failed = PartitionData::default()
        .with_partition_index(4)
        .with_error_code(3)
        .with_high_watermark(-1)
        .with_last_stable_offset(-1)
        .with_aborted_transactions(None)
        .with_records(Some(Bytes::new()));
    if version >= 5 {
        full.log_start_offset = 20;
    }
    if version >= 12 {
        full.diverging_epoch = EpochEndOffset::default().with_epoch(2).with_end_offset(25);
    }
    let topic = FetchableTopicResponse::default().with_partitions(vec![full, failed]);
    let topic = match version {
        13.. => topic.with_topic_id(uuid::Uuid::from_bytes([7; 16])),
        _ => topic.with_topic(TopicName(StrBytes::from_static_str("orders"))),
    };
    let decoded = Decoded::default().with_responses(vec![topic]);
    if version < 7 { decoded } else { decoded.with_error_code(70).with_session_id(5) }
}

#[test]
fn every_version_reads_back_as_it_was_meant() {
    for version in 4..=18 {
        let bytes: Vec<_> = response().encode(version).into_iter().flat_map(bytes).collect();
        let mut body = Bytes::from(bytes);
        let decoded = Decoded::decode(&mut body, version).unwrap();
        assert_eq!(decoded, expected(version), "version {version}");
        assert!(body.is_empty(), "version {version}");
    }
}

#[test]
fn records_are_sent_from_where_they_are() {
    let response = response();
    let records = response.topics[0].partitions[0].records.clone().unwrap();
    let pieces = response.encode(12);
    let sent = |piece: &Piece<Bytes>| matches!(piece, Piece::Records(sent) if sent.as_ptr() == records.as_ptr());
    assert!(pieces.iter().any(sent));
}
