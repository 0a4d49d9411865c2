//! Elections and reassignments, where one broker is the leader and the only replica of everything.

use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ApiKey, BrokerId,
    ElectLeadersRequest, ElectLeadersResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse, ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse, alter_partition_reassignments_request,
    elect_leaders_request, incremental_alter_configs_request,
};

use super::client::{Rig, text, topic_name};

#[tokio::test]
async fn no_election_is_needed_where_one_broker_leads() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let asked = |name, partitions: &[i32]| {
        elect_leaders_request::TopicPartitions::default()
            .with_topic(topic_name(name))
            .with_partitions(partitions.to_vec())
    };
    for version in 0..=2 {
        let topics = vec![asked("t", &[0, 9]), asked("u", &[0])];
        let request = ElectLeadersRequest::default().with_topic_partitions(Some(topics));
        let answer: ElectLeadersResponse =
            client.call(ApiKey::ElectLeaders, version, &request).await;
        let errors: Vec<(String, Vec<i16>)> = answer
            .replica_election_results
            .iter()
            .map(|topic| {
                let errors = topic.partition_result.iter().map(|result| result.error_code);
                (topic.topic.to_string(), errors.collect())
            })
            .collect();
        assert_eq!(errors, [("t".to_owned(), vec![84, 3]), ("u".to_owned(), vec![3])]);
        assert_eq!(answer.error_code, 0, "version {version}");
        let all = ElectLeadersRequest::default().with_topic_partitions(None);
        let answer: ElectLeadersResponse = client.call(ApiKey::ElectLeaders, version, &all).await;
        let topics = answer.replica_election_results.iter();
        let topics = topics.map(|one| (one.topic.to_string(), one.partition_result.len()));
        let expected = ["__consumer_offsets", "__transaction_state", "t"];
        let expected = expected.map(|name| (name.to_owned(), 0));
        assert_eq!(topics.collect::<Vec<_>>(), expected, "version {version}");
    }
}

#[tokio::test]
async fn unknown_kind_of_election_is_refused_for_each_partition() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let topic = elect_leaders_request::TopicPartitions::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![0, 9]);
    for (topics, error, errors) in [
        (Some(vec![topic]), 42, vec![42, 42]),
        (Some(Vec::new()), 0, Vec::new()),
        (None, 42, Vec::new()),
    ] {
        let request =
            ElectLeadersRequest::default().with_election_type(7).with_topic_partitions(topics);
        let answer: ElectLeadersResponse = client.call(ApiKey::ElectLeaders, 2, &request).await;
        let results = answer.replica_election_results.iter();
        let found = results.flat_map(|topic| &topic.partition_result).map(|one| one.error_code);
        assert_eq!((answer.error_code, found.collect::<Vec<_>>()), (error, errors));
    }
}

#[tokio::test]
async fn partitions_are_reassigned_to_the_only_broker_and_to_no_other() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for version in 0..=1 {
        let to = |index, brokers: Option<&[i32]>| {
            let replicas = brokers.map(|ids| ids.iter().copied().map(BrokerId).collect());
            alter_partition_reassignments_request::ReassignablePartition::default()
                .with_partition_index(index)
                .with_replicas(replicas)
        };
        let partitions = [
            (to(0, Some(&[1])), 0),
            (to(0, Some(&[1, 2])), 39),
            (to(0, Some(&[])), 39),
            (to(0, None), 85),
            (to(9, Some(&[1])), 3),
        ];
        let expected: Vec<i16> = partitions.iter().map(|(_, error)| *error).collect();
        let asked = alter_partition_reassignments_request::ReassignableTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(partitions.into_iter().map(|(partition, _)| partition).collect());
        let request = AlterPartitionReassignmentsRequest::default().with_topics(vec![asked]);
        let answer: AlterPartitionReassignmentsResponse =
            client.call(ApiKey::AlterPartitionReassignments, version, &request).await;
        let partitions = &answer.responses[0].partitions;
        let errors: Vec<i16> = partitions.iter().map(|partition| partition.error_code).collect();
        assert_eq!((answer.error_code, errors), (0, expected), "version {version}");
    }
    // What the tool does then: throttles that were never set are taken away.
    let change = |operation| {
        let config = incremental_alter_configs_request::AlterableConfig::default()
            .with_name(text("leader.replication.throttled.rate"))
            .with_config_operation(operation)
            .with_value(Some(text("1")));
        let broker = incremental_alter_configs_request::AlterConfigsResource::default()
            .with_resource_type(4)
            .with_resource_name(text("1"))
            .with_configs(vec![config]);
        IncrementalAlterConfigsRequest::default().with_resources(vec![broker])
    };
    for (operation, error) in [(1, 0), (0, 42)] {
        let answer: IncrementalAlterConfigsResponse =
            client.call(ApiKey::IncrementalAlterConfigs, 1, &change(operation)).await;
        assert_eq!(answer.responses[0].error_code, error, "operation {operation}");
    }
    let request = ListPartitionReassignmentsRequest::default().with_topics(None);
    let answer: ListPartitionReassignmentsResponse =
        client.call(ApiKey::ListPartitionReassignments, 0, &request).await;
    let none = ListPartitionReassignmentsResponse::default().with_error_message(None);
    assert_eq!(answer, none);
}
