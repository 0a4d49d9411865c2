//! `DeleteTopics` (20), versions 1–6.
//!
//! - Gone on every connection when it is answered; waiting fetches wake with error 3.
//! - v5 names the error in words, v6 takes a topic by name or by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::is_internal;

pub(crate) const API: Api = Api::new(ApiKey::DeleteTopics, 1..=6);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let mut asked: Vec<(Option<TopicName>, Uuid)> =
        request.topic_names.into_iter().map(|name| (Some(name), Uuid::nil())).collect();
    asked.extend(request.topics.into_iter().map(|topic| (topic.name, topic.topic_id)));
    let mut responses = Vec::with_capacity(asked.len());
    for (name, id) in asked {
        responses.push(delete_one(broker, call, name, id).await);
    }
    DeleteTopicsResponse::default().with_responses(responses)
}

async fn delete_one(
    broker: &Broker,
    call: &Call,
    name: Option<TopicName>,
    id: Uuid,
) -> DeletableTopicResult {
    let (name, id, deleted) = match (name, id) {
        (Some(name), id) if id.is_nil() => {
            let id = broker.topics.get(&name).map_or(Uuid::nil(), |topic| topic.id);
            let deleted = delete(broker, &name).await;
            (Some(name), id, deleted)
        }
        (None, id) => match broker.topics.by_id(id) {
            None => (None, id, Err(refused(ResponseError::UnknownTopicId))),
            Some(topic) => {
                let deleted = delete(broker, &topic.name).await;
                let name = TopicName(StrBytes::from_string(topic.name.clone()));
                (Some(name), id, deleted)
            }
        },
        // Both: which of them is meant cannot be known.
        (name, id) => (name, id, Err(refused(ResponseError::InvalidRequest))),
    };
    let result = DeletableTopicResult::default().with_name(name).with_topic_id(id);
    match deleted {
        Ok(()) => result,
        Err((error, message)) => {
            let message = (call.api_version >= 5).then(|| StrBytes::from_string(message));
            result.with_error_code(error.code()).with_error_message(message)
        }
    }
}

async fn delete(broker: &Broker, name: &str) -> Result<(), (ResponseError, String)> {
    if is_internal(name) {
        return Err(refused(ResponseError::InvalidTopicException));
    }
    let deleted = broker.topics.delete(name.to_owned()).await;
    deleted.map_err(|error| (error.response_error(), error.to_string()))?;
    broker.groups.forget_topics(|topic| topic == name);
    Ok(())
}

fn refused(error: ResponseError) -> (ResponseError, String) {
    (error, error.to_string())
}
