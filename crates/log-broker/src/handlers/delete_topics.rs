//! `DeleteTopics` (20), versions 1–6.
//!
//! - Gone on every connection when it is answered; waiting fetches wake with error 3.
//! - A topic that is named more than once is answered once, with error 42, and stays.
//! - v5 names the error in words, v6 takes a topic by name or by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{ApiKey, DeleteTopicsRequest, DeleteTopicsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::repeated::{TOPIC_REPEATED, repeated};
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::is_internal;

pub(crate) const API: Api = Api::new(ApiKey::DeleteTopics, 1..=6);

type Refusal = (ResponseError, String);

pub(crate) async fn handle(
    broker: &Broker,
    call: &Call,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let mut asked: Vec<(Option<TopicName>, Uuid)> =
        request.topic_names.into_iter().map(|name| (Some(name), Uuid::nil())).collect();
    asked.extend(request.topics.into_iter().map(|topic| (topic.name, topic.topic_id)));
    let (wanted, mut responses) = well_named(broker, call, asked);
    for wanted in wanted {
        responses.push(delete_one(broker, call, wanted).await);
    }
    DeleteTopicsResponse::default().with_responses(responses)
}

/// A topic as a request names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Name(TopicName),
    Id(Uuid),
}

/// What is named by one of name and id, and once; and the answers to the rest.
fn well_named(
    broker: &Broker,
    call: &Call,
    asked: Vec<(Option<TopicName>, Uuid)>,
) -> (Vec<Wanted>, Vec<DeletableTopicResult>) {
    let mut wanted = Vec::new();
    let mut responses = Vec::new();
    let mut refuse = |name: Option<TopicName>, id: Uuid, message: &str| {
        let refusal = (ResponseError::InvalidRequest, message.to_owned());
        responses.push(answer(call, name, id, Err(refusal)));
    };
    for (name, id) in asked {
        match name {
            Some(name) if id.is_nil() => wanted.push(Wanted::Name(name)),
            None if !id.is_nil() => wanted.push(Wanted::Id(id)),
            None => refuse(None, id, "Neither topic name nor id were specified."),
            name => refuse(name, id, "You may not specify both topic name and topic id."),
        }
    }
    let again = repeated(wanted.iter().cloned());
    wanted.retain(|wanted| !again.contains(wanted));
    for wanted in again {
        match wanted {
            Wanted::Name(name) => refuse(Some(name), Uuid::nil(), TOPIC_REPEATED),
            Wanted::Id(id) => refuse(None, id, "Duplicate topic id."),
        }
    }
    let id_of = |wanted: &Wanted| match wanted {
        Wanted::Name(name) => broker.topics.get(name).map(|topic| topic.id),
        Wanted::Id(id) => Some(*id),
    };
    let by_both = repeated(wanted.iter().filter_map(id_of));
    let is_by_both = |wanted: &Wanted| id_of(wanted).is_some_and(|id| by_both.contains(&id));
    for wanted in wanted.extract_if(.., |wanted| is_by_both(wanted)) {
        let Wanted::Name(name) = &wanted else { continue };
        let message = "The provided topic name maps to an ID that was already supplied.";
        refuse(Some(name.clone()), id_of(&wanted).unwrap_or_default(), message);
    }
    (wanted, responses)
}

async fn delete_one(broker: &Broker, call: &Call, wanted: Wanted) -> DeletableTopicResult {
    match wanted {
        Wanted::Name(name) => {
            let id = broker.topics.get(&name).map_or(Uuid::nil(), |topic| topic.id);
            let deleted = delete(broker, &name).await;
            answer(call, Some(name), id, deleted)
        }
        Wanted::Id(id) => match broker.topics.by_id(id) {
            None => answer(call, None, id, Err(refused(ResponseError::UnknownTopicId))),
            Some(topic) => {
                let deleted = delete(broker, &topic.name).await;
                let name = TopicName(StrBytes::from_string(topic.name.clone()));
                answer(call, Some(name), id, deleted)
            }
        },
    }
}

fn answer(
    call: &Call,
    name: Option<TopicName>,
    id: Uuid,
    deleted: Result<(), Refusal>,
) -> DeletableTopicResult {
    let result = DeletableTopicResult::default().with_name(name).with_topic_id(id);
    match deleted {
        Ok(()) => result,
        Err((error, message)) => {
            let message = (call.api_version >= 5).then(|| StrBytes::from_string(message));
            result.with_error_code(error.code()).with_error_message(message)
        }
    }
}

async fn delete(broker: &Broker, name: &str) -> Result<(), Refusal> {
    if is_internal(name) {
        return Err(refused(ResponseError::InvalidTopicException));
    }
    let deleted = broker.topics.delete(name.to_owned()).await;
    deleted.map_err(|error| (error.response_error(), error.to_string()))?;
    broker.groups.forget_topics(|topic| topic == name);
    Ok(())
}

fn refused(error: ResponseError) -> Refusal {
    (error, error.to_string())
}
