//! What the handlers of group requests share: protocol fields to the coordinator's values and back.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::broker::Broker;
use crate::group::classic::MemberIdentity;

/// Texts are copied out of the frame: a slice would keep the whole request alive.
pub(super) fn owned(text: &StrBytes) -> String {
    text.as_str().to_owned()
}

pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// The empty name for an id that no topic has.
pub(super) fn topic_of_id(broker: &Broker, id: [u8; 16]) -> TopicName {
    let topic = broker.topics.by_id(Uuid::from_bytes(id));
    topic.map_or_else(TopicName::default, |topic| topic_name(&topic.name))
}

pub(super) fn identity(member_id: &StrBytes, instance_id: Option<&StrBytes>) -> MemberIdentity {
    MemberIdentity { member_id: owned(member_id), instance_id: instance_id.map(owned) }
}

pub(super) fn code<T>(result: &Result<T, ResponseError>) -> i16 {
    result.as_ref().err().map_or(0, ResponseError::code)
}

/// Groups that are joined need a name; offsets may be kept under the empty one, as ever.
pub(super) fn check_group_id(group_id: &StrBytes) -> Result<(), ResponseError> {
    if group_id.is_empty() { Err(ResponseError::InvalidGroupId) } else { Ok(()) }
}
