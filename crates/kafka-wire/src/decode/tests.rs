//! The table of shapes against the protocol crate's own encoder, and against hostile bytes.

use bytes::BytesMut;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, StrBytes};
use proptest::prelude::*;

use super::*;

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn topic() -> TopicName {
    TopicName(text("orders"))
}

fn group() -> GroupId {
    GroupId(text("readers"))
}

/// A served request and the versions it is served in, arrays filled, encoded by version.
struct Sample {
    key: ApiKey,
    versions: std::ops::RangeInclusive<i16>,
    encode: Box<dyn Fn(i16) -> Bytes>,
    decode: fn(ApiKey, i16, &Bytes) -> Result<(), WireError>,
}

fn sample<R>(
    key: ApiKey,
    versions: std::ops::RangeInclusive<i16>,
    request: impl Fn(i16) -> R + 'static,
) -> Sample
where
    R: Encodable + Decodable + 'static,
{
    let encode = move |version| {
        let mut body = BytesMut::new();
        request(version).encode(&mut body, version).unwrap();
        body.freeze()
    };
    Sample {
        key,
        versions,
        encode: Box::new(encode),
        decode: |key, version, body| decode::<R>(key, version, body).map(|_| ()),
    }
}

fn records_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::Fetch, 4..=18, |version| {
            use fetch_request as r;
            let mut partition = r::FetchPartition::default().with_partition(1);
            if version >= 17 {
                partition.replica_directory_id = uuid::Uuid::from_bytes([3; 16]);
            }
            if version >= 18 {
                partition.high_watermark = 9;
            }
            let mut asked = r::FetchTopic::default().with_partitions(vec![partition; 2]);
            let mut forgotten = r::ForgottenTopic::default().with_partitions(vec![1, 2]);
            if version >= 13 {
                asked.topic_id = uuid::Uuid::from_bytes([7; 16]);
                forgotten.topic_id = asked.topic_id;
            } else {
                (asked.topic, forgotten.topic) = (topic(), topic());
            }
            let mut request = FetchRequest::default().with_topics(vec![asked]);
            if version >= 7 {
                request.forgotten_topics_data = vec![forgotten];
            }
            if version >= 12 {
                request.cluster_id = Some(text("cluster"));
            }
            if version >= 15 {
                request.replica_state.replica_epoch = 5;
            }
            request
        }),
        sample(ApiKey::ListOffsets, 1..=10, |_| {
            let partition = list_offsets_request::ListOffsetsPartition::default();
            ListOffsetsRequest::default().with_topics(vec![
                list_offsets_request::ListOffsetsTopic::default()
                    .with_name(topic())
                    .with_partitions(vec![partition; 2]),
            ])
        }),
        sample(ApiKey::OffsetForLeaderEpoch, 2..=4, |_| {
            let partition = offset_for_leader_epoch_request::OffsetForLeaderPartition::default();
            OffsetForLeaderEpochRequest::default().with_topics(vec![
                offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
                    .with_topic(topic())
                    .with_partitions(vec![partition; 2]),
            ])
        }),
        sample(ApiKey::DeleteRecords, 0..=2, |_| {
            let partition = delete_records_request::DeleteRecordsPartition::default();
            DeleteRecordsRequest::default().with_topics(vec![
                delete_records_request::DeleteRecordsTopic::default()
                    .with_name(topic())
                    .with_partitions(vec![partition; 2]),
            ])
        }),
        sample(ApiKey::InitProducerId, 0..=5, |_| {
            InitProducerIdRequest::default().with_transactional_id(Some(TransactionalId(text("t"))))
        }),
    ]
}

fn transaction_samples() -> Vec<Sample> {
    let id = || TransactionalId(text("t"));
    let topics = || {
        vec![
            add_partitions_to_txn_request::AddPartitionsToTxnTopic::default()
                .with_name(topic())
                .with_partitions(vec![1, 2]),
        ]
    };
    vec![
        sample(ApiKey::AddPartitionsToTxn, 0..=5, move |version| match version {
            4.. => AddPartitionsToTxnRequest::default().with_transactions(vec![
                add_partitions_to_txn_request::AddPartitionsToTxnTransaction::default()
                    .with_transactional_id(id())
                    .with_topics(topics()),
            ]),
            _ => AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(id())
                .with_v3_and_below_topics(topics()),
        }),
        sample(ApiKey::AddOffsetsToTxn, 0..=4, move |_| {
            AddOffsetsToTxnRequest::default().with_transactional_id(id()).with_group_id(group())
        }),
        sample(ApiKey::EndTxn, 0..=5, move |_| {
            EndTxnRequest::default().with_transactional_id(id()).with_committed(true)
        }),
        sample(ApiKey::WriteTxnMarkers, 1..=1, |_| {
            use write_txn_markers_request as r;
            let topic = r::WritableTxnMarkerTopic::default()
                .with_name(topic())
                .with_partition_indexes(vec![1, 2]);
            WriteTxnMarkersRequest::default().with_markers(vec![
                r::WritableTxnMarker::default()
                    .with_topics(vec![topic]);
                2
            ])
        }),
        sample(ApiKey::TxnOffsetCommit, 0..=5, move |version| {
            use txn_offset_commit_request as r;
            let partition = r::TxnOffsetCommitRequestPartition::default()
                .with_committed_metadata(Some(text("note")));
            let topic = r::TxnOffsetCommitRequestTopic::default()
                .with_name(topic())
                .with_partitions(vec![partition; 2]);
            let request = TxnOffsetCommitRequest::default()
                .with_transactional_id(id())
                .with_group_id(group())
                .with_topics(vec![topic]);
            match version {
                3.. => request.with_member_id(text("m")).with_group_instance_id(Some(text("i"))),
                _ => request,
            }
        }),
    ]
}

fn cluster_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::Metadata, 0..=13, |_| {
            let asked = metadata_request::MetadataRequestTopic::default().with_name(Some(topic()));
            MetadataRequest::default().with_topics(Some(vec![asked; 2]))
        }),
        sample(ApiKey::ApiVersions, 0..=4, |version| match version {
            3.. => ApiVersionsRequest::default()
                .with_client_software_name(text("client"))
                .with_client_software_version(text("1.0")),
            _ => ApiVersionsRequest::default(),
        }),
        sample(ApiKey::CreateTopics, 2..=7, |_| {
            use create_topics_request as r;
            let assignment = r::CreatableReplicaAssignment::default()
                .with_broker_ids(vec![BrokerId(1), BrokerId(2)]);
            let config = r::CreatableTopicConfig::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("1")));
            CreateTopicsRequest::default().with_topics(vec![
                r::CreatableTopic::default()
                    .with_name(topic())
                    .with_assignments(vec![assignment; 2])
                    .with_configs(vec![config; 2]),
            ])
        }),
        sample(ApiKey::DeleteTopics, 1..=6, |version| match version {
            6.. => DeleteTopicsRequest::default().with_topics(vec![
                delete_topics_request::DeleteTopicState::default().with_name(Some(topic())),
            ]),
            _ => DeleteTopicsRequest::default().with_topic_names(vec![topic(), topic()]),
        }),
        sample(ApiKey::CreatePartitions, 0..=3, |_| {
            use create_partitions_request as r;
            let assignment =
                r::CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1)]);
            CreatePartitionsRequest::default().with_topics(vec![
                r::CreatePartitionsTopic::default()
                    .with_name(topic())
                    .with_assignments(Some(vec![assignment; 2])),
            ])
        }),
        sample(ApiKey::DescribeConfigs, 1..=4, |_| {
            DescribeConfigsRequest::default().with_resources(vec![
                describe_configs_request::DescribeConfigsResource::default()
                    .with_resource_name(text("orders"))
                    .with_configuration_keys(Some(vec![text("retention.ms"), text("a")])),
            ])
        }),
        sample(ApiKey::AlterConfigs, 0..=2, |_| {
            use alter_configs_request as r;
            let config = r::AlterableConfig::default().with_name(text("a")).with_value(None);
            AlterConfigsRequest::default().with_resources(vec![
                r::AlterConfigsResource::default()
                    .with_resource_name(text("orders"))
                    .with_configs(vec![config; 2]),
            ])
        }),
        sample(ApiKey::IncrementalAlterConfigs, 0..=1, |_| {
            use incremental_alter_configs_request as r;
            let config = r::AlterableConfig::default().with_name(text("a"));
            IncrementalAlterConfigsRequest::default().with_resources(vec![
                r::AlterConfigsResource::default()
                    .with_resource_name(text("orders"))
                    .with_configs(vec![config; 2]),
            ])
        }),
    ]
}

fn replica_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::ElectLeaders, 0..=2, |_| {
            let asked = elect_leaders_request::TopicPartitions::default()
                .with_topic(topic())
                .with_partitions(vec![1, 2]);
            ElectLeadersRequest::default().with_topic_partitions(Some(vec![asked; 2]))
        }),
        sample(ApiKey::AlterPartitionReassignments, 0..=1, |_| {
            use alter_partition_reassignments_request as r;
            let partition =
                r::ReassignablePartition::default().with_replicas(Some(vec![BrokerId(1); 2]));
            let asked = r::ReassignableTopic::default()
                .with_name(topic())
                .with_partitions(vec![partition; 2]);
            AlterPartitionReassignmentsRequest::default().with_topics(vec![asked; 2])
        }),
        sample(ApiKey::ListPartitionReassignments, 0..=0, |_| {
            use list_partition_reassignments_request as r;
            let asked = r::ListPartitionReassignmentsTopics::default()
                .with_name(topic())
                .with_partition_indexes(vec![1, 2]);
            ListPartitionReassignmentsRequest::default().with_topics(Some(vec![asked; 2]))
        }),
    ]
}

fn describe_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::DescribeCluster, 0..=2, |_| DescribeClusterRequest::default()),
        sample(ApiKey::DescribeLogDirs, 1..=4, |_| {
            let asked = describe_log_dirs_request::DescribableLogDirTopic::default()
                .with_topic(topic())
                .with_partitions(vec![1, 2]);
            DescribeLogDirsRequest::default().with_topics(Some(vec![asked; 2]))
        }),
        sample(ApiKey::DescribeProducers, 0..=0, |_| {
            let asked = describe_producers_request::TopicRequest::default()
                .with_name(topic())
                .with_partition_indexes(vec![1, 2]);
            DescribeProducersRequest::default().with_topics(vec![asked; 2])
        }),
        sample(ApiKey::DescribeTransactions, 0..=0, |_| {
            let ids = vec![TransactionalId(text("a")), TransactionalId(text("b"))];
            DescribeTransactionsRequest::default().with_transactional_ids(ids)
        }),
        sample(ApiKey::ListTransactions, 0..=2, |version| {
            let request = ListTransactionsRequest::default()
                .with_state_filters(vec![text("Ongoing")])
                .with_producer_id_filters(vec![ProducerId(1), ProducerId(2)]);
            match version {
                2.. => request.with_transactional_id_pattern(Some(text("a.*"))),
                _ => request,
            }
        }),
        sample(ApiKey::DescribeTopicPartitions, 0..=0, |_| {
            use describe_topic_partitions_request as r;
            let cursor = r::Cursor::default().with_topic_name(topic()).with_partition_index(1);
            DescribeTopicPartitionsRequest::default()
                .with_topics(vec![r::TopicRequest::default().with_name(topic()); 2])
                .with_cursor(Some(cursor))
        }),
        sample(ApiKey::ConsumerGroupHeartbeat, 0..=1, |version| {
            let owned = consumer_group_heartbeat_request::TopicPartitions::default()
                .with_topic_id(uuid::Uuid::from_bytes([7; 16]))
                .with_partitions(vec![1, 2]);
            let request = ConsumerGroupHeartbeatRequest::default()
                .with_group_id(group())
                .with_member_id(text("m"))
                .with_subscribed_topic_names(Some(vec![topic(); 2]))
                .with_topic_partitions(Some(vec![owned; 2]));
            match version {
                1.. => request.with_subscribed_topic_regex(Some(text("a.*"))),
                _ => request,
            }
        }),
        sample(ApiKey::ConsumerGroupDescribe, 0..=1, |_| {
            ConsumerGroupDescribeRequest::default().with_group_ids(vec![group(); 2])
        }),
    ]
}

fn offset_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::OffsetCommit, 2..=9, |_| {
            use offset_commit_request as r;
            let partition = r::OffsetCommitRequestPartition::default()
                .with_committed_metadata(Some(text("note")));
            OffsetCommitRequest::default().with_group_id(group()).with_topics(vec![
                r::OffsetCommitRequestTopic::default()
                    .with_name(topic())
                    .with_partitions(vec![partition; 2]),
            ])
        }),
        sample(ApiKey::OffsetFetch, 1..=9, |version| {
            use offset_fetch_request as r;
            if version < 8 {
                return OffsetFetchRequest::default().with_group_id(group()).with_topics(Some(
                    vec![
                        r::OffsetFetchRequestTopic::default()
                            .with_name(topic())
                            .with_partition_indexes(vec![1, 2]),
                    ],
                ));
            }
            let topics = r::OffsetFetchRequestTopics::default().with_partition_indexes(vec![1, 2]);
            let topics = match version {
                10.. => topics.with_topic_id(uuid::Uuid::from_bytes([7; 16])),
                _ => topics.with_name(topic()),
            };
            OffsetFetchRequest::default().with_groups(vec![
                r::OffsetFetchRequestGroup::default()
                    .with_group_id(group())
                    .with_topics(Some(vec![topics; 2])),
            ])
        }),
        sample(ApiKey::OffsetDelete, 0..=0, |_| {
            use offset_delete_request as r;
            OffsetDeleteRequest::default().with_group_id(group()).with_topics(vec![
                r::OffsetDeleteRequestTopic::default()
                    .with_name(topic())
                    .with_partitions(vec![r::OffsetDeleteRequestPartition::default(); 2]),
            ])
        }),
    ]
}

fn group_samples() -> Vec<Sample> {
    vec![
        sample(ApiKey::FindCoordinator, 0..=6, |version| match version {
            4.. => {
                FindCoordinatorRequest::default().with_coordinator_keys(vec![text("a"), text("b")])
            }
            _ => FindCoordinatorRequest::default().with_key(text("readers")),
        }),
        sample(ApiKey::JoinGroup, 0..=9, |_| {
            let protocol = join_group_request::JoinGroupRequestProtocol::default()
                .with_name(text("range"))
                .with_metadata(Bytes::from_static(b"metadata"));
            JoinGroupRequest::default().with_group_id(group()).with_protocols(vec![protocol; 2])
        }),
        sample(ApiKey::Heartbeat, 0..=4, |_| {
            HeartbeatRequest::default().with_group_id(group()).with_member_id(text("m"))
        }),
        sample(ApiKey::LeaveGroup, 0..=5, |version| match version {
            3.. => LeaveGroupRequest::default().with_members(vec![
                leave_group_request::MemberIdentity::default().with_member_id(text("m")),
            ]),
            _ => LeaveGroupRequest::default().with_member_id(text("m")),
        }),
        sample(ApiKey::SyncGroup, 0..=5, |_| {
            let assignment = sync_group_request::SyncGroupRequestAssignment::default()
                .with_member_id(text("m"))
                .with_assignment(Bytes::from_static(b"assignment"));
            SyncGroupRequest::default().with_group_id(group()).with_assignments(vec![assignment; 2])
        }),
        sample(ApiKey::DescribeGroups, 0..=6, |_| {
            DescribeGroupsRequest::default().with_groups(vec![group(), group()])
        }),
        sample(ApiKey::ListGroups, 0..=5, |version| {
            let request = ListGroupsRequest::default();
            let request = match version {
                4.. => request.with_states_filter(vec![text("Stable"), text("Empty")]),
                _ => request,
            };
            match version {
                5.. => request.with_types_filter(vec![text("classic")]),
                _ => request,
            }
        }),
        sample(ApiKey::DeleteGroups, 0..=2, |_| {
            DeleteGroupsRequest::default().with_groups_names(vec![group(), group()])
        }),
    ]
}

fn samples() -> Vec<Sample> {
    let mut all = records_samples();
    all.extend(transaction_samples());
    all.extend(cluster_samples());
    all.extend(describe_samples());
    all.extend(replica_samples());
    all.extend(offset_samples());
    all.extend(group_samples());
    all
}

#[test]
fn walk_ends_exactly_where_the_decoder_does() {
    for sample in samples() {
        for version in sample.versions.clone() {
            let body = (sample.encode)(version);
            let what = format!("{:?} v{version}", sample.key);
            (sample.decode)(sample.key, version, &body).expect(&what);
            for end in 0..body.len() {
                let cut = check(sample.key, version, &body.slice(..end));
                assert!(cut.is_err(), "{what} cut at {end} of {}", body.len());
            }
        }
    }
}

#[test]
fn every_count_of_two_billion_is_refused_before_the_decoder_sees_it() {
    let counts: [&[u8]; 4] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0xff, 0xff, 0xff, 0xfe],
        &[0xff; 5],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
    ];
    for sample in samples() {
        for version in sample.versions.clone() {
            let body = (sample.encode)(version);
            for at in 0..body.len() {
                for count in counts {
                    let mut hostile = body[..at].to_vec();
                    hostile.extend_from_slice(count);
                    hostile.extend_from_slice(body.get(at + count.len()..).unwrap_or_default());
                    // Wherever it lands: an error or a value, never an abort.
                    let _ = (sample.decode)(sample.key, version, &Bytes::from(hostile));
                }
            }
        }
    }
}

#[test]
fn fourteen_bytes_that_ask_for_two_hundred_gigabytes_are_refused() {
    let body = Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff]);
    assert_eq!(
        check(ApiKey::Metadata, 0, &body),
        Err(WireError::Count { at: 0, count: 0x7fff_ffff, left: 0 })
    );
}

#[test]
fn tagged_field_whose_length_lies_is_refused() {
    let encode = |size: u8| {
        let sample = &records_samples()[0];
        let body = (sample.encode)(12);
        // Ends with: one tagged field, tag 0, its size, then the text "cluster".
        let mut lying = body.to_vec();
        let at = lying.len() - 9;
        assert_eq!(lying[at], 8, "the size is where this test thinks it is");
        lying[at] = size;
        Bytes::from(lying)
    };
    assert_eq!(check(ApiKey::Fetch, 12, &encode(8)), Ok(()));
    assert!(matches!(check(ApiKey::Fetch, 12, &encode(7)), Err(WireError::Tag { tag: 0, .. })));
}

#[test]
fn frame_of_tiny_elements_exceeds_its_budget() {
    // 100,000 topics of one compact empty name and no tagged fields: two bytes each.
    let mut body = vec![0xa1, 0x8d, 0x06];
    body.resize(body.len() + 200_000, 1);
    let refused = check(ApiKey::Metadata, 9, &Bytes::from(body));
    assert!(matches!(refused, Err(WireError::Budget { .. })), "{refused:?}");
}

#[test]
fn seven_hundred_thousand_partition_numbers_exceed_any_budget() {
    let mut body = vec![0, 1, b'g', 0, 0, 0, 1, 0, 1, b't'];
    body.extend(700_000_i32.to_be_bytes());
    body.resize(body.len() + 4 * 700_000, 0);
    let refused = check(ApiKey::OffsetFetch, 1, &Bytes::from(body));
    assert!(matches!(refused, Err(WireError::Budget { .. })), "{refused:?}");
}

#[test]
fn fifty_thousand_partition_numbers_fit_any_budget() {
    let request = OffsetFetchRequest::default().with_group_id(group()).with_topics(Some(vec![
        offset_fetch_request::OffsetFetchRequestTopic::default()
            .with_name(topic())
            .with_partition_indexes((0..50_000).collect()),
    ]));
    let mut body = BytesMut::new();
    request.encode(&mut body, 1).unwrap();
    let decoded: OffsetFetchRequest = decode(ApiKey::OffsetFetch, 1, &body.freeze()).unwrap();
    assert_eq!(decoded, request);
}

#[test]
fn every_request_that_is_not_served_has_no_shape() {
    let body = Bytes::new();
    assert_eq!(check(ApiKey::Vote, 0, &body), Err(WireError::NoShape { key: 52 }));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(
        which in 0..samples().len(),
        version in 0_i16..12,
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let sample = &samples()[which];
        if sample.versions.contains(&version) {
            let _ = (sample.decode)(sample.key, version, &Bytes::from(body));
        }
    }

    #[test]
    fn mutated_requests_never_panic(
        which in 0..samples().len(),
        version in 0_i16..12,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let sample = &samples()[which];
        if sample.versions.contains(&version) {
            let mut body = (sample.encode)(version).to_vec();
            if !body.is_empty() {
                for (at, byte) in changes {
                    let at = at.index(body.len());
                    body[at] = byte;
                }
            }
            let _ = (sample.decode)(sample.key, version, &Bytes::from(body));
        }
    }
}
