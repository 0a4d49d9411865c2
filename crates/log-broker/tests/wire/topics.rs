//! Making, changing and removing topics, and what every connection sees of it.

use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::*;
use uuid::Uuid;

use super::client::{Client, Rig, text, topic_name};

fn topic(name: &str) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(3)
        .with_replication_factor(1)
}

async fn create(client: &mut Client, topics: Vec<CreatableTopic>) -> Vec<CreatableTopicResult> {
    let request = CreateTopicsRequest::default().with_topics(topics);
    client.call::<_, CreateTopicsResponse>(ApiKey::CreateTopics, 7, &request).await.topics
}

async fn describe(client: &mut Client, version: i16, name: &str) -> MetadataResponseTopic {
    let asked = metadata_request::MetadataRequestTopic::default().with_name(Some(topic_name(name)));
    let request = MetadataRequest::default().with_topics(Some(vec![asked]));
    let request =
        if version >= 4 { request.with_allow_auto_topic_creation(false) } else { request };
    let answer: MetadataResponse = client.call(ApiKey::Metadata, version, &request).await;
    answer.topics[0].clone()
}

#[tokio::test]
async fn created_topic_is_seen_on_another_connection_in_every_version() {
    let rig = Rig::start().await;
    let mut admin = rig.client().await;
    let made = create(&mut admin, vec![topic("orders")]).await.remove(0);
    assert_eq!((made.error_code, made.num_partitions, made.replication_factor), (0, 3, 1));
    let mut other = rig.client().await;
    for version in 0..=13 {
        let seen = describe(&mut other, version, "orders").await;
        assert_eq!((seen.error_code, seen.partitions.len()), (0, 3), "version {version}");
        let id = if version >= 10 { made.topic_id } else { Uuid::nil() };
        assert_eq!(seen.topic_id, id, "version {version}");
        assert!(
            seen.partitions.iter().all(|p| p.leader_id.0 == 1 && p.replica_nodes == [BrokerId(1)])
        );
    }
}

#[tokio::test]
async fn metadata_tells_all_topics_for_null_and_none_for_an_empty_list() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    create(&mut client, vec![topic("orders")]).await;
    for (version, topics, has_orders) in [
        (0, Some(Vec::new()), true),
        (1, None, true),
        (1, Some(Vec::new()), false),
        (9, None, true),
    ] {
        let request = MetadataRequest::default().with_topics(topics);
        let answer: MetadataResponse = client.call(ApiKey::Metadata, version, &request).await;
        let names = answer.topics.iter().filter_map(|topic| topic.name.clone());
        assert_eq!(names.into_iter().any(|name| name == topic_name("orders")), has_orders);
        let broker = &answer.brokers[0];
        assert_eq!(broker.host.as_str(), "127.0.0.1");
        assert_eq!(broker.port, i32::from(rig.running.local_addr().port()));
    }
}

#[tokio::test]
async fn unknown_topic_is_made_when_the_request_allows_it() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    assert_eq!(describe(&mut client, 4, "new").await.error_code, 3);
    for (name, error) in [("new", 0), ("a/b", 17), ("", 17), ("__transaction_state", 0)] {
        let asked =
            metadata_request::MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let request = MetadataRequest::default().with_topics(Some(vec![asked]));
        let answer: MetadataResponse = client.call(ApiKey::Metadata, 8, &request).await;
        assert_eq!(answer.topics[0].error_code, error, "{name}");
    }
    assert_eq!(describe(&mut client, 4, "new").await.partitions.len(), 1);
}

#[tokio::test]
async fn topics_that_cannot_be_are_refused_each_with_its_error() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    assert_eq!(create(&mut client, vec![topic("a.b")]).await[0].error_code, 0);
    let config = |name: &str, value: Option<&str>| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(value.map(text))
    };
    let assigned = |index, brokers: &[i32]| {
        let ids = brokers.iter().map(|id| BrokerId(*id)).collect();
        CreatableReplicaAssignment::default().with_partition_index(index).with_broker_ids(ids)
    };
    let manual = |assignments| {
        topic("m").with_num_partitions(-1).with_replication_factor(-1).with_assignments(assignments)
    };
    for (asked, error) in [
        (topic("a.b"), 36),
        (topic("a_b"), 17),
        (topic(".."), 17),
        (topic("__consumer_offsets"), 36),
        (topic("__cluster_metadata"), 42),
        (topic("t").with_num_partitions(0), 37),
        (topic("t").with_num_partitions(60_000), 44),
        (topic("t").with_replication_factor(3), 38),
        (topic("t").with_configs(vec![config("no.such", Some("1"))]), 40),
        (topic("t").with_configs(vec![config("retention.ms", Some("x"))]), 40),
        (topic("t").with_configs(vec![config("retention.ms", None)]), 40),
        (manual(vec![assigned(0, &[2])]), 39),
        (manual(vec![assigned(1, &[1])]), 39),
        (manual(vec![assigned(0, &[1])]), 0),
    ] {
        let what = format!("{asked:?}");
        let result = create(&mut client, vec![asked]).await.remove(0);
        assert_eq!(result.error_code, error, "{what}");
        assert_eq!(result.error_message.is_some(), error != 0);
    }
}

#[tokio::test]
async fn what_a_request_names_twice_is_refused_once_and_the_rest_is_done() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let made = create(&mut client, vec![topic("t"), topic("u"), topic("t")]).await;
    let codes = |name: &str, code: i16| (name.to_owned(), code);
    let made = made.iter().map(|result| codes(&result.name, result.error_code));
    assert_eq!(made.collect::<Vec<_>>(), [codes("t", 42), codes("u", 0)]);
    assert_eq!(describe(&mut client, 9, "t").await.error_code, 3, "none of them was made");

    create(&mut client, vec![topic("t"), topic("v")]).await;
    let grown = |name: &str, count| {
        create_partitions_request::CreatePartitionsTopic::default()
            .with_name(topic_name(name))
            .with_count(count)
            .with_assignments(None)
    };
    for version in 0..=3 {
        let count = 4 + i32::from(version);
        let topics = vec![grown("t", 4), grown("u", count), grown("t", 5)];
        let request = CreatePartitionsRequest::default().with_topics(topics);
        let answer: CreatePartitionsResponse =
            client.call(ApiKey::CreatePartitions, version, &request).await;
        let grown = answer.results.iter().map(|result| codes(&result.name, result.error_code));
        assert_eq!(grown.collect::<Vec<_>>(), [codes("t", 42), codes("u", 0)], "{version}");
    }
    assert_eq!(describe(&mut client, 9, "t").await.partitions.len(), 3);

    for version in 1..=5 {
        let names = vec![topic_name("t"), topic_name("t")];
        let request = DeleteTopicsRequest::default().with_topic_names(names);
        let answer: DeleteTopicsResponse =
            client.call(ApiKey::DeleteTopics, version, &request).await;
        let deleted = answer.responses.iter().map(|result| result.error_code);
        assert_eq!(deleted.collect::<Vec<_>>(), [42], "version {version}");
    }
    assert_eq!(describe(&mut client, 9, "t").await.error_code, 0, "it is still there");
}

#[tokio::test]
async fn topic_that_is_named_by_name_and_id_stays() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let id = create(&mut client, vec![topic("t")]).await.remove(0).topic_id;
    let state = |name: Option<&str>, id| {
        delete_topics_request::DeleteTopicState::default()
            .with_name(name.map(topic_name))
            .with_topic_id(id)
    };
    let none = Uuid::nil();
    for (topics, message) in [
        (vec![state(Some("t"), none), state(Some("t"), none)], "Duplicate topic name."),
        (vec![state(None, id), state(None, id)], "Duplicate topic id."),
        (
            vec![state(Some("t"), none), state(None, id)],
            "The provided topic name maps to an ID that was already supplied.",
        ),
        (vec![state(Some("t"), id)], "You may not specify both topic name and topic id."),
        (vec![state(None, none)], "Neither topic name nor id were specified."),
    ] {
        let request = DeleteTopicsRequest::default().with_topics(topics);
        let answer: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 6, &request).await;
        let [refused] = &answer.responses[..] else { panic!("{answer:?}") };
        assert_eq!((refused.error_code, refused.error_message.as_deref()), (42, Some(message)));
    }
    assert_eq!(describe(&mut client, 9, "t").await.error_code, 0, "it is still there");
}

#[tokio::test]
async fn validation_alone_makes_nothing() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let request =
        CreateTopicsRequest::default().with_topics(vec![topic("t")]).with_validate_only(true);
    for version in 2..=7 {
        let answer: CreateTopicsResponse =
            client.call(ApiKey::CreateTopics, version, &request).await;
        assert_eq!(answer.topics[0].error_code, 0);
        assert_eq!(answer.topics[0].topic_id.is_nil(), version < 7, "as if it were made");
    }
    assert_eq!(describe(&mut client, 9, "t").await.error_code, 3);
}

#[tokio::test]
async fn topic_is_deleted_by_name_or_by_id_and_comes_back_as_another() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let first = create(&mut client, vec![topic("t")]).await.remove(0).topic_id;
    let by_id = |id| delete_topics_request::DeleteTopicState::default().with_topic_id(id);
    for (id, error) in [(first, 0), (first, 100), (Uuid::from_u128(9), 100)] {
        let request = DeleteTopicsRequest::default().with_topics(vec![by_id(id).with_name(None)]);
        let answer: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 6, &request).await;
        assert_eq!(answer.responses[0].error_code, error);
    }
    let second = create(&mut client, vec![topic("t")]).await.remove(0).topic_id;
    assert_ne!(first, second);
    for (version, error) in [(1, 0), (5, 3)] {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
        let answer: DeleteTopicsResponse =
            client.call(ApiKey::DeleteTopics, version, &request).await;
        assert_eq!(answer.responses[0].error_code, error);
    }
}

#[tokio::test]
async fn partitions_grow_and_never_shrink() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    create(&mut client, vec![topic("t")]).await;
    for (name, count, error) in [("t", 3, 37), ("t", 2, 37), ("missing", 5, 3), ("t", 5, 0)] {
        let asked = create_partitions_request::CreatePartitionsTopic::default()
            .with_name(topic_name(name))
            .with_count(count)
            .with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![asked]);
        let answer: CreatePartitionsResponse =
            client.call(ApiKey::CreatePartitions, 3, &request).await;
        assert_eq!(answer.results[0].error_code, error, "{name} {count}");
    }
    let rig = rig.restart().await;
    assert_eq!(describe(&mut rig.client().await, 9, "t").await.partitions.len(), 5);
}

#[tokio::test]
async fn internal_topics_cannot_be_changed_or_removed() {
    const NAME: &str = "__consumer_offsets";
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let before = describe(&mut client, 9, NAME).await;

    let grown = create_partitions_request::CreatePartitionsTopic::default()
        .with_name(topic_name(NAME))
        .with_count(5)
        .with_assignments(None);
    let request = CreatePartitionsRequest::default().with_topics(vec![grown]);
    let grown: CreatePartitionsResponse = client.call(ApiKey::CreatePartitions, 3, &request).await;
    assert_eq!(grown.results[0].error_code, 17);

    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text(NAME));
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    let altered: IncrementalAlterConfigsResponse =
        client.call(ApiKey::IncrementalAlterConfigs, 1, &request).await;
    assert_eq!(altered.responses[0].error_code, 17);

    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text(NAME));
    let request = AlterConfigsRequest::default().with_resources(vec![resource]);
    let altered: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, 2, &request).await;
    assert_eq!(altered.responses[0].error_code, 17);

    let partition = delete_records_request::DeleteRecordsPartition::default().with_offset(-1);
    let records = delete_records_request::DeleteRecordsTopic::default()
        .with_name(topic_name(NAME))
        .with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default().with_topics(vec![records]);
    let deleted: DeleteRecordsResponse = client.call(ApiKey::DeleteRecords, 2, &request).await;
    assert_eq!(deleted.topics[0].partitions[0].error_code, 17);

    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(NAME)]);
    let deleted: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request).await;
    assert_eq!(deleted.responses[0].error_code, 17);
    assert_eq!(describe(&mut client, 9, NAME).await, before);
}
