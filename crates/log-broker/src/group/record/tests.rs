//! The bytes of each record, and what damaged ones give.

use super::*;

fn offset(committed: Option<CommittedOffset>) -> GroupRecord {
    GroupRecord::Offset { group: "g".to_owned(), topic: "t".to_owned(), partition: 7, committed }
}

fn committed() -> CommittedOffset {
    CommittedOffset {
        offset: 42,
        leader_epoch: 5,
        metadata: "m".to_owned(),
        commit_timestamp_ms: 1_000,
        expire_timestamp_ms: None,
    }
}

fn group() -> GroupRecord {
    let member = MemberMetadata {
        member_id: "a".to_owned(),
        instance_id: None,
        client_id: "c".to_owned(),
        client_host: "/h".to_owned(),
        rebalance_timeout_ms: 2,
        session_timeout_ms: 1,
        subscription: Bytes::from_static(b"s"),
        assignment: Bytes::new(),
    };
    let metadata = GroupMetadata {
        protocol_type: Some("consumer".to_owned()),
        generation_id: 3,
        protocol: Some("range".to_owned()),
        leader: Some("a".to_owned()),
        state_since_ms: Some(9),
        members: vec![member],
    };
    GroupRecord::Group { group: "g".to_owned(), metadata: Some(metadata) }
}

fn decode(record: &EncodedRecord) -> Result<Option<GroupRecord>, RecordFormatError> {
    GroupRecord::decode(&record.key, record.value.as_deref())
}

#[test]
fn offset_commit_is_key_1_and_value_3() {
    let key = b"\0\x01\0\x01g\0\x01t\0\0\0\x07".to_vec();
    let value = b"\0\x03\0\0\0\0\0\0\0\x2a\0\0\0\x05\0\x01m\0\0\0\0\0\0\x03\xe8".to_vec();
    let encoded = offset(Some(committed())).encode().unwrap();
    assert_eq!(encoded, EncodedRecord { key, value: Some(value) });
}

#[test]
fn offset_with_its_own_expiry_is_value_1() {
    let expiring =
        CommittedOffset { expire_timestamp_ms: Some(2), leader_epoch: -1, ..committed() };
    let value = b"\0\x01\0\0\0\0\0\0\0\x2a\0\x01m\0\0\0\0\0\0\x03\xe8\0\0\0\0\0\0\0\x02".to_vec();
    let encoded = offset(Some(expiring.clone())).encode().unwrap();
    assert_eq!(encoded.value, Some(value));
    assert_eq!(decode(&encoded), Ok(Some(offset(Some(expiring)))));
}

#[test]
fn group_is_key_2_and_value_3() {
    let key = b"\0\x02\0\x01g".to_vec();
    let value = [
        &b"\0\x03\0\x08consumer\0\0\0\x03\0\x05range\0\x01a\0\0\0\0\0\0\0\x09\0\0\0\x01"[..],
        b"\0\x01a\xff\xff\0\x01c\0\x02/h\0\0\0\x02\0\0\0\x01\0\0\0\x01s\0\0\0\0",
    ];
    let encoded = group().encode().unwrap();
    assert_eq!(encoded, EncodedRecord { key, value: Some(value.concat()) });
}

#[test]
fn every_record_reads_back() {
    let gone = GroupRecord::Group { group: "g".to_owned(), metadata: None };
    for record in [offset(Some(committed())), offset(None), group(), gone] {
        assert_eq!(decode(&record.encode().unwrap()), Ok(Some(record)));
    }
}

#[test]
fn key_of_another_version_is_passed_over() {
    assert_eq!(GroupRecord::decode(b"\0\x63\0\x01g", Some(b"\0\0")), Ok(None));
}

#[test]
fn value_of_another_version_is_an_error() {
    let encoded = offset(None).encode().unwrap();
    let newer = EncodedRecord { value: Some(b"\0\x04".to_vec()), ..encoded };
    assert_eq!(decode(&newer), Err(RecordFormatError::ValueVersion(4)));
}

#[test]
fn every_cut_of_a_record_is_an_error() {
    for record in [offset(Some(committed())), group()] {
        let whole = record.encode().unwrap();
        let value = whole.value.clone().unwrap();
        for end in 0..value.len() {
            let cut = EncodedRecord { value: Some(value[..end].to_vec()), ..whole.clone() };
            assert!(decode(&cut).is_err(), "{record:?} cut at {end}");
        }
        for end in 0..whole.key.len() {
            let cut = EncodedRecord { key: whole.key[..end].to_vec(), ..whole.clone() };
            assert!(decode(&cut).is_err(), "{record:?} with its key cut at {end}");
        }
    }
}

#[test]
fn text_that_the_format_cannot_hold_is_refused() {
    let long = GroupRecord::Group { group: "g".repeat(32_768), metadata: None };
    assert_eq!(long.encode(), Err(RecordFormatError::TextTooLong(32_768)));
}
