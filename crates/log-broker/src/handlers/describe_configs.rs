//! `DescribeConfigs` (32), versions 1–4.
//!
//! - Topics: every config with its value and where it comes from; tools read many of them.
//! - Brokers: this one, by its id or the empty name; another id is error 42, as is any other type
//!   of resource.
//! - v1 synonyms (the override before the broker's value), v3 types.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{ApiKey, DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{self, Resource};
use crate::broker::{Broker, NODE_ID};
use crate::config::BrokerConfig;
use crate::net::{Api, Call};
use crate::topics::config::{self, CONFIG_KEYS, ConfigKey, ConfigSource, ConfigType};

pub(crate) const API: Api = Api::new(ApiKey::DescribeConfigs, 1..=4);

/// One config of a resource.
struct Entry {
    name: &'static str,
    value: String,
    config_type: ConfigType,
    source: ConfigSource,
    is_read_only: bool,
    synonyms: Vec<(&'static str, String, ConfigSource)>,
}

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let results = request.resources.iter().map(|asked| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(asked.resource_type)
            .with_resource_name(asked.resource_name.clone());
        match entries(broker, asked) {
            Err((error, message)) => result
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
            Ok(entries) => {
                let wanted = entries.into_iter().filter(|entry| is_wanted(asked, entry.name));
                let configs = wanted.map(|entry| encode(entry, request.include_synonyms));
                result.with_error_message(None).with_configs(configs.collect())
            }
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn is_wanted(asked: &DescribeConfigsResource, name: &str) -> bool {
    let keys = asked.configuration_keys.as_ref();
    keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
}

fn entries(
    broker: &Broker,
    asked: &DescribeConfigsResource,
) -> Result<Vec<Entry>, (ResponseError, String)> {
    match config_resource::resolve(broker, asked.resource_type, &asked.resource_name)? {
        Resource::Broker => Ok(broker_entries(&broker.config)),
        Resource::Topic(topic) => {
            let entry = |key| topic_entry(key, &topic.overrides, &broker.config);
            Ok(CONFIG_KEYS.iter().map(entry).collect())
        }
    }
}

fn topic_entry(
    key: &'static ConfigKey,
    overrides: &BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> Entry {
    let (value, source) = config::effective(key, overrides, settings);
    let mut synonyms = Vec::new();
    if source == ConfigSource::Topic {
        synonyms.push((key.name, value.clone(), source));
    }
    if !key.broker_name.is_empty() {
        let (value, source) = config::broker_value(key, settings);
        synonyms.push((key.broker_name, value, source));
    }
    let (name, config_type) = (key.name, key.config_type);
    Entry { name, value, config_type, source, is_read_only: false, synonyms }
}

/// What topics inherit, and what only the broker has. None can be changed while it runs.
fn broker_entries(settings: &BrokerConfig) -> Vec<Entry> {
    let limits = &settings.limits;
    let own = [
        ("auto.create.topics.enable", ConfigType::Boolean, settings.auto_create_topics.to_string()),
        ("broker.id", ConfigType::Int, NODE_ID.to_string()),
        ("connections.max.idle.ms", ConfigType::Long, limits.idle_max.as_millis().to_string()),
        ("default.replication.factor", ConfigType::Int, "1".to_owned()),
        ("delete.topic.enable", ConfigType::Boolean, "true".to_owned()),
        ("fetch.max.bytes", ConfigType::Int, limits.fetch_bytes_max.to_string()),
        ("max.connections", ConfigType::Int, limits.connections_max.to_string()),
        ("max.connections.per.ip", ConfigType::Int, limits.connections_per_ip_max.to_string()),
        ("node.id", ConfigType::Int, NODE_ID.to_string()),
        ("num.partitions", ConfigType::Int, settings.default_partition_count.to_string()),
        ("socket.request.max.bytes", ConfigType::Int, limits.frame_bytes_max.to_string()),
    ];
    let own =
        own.map(|(name, config_type, value)| (name, config_type, value, ConfigSource::Default));
    let inherited = CONFIG_KEYS.iter().filter(|key| !key.broker_name.is_empty()).map(|key| {
        let (value, source) = config::broker_value(key, settings);
        (key.broker_name, key.config_type, value, source)
    });
    let mut entries: Vec<Entry> = own
        .into_iter()
        .chain(inherited)
        .map(|(name, config_type, value, source)| {
            let synonyms = vec![(name, value.clone(), source)];
            Entry { name, value, config_type, source, is_read_only: true, synonyms }
        })
        .collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}

fn encode(entry: Entry, with_synonyms: bool) -> DescribeConfigsResourceResult {
    let synonyms = entry.synonyms.into_iter().map(|(name, value, source)| {
        DescribeConfigsSynonym::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_string(value)))
            .with_source(source as i8)
    });
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(entry.name))
        .with_value(Some(StrBytes::from_string(entry.value)))
        .with_read_only(entry.is_read_only)
        .with_config_source(entry.source as i8)
        .with_config_type(entry.config_type as i8)
        .with_synonyms(if with_synonyms { synonyms.collect() } else { Vec::new() })
        .with_documentation(None)
}
