//! Fetch sessions: what is told once is not told again.

use kafka_protocol::messages::{
    ApiKey, FetchRequest, FetchResponse, ProduceResponse, fetch_request,
};

use super::client::{Client, Rig, batch, produce, topic_name};

fn partition(offset: i64) -> fetch_request::FetchPartition {
    fetch_request::FetchPartition::default()
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20)
}

/// Asks for partition 0 of these topics, each from an offset.
fn request(session: (i32, i32), topics: &[(&str, i64)]) -> FetchRequest {
    let topic = |(name, offset): &(&str, i64)| {
        fetch_request::FetchTopic::default()
            .with_topic(topic_name(name))
            .with_partitions(vec![partition(*offset)])
    };
    FetchRequest::default()
        .with_session_id(session.0)
        .with_session_epoch(session.1)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(topics.iter().map(topic).collect())
}

async fn fetch(client: &mut Client, request: &FetchRequest) -> FetchResponse {
    client.call(ApiKey::Fetch, 12, request).await
}

/// Each topic with the error of its partition, and whether it has records.
fn told(answer: &FetchResponse) -> Vec<(String, i16, bool)> {
    let topic = |topic: &kafka_protocol::messages::fetch_response::FetchableTopicResponse| {
        let partition = &topic.partitions[0];
        let has_records = partition.records.as_ref().is_some_and(|records| !records.is_empty());
        (topic.topic.to_string(), partition.error_code, has_records)
    };
    answer.responses.iter().map(topic).collect()
}

fn one(name: &str, error: i16, has_records: bool) -> (String, i16, bool) {
    (name.to_owned(), error, has_records)
}

async fn append(client: &mut Client, topic: &str) {
    let request = produce(topic, -1, Some(batch(&["value"]).build().unwrap().into()));
    let answer: ProduceResponse = client.call(ApiKey::Produce, 9, &request).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

async fn rig() -> (Rig, Client) {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for name in ["a", "b", "c"] {
        client.create_topic(name, &[]).await;
    }
    (rig, client)
}

#[tokio::test]
async fn only_what_has_changed_is_asked_and_told() {
    let (_rig, mut client) = rig().await;
    append(&mut client, "a").await;
    let first = fetch(&mut client, &request((0, 0), &[("a", 0), ("b", 0)])).await;
    let id = first.session_id;
    assert!(id > 0, "a session is made");
    assert_eq!(told(&first), [one("a", 0, true), one("b", 0, false)], "all at first");

    let quiet = fetch(&mut client, &request((id, 1), &[("a", 1)])).await;
    assert_eq!((quiet.session_id, told(&quiet)), (id, vec![]), "nothing is new");
    append(&mut client, "b").await;
    let news = fetch(&mut client, &request((id, 2), &[])).await;
    assert_eq!(told(&news), [one("b", 0, true)], "b is remembered");
    let more = fetch(&mut client, &request((id, 3), &[("b", 1), ("c", 0), ("missing", 0)])).await;
    assert_eq!(told(&more), [one("c", 0, false), one("missing", 3, false)], "new ones are told");
    let still = fetch(&mut client, &request((id, 4), &[])).await;
    assert_eq!(told(&still), [one("missing", 3, false)], "an error is told every time");

    let forgotten = ["missing", "a"].map(|name| {
        fetch_request::ForgottenTopic::default()
            .with_topic(topic_name(name))
            .with_partitions(vec![0])
    });
    append(&mut client, "a").await;
    let forget = request((id, 5), &[]).with_forgotten_topics_data(forgotten.to_vec());
    assert!(told(&fetch(&mut client, &forget).await).is_empty(), "what is forgotten is not read");
}

#[tokio::test]
async fn a_partition_that_is_named_again_is_answered_once_as_it_was_named_last() {
    let (_rig, mut client) = rig().await;
    append(&mut client, "a").await;
    for session in [(0, -1), (0, 0)] {
        let request = request(session, &[("a", 1), ("b", 0), ("a", 1), ("a", 0)]);
        let answer = fetch(&mut client, &request).await;
        assert_eq!(told(&answer), [one("a", 0, true), one("b", 0, false)]);
    }
}

#[tokio::test]
async fn served_partitions_go_behind_the_waiting_ones() {
    let (_rig, mut client) = rig().await;
    for name in ["a", "b"] {
        append(&mut client, name).await;
        append(&mut client, name).await;
    }
    let small = |request: FetchRequest| request.with_max_bytes(1);
    let first = fetch(&mut client, &small(request((0, 0), &[("a", 0), ("b", 0)]))).await;
    let id = first.session_id;
    assert_eq!(told(&first), [one("a", 0, true), one("b", 0, false)], "one fits");
    let next = fetch(&mut client, &small(request((id, 1), &[("a", 1)]))).await;
    assert_eq!(told(&next), [one("a", 0, true)], "a new session keeps the order of the request");
    let turn = fetch(&mut client, &small(request((id, 2), &[("a", 2)]))).await;
    assert_eq!(told(&turn), [one("b", 0, true)], "a was served and stands behind b");
}

#[tokio::test]
async fn sessions_that_are_not_there_or_out_of_step_are_told_apart() {
    let (_rig, mut client) = rig().await;
    let session = fetch(&mut client, &request((0, 0), &[("a", 0)])).await.session_id;
    for (id, epoch, error) in
        [(session, 2, 71), (session, 1, 0), (session, 1, 71), (session ^ 1, 1, 70), (0, 1, 71)]
    {
        let answer = fetch(&mut client, &request((id, epoch), &[])).await;
        assert_eq!(answer.error_code, error, "({}, {epoch})", id == session);
    }
    let by_id: FetchResponse = client.call(ApiKey::Fetch, 13, &request_by_id((session, 2))).await;
    assert_eq!(by_id.error_code, 106, "names and ids do not mix");
    let full = fetch(&mut client, &request((0, -1), &[("a", 0)])).await;
    assert_eq!((full.error_code, full.session_id), (0, 0), "no session is wanted");
    let closing = fetch(&mut client, &request((session, -1), &[("a", 0)])).await;
    assert_eq!((closing.error_code, closing.session_id), (0, 0));
    assert_eq!(fetch(&mut client, &request((session, 2), &[])).await.error_code, 70);
}

fn request_by_id(session: (i32, i32)) -> FetchRequest {
    request(session, &[])
}
