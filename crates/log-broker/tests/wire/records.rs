//! Producing, fetching and finding records, in every served version.

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    ApiKey, DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
    FetchRequest, FetchResponse, InitProducerIdRequest, InitProducerIdResponse, ListOffsetsRequest,
    ListOffsetsResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    ProduceResponse, delete_records_request, fetch_request, list_offsets_request,
    offset_for_leader_epoch_request,
};
use levada_kafka_wire::record_batch::BatchHeader;

use super::client::{Client, Rig, batch, produce, topic_name};

fn fetch(topic: &str, offset: i64, max_wait_ms: i32) -> FetchRequest {
    let partition = fetch_request::FetchPartition::default()
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic])
}

async fn fetched(client: &mut Client, version: i16, request: &FetchRequest) -> PartitionData {
    let answer: FetchResponse = client.call(ApiKey::Fetch, version, request).await;
    assert_eq!(answer.error_code, 0);
    answer.responses[0].partitions[0].clone()
}

async fn produced(client: &mut Client, topic: &str, records: Bytes) -> PartitionProduceResponse {
    let request = produce(topic, -1, Some(records));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    answer.responses[0].partition_responses[0].clone()
}

/// `batch` as the log stores it: at another base offset.
fn stored(batch: &[u8], base_offset: i64) -> Bytes {
    let mut stored = batch.to_vec();
    stored[..8].copy_from_slice(&base_offset.to_be_bytes());
    stored[12..16].copy_from_slice(&0_i32.to_be_bytes());
    stored.into()
}

#[tokio::test]
async fn records_come_back_as_they_were_sent_in_every_version() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["one", "two"]).build().unwrap();
    for version in 3..=12 {
        let request = produce("t", -1, Some(records.clone().into()));
        let answer: ProduceResponse = client.call(ApiKey::Produce, version, &request).await;
        let base_offset = 2 * i64::from(version - 3);
        let answered = &answer.responses[0].partition_responses[0];
        assert_eq!((answered.error_code, answered.base_offset), (0, base_offset));
    }
    for version in 4..=12 {
        let partition = fetched(&mut client, version, &fetch("t", 18, 0)).await;
        let bounds = (partition.high_watermark, partition.last_stable_offset);
        assert_eq!((partition.error_code, bounds), (0, (20, 20)), "version {version}");
        assert_eq!(partition.records, Some(stored(&records, 18)), "version {version}");
    }
}

#[tokio::test]
async fn acks_1_is_answered_and_becomes_readable() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["one"]).build().unwrap();
    let request = produce("t", 1, Some(records.clone().into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    let partition = fetched(&mut client, 12, &fetch("t", 0, 20_000)).await;
    assert_eq!(partition.records, Some(stored(&records, 0)));
}

#[tokio::test]
async fn what_acks_1_has_acknowledged_counts_in_the_end_of_the_log() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["one"]).build().unwrap();
    for end in 1..=20 {
        let request = produce("t", 1, Some(records.clone().into()));
        let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        let asked = list_offsets_request::ListOffsetsPartition::default().with_timestamp(-1);
        let topic = list_offsets_request::ListOffsetsTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default().with_topics(vec![topic]);
        let answer: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 7, &request).await;
        assert_eq!(answer.topics[0].partitions[0].offset, end);
    }
}

#[tokio::test]
async fn refused_batches_have_their_own_errors_and_are_not_written() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[("max.message.bytes", "200")]).await;
    let good = batch(&["value"]).build().unwrap();
    let mut corrupt = good.clone();
    *corrupt.last_mut().unwrap() ^= 1;
    let mut old = good.clone();
    old[16] = 1;
    let twice = [good.clone(), good.clone()].concat();
    let large = batch(&[&"x".repeat(300)]).build().unwrap();
    let transactional = batch(&["value"]).producer(7, 0, 0).transactional().build().unwrap();
    for (topic, acks, records, error) in [
        ("missing", -1, Some(good.clone()), 3),
        ("__consumer_offsets", -1, Some(good.clone()), 17),
        ("t", 2, Some(good.clone()), 21),
        ("t", -1, None, 87),
        ("t", -1, Some(Vec::new()), 87),
        ("t", -1, Some(corrupt), 2),
        ("t", -1, Some(old), 87),
        ("t", -1, Some(large), 10),
        ("t", -1, Some(transactional), 48),
    ] {
        let request = produce(topic, acks, records.map(Bytes::from));
        let answer: ProduceResponse = client.call(ApiKey::Produce, 8, &request).await;
        let answered = &answer.responses[0].partition_responses[0];
        assert_eq!((answered.error_code, answered.base_offset), (error, -1), "{topic} {acks}");
    }
    assert_ne!(produced(&mut client, "t", twice.into()).await.error_code, 0);
    assert_eq!(produced(&mut client, "t", good.into()).await.base_offset, 0);
}

#[tokio::test]
async fn zstd_is_refused_before_version_7() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let mut records = batch(&["value"]).build().unwrap();
    records[22] |= 4;
    let request = produce("t", 1, Some(records.into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 6, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 76);
}

#[tokio::test]
async fn repeated_sequence_answers_the_first_offset_and_a_gap_is_refused() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let request = InitProducerIdRequest::default().with_transactional_id(None);
    let given: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 4, &request).await;
    assert_eq!((given.error_code, given.producer_epoch), (0, 0));
    let sequenced = |sequence| {
        Bytes::from(batch(&["v"]).producer(given.producer_id.0, 0, sequence).build().unwrap())
    };
    assert_eq!(produced(&mut client, "t", sequenced(0)).await.base_offset, 0);
    assert_eq!(produced(&mut client, "t", sequenced(1)).await.base_offset, 1);
    let repeated = produced(&mut client, "t", sequenced(0)).await;
    assert_eq!((repeated.error_code, repeated.base_offset), (0, 0));
    assert_eq!(produced(&mut client, "t", sequenced(3)).await.error_code, 45);
}

#[tokio::test]
async fn fetch_outside_the_log_or_of_an_unknown_topic_is_an_error_at_once() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for (topic, offset, error) in [("t", 1, 1), ("t", -1, 1), ("missing", 0, 3)] {
        let partition = fetched(&mut client, 11, &fetch(topic, offset, 60_000)).await;
        assert_eq!((partition.error_code, partition.high_watermark), (error, -1), "{topic}");
        assert_eq!(partition.records, Some(Bytes::new()));
    }
}

#[tokio::test]
async fn long_poll_is_woken_by_deletion() {
    let rig = Rig::start().await;
    let (mut poller, mut admin) = (rig.client().await, rig.client().await);
    admin.create_topic("t", &[]).await;
    poller.send(ApiKey::Fetch, 12, &fetch("t", 0, 60_000)).await;
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let deleted: DeleteTopicsResponse = admin.call(ApiKey::DeleteTopics, 3, &request).await;
    assert_eq!(deleted.responses[0].error_code, 0);
    let (_, answer) = poller.receive::<FetchResponse>(ApiKey::Fetch, 12).await.unwrap();
    assert_eq!(answer.responses[0].partitions[0].error_code, 3);
}

#[tokio::test]
async fn first_batch_comes_whole_and_the_second_waits_for_its_turn() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = Bytes::from(batch(&[&"x".repeat(1_000)]).build().unwrap());
    for _ in 0..2 {
        assert_eq!(produced(&mut client, "t", records.clone()).await.error_code, 0);
    }
    for (limit, batches) in [(1, 1), (records.len(), 1), (2 * records.len(), 2)] {
        let limit = i32::try_from(limit).unwrap();
        let fetched = fetched(&mut client, 12, &fetch("t", 0, 0).with_max_bytes(limit)).await;
        assert_eq!(fetched.records.unwrap().len(), batches * records.len(), "{limit}");
    }
}

#[tokio::test]
async fn committed_readers_get_an_empty_list_of_aborted_transactions_and_others_none() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for (isolation, aborted) in [(0, None), (1, Some(Vec::new()))] {
        let request = fetch("t", 0, 0).with_isolation_level(isolation);
        let partition = fetched(&mut client, 12, &request).await;
        assert_eq!(partition.aborted_transactions, aborted);
    }
}

#[tokio::test]
async fn wrong_leader_epochs_are_told_apart() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for (epoch, error) in [(-1, 0), (0, 0), (1, 75)] {
        let mut request = fetch("t", 0, 0);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        assert_eq!(fetched(&mut client, 9, &request).await.error_code, error, "epoch {epoch}");
    }
}

#[tokio::test]
async fn reader_beyond_our_end_is_told_where_the_logs_part() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    produced(&mut client, "t", batch(&["one"]).build().unwrap().into()).await;
    let mut request = fetch("t", 5, 60_000);
    request.topics[0].partitions[0].last_fetched_epoch = 0;
    let partition = fetched(&mut client, 12, &request).await;
    let diverging = &partition.diverging_epoch;
    assert_eq!((partition.error_code, diverging.epoch, diverging.end_offset), (0, 0, 1));
    let asked = offset_for_leader_epoch_request::OffsetForLeaderPartition::default();
    let topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![asked]);
    let request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
    for version in 2..=4 {
        let answer: OffsetForLeaderEpochResponse =
            client.call(ApiKey::OffsetForLeaderEpoch, version, &request).await;
        let end = &answer.topics[0].partitions[0];
        assert_eq!((end.error_code, end.leader_epoch, end.end_offset), (0, 0, 1));
    }
}

#[tokio::test]
async fn offsets_are_found_by_position_and_by_time() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["one", "two"]).build().unwrap();
    let now_ms = BatchHeader::parse(&records).unwrap().base_timestamp;
    produced(&mut client, "t", records.into()).await;
    for version in 1..=10 {
        let since = |first: i16, offset: i64, found_ms: i64| {
            if version >= first { (0, offset, found_ms) } else { (35, -1, -1) }
        };
        for (timestamp, expected) in [
            (-1, (0, 2, -1)),
            (-2, (0, 0, -1)),
            (-3, since(7, 0, now_ms)),
            (-4, since(8, 0, -1)),
            (-5, since(9, -1, -1)),
            (-6, (35, -1, -1)),
            (0, (0, 0, now_ms)),
            (now_ms, (0, 0, now_ms)),
            (now_ms + 1, (0, -1, -1)),
        ] {
            let asked =
                list_offsets_request::ListOffsetsPartition::default().with_timestamp(timestamp);
            let topic = list_offsets_request::ListOffsetsTopic::default()
                .with_name(topic_name("t"))
                .with_partitions(vec![asked]);
            let request = ListOffsetsRequest::default().with_topics(vec![topic]);
            let answer: ListOffsetsResponse =
                client.call(ApiKey::ListOffsets, version, &request).await;
            let found = &answer.topics[0].partitions[0];
            let found = (found.error_code, found.offset, found.timestamp);
            assert_eq!(found, expected, "{timestamp} in version {version}");
        }
    }
}

#[tokio::test]
async fn deleted_records_are_out_of_range() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    produced(&mut client, "t", batch(&["one", "two"]).build().unwrap().into()).await;
    for (offset, error, low_watermark) in [(3, 1, -1), (1, 0, 1), (-1, 0, 2)] {
        let asked = delete_records_request::DeleteRecordsPartition::default().with_offset(offset);
        let topic = delete_records_request::DeleteRecordsTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![asked]);
        let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
        let answer: DeleteRecordsResponse = client.call(ApiKey::DeleteRecords, 2, &request).await;
        let deleted = &answer.topics[0].partitions[0];
        assert_eq!((deleted.error_code, deleted.low_watermark), (error, low_watermark));
    }
    assert_eq!(fetched(&mut client, 12, &fetch("t", 1, 0)).await.error_code, 1);
}

#[tokio::test]
async fn records_survive_a_stop() {
    let rig = Rig::start().await;
    let records = Bytes::from(batch(&["one"]).build().unwrap());
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    produced(&mut client, "t", records.clone()).await;
    let rig = rig.restart().await;
    let partition = fetched(&mut rig.client().await, 12, &fetch("t", 0, 0)).await;
    assert_eq!(partition.records, Some(stored(&records, 0)));
}
