//! The group requests against a whole broker: every served version can be encoded and says what
//! its version can say.

mod admin;
mod membership;
mod offsets;

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, JoinGroupRequest, JoinGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::{Encodable, StrBytes};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{group_fields::text, group_fields::topic_name, join_group, sync_group};
use crate::broker::{Broker, HostPort, RunningBroker};
use crate::config::BrokerConfig;
use crate::group::GroupConfig;
use crate::net::{Api, Call, Peer, Reply};
use crate::topics::NewTopic;

/// A broker with the topic "t" of two partitions.
struct Rig {
    running: RunningBroker,
    _directory: TempDir,
}

impl Rig {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let groups = GroupConfig { initial_rebalance_delay_ms: 0, ..GroupConfig::default() };
        let config = BrokerConfig { groups, ..BrokerConfig::default() };
        let builder = Broker::builder().data_dir(directory.path()).listen("127.0.0.1:0");
        let running = builder.config(config).start().await.unwrap();
        let rig = Self { running, _directory: directory };
        rig.create("t").await;
        rig
    }

    async fn create(&self, topic: &str) {
        let new = NewTopic {
            name: topic.to_owned(),
            partition_count: Some(2),
            overrides: std::collections::BTreeMap::new(),
        };
        self.broker().topics.create(new).await.unwrap();
    }

    fn broker(&self) -> &Broker {
        self.running.broker()
    }

    /// The id and generation of the only member of a stable group.
    async fn lone_member(&self, group: &str) -> (StrBytes, i32) {
        let call = call(&join_group::API, 3);
        let joined = join_group::handle(self.broker(), &call, join(group, "")).await.unwrap();
        let call = self::call(&sync_group::API, 2);
        let sync = sync(group, &joined.member_id, joined.generation_id);
        assert_eq!(sync_group::handle(self.broker(), &call, sync).await.unwrap().error_code, 0);
        (joined.member_id, joined.generation_id)
    }
}

fn call(api: &Api, api_version: i16) -> Call {
    let peer = Peer {
        address: "10.1.2.3:5".parse().unwrap(),
        advertised: HostPort { host: "broker".to_owned(), port: 9092 },
        gone: CancellationToken::new(),
    };
    Call {
        api_key: api.key as i16,
        api_version,
        correlation_id: 1,
        client_id: Some(StrBytes::from_static_str("client")),
        peer: Arc::new(peer),
    }
}

/// Fields that a version lacks must be left alone, or there is no answer at all.
fn assert_encodable<R: Encodable>(call: &Call, response: &R) {
    let encoded = Reply::encode(call, response);
    assert!(encoded.is_ok(), "version {}: {:?}", call.api_version, encoded.err());
}

fn group_id(name: &str) -> GroupId {
    GroupId(text(name))
}

fn join(group: &str, member_id: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(StrBytes::from_static_str("range"))
        .with_metadata(Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t"));
    JoinGroupRequest::default()
        .with_group_id(group_id(group))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_member_id(text(member_id))
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol])
}

fn sync(group: &str, member_id: &StrBytes, generation: i32) -> SyncGroupRequest {
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(member_id.clone())
        .with_assignment(Bytes::from_static(b"part"));
    SyncGroupRequest::default()
        .with_group_id(group_id(group))
        .with_generation_id(generation)
        .with_member_id(member_id.clone())
        .with_assignments(vec![assignment])
}

fn versions(api: &Api) -> std::ops::RangeInclusive<i16> {
    api.versions.clone()
}
