//! `AlterConfigs` (33), versions 0–2.
//!
//! - Replaces all overrides of a topic: what is not given falls back to its default. Older tools
//!   use it; newer ones use `IncrementalAlterConfigs`.
//! - A resource or a config of one that is given more than once is error 42; nothing of it changes.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{AlterConfigsRequest, AlterConfigsResponse, ApiKey};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{ResourceName, check_repeated, resolve_topic, resource_repeated};
use super::repeated::repeated;
use crate::broker::Broker;
use crate::net::{Api, Call};
use crate::topics::TopicError;

pub(crate) const API: Api = Api::new(ApiKey::AlterConfigs, 0..=2);

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: AlterConfigsRequest,
) -> AlterConfigsResponse {
    let mut responses = Vec::with_capacity(request.resources.len());
    let name = |asked: &AlterConfigsResource| -> ResourceName {
        (asked.resource_type, asked.resource_name.clone())
    };
    let repeated = repeated(request.resources.iter().map(name));
    for asked in request.resources {
        let altered = if repeated.contains(&name(&asked)) {
            Err(resource_repeated())
        } else {
            alter(broker, &asked, request.validate_only).await
        };
        let response = AlterConfigsResourceResponse::default()
            .with_resource_type(asked.resource_type)
            .with_resource_name(asked.resource_name);
        responses.push(match altered {
            Ok(()) => response.with_error_message(None),
            Err((error, message)) => response
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        });
    }
    AlterConfigsResponse::default().with_responses(responses)
}

async fn alter(
    broker: &Broker,
    asked: &AlterConfigsResource,
    validate_only: bool,
) -> Result<(), (ResponseError, String)> {
    let topic = resolve_topic(broker, asked.resource_type, &asked.resource_name)?;
    check_repeated(asked.configs.iter().map(|given| &given.name))?;
    let mut overrides = BTreeMap::new();
    for given in &asked.configs {
        let Some(value) = &given.value else {
            let text = format!("config '{}' has no value", given.name);
            return Err((ResponseError::InvalidRequest, text));
        };
        overrides.insert(given.name.to_string(), value.to_string());
    }
    let edit = move |all: &mut BTreeMap<String, String>| {
        *all = overrides;
        Ok(())
    };
    let altered = if validate_only {
        broker.topics.check_configure(&topic.name, edit)
    } else {
        broker.topics.configure(topic.name.clone(), edit).await
    };
    altered.map_err(|error: TopicError| (error.response_error(), error.to_string()))
}
