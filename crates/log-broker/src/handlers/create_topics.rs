//! `CreateTopics` (19), versions 2–7.
//!
//! - A topic is durable and visible on every connection before it is answered for.
//! - Replication factor 1 or −1; another is error 38. A manual assignment must name this broker
//!   alone (39) for partitions from 0 on without a gap.
//! - A name given more than once in one request is answered once, with error 42; an unknown config or
//!   value is 40.
//! - The broker's own topics exist (36), and `__cluster_metadata` is nobody's to make (42).
//! - v4 −1 partitions means the broker's default, v5 answers with the configs, v7 with the id.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::{ApiKey, CreateTopicsRequest, CreateTopicsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::repeated::{TOPIC_REPEATED, repeated};
use crate::broker::{Broker, NODE_ID};
use crate::net::{Api, Call};
use crate::topics::config::{self, CONFIG_KEYS};
use crate::topics::{NewTopic, is_internal, is_metadata_log};

pub(crate) const API: Api = Api::new(ApiKey::CreateTopics, 2..=7);

type Refusal = (ResponseError, String);

/// What the answer tells about a topic that was, or would be, made.
struct Made {
    id: Uuid,
    partition_count: usize,
    overrides: BTreeMap<String, String>,
}

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: CreateTopicsRequest,
) -> CreateTopicsResponse {
    let repeated = repeated(request.topics.iter().map(|asked| &asked.name));
    let refusal = || Err((ResponseError::InvalidRequest, TOPIC_REPEATED.to_owned()));
    let refused = repeated.iter().map(|name| answer(broker, name, refusal()));
    let mut results: Vec<CreatableTopicResult> = refused.collect();
    for asked in request.topics.iter().filter(|asked| !repeated.contains(&asked.name)) {
        let made = make(broker, asked, request.validate_only).await;
        results.push(answer(broker, &asked.name, made));
    }
    CreateTopicsResponse::default().with_topics(results)
}

async fn make(
    broker: &Broker,
    asked: &CreatableTopic,
    validate_only: bool,
) -> Result<Made, Refusal> {
    if is_internal(&asked.name) && broker.topics.get(&asked.name).is_some() {
        let text = format!("topic '{}' exists already", asked.name.as_str());
        return Err((ResponseError::TopicAlreadyExists, text));
    }
    let new = new_topic(asked)?;
    let refused = |error: crate::topics::TopicError| (error.response_error(), error.to_string());
    if validate_only {
        let overrides = broker.topics.check(&new).map_err(refused)?;
        let partition_count = broker.topics.partition_count(&new).map_err(refused)?;
        // Of no use but to look like the answer that creating gives, as Kafka's does.
        return Ok(Made { id: Uuid::new_v4(), partition_count, overrides });
    }
    let topic = broker.topics.create(new).await.map_err(refused)?;
    let overrides = topic.overrides.clone();
    Ok(Made { id: topic.id, partition_count: topic.partitions.len(), overrides })
}

fn new_topic(asked: &CreatableTopic) -> Result<NewTopic, Refusal> {
    if is_internal(&asked.name) {
        let text = "this name belongs to the broker".to_owned();
        return Err((ResponseError::InvalidTopicException, text));
    }
    if is_metadata_log(&asked.name) {
        let text = format!("topic '{}' cannot be created", asked.name.as_str());
        return Err((ResponseError::InvalidRequest, text));
    }
    let partition_count =
        if asked.assignments.is_empty() { partition_count(asked)? } else { assigned_count(asked)? };
    let mut overrides = BTreeMap::new();
    for given in &asked.configs {
        let Some(value) = &given.value else {
            let text = format!("topic config '{}' has no value", given.name);
            return Err((ResponseError::InvalidConfig, text));
        };
        overrides.insert(given.name.to_string(), value.to_string());
    }
    Ok(NewTopic { name: asked.name.to_string(), partition_count, overrides })
}

fn partition_count(asked: &CreatableTopic) -> Result<Option<i32>, Refusal> {
    if asked.replication_factor != 1 && asked.replication_factor != -1 {
        let factor = asked.replication_factor;
        let text = format!("replication factor {factor}: this cluster has one broker");
        return Err((ResponseError::InvalidReplicationFactor, text));
    }
    Ok((asked.num_partitions != -1).then_some(asked.num_partitions))
}

fn assigned_count(asked: &CreatableTopic) -> Result<Option<i32>, Refusal> {
    if asked.num_partitions != -1 || asked.replication_factor != -1 {
        let text = "partition count and replication factor must be -1 beside an assignment";
        return Err((ResponseError::InvalidRequest, text.to_owned()));
    }
    let mut indexes: Vec<i32> = asked.assignments.iter().map(|a| a.partition_index).collect();
    indexes.sort_unstable();
    let is_dense = indexes.iter().zip(0..).all(|(index, expected)| *index == expected);
    let is_ours =
        asked.assignments.iter().all(|a| a.broker_ids.iter().map(|id| id.0).eq([NODE_ID]));
    if !is_dense || !is_ours {
        let text = format!("partitions must count from 0 and be assigned to broker {NODE_ID}");
        return Err((ResponseError::InvalidReplicaAssignment, text));
    }
    Ok(i32::try_from(indexes.len()).ok())
}

fn answer(broker: &Broker, name: &TopicName, made: Result<Made, Refusal>) -> CreatableTopicResult {
    let result = CreatableTopicResult::default().with_name(name.clone());
    match made {
        Err((error, message)) => result
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(message)))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(None),
        Ok(made) => result
            .with_error_message(None)
            .with_topic_id(made.id)
            .with_num_partitions(i32::try_from(made.partition_count).unwrap_or(i32::MAX))
            .with_replication_factor(1)
            .with_configs(Some(configs(broker, &made.overrides))),
    }
}

fn configs(broker: &Broker, overrides: &BTreeMap<String, String>) -> Vec<CreatableTopicConfigs> {
    let rows = CONFIG_KEYS.iter().map(|key| {
        let (value, source) = config::effective(key, overrides, &broker.config);
        CreatableTopicConfigs::default()
            .with_name(StrBytes::from_static_str(key.name))
            .with_value(Some(StrBytes::from_string(value)))
            .with_config_source(source as i8)
    });
    rows.collect()
}
