//! Large batches on their way from the log to a socket.

use std::fs;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::{
    ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, FetchRequest, FetchResponse,
    ProduceResponse, fetch_request,
};
use kafka_protocol::protocol::Decodable;

use super::client::{Client, Rig, batch, produce, topic_name};

const VERSION: i16 = 12;

async fn fill(client: &mut Client, topic: &str, sizes: &[usize]) {
    client.create_topic(topic, &[]).await;
    for size in sizes {
        let records = batch(&[&"x".repeat(*size)]).build().unwrap();
        let request = produce(topic, -1, Some(records.into()));
        let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    }
}

fn fetch(topics: &[&str]) -> FetchRequest {
    let topics = topics.iter().map(|topic| {
        let partition = fetch_request::FetchPartition::default()
            .with_fetch_offset(0)
            .with_partition_max_bytes(8 << 20);
        fetch_request::FetchTopic::default()
            .with_topic(topic_name(topic))
            .with_partitions(vec![partition])
    });
    FetchRequest::default().with_max_bytes(32 << 20).with_topics(topics.collect())
}

fn segment(rig: &Rig, topic: &str) -> Bytes {
    let folder = rig.directory.path().join("log").join(format!("{topic}-0"));
    fs::read(folder.join("00000000000000000000.log")).unwrap().into()
}

fn records(answer: &FetchResponse) -> Vec<Bytes> {
    let topics = answer.responses.iter();
    topics.map(|topic| topic.partitions[0].records.clone().unwrap()).collect()
}

#[tokio::test]
async fn small_and_large_batches_of_many_topics_come_back_as_the_log_holds_them() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let topics = ["small", "large", "larger", "both", "empty"];
    for (topic, sizes) in topics.into_iter().zip([
        &[100, 200][..],
        &[9_000, 9_000, 70_000],
        &[900_000, 900_000],
        &[20_000, 100, 20_000],
        &[],
    ]) {
        fill(&mut client, topic, sizes).await;
    }
    let expected: Vec<_> = topics.iter().map(|topic| segment(&rig, topic)).collect();
    for version in [4, 11, VERSION] {
        let answer: FetchResponse = client.call(ApiKey::Fetch, version, &fetch(&topics)).await;
        assert!(records(&answer) == expected, "version {version}");
    }
}

#[tokio::test]
async fn answers_wait_for_a_reader_that_takes_none_for_a_while() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    fill(&mut client, "t", &[900_000; 5]).await;
    let asked = 20;
    for _ in 0..asked {
        client.send(ApiKey::Fetch, VERSION, &fetch(&["t"])).await;
    }
    // Far more than both ends of a socket hold.
    let expected = segment(&rig, "t");
    for _ in 0..asked {
        let (_, answer) = client.receive(ApiKey::Fetch, VERSION).await.unwrap();
        assert!(records(&answer) == [expected.clone()]);
    }
}

#[tokio::test]
async fn an_answer_that_has_begun_ends_although_its_topic_is_deleted() {
    let rig = Rig::start().await;
    let (mut reader, mut admin) = (rig.client().await, rig.client().await);
    fill(&mut admin, "t", &[900_000; 8]).await;
    let expected = segment(&rig, "t");
    reader.send(ApiKey::Fetch, VERSION, &fetch(&["t"])).await;
    let length = reader.receive_length().await;
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    let deleted: DeleteTopicsResponse = admin.call(ApiKey::DeleteTopics, 3, &request).await;
    assert_eq!(deleted.responses[0].error_code, 0);
    let mut frame = reader.receive_rest(length).await.unwrap();
    frame.advance(size_of::<i32>() + 1);
    let answer = FetchResponse::decode(&mut frame, VERSION).unwrap();
    assert!(records(&answer) == [expected]);
}
