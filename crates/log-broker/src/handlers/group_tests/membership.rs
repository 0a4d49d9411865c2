//! Join, sync, heartbeat, leave in every version.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, LeaveGroupRequest, LeaveGroupResponse,
};

use super::super::{heartbeat, leave_group};
use super::*;

#[tokio::test]
async fn first_join_is_answered_in_every_version() {
    let rig = Rig::start().await;
    for version in versions(&join_group::API) {
        let group = format!("g{version}");
        let call = call(&join_group::API, version);
        let mut joined = join_group::handle(rig.broker(), &call, join(&group, "")).await.unwrap();
        assert_encodable(&call, &joined);
        if version >= 4 {
            assert_eq!(joined.error_code, ResponseError::MemberIdRequired.code());
            let again = join(&group, &joined.member_id);
            joined = join_group::handle(rig.broker(), &call, again).await.unwrap();
            assert_encodable(&call, &joined);
        }
        assert!(joined.member_id.starts_with("client-"));
        let member = JoinGroupResponseMember::default()
            .with_member_id(joined.member_id.clone())
            .with_metadata(Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t"));
        let want = JoinGroupResponse::default()
            .with_generation_id(1)
            .with_protocol_type((version >= 7).then(|| text("consumer")))
            .with_protocol_name(Some(text("range")))
            .with_leader(joined.member_id.clone())
            .with_member_id(joined.member_id.clone())
            .with_members(vec![member]);
        assert_eq!(joined, want, "version {version}");
    }
}

#[tokio::test]
async fn static_member_is_shown_to_its_leader_since_version_5() {
    let rig = Rig::start().await;
    for version in 5..=9 {
        let call = call(&join_group::API, version);
        let request = join(&format!("g{version}"), "").with_group_instance_id(Some(text("i")));
        let joined = join_group::handle(rig.broker(), &call, request).await.unwrap();
        assert_encodable(&call, &joined);
        assert!(joined.member_id.starts_with("i-"));
        assert_eq!(joined.members[0].group_instance_id, Some(text("i")));
    }
}

#[tokio::test]
async fn refused_join_names_no_protocol_in_every_version() {
    let rig = Rig::start().await;
    for version in versions(&join_group::API) {
        let call = call(&join_group::API, version);
        let refused = join_group::handle(rig.broker(), &call, join("", "")).await.unwrap();
        assert_encodable(&call, &refused);
        let want = JoinGroupResponse::default()
            .with_error_code(ResponseError::InvalidGroupId.code())
            .with_protocol_name((version < 7).then(StrBytes::new));
        assert_eq!(refused, want, "version {version}");
    }
}

#[tokio::test]
async fn version_0_takes_its_session_timeout_for_the_rebalance() {
    let rig = Rig::start().await;
    let call = call(&join_group::API, 0);
    let request = join("g", "").with_rebalance_timeout_ms(-1);
    join_group::handle(rig.broker(), &call, request).await.unwrap();
    let group = rig.broker().groups.find("g").unwrap();
    let timeouts: Vec<u64> = group
        .state
        .lock()
        .group
        .classic
        .members()
        .map(|(_, one)| one.rebalance_timeout_ms)
        .collect();
    assert_eq!(timeouts, [10_000]);
}

#[tokio::test]
async fn member_id_is_no_longer_than_the_log_can_hold() {
    let rig = Rig::start().await;
    let mut call = call(&join_group::API, 3);
    call.client_id = Some(text("é".repeat(16_000)));
    let joined = join_group::handle(rig.broker(), &call, join("g", "")).await.unwrap();
    let call = self::call(&sync_group::API, 3);
    let request = sync("g", &joined.member_id, joined.generation_id);
    let synced = sync_group::handle(rig.broker(), &call, request).await.unwrap();
    assert_eq!(synced.error_code, 0);
}

#[tokio::test]
async fn sync_is_answered_in_every_version() {
    let rig = Rig::start().await;
    for version in versions(&sync_group::API) {
        let group = format!("g{version}");
        let (member_id, generation) = rig.lone_member(&group).await;
        let call = call(&sync_group::API, version);
        let mut request = sync(&group, &member_id, generation);
        if version >= 5 {
            request.protocol_type = Some(text("consumer"));
            request.protocol_name = Some(text("range"));
        }
        let synced = sync_group::handle(rig.broker(), &call, request).await.unwrap();
        assert_encodable(&call, &synced);
        let want = SyncGroupResponse::default()
            .with_protocol_type((version >= 5).then(|| text("consumer")))
            .with_protocol_name((version >= 5).then(|| text("range")))
            .with_assignment(Bytes::from_static(b"part"));
        assert_eq!(synced, want, "version {version}");
    }
}

#[tokio::test]
async fn sync_of_version_5_must_name_its_protocol() {
    let rig = Rig::start().await;
    let (member_id, generation) = rig.lone_member("g").await;
    let call = call(&sync_group::API, 5);
    let request = sync("g", &member_id, generation);
    let refused = sync_group::handle(rig.broker(), &call, request).await.unwrap();
    assert_encodable(&call, &refused);
    let inconsistent = ResponseError::InconsistentGroupProtocol.code();
    assert_eq!(refused, SyncGroupResponse::default().with_error_code(inconsistent));
}

#[tokio::test]
async fn heartbeat_is_answered_in_every_version() {
    let rig = Rig::start().await;
    let (member_id, generation) = rig.lone_member("g").await;
    for version in versions(&heartbeat::API) {
        let call = call(&heartbeat::API, version);
        let request = HeartbeatRequest::default()
            .with_group_id(group_id("g"))
            .with_member_id(member_id.clone())
            .with_generation_id(generation);
        let late = request.clone().with_generation_id(generation - 1);
        let beaten = heartbeat::handle(rig.broker(), &call, request).await;
        assert_encodable(&call, &beaten);
        assert_eq!(beaten, HeartbeatResponse::default());
        let refused = heartbeat::handle(rig.broker(), &call, late).await;
        let illegal = ResponseError::IllegalGeneration.code();
        assert_eq!(refused, HeartbeatResponse::default().with_error_code(illegal));
    }
}

#[tokio::test]
async fn leave_before_version_3_answers_for_its_one_member() {
    let rig = Rig::start().await;
    for version in 0..3 {
        let (member_id, _) = rig.lone_member("g").await;
        let call = call(&leave_group::API, version);
        let request =
            LeaveGroupRequest::default().with_group_id(group_id("g")).with_member_id(member_id);
        let left = leave_group::handle(rig.broker(), &call, request.clone()).await.unwrap();
        assert_encodable(&call, &left);
        assert_eq!(left, LeaveGroupResponse::default());
        let again = leave_group::handle(rig.broker(), &call, request).await.unwrap();
        let unknown = ResponseError::UnknownMemberId.code();
        assert_eq!(again, LeaveGroupResponse::default().with_error_code(unknown));
    }
}

#[tokio::test]
async fn leave_since_version_3_answers_each_member() {
    let rig = Rig::start().await;
    for version in 3..=5 {
        let (member_id, _) = rig.lone_member("g").await;
        let call = call(&leave_group::API, version);
        let ghost = MemberIdentity::default().with_group_instance_id(Some(text("ghost")));
        let member = MemberIdentity::default()
            .with_member_id(member_id.clone())
            .with_group_instance_id(None);
        let request = LeaveGroupRequest::default()
            .with_group_id(group_id("g"))
            .with_members(vec![ghost, member]);
        let left = leave_group::handle(rig.broker(), &call, request).await.unwrap();
        assert_encodable(&call, &left);
        let ghost = MemberResponse::default()
            .with_group_instance_id(Some(text("ghost")))
            .with_error_code(ResponseError::UnknownMemberId.code());
        let member =
            MemberResponse::default().with_member_id(member_id).with_group_instance_id(None);
        assert_eq!(left, LeaveGroupResponse::default().with_members(vec![ghost, member]));
    }
}

#[tokio::test]
async fn join_ends_when_its_client_hangs_up() {
    let rig = Rig::start().await;
    rig.lone_member("g").await;
    let call = call(&join_group::API, 3);
    let waiting = join_group::handle(rig.broker(), &call, join("g", ""));
    let hang_up = async {
        tokio::task::yield_now().await;
        call.peer.gone.cancel();
    };
    let (ended, ()) = tokio::join!(waiting, hang_up);
    assert_eq!(ended.unwrap().error_code, ResponseError::CoordinatorNotAvailable.code());
}
