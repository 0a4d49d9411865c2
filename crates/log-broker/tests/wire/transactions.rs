//! Transactions as clients see them, in every served version.

use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, ApiKey, EndTxnRequest, EndTxnResponse, FetchRequest, FetchResponse,
    GroupId, InitProducerIdRequest, InitProducerIdResponse, ListOffsetsRequest,
    ListOffsetsResponse, OffsetFetchRequest, OffsetFetchResponse, ProduceResponse, ProducerId,
    TransactionalId, TxnOffsetCommitRequest, TxnOffsetCommitResponse, WriteTxnMarkersRequest,
    WriteTxnMarkersResponse, fetch_request, list_offsets_request,
};

use super::client::{Client, Rig, batch, produce, text, topic_name};

/// The topic of every test, and its one transactional id.
const TOPIC: &str = "t";
const OFFSETS: &str = "__consumer_offsets";

type Producer = (i64, i16);

fn id() -> TransactionalId {
    TransactionalId(text("app"))
}

async fn init(client: &mut Client, version: i16, holder: Producer) -> (i16, Producer) {
    let mut request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id()))
        .with_transaction_timeout_ms(60_000);
    if version >= 3 {
        request.producer_id = ProducerId(holder.0);
        request.producer_epoch = holder.1;
    }
    let given: InitProducerIdResponse =
        client.call(ApiKey::InitProducerId, version, &request).await;
    (given.error_code, (given.producer_id.0, given.producer_epoch))
}

/// As a new instance of the program: without an earlier epoch.
async fn begin(client: &mut Client) -> Producer {
    let (error, producer) = init(client, 4, (-1, -1)).await;
    assert_eq!(error, 0);
    producer
}

fn topics(names: &[&str]) -> Vec<AddPartitionsToTxnTopic> {
    let topic = |name: &&str| {
        AddPartitionsToTxnTopic::default().with_name(topic_name(name)).with_partitions(vec![0])
    };
    names.iter().map(topic).collect()
}

/// One error a topic.
async fn add(client: &mut Client, version: i16, producer: Producer, names: &[&str]) -> Vec<i16> {
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id())
        .with_v3_and_below_producer_id(ProducerId(producer.0))
        .with_v3_and_below_producer_epoch(producer.1)
        .with_v3_and_below_topics(topics(names));
    let added: AddPartitionsToTxnResponse =
        client.call(ApiKey::AddPartitionsToTxn, version, &request).await;
    let results = added.results_by_topic_v3_and_below.iter();
    results.map(|topic| topic.results_by_partition[0].partition_error_code).collect()
}

async fn write(client: &mut Client, version: i16, (pid, epoch): Producer, sequence: i32) -> i16 {
    let records = batch(&["value"]).producer(pid, epoch, sequence).transactional().build().unwrap();
    let request = produce(TOPIC, -1, Some(records.into())).with_transactional_id(Some(id()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, version, &request).await;
    answer.responses[0].partition_responses[0].error_code
}

async fn end(
    client: &mut Client,
    version: i16,
    producer: Producer,
    committed: bool,
) -> EndTxnResponse {
    let request = EndTxnRequest::default()
        .with_transactional_id(id())
        .with_producer_id(ProducerId(producer.0))
        .with_producer_epoch(producer.1)
        .with_committed(committed);
    client.call(ApiKey::EndTxn, version, &request).await
}

async fn commit_offset(client: &mut Client, version: i16, (pid, epoch): Producer) -> i16 {
    let partition = TxnOffsetCommitRequestPartition::default()
        .with_committed_offset(7)
        .with_committed_metadata(Some(text("note")));
    let topic = TxnOffsetCommitRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    let request = TxnOffsetCommitRequest::default()
        .with_transactional_id(id())
        .with_group_id(GroupId(text("g")))
        .with_producer_id(ProducerId(pid))
        .with_producer_epoch(epoch)
        .with_topics(vec![topic]);
    let answer: TxnOffsetCommitResponse =
        client.call(ApiKey::TxnOffsetCommit, version, &request).await;
    answer.topics[0].partitions[0].error_code
}

async fn add_offsets(client: &mut Client, version: i16, (pid, epoch): Producer) -> i16 {
    let request = AddOffsetsToTxnRequest::default()
        .with_transactional_id(id())
        .with_group_id(GroupId(text("g")))
        .with_producer_id(ProducerId(pid))
        .with_producer_epoch(epoch);
    let added: AddOffsetsToTxnResponse =
        client.call(ApiKey::AddOffsetsToTxn, version, &request).await;
    added.error_code
}

/// Error and offset.
async fn fetch_offset(client: &mut Client, require_stable: bool) -> (i16, i64) {
    let topic = OffsetFetchRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![0]);
    let request = OffsetFetchRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_topics(Some(vec![topic]))
        .with_require_stable(require_stable);
    let answer: OffsetFetchResponse = client.call(ApiKey::OffsetFetch, 7, &request).await;
    let partition = &answer.topics[0].partitions[0];
    (partition.error_code, partition.committed_offset)
}

async fn fetch(client: &mut Client, isolation_level: i8) -> PartitionData {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_bytes(1 << 20)
        .with_isolation_level(isolation_level)
        .with_topics(vec![topic]);
    let answer: FetchResponse = client.call(ApiKey::Fetch, 12, &request).await;
    answer.responses[0].partitions[0].clone()
}

/// Last stable offset, producer and first offset of what was aborted, whether there are records.
async fn committed(client: &mut Client) -> (i64, Vec<(i64, i64)>, bool) {
    let partition = fetch(client, 1).await;
    let aborted = partition.aborted_transactions.expect("a list, if an empty one");
    let aborted = aborted.iter().map(|txn| (txn.producer_id.0, txn.first_offset)).collect();
    let has_records = partition.records.is_some_and(|records: Bytes| !records.is_empty());
    (partition.last_stable_offset, aborted, has_records)
}

async fn rig() -> (Rig, Client) {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic(TOPIC, &[]).await;
    (rig, client)
}

#[tokio::test]
async fn committed_in_every_version() {
    let (_rig, mut client) = rig().await;
    for (round, version) in (0..=4).enumerate() {
        let (error, producer) = init(&mut client, version, (-1, -1)).await;
        assert_eq!((error, producer.1), (0, version), "version {version}");
        assert_eq!(add(&mut client, version.min(3), producer, &[TOPIC]).await, [0]);
        assert_eq!(write(&mut client, 7 + version, producer, 0).await, 0);
        let start = 2 * i64::try_from(round).unwrap();
        let open = (start, Vec::new(), round > 0);
        assert_eq!(committed(&mut client).await, open, "version {version}");
        assert_eq!(add_offsets(&mut client, version.min(4), producer).await, 0);
        assert_eq!(commit_offset(&mut client, version, producer).await, 0);
        let ended = end(&mut client, version, producer, true).await;
        assert_eq!((ended.error_code, ended.producer_id.0), (0, -1));
        assert_eq!(end(&mut client, version, producer, true).await.error_code, 0, "a retry");
        let whole = (start + 2, Vec::new(), true);
        assert_eq!(committed(&mut client).await, whole, "version {version}");
        assert_eq!(fetch_offset(&mut client, true).await, (0, 7));
    }
}

#[tokio::test]
async fn aborted_is_listed_for_committed_readers_alone() {
    let (rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    add(&mut client, 3, producer, &[TOPIC]).await;
    assert_eq!(write(&mut client, 9, producer, 0).await, 0);
    assert_eq!(end(&mut client, 3, producer, false).await.error_code, 0);
    assert_eq!(end(&mut client, 3, producer, true).await.error_code, 48, "it is decided");
    let expected = (2, vec![(producer.0, 0)], true);
    assert_eq!(committed(&mut client).await, expected);
    assert_eq!(fetch(&mut client, 0).await.aborted_transactions, None);
    let rig = rig.restart().await;
    assert_eq!(committed(&mut rig.client().await).await, expected, "after a restart too");
}

#[tokio::test]
async fn epochs_rise_with_every_end_since_kip_890() {
    let (_rig, mut client) = rig().await;
    let (error, first) = init(&mut client, 5, (-1, -1)).await;
    assert_eq!(error, 0);
    assert_eq!(write(&mut client, 12, first, 0).await, 0, "no AddPartitionsToTxn is needed");
    assert_eq!(commit_offset(&mut client, 5, first).await, 0);
    assert_eq!(fetch_offset(&mut client, true).await, (88, -1));
    let ended = end(&mut client, 5, first, true).await;
    let second = (ended.producer_id.0, ended.producer_epoch);
    assert_eq!((ended.error_code, second), (0, (first.0, first.1 + 1)));
    let again = end(&mut client, 5, first, true).await;
    assert_eq!((again.error_code, again.producer_epoch), (0, second.1), "a lost answer");
    assert_eq!(fetch_offset(&mut client, true).await, (0, 7));
    assert_eq!(write(&mut client, 12, first, 1).await, 47, "what is late reaches nothing");
    assert_eq!(write(&mut client, 12, second, 0).await, 0);
    assert_eq!(end(&mut client, 5, second, false).await.error_code, 0);
    assert_eq!(committed(&mut client).await, (4, vec![(first.0, 2)], true));
}

#[tokio::test]
async fn what_is_not_part_of_the_transaction_is_not_written() {
    let (_rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    for (version, error) in [(9, 48), (10, 48), (11, 120)] {
        assert_eq!(write(&mut client, version, producer, 0).await, error, "version {version}");
    }
    for (version, error) in [(3, 48), (4, 120)] {
        assert_eq!(commit_offset(&mut client, version, producer).await, error, "{version}");
    }
    for (other, error) in [((producer.0 + 1, 0), 49), ((producer.0, 5), 47)] {
        assert_eq!(write(&mut client, 9, other, 0).await, error);
        assert_eq!(commit_offset(&mut client, 3, other).await, error);
    }
    let records = batch(&["v"]).producer(producer.0, 0, 0).transactional().build().unwrap();
    let request = produce(TOPIC, -1, Some(records.into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 48, "nobody's transaction");
    assert_eq!(committed(&mut client).await, (0, Vec::new(), false));
}

#[tokio::test]
async fn partitions_are_taken_all_or_none() {
    let (_rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    let added = add(&mut client, 3, producer, &[TOPIC, "missing", OFFSETS]).await;
    assert_eq!(added, [55, 3, 17]);
    assert_eq!(write(&mut client, 9, producer, 0).await, 48);
    for (version, error) in [(1, 47), (2, 90)] {
        let zombie = (producer.0, producer.1 + 1);
        assert_eq!(add(&mut client, version, zombie, &[TOPIC]).await, [error]);
    }
    assert_eq!(add(&mut client, 3, (producer.0 + 1, 0), &[TOPIC]).await, [49]);
}

#[tokio::test]
async fn brokers_form_of_adding_answers_each_transaction() {
    let (_rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    for (verify_only, version, error) in
        [(true, 4, 48), (true, 5, 120), (false, 5, 0), (true, 5, 0)]
    {
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(id())
            .with_producer_id(ProducerId(producer.0))
            .with_producer_epoch(producer.1)
            .with_verify_only(verify_only)
            .with_topics(topics(&[TOPIC]));
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]);
        let added: AddPartitionsToTxnResponse =
            client.call(ApiKey::AddPartitionsToTxn, version, &request).await;
        let result = &added.results_by_transaction[0].topic_results[0].results_by_partition[0];
        assert_eq!(result.partition_error_code, error, "{verify_only} in version {version}");
    }
}

#[tokio::test]
async fn second_instance_rolls_back_and_fences_the_first() {
    let (_rig, mut client) = rig().await;
    let old = begin(&mut client).await;
    add(&mut client, 3, old, &[TOPIC]).await;
    assert_eq!(write(&mut client, 9, old, 0).await, 0);
    assert_eq!(init(&mut client, 4, (-1, -1)).await.0, 51, "what is open is rolled back first");
    let (error, new) = init(&mut client, 4, (-1, -1)).await;
    assert_eq!((error, new), (0, (old.0, old.1 + 2)));
    assert_eq!(committed(&mut client).await, (2, vec![(old.0, 0)], true));
    assert_eq!(write(&mut client, 9, old, 1).await, 47);
    for (version, error) in [(1, 47), (2, 90)] {
        assert_eq!(end(&mut client, version, old, true).await.error_code, error);
    }
    for (version, error) in [(3, 47), (4, 90)] {
        assert_eq!(init(&mut client, version, old).await.0, error, "it may not come back");
    }
    assert_eq!(init(&mut client, 4, new).await, (0, (new.0, new.1 + 1)), "its holder may");
    assert_eq!(init(&mut client, 4, new).await, (0, (new.0, new.1 + 1)), "and ask twice");
}

#[tokio::test]
async fn claims_that_cannot_be_are_refused() {
    let (_rig, mut client) = rig().await;
    for (transactional_id, timeout_ms, error) in
        [("", 1, 42), ("app", 0, 50), ("app", 15 * 60_000 + 1, 50), ("app", 15 * 60_000, 0)]
    {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(text(transactional_id))))
            .with_transaction_timeout_ms(timeout_ms);
        let given: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 4, &request).await;
        assert_eq!(given.error_code, error, "'{transactional_id}' for {timeout_ms} ms");
    }
    assert_eq!(init(&mut client, 4, (3, -1)).await.0, 42, "an id goes with its epoch");
}

#[tokio::test]
async fn offsets_are_pending_until_the_end_and_gone_with_an_abort() {
    let (rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    assert_eq!(add_offsets(&mut client, 3, producer).await, 0);
    assert_eq!(commit_offset(&mut client, 3, producer).await, 0);
    assert_eq!(fetch_offset(&mut client, true).await, (88, -1));
    assert_eq!(fetch_offset(&mut client, false).await, (0, -1));
    let rig = rig.restart().await;
    let mut client = rig.client().await;
    assert_eq!(fetch_offset(&mut client, true).await, (88, -1), "a restart decides nothing");
    assert_eq!(end(&mut client, 3, producer, false).await.error_code, 0);
    assert_eq!(fetch_offset(&mut client, true).await, (0, -1));
}

#[tokio::test]
async fn committed_readers_find_the_stable_end() {
    let (_rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    add(&mut client, 3, producer, &[TOPIC]).await;
    write(&mut client, 9, producer, 0).await;
    for (isolation_level, end) in [(0, 1), (1, 0)] {
        let asked = list_offsets_request::ListOffsetsPartition::default().with_timestamp(-1);
        let topic = list_offsets_request::ListOffsetsTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default()
            .with_isolation_level(isolation_level)
            .with_topics(vec![topic]);
        let answer: ListOffsetsResponse = client.call(ApiKey::ListOffsets, 6, &request).await;
        assert_eq!(answer.topics[0].partitions[0].offset, end, "isolation {isolation_level}");
    }
}

#[tokio::test]
async fn administrator_ends_what_hangs() {
    let (_rig, mut client) = rig().await;
    let producer = begin(&mut client).await;
    add(&mut client, 3, producer, &[TOPIC]).await;
    write(&mut client, 9, producer, 0).await;
    for (topic, epoch, error) in [("missing", 0, 3), (TOPIC, -1, 47), (TOPIC, 0, 0)] {
        let named = WritableTxnMarkerTopic::default()
            .with_name(topic_name(topic))
            .with_partition_indexes(vec![0]);
        let marker = WritableTxnMarker::default()
            .with_producer_id(ProducerId(producer.0))
            .with_producer_epoch(epoch)
            .with_transaction_result(false)
            .with_topics(vec![named]);
        let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
        let answer: WriteTxnMarkersResponse =
            client.call(ApiKey::WriteTxnMarkers, 1, &request).await;
        assert_eq!(answer.markers[0].topics[0].partitions[0].error_code, error, "{topic} {epoch}");
    }
    assert_eq!(committed(&mut client).await, (2, vec![(producer.0, 0)], true));
}
