//! What administrators ask: features, sizes, producers, transactions, partitions page by page.

use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, ApiKey, ApiVersionsRequest,
    ApiVersionsResponse, DescribeClusterRequest, DescribeClusterResponse, DescribeLogDirsRequest,
    DescribeLogDirsResponse, DescribeProducersRequest, DescribeProducersResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, DescribeTransactionsRequest,
    DescribeTransactionsResponse, InitProducerIdRequest, InitProducerIdResponse,
    ListTransactionsRequest, ListTransactionsResponse, ProduceResponse, TransactionalId,
    describe_producers_request, describe_topic_partitions_request,
};

use super::client::{Client, Rig, batch, produce, text, topic_name};

#[tokio::test]
async fn features_are_finalized_since_version_3_and_supported_since_4() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for version in 0..=4 {
        let request = match version {
            3.. => ApiVersionsRequest::default()
                .with_client_software_name(text("test"))
                .with_client_software_version(text("1")),
            _ => ApiVersionsRequest::default(),
        };
        let answer: ApiVersionsResponse = client.call(ApiKey::ApiVersions, version, &request).await;
        let finalized: Vec<_> = answer
            .finalized_features
            .iter()
            .map(|feature| (feature.name.to_string(), feature.max_version_level))
            .collect();
        let expected = match version {
            3.. => vec![("group.version".to_owned(), 1), ("transaction.version".to_owned(), 2)],
            _ => Vec::new(),
        };
        assert_eq!(finalized, expected, "version {version}");
        let has_supported = !answer.supported_features.is_empty();
        assert_eq!(has_supported, version >= 4, "version {version}");
        assert_eq!(answer.finalized_features_epoch >= 0, version >= 3);
    }
}

#[tokio::test]
async fn cluster_has_brokers_to_show_and_no_controllers() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for (version, endpoint_type, error) in
        [(0, 1, 0), (1, 1, 0), (2, 1, 0), (2, 2, 114), (1, 9, 115)]
    {
        let request = DescribeClusterRequest::default().with_endpoint_type(endpoint_type);
        let answer: DescribeClusterResponse =
            client.call(ApiKey::DescribeCluster, version, &request).await;
        assert_eq!((answer.error_code, answer.brokers.len()), (error, usize::from(error == 0)));
    }
}

#[tokio::test]
async fn log_dirs_show_sizes_and_the_room_that_is_left() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["value"]).build().unwrap();
    let size = i64::try_from(records.len()).unwrap();
    let request = produce("t", -1, Some(records.into()));
    let _: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    for version in 1..=4 {
        let request = DescribeLogDirsRequest::default().with_topics(None);
        let answer: DescribeLogDirsResponse =
            client.call(ApiKey::DescribeLogDirs, version, &request).await;
        let result = &answer.results[0];
        assert_eq!(result.total_bytes > result.usable_bytes, version >= 4);
        let topic = result.topics.iter().find(|topic| topic.name == topic_name("t"));
        assert_eq!(topic.unwrap().partitions[0].partition_size, size, "version {version}");
    }
}

/// An open transaction of the id "app" on partition 0 of the topic "t".
async fn open_transaction(client: &mut Client) -> InitProducerIdResponse {
    let id = TransactionalId(text("app"));
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id.clone()))
        .with_transaction_timeout_ms(60_000);
    let given: InitProducerIdResponse = client.call(ApiKey::InitProducerId, 4, &request).await;
    let topic =
        AddPartitionsToTxnTopic::default().with_name(topic_name("t")).with_partitions(vec![0]);
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id.clone())
        .with_v3_and_below_producer_id(given.producer_id)
        .with_v3_and_below_producer_epoch(given.producer_epoch)
        .with_v3_and_below_topics(vec![topic]);
    let _: AddPartitionsToTxnResponse = client.call(ApiKey::AddPartitionsToTxn, 3, &request).await;
    let batch = batch(&["value"]).producer(given.producer_id.0, 0, 0).transactional();
    let request = produce("t", -1, Some(batch.build().unwrap().into()));
    let request = request.with_transactional_id(Some(id));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    given
}

#[tokio::test]
async fn producers_of_a_partition_show_what_they_have_open() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let given = open_transaction(&mut client).await;
    let asked = describe_producers_request::TopicRequest::default()
        .with_name(topic_name("t"))
        .with_partition_indexes(vec![0, 1]);
    let request = DescribeProducersRequest::default().with_topics(vec![asked]);
    let answer: DescribeProducersResponse =
        client.call(ApiKey::DescribeProducers, 0, &request).await;
    let [known, unknown] = &answer.topics[0].partitions[..] else { panic!("{answer:?}") };
    assert_eq!((known.error_code, unknown.error_code), (0, 3));
    let producer = &known.active_producers[0];
    assert_eq!(producer.producer_id, given.producer_id);
    let rest = (producer.producer_epoch, producer.last_sequence, producer.coordinator_epoch);
    assert_eq!((rest, producer.current_txn_start_offset), ((0, 0, -1), 0));
}

#[tokio::test]
async fn transactions_are_described_and_listed_by_filters() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let given = open_transaction(&mut client).await;
    let ids = ["app", "other", ""].map(|id| TransactionalId(text(id))).to_vec();
    let request = DescribeTransactionsRequest::default().with_transactional_ids(ids);
    let answer: DescribeTransactionsResponse =
        client.call(ApiKey::DescribeTransactions, 0, &request).await;
    let [known, unknown, empty] = &answer.transaction_states[..] else { panic!("{answer:?}") };
    assert_eq!((known.error_code, unknown.error_code, empty.error_code), (0, 105, 42));
    assert_eq!(
        (known.transaction_state.as_str(), known.transaction_timeout_ms),
        ("Ongoing", 60_000)
    );
    assert_eq!((known.producer_id, &known.topics[0].partitions[..]), (given.producer_id, &[0][..]));

    let all = ListTransactionsRequest::default();
    for (version, request, found, unknown) in [
        (0, all.clone(), 1, 0),
        (0, all.clone().with_state_filters(vec![text("Ongoing"), text("Odd")]), 1, 1),
        (0, all.clone().with_state_filters(vec![text("Empty")]), 0, 0),
        (0, all.clone().with_producer_id_filters(vec![given.producer_id]), 1, 0),
        (0, all.clone().with_producer_id_filters(vec![(-5).into()]), 0, 0),
        (1, all.clone().with_duration_filter(3_600_000), 0, 0),
        (2, all.clone().with_transactional_id_pattern(Some(text("a.*"))), 1, 0),
        (2, all.clone().with_transactional_id_pattern(Some(text("a"))), 0, 0),
    ] {
        let answer: ListTransactionsResponse =
            client.call(ApiKey::ListTransactions, version, &request).await;
        let counts = (answer.transaction_states.len(), answer.unknown_state_filters.len());
        assert_eq!((answer.error_code, counts), (0, (found, unknown)), "{request:?}");
    }
    let request = all.with_transactional_id_pattern(Some(text("(")));
    let answer: ListTransactionsResponse = client.call(ApiKey::ListTransactions, 2, &request).await;
    assert_eq!(answer.error_code, 128);
}

#[tokio::test]
async fn partitions_come_page_by_page() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for name in ["a", "b", "c"] {
        client.create_topic(name, &[]).await;
    }
    let topic = |name: &str| {
        describe_topic_partitions_request::TopicRequest::default().with_name(topic_name(name))
    };
    let mut request = DescribeTopicPartitionsRequest::default()
        .with_topics(["c", "a", "missing", "b"].map(topic).to_vec())
        .with_response_partition_limit(2);
    let mut pages = Vec::new();
    loop {
        let answer: DescribeTopicPartitionsResponse =
            client.call(ApiKey::DescribeTopicPartitions, 0, &request).await;
        let page = answer.topics.iter().map(|topic| {
            let name = topic.name.as_ref().unwrap().to_string();
            (name, topic.error_code, topic.partitions.len())
        });
        pages.push(page.collect::<Vec<_>>());
        let Some(cursor) = answer.next_cursor else { break };
        let next = describe_topic_partitions_request::Cursor::default()
            .with_topic_name(cursor.topic_name)
            .with_partition_index(cursor.partition_index);
        request = request.with_cursor(Some(next));
    }
    let one = |name: &str, error, partitions| (name.to_owned(), error, partitions);
    assert_eq!(
        pages,
        [vec![one("a", 0, 1), one("b", 0, 1)], vec![one("c", 0, 1), one("missing", 3, 0)],]
    );
}
