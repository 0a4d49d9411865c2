//! Peers that do not keep to the protocol: they cost their own connection and nothing else.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, FetchRequest, FetchResponse,
    ListGroupsRequest, MetadataRequest, fetch_request,
};
use kafka_protocol::protocol::Decodable;
use levada_log_broker::Limits;

use super::client::{Client, DEADLINE, Rig, batch, frame, produce, topic_name};

/// Asserts that the broker still answers, on a new connection.
async fn assert_serves(rig: &Rig) {
    let answer = api_versions(&mut rig.client().await, 0).await;
    assert_eq!(answer.error_code, 0);
}

async fn api_versions(client: &mut Client, version: i16) -> ApiVersionsResponse {
    client.call(ApiKey::ApiVersions, version, &ApiVersionsRequest::default()).await
}

#[tokio::test]
async fn negative_and_oversized_lengths_close_the_connection() {
    let rig = Rig::start().await;
    for length in [-1, i32::MIN, (100 << 20) + 1, i32::MAX] {
        let mut client = rig.client().await;
        client.send_raw(&length.to_be_bytes()).await;
        assert!(client.is_closed().await, "length {length}");
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn frames_too_short_for_a_header_close_the_connection() {
    let rig = Rig::start().await;
    for length in 0..10_u8 {
        let mut client = rig.client().await;
        client.send_raw(&[0, 0, 0, length]).await;
        client.send_raw(&vec![0; usize::from(length)]).await;
        assert!(client.is_closed().await, "{length} bytes");
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn unknown_keys_and_versions_close_the_connection() {
    let rig = Rig::start().await;
    for (key, version) in
        [(i16::MAX, 0), (-1, 0), (4, 0), (0, 2), (0, 14), (1, 3), (3, -1), (3, 99)]
    {
        let mut frame = BytesMut::new();
        frame.put_i32(10);
        frame.put_i16(key);
        frame.put_i16(version);
        frame.put_i32(1);
        frame.put_i16(-1);
        let mut client = rig.client().await;
        client.send_raw(&frame).await;
        assert!(client.is_closed().await, "key {key} version {version}");
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn api_versions_from_the_future_is_answered_in_version_0() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let mut frame = BytesMut::new();
    frame.put_i32(12);
    frame.put_slice(&[0, 18, 0, 99, 0, 0, 0, 7, 255, 255, 0, 0]);
    client.send_raw(&frame).await;
    let mut answer = client.receive_raw().await.unwrap();
    assert_eq!(answer.split_to(4), [0, 0, 0, 7][..]);
    let answer = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!(answer.error_code, 35);
    let own = answer.api_keys.iter().find(|api| api.api_key == 18).unwrap();
    assert_eq!((own.min_version, own.max_version), (0, 4));
    assert_eq!(api_versions(&mut client, 0).await.error_code, 0, "the connection goes on");
}

#[tokio::test]
async fn named_versions_are_those_of_kafka_4_1_and_offsets_by_id() {
    let rig = Rig::start().await;
    let named = api_versions(&mut rig.client().await, 0).await.api_keys;
    let named: Vec<_> =
        named.iter().map(|api| (api.api_key, api.min_version, api.max_version)).collect();
    let expected = [
        (0, 0, 13),
        (1, 4, 18),
        (2, 1, 10),
        (3, 0, 13),
        (8, 2, 10),
        (9, 1, 10),
        (10, 0, 6),
        (11, 0, 9),
        (12, 0, 4),
        (13, 0, 5),
        (14, 0, 5),
        (15, 0, 6),
        (16, 0, 5),
        (18, 0, 4),
        (19, 2, 7),
        (20, 1, 6),
        (21, 0, 2),
        (22, 0, 5),
        (23, 2, 4),
        (24, 0, 5),
        (25, 0, 4),
        (26, 0, 5),
        (27, 1, 1),
        (28, 0, 5),
        (32, 1, 4),
        (33, 0, 2),
        (35, 1, 4),
        (37, 0, 3),
        (42, 0, 2),
        (43, 0, 2),
        (44, 0, 1),
        (45, 0, 1),
        (46, 0, 0),
        (47, 0, 0),
        (60, 0, 2),
        (61, 0, 0),
        (65, 0, 0),
        (66, 0, 2),
        (68, 0, 1),
        (69, 0, 1),
        (75, 0, 0),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn malformed_software_name_is_an_invalid_request() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for (name, error) in [("lib-rd.kafka", 0), ("", 42), ("-x", 42), ("a b", 42), ("a.", 42)] {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(super::client::text(name))
            .with_client_software_version(super::client::text("1"));
        let answer: ApiVersionsResponse = client.call(ApiKey::ApiVersions, 3, &request).await;
        assert_eq!(answer.error_code, error, "{name}");
    }
}

#[tokio::test]
async fn every_served_request_survives_counts_of_two_billion() {
    let rig = Rig::start().await;
    let served = api_versions(&mut rig.client().await, 0).await.api_keys;
    assert!(served.len() > 20);
    for api in served {
        for version in api.min_version..=api.max_version {
            for count in [&[0x7f, 255, 255, 255][..], &[255; 5], &[255, 255, 255, 255, 15]] {
                let mut frame = BytesMut::new();
                frame.put_slice(&[0; 4]);
                frame.put_i16(api.api_key);
                frame.put_i16(version);
                frame.put_i32(1);
                frame.put_i16(-1);
                for _ in 0..4 {
                    frame.put_slice(count);
                }
                let length = u32::try_from(frame.len() - 4).unwrap();
                (&mut frame[..4]).put_u32(length);
                let mut client = rig.client().await;
                client.send_raw(&frame).await;
                // An answer or the end; what it may not be is the end of the broker.
                let _ = client.receive_raw().await;
            }
        }
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn half_a_frame_and_a_hang_up_leave_the_broker_serving() {
    let rig = Rig::start().await;
    let whole = frame(ApiKey::Metadata, 9, 1, &MetadataRequest::default());
    for end in 0..whole.len() {
        let mut client = rig.client().await;
        client.send_raw(&whole[..end]).await;
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn frame_that_never_ends_is_closed_at_its_deadline() {
    let limits = Limits { frame_deadline: Duration::from_millis(50), ..Limits::default() };
    let rig = Rig::with_limits(limits).await;
    let mut client = rig.client().await;
    client.send_raw(&(50_i32 << 20).to_be_bytes()).await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn liars_about_length_do_not_use_up_the_memory_of_others() {
    let rig = Rig::start().await;
    let mut liars = Vec::new();
    for _ in 0..20 {
        let mut liar = rig.client().await;
        liar.send_raw(&(100_i32 << 20).to_be_bytes()).await;
        liar.send_raw(&vec![0; 64 << 10]).await;
        liars.push(liar);
    }
    assert_serves(&rig).await;
}

#[tokio::test]
async fn idle_connection_is_closed() {
    let limits = Limits { idle_max: Duration::from_millis(50), ..Limits::default() };
    let rig = Rig::with_limits(limits).await;
    assert!(rig.client().await.is_closed().await);
}

#[tokio::test]
async fn connections_beyond_the_limit_of_an_address_are_closed() {
    let rig = Rig::with_limits(Limits { connections_per_ip_max: 2, ..Limits::default() }).await;
    let (mut first, mut second) = (rig.client().await, rig.client().await);
    api_versions(&mut first, 0).await;
    api_versions(&mut second, 0).await;
    assert!(rig.client().await.is_closed().await);
    drop(first);
    // The place is free as soon as the broker has seen the hang-up.
    loop {
        let mut third = rig.client().await;
        third.send(ApiKey::ApiVersions, 0, &ApiVersionsRequest::default()).await;
        if third.receive_raw().await.is_some() {
            break;
        }
    }
}

#[tokio::test]
async fn thousand_pipelined_requests_are_answered_in_order() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["value"]).build().unwrap();
    let mut frames = BytesMut::new();
    for id in 0..1_000 {
        frames.extend_from_slice(&match id % 3 {
            0 => frame(ApiKey::Produce, 8, id, &produce("t", -1, Some(records.clone().into()))),
            1 => frame(ApiKey::Metadata, 5, id, &MetadataRequest::default()),
            _ => frame(ApiKey::ListGroups, 2, id, &ListGroupsRequest::default()),
        });
    }
    client.send_raw(&frames).await;
    for id in 0..1_000_i32 {
        let answer = client.receive_raw().await.expect("an answer");
        assert_eq!(answer[..4], id.to_be_bytes());
    }
}

#[tokio::test]
async fn request_behind_a_long_poll_is_answered_after_it() {
    let rig = Rig::start().await;
    let mut poller = rig.client().await;
    poller.create_topic("t", &[]).await;
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![partition]);
    let fetch = FetchRequest::default()
        .with_max_wait_ms(60_000)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic]);
    let fetch_id = poller.send(ApiKey::Fetch, 12, &fetch).await;
    let next_id = poller.send(ApiKey::ApiVersions, 0, &ApiVersionsRequest::default()).await;
    let records = batch(&["value"]).build().unwrap();
    let mut producer = rig.client().await;
    let _: kafka_protocol::messages::ProduceResponse =
        producer.call(ApiKey::Produce, 9, &produce("t", -1, Some(records.into()))).await;
    let (id, fetched) = poller.receive::<FetchResponse>(ApiKey::Fetch, 12).await.unwrap();
    assert_eq!((id, fetched.responses.len()), (fetch_id, 1));
    let (id, _) = poller.receive::<ApiVersionsResponse>(ApiKey::ApiVersions, 0).await.unwrap();
    assert_eq!(id, next_id);
}

/// Some 900 KB in batches so small that they are read and not sent from where they lie.
async fn fill(client: &mut Client) {
    client.create_topic("t", &[]).await;
    for _ in 0..130 {
        append(client, &"x".repeat(7_000)).await;
    }
}

async fn append(client: &mut Client, value: &str) {
    let records = batch(&[value]).build().unwrap();
    let answer: kafka_protocol::messages::ProduceResponse =
        client.call(ApiKey::Produce, 9, &produce("t", -1, Some(records.into()))).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

fn fetch_all() -> FetchRequest {
    let partition = fetch_request::FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = fetch_request::FetchTopic::default()
        .with_topic(topic_name("t"))
        .with_partitions(vec![partition]);
    FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic])
}

#[tokio::test]
async fn peer_that_asks_and_never_reads_is_not_answered_without_end() {
    let rig = Rig::start().await;
    let (mut client, mut other) = (rig.client().await, rig.client().await);
    fill(&mut client).await;
    for _ in 0..60 {
        client.send(ApiKey::Fetch, 12, &fetch_all()).await;
    }
    for number in 0..20 {
        append(&mut other, &number.to_string()).await;
    }
    // It was slow, not lost: every answer comes once it reads, and the last ones were not made
    // before that.
    let mut lengths = Vec::new();
    for _ in 0..60 {
        lengths.push(client.receive_raw().await.unwrap().len());
    }
    other.send(ApiKey::Fetch, 12, &fetch_all()).await;
    let whole = other.receive_raw().await.unwrap().len();
    assert!(whole > 900_000, "{whole} bytes");
    assert_eq!(lengths.last(), Some(&whole));
}

/// Bytes of the requests that the broker has read so far.
fn received_bytes(rig: &Rig) -> usize {
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(rig.running.metrics()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text.lines().find(|line| line.starts_with("levada_broker_received_bytes_total"));
    line.and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_was_sent_with_acks_0_is_written_though_the_answers_before_it_reach_nobody() {
    let rig = Rig::start().await;
    let (mut client, mut other) = (rig.client().await, rig.client().await);
    fill(&mut client).await;
    let mut frames = BytesMut::new();
    for id in 0..30 {
        frames.extend_from_slice(&frame(ApiKey::Fetch, 12, id, &fetch_all()));
    }
    let records = batch(&["the last"]).build().unwrap();
    frames.extend_from_slice(&frame(
        ApiKey::Produce,
        9,
        30,
        &produce("t", 0, Some(records.into())),
    ));
    let before = received_bytes(&rig);
    client.send_raw(&frames).await;
    while received_bytes(&rig) < before + frames.len() {
        tokio::task::yield_now().await;
    }
    drop(client);
    let written = async {
        loop {
            other.send(ApiKey::Fetch, 12, &fetch_all()).await;
            let answer = other.receive_raw().await.unwrap();
            if answer.windows(8).any(|bytes| bytes == b"the last") {
                break;
            }
        }
    };
    tokio::time::timeout(DEADLINE, written).await.expect("it is written");
}

#[tokio::test]
async fn acks_0_answers_nothing_and_closes_on_an_error() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let records = batch(&["value"]).build().unwrap();
    client.send(ApiKey::Produce, 9, &produce("t", 0, Some(records.clone().into()))).await;
    // The next answer on the connection is the next request's.
    assert_eq!(api_versions(&mut client, 0).await.error_code, 0);
    client.send(ApiKey::Produce, 9, &produce("missing", 0, Some(records.into()))).await;
    assert!(client.is_closed().await);
}
