//! What administrators ask, in every version.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{
    BrokerId, DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest,
    FindCoordinatorRequest, FindCoordinatorResponse, ListGroupsRequest, ListGroupsResponse,
    OffsetDeleteRequest, OffsetDeleteResponse,
};

use super::super::{
    authorized, delete_groups, describe_groups, find_coordinator, list_groups, offset_delete,
};
use super::*;

async fn find(rig: &Rig, version: i16, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let call = call(&find_coordinator::API, version);
    let response = find_coordinator::handle(rig.broker(), &call, request).await;
    assert_encodable(&call, &response);
    response
}

#[tokio::test]
async fn this_broker_coordinates_before_version_4() {
    let rig = Rig::start().await;
    for version in 0..4 {
        let request = FindCoordinatorRequest::default().with_key(text("g"));
        let want = FindCoordinatorResponse::default()
            .with_error_message(None)
            .with_node_id(BrokerId(1))
            .with_host(text("broker"))
            .with_port(9092);
        assert_eq!(find(&rig, version, request).await, want);
        let refused = find(&rig, version, FindCoordinatorRequest::default()).await;
        assert_eq!(refused.error_code, ResponseError::InvalidGroupId.code());
        assert_eq!((refused.node_id, refused.port), (BrokerId(-1), -1));
    }
}

#[tokio::test]
async fn each_key_has_its_own_answer_since_version_4() {
    let rig = Rig::start().await;
    for version in 4..=6 {
        let request =
            FindCoordinatorRequest::default().with_coordinator_keys(vec![text("g"), text("")]);
        let found = find(&rig, version, request).await;
        let ours = Coordinator::default()
            .with_key(text("g"))
            .with_error_message(None)
            .with_node_id(BrokerId(1))
            .with_host(text("broker"))
            .with_port(9092);
        assert_eq!(found.coordinators[0], ours);
        assert_eq!(found.coordinators[1].error_code, ResponseError::InvalidGroupId.code());
        assert_eq!(found.coordinators.len(), 2);
    }
}

#[tokio::test]
async fn transactions_are_coordinated_here_and_share_groups_nowhere() {
    let rig = Rig::start().await;
    let ask = |key_type| {
        FindCoordinatorRequest::default()
            .with_key_type(key_type)
            .with_coordinator_keys(vec![text("x")])
    };
    assert_eq!(find(&rig, 6, ask(1)).await.coordinators[0].error_code, 0);
    let refused = find(&rig, 6, ask(2)).await.coordinators[0].error_code;
    assert_eq!(refused, ResponseError::InvalidRequest.code());
}

#[tokio::test]
async fn stable_group_is_described_in_every_version() {
    let rig = Rig::start().await;
    let (member_id, _) = rig.lone_member("g").await;
    for version in versions(&describe_groups::API) {
        let call = call(&describe_groups::API, version);
        let wants_operations = version >= 3;
        let request = DescribeGroupsRequest::default()
            .with_groups(vec![group_id("g")])
            .with_include_authorized_operations(wants_operations);
        let response = describe_groups::handle(rig.broker(), &call, request).await;
        assert_encodable(&call, &response);
        let member = DescribedGroupMember::default()
            .with_member_id(member_id.clone())
            .with_client_id(text("client"))
            .with_client_host(text("/10.1.2.3"))
            .with_member_metadata(Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t"))
            .with_member_assignment(Bytes::from_static(b"part"));
        let operations = authorized::asked(wants_operations, authorized::GROUP);
        let want = DescribedGroup::default()
            .with_group_id(group_id("g"))
            .with_group_state(text("Stable"))
            .with_protocol_type(text("consumer"))
            .with_protocol_data(text("range"))
            .with_members(vec![member])
            .with_authorized_operations(operations);
        assert_eq!(response.groups, vec![want]);
    }
}

#[tokio::test]
async fn unknown_group_is_dead_and_since_version_6_not_found() {
    let rig = Rig::start().await;
    for version in versions(&describe_groups::API) {
        let call = call(&describe_groups::API, version);
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id("nobody")]);
        let response = describe_groups::handle(rig.broker(), &call, request).await;
        assert_encodable(&call, &response);
        let dead = DescribedGroup::default()
            .with_group_id(group_id("nobody"))
            .with_group_state(text("Dead"));
        let want = match version {
            ..6 => dead,
            _ => dead
                .with_error_code(ResponseError::GroupIdNotFound.code())
                .with_error_message(Some(text("Group nobody not found."))),
        };
        assert_eq!(response.groups, vec![want]);
    }
}

#[tokio::test]
async fn groups_are_listed_in_every_version() {
    let rig = Rig::start().await;
    rig.lone_member("g").await;
    for version in versions(&list_groups::API) {
        let call = call(&list_groups::API, version);
        let response = list_groups::handle(rig.broker(), &call, ListGroupsRequest::default()).await;
        assert_encodable(&call, &response);
        let state = if version >= 4 { "Stable" } else { "" };
        let group_type = if version >= 5 { "classic" } else { "" };
        let group = ListedGroup::default()
            .with_group_id(group_id("g"))
            .with_protocol_type(text("consumer"))
            .with_group_state(text(state))
            .with_group_type(text(group_type));
        assert_eq!(response, ListGroupsResponse::default().with_groups(vec![group]));
    }
}

#[tokio::test]
async fn list_is_filtered_by_state_and_type() {
    let rig = Rig::start().await;
    rig.lone_member("g").await;
    let call = call(&list_groups::API, 5);
    let count = async |states: &[&'static str], types: &[&'static str]| {
        let texts = |words: &[&'static str]| words.iter().map(|word| text(*word)).collect();
        let request = ListGroupsRequest::default()
            .with_states_filter(texts(states))
            .with_types_filter(texts(types));
        list_groups::handle(rig.broker(), &call, request).await.groups.len()
    };
    assert_eq!(count(&["stable", "Empty"], &["Classic"]).await, 1);
    assert_eq!(count(&["Empty"], &[]).await, 0);
    assert_eq!(count(&[], &["consumer"]).await, 0);
}

#[tokio::test]
async fn groups_are_deleted_in_every_version() {
    let rig = Rig::start().await;
    rig.lone_member("busy").await;
    for version in versions(&delete_groups::API) {
        rig.broker().groups.find_or_create("idle").unwrap();
        let call = call(&delete_groups::API, version);
        let names = ["idle", "busy", "nobody"].map(group_id).to_vec();
        let request = DeleteGroupsRequest::default().with_groups_names(names);
        let response = delete_groups::handle(rig.broker(), &call, request).await.unwrap();
        assert_encodable(&call, &response);
        let result = |name, error| {
            DeletableGroupResult::default().with_group_id(group_id(name)).with_error_code(error)
        };
        let results = vec![result("idle", 0), result("busy", 68), result("nobody", 69)];
        assert_eq!(response, DeleteGroupsResponse::default().with_results(results));
    }
}

#[tokio::test]
async fn offset_delete_answers_each_partition() {
    let rig = Rig::start().await;
    rig.create("other").await;
    rig.lone_member("g").await;
    let topic = |name| {
        OffsetDeleteRequestTopic::default()
            .with_name(topic_name(name))
            .with_partitions(vec![OffsetDeleteRequestPartition::default()])
    };
    let call = call(&offset_delete::API, 0);
    let topics = vec![topic("t"), topic("other"), topic("nothing")];
    let request = OffsetDeleteRequest::default().with_group_id(group_id("g")).with_topics(topics);
    let response = offset_delete::handle(rig.broker(), &call, request).await.unwrap();
    assert_encodable(&call, &response);
    let errors: Vec<_> = response
        .topics
        .iter()
        .map(|topic| (topic.name.to_string(), topic.partitions[0].error_code))
        .collect();
    let want = [("t", 86), ("other", 0), ("nothing", 3)];
    assert_eq!(errors, want.map(|(name, error)| (name.to_owned(), error)));
    let request = OffsetDeleteRequest::default().with_group_id(group_id("nobody"));
    let refused = offset_delete::handle(rig.broker(), &call, request).await.unwrap();
    assert_eq!(refused, OffsetDeleteResponse::default().with_error_code(69));
}
