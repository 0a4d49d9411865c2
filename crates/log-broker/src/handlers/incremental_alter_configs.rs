//! `IncrementalAlterConfigs` (44), versions 0–1.
//!
//! - Operations on single overrides of a topic: set, delete (back to the default), append to and
//!   subtract from lists. All of one resource or none, and none of one that is given more than once.
//! - To delete an override that is not there, or has no such name, is well.
//! - To delete configs of the broker changes nothing, for none is set while it runs: tools clear
//!   throttles so when they have reassigned partitions.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{
    ApiKey, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{
    Resource, ResourceName, check_repeated, resolve, resolve_topic, resource_repeated,
};
use super::repeated::repeated;
use crate::broker::Broker;
use crate::config::BrokerConfig;
use crate::net::{Api, Call};
use crate::topics::TopicError;
use crate::topics::config::{self, ConfigType};

pub(crate) const API: Api = Api::new(ApiKey::IncrementalAlterConfigs, 0..=1);

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

type Refusal = (ResponseError, String);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let mut responses = Vec::with_capacity(request.resources.len());
    let name = |asked: &AlterConfigsResource| -> ResourceName {
        (asked.resource_type, asked.resource_name.clone())
    };
    let repeated = repeated(request.resources.iter().map(name));
    for asked in request.resources {
        let is_repeated = repeated.contains(&name(&asked));
        let response = AlterConfigsResourceResponse::default()
            .with_resource_type(asked.resource_type)
            .with_resource_name(asked.resource_name.clone());
        let altered = if is_repeated {
            Err(resource_repeated())
        } else {
            alter(broker, asked, request.validate_only).await
        };
        responses.push(match altered {
            Ok(()) => response.with_error_message(None),
            Err((error, message)) => response
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        });
    }
    IncrementalAlterConfigsResponse::default().with_responses(responses)
}

async fn alter(
    broker: &Broker,
    asked: AlterConfigsResource,
    validate_only: bool,
) -> Result<(), Refusal> {
    let resource = resolve(broker, asked.resource_type, &asked.resource_name)?;
    let mut changes = asked.configs.iter();
    if matches!(resource, Resource::Broker) && changes.all(|it| it.config_operation == DELETE) {
        return Ok(());
    }
    let topic = resolve_topic(broker, asked.resource_type, &asked.resource_name)?;
    check_operations(&asked.configs)?;
    let settings = broker.config.clone();
    let edit = move |all: &mut BTreeMap<String, String>| {
        asked.configs.iter().try_for_each(|change| apply(all, change, &settings))
    };
    let altered = if validate_only {
        broker.topics.check_configure(&topic.name, edit)
    } else {
        broker.topics.configure(topic.name.clone(), edit).await
    };
    altered.map_err(|error: TopicError| (error.response_error(), error.to_string()))
}

fn check_operations(changes: &[AlterableConfig]) -> Result<(), Refusal> {
    check_repeated(changes.iter().map(|change| &change.name))?;
    for change in changes {
        let name = &change.name;
        let text = if !(SET..=SUBTRACT).contains(&change.config_operation) {
            format!("operation {} on config '{name}' is unknown", change.config_operation)
        } else if change.value.is_none() && change.config_operation != DELETE {
            format!("config '{name}' has no value")
        } else {
            continue;
        };
        return Err((ResponseError::InvalidRequest, text));
    }
    Ok(())
}

fn apply(
    overrides: &mut BTreeMap<String, String>,
    change: &AlterableConfig,
    settings: &BrokerConfig,
) -> Result<(), TopicError> {
    let name = change.name.to_string();
    let value = change.value.as_deref().map(ToString::to_string).unwrap_or_default();
    let list = config::key(&name).filter(|key| key.config_type == ConfigType::List);
    match (change.config_operation, list) {
        (DELETE, _) => {
            overrides.remove(&name);
        }
        (APPEND, None) => return Err(TopicError::NoList { name, operation: "APPEND" }),
        (SUBTRACT, None) => return Err(TopicError::NoList { name, operation: "SUBTRACT" }),
        (APPEND | SUBTRACT, Some(key)) => {
            let (current, _) = config::effective(key, overrides, settings);
            let is_append = change.config_operation == APPEND;
            overrides.insert(name, changed_list(&current, &value, is_append));
        }
        _ => {
            overrides.insert(name, value);
        }
    }
    Ok(())
}

/// `current` with the words of `change`, each once, or without them.
fn changed_list(current: &str, change: &str, is_append: bool) -> String {
    fn words(list: &str) -> impl Iterator<Item = &str> {
        list.split(',').map(str::trim).filter(|word| !word.is_empty())
    }
    let is_changed = |word: &&str| words(change).any(|changed| changed == *word);
    let mut list: Vec<&str> = words(current).filter(|word| !is_changed(word)).collect();
    if is_append {
        list.extend(words(change));
    }
    list.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_each_word_once() {
        assert_eq!(changed_list("delete", "compact", true), "delete,compact");
        assert_eq!(changed_list("compact,delete", "delete", true), "compact,delete");
        assert_eq!(changed_list("compact, delete", "compact", false), "delete");
        assert_eq!(changed_list("", "1:1", true), "1:1");
    }
}
