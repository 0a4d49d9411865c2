//! Starting and stopping: refusals in one line, many brokers in one process, stops that end.

use std::fs;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, DescribeClusterRequest,
    DescribeClusterResponse, FetchRequest, FetchResponse, GroupId, MetadataRequest,
    MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, ProduceResponse, fetch_request,
};
use levada_log_broker::{Broker, StartError};

use super::client::{Client, Rig, batch, produce, text, topic_name};

#[tokio::test]
async fn used_port_is_named() {
    let rig = Rig::start().await;
    let other = tempfile::tempdir().unwrap();
    let address = rig.running.local_addr().to_string();
    let builder = Broker::builder().data_dir(other.path()).listen(address.clone());
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("cannot listen on {address}: ")), "{error}");
}

#[tokio::test]
async fn directory_in_use_is_named_and_left_alone() {
    let rig = Rig::start().await;
    let path = rig.directory.path().join("log");
    let builder = Broker::builder().data_dir(&path).listen("127.0.0.1:0");
    let error = builder.start().await.unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()) && error.contains("another"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[tokio::test]
async fn directory_that_is_a_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    let error = Broker::builder().data_dir(&path).listen("127.0.0.1:0").start().await.unwrap_err();
    assert!(matches!(error, StartError::DataDir { .. }), "{error}");
}

#[tokio::test]
async fn missing_registry_of_topics_does_not_cost_their_records() {
    let rig = Rig::start().await;
    rig.client().await.create_topic("t", &[]).await;
    rig.running.shutdown().await;
    let path = rig.directory.path().join("log");
    fs::remove_file(path.join("topics.json")).unwrap();
    let builder = Broker::builder().data_dir(&path).listen("127.0.0.1:0");
    let error = builder.start().await.unwrap_err().to_string();
    assert!(error.contains("topics.json"), "{error}");
    assert!(path.join("t-0").is_dir());
}

#[tokio::test]
async fn rotten_partition_is_offline_and_the_others_serve() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for name in ["rotten", "sound"] {
        client.create_topic(name, &[]).await;
        let records = batch(&["value"]).build().unwrap();
        let request = produce(name, -1, Some(records.into()));
        let _: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    }
    let rig = rig
        .restart_after(|log| {
            fs::remove_file(log.join(".kafka_cleanshutdown")).unwrap();
            let path = log.join("rotten-0/00000000000000000000.log");
            let mut bytes = fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(&path, bytes).unwrap();
        })
        .await;
    let mut client = rig.client().await;
    for (name, error, leader, produced) in [("rotten", 5, -1, 56), ("sound", 0, 1, 0)] {
        let asked = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let request = MetadataRequest::default().with_topics(Some(vec![asked]));
        let told: MetadataResponse = client.call(ApiKey::Metadata, 9, &request).await;
        let partition = &told.topics[0].partitions[0];
        assert_eq!((partition.error_code, partition.leader_id.0), (error, leader), "{name}");
        let records = batch(&["value"]).build().unwrap();
        let request = produce(name, -1, Some(records.into()));
        let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, produced, "{name}");
    }
    delete_topic(&mut client, "rotten").await;
    client.create_topic("rotten", &[]).await;
    let request = produce("rotten", -1, Some(batch(&["anew"]).build().unwrap().into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    let answer = &answer.responses[0].partition_responses[0];
    assert_eq!((answer.error_code, answer.base_offset), (0, 0), "the name is free again");
}

async fn delete_topic(client: &mut Client, name: &str) {
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(name)]);
    let answer: DeleteTopicsResponse = client.call(ApiKey::DeleteTopics, 5, &request).await;
    assert_eq!(answer.responses[0].error_code, 0);
}

#[tokio::test]
async fn brokers_in_one_process_are_apart() {
    let (first, second) = (Rig::start().await, Rig::start().await);
    assert_ne!(cluster(&first).await.cluster_id, cluster(&second).await.cluster_id);
}

async fn cluster(rig: &Rig) -> DescribeClusterResponse {
    let request = DescribeClusterRequest::default();
    rig.client().await.call(ApiKey::DescribeCluster, 0, &request).await
}

#[tokio::test]
async fn advertised_address_and_cluster_id_are_told_and_the_id_stays() {
    let rig = Rig::start().await;
    let before = cluster(&rig).await;
    let rig = rig.restart().await;
    let after = cluster(&rig).await;
    assert_eq!(before.cluster_id, after.cluster_id);
    assert_eq!(before.cluster_id.len(), 22);
    assert_eq!(after.brokers[0].port, i32::from(rig.running.local_addr().port()));
    rig.running.shutdown().await;
    let builder = Broker::builder().data_dir(rig.directory.path().join("log"));
    let running =
        builder.listen("127.0.0.1:0").advertise("kafka.example", 7).start().await.unwrap();
    let mut client = Client::connect(running.local_addr()).await;
    let request = DescribeClusterRequest::default();
    let told: DescribeClusterResponse = client.call(ApiKey::DescribeCluster, 0, &request).await;
    assert_eq!((told.brokers[0].host.as_str(), told.brokers[0].port), ("kafka.example", 7));
}

#[tokio::test]
async fn stop_ends_long_polls_with_an_answer() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_wait_ms(i32::MAX)
        .with_min_bytes(1)
        .with_topics(vec![topic]);
    client.send(ApiKey::Fetch, 12, &request).await;
    let (stopped, answer) =
        tokio::join!(rig.running.shutdown(), client.receive::<FetchResponse>(ApiKey::Fetch, 12));
    let () = stopped;
    // It was read before the stop or it was not; an answer is empty and without an error.
    if let Some((_, answer)) = answer {
        assert_eq!(answer.responses[0].partitions[0].error_code, 0);
    }
}

#[tokio::test]
async fn why_the_offsets_of_groups_cannot_be_read_is_told() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(7);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![partition]);
    let request =
        OffsetCommitRequest::default().with_group_id(GroupId(text("g"))).with_topics(vec![topic]);
    let answer: OffsetCommitResponse = client.call(ApiKey::OffsetCommit, 8, &request).await;
    assert_eq!(answer.topics[0].partitions[0].error_code, 0);
    rig.running.shutdown().await;
    let log = rig.directory.path().join("log");
    fs::remove_file(log.join(".kafka_cleanshutdown")).unwrap();
    let path = log.join("__consumer_offsets-0/00000000000000000000.log");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let builder = Broker::builder().data_dir(&log).listen("127.0.0.1:0");
    let error = builder.start().await.unwrap_err().to_string();
    let dir = log.join("__consumer_offsets-0").display().to_string();
    assert!(error.contains(&dir) && error.contains("restore the files from a copy"), "{error}");
}
