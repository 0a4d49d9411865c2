//! What a request about configs is about: a topic or this broker.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

use super::repeated::repeated;
use crate::broker::{Broker, NODE_ID};
use crate::topics::Topic;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Type and name of what a request changes.
pub(super) type ResourceName = (i8, StrBytes);

/// The answer to a resource that a request has twice, as Kafka says it.
pub(super) fn resource_repeated() -> (ResponseError, String) {
    (ResponseError::InvalidRequest, "Each resource must appear at most once.".to_owned())
}

/// Whether no config is named twice.
pub(super) fn check_repeated<'a>(
    names: impl Iterator<Item = &'a StrBytes>,
) -> Result<(), (ResponseError, String)> {
    match repeated(names).first() {
        None => Ok(()),
        Some(name) => Err((
            ResponseError::InvalidRequest,
            format!("config '{}' is given more than once", name.as_str()),
        )),
    }
}

pub(crate) enum Resource {
    Topic(Arc<Topic>),
    Broker,
}

/// A resource that exists, or the error and its words.
pub(crate) fn resolve(
    broker: &Broker,
    resource_type: i8,
    name: &str,
) -> Result<Resource, (ResponseError, String)> {
    let invalid = |text: String| Err((ResponseError::InvalidRequest, text));
    match resource_type {
        TOPIC => match broker.topics.get(name) {
            Some(topic) => Ok(Resource::Topic(topic)),
            None => Err((
                ResponseError::UnknownTopicOrPartition,
                format!("topic '{name}' does not exist"),
            )),
        },
        BROKER if name.is_empty() || name == NODE_ID.to_string() => Ok(Resource::Broker),
        BROKER => invalid(format!("broker '{name}' is not this one, which is {NODE_ID}")),
        other => invalid(format!("resources of type {other} have no configs here")),
    }
}

/// Only topics can be changed, and not the broker's own: what they obey is its business. A broker
/// gets its settings when it starts.
pub(crate) fn resolve_topic(
    broker: &Broker,
    resource_type: i8,
    name: &str,
) -> Result<Arc<Topic>, (ResponseError, String)> {
    match resolve(broker, resource_type, name)? {
        Resource::Topic(topic) if topic.is_internal() => Err((
            ResponseError::InvalidTopicException,
            format!("topic '{name}' belongs to the broker"),
        )),
        Resource::Topic(topic) => Ok(topic),
        Resource::Broker => Err((
            ResponseError::InvalidRequest,
            "the configs of a broker are set when it starts".to_owned(),
        )),
    }
}
