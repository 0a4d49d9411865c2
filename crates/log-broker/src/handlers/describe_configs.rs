//! `DescribeConfigs` (32), versions 1–4.
//!
//! - Topics: every config with its value and where it comes from; tools read many of them. An empty
//!   list of keys asks for all, as null does.
//! - Brokers: this one, by its id or the empty name; another id is error 42, as is any other type
//!   of resource.
//! - A resource that is named again is answered once.
//! - v1 synonyms (the override before the broker's value), v3 types and texts.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{ApiKey, DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{self, Resource};
use super::repeated::once;
use crate::broker::{Broker, NODE_ID};
use crate::config::BrokerConfig;
use crate::net::{Api, Call};
use crate::topics::config::{self, BrokerValue, CONFIG_KEYS, ConfigKey, ConfigSource, ConfigType};

pub(crate) const API: Api = Api::new(ApiKey::DescribeConfigs, 1..=4);

/// One config of a resource.
struct Entry {
    name: &'static str,
    /// `None` where another config says the same in other units.
    value: Option<String>,
    config_type: ConfigType,
    source: ConfigSource,
    is_read_only: bool,
    synonyms: Vec<(&'static str, String, ConfigSource)>,
    documentation: &'static str,
}

pub(crate) async fn handle(
    broker: &Broker,
    _: &Call,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let resource =
        |asked: &&DescribeConfigsResource| (asked.resource_type, asked.resource_name.clone());
    let results = once(&request.resources, resource).map(|asked| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(asked.resource_type)
            .with_resource_name(asked.resource_name.clone());
        match entries(broker, asked) {
            Err((error, message)) => result
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
            Ok(entries) => {
                let wanted = entries.into_iter().filter(|entry| is_wanted(asked, entry.name));
                let configs = wanted.map(|entry| encode(entry, &request));
                result.with_error_message(None).with_configs(configs.collect())
            }
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn is_wanted(asked: &DescribeConfigsResource, name: &str) -> bool {
    let keys = asked.configuration_keys.as_ref();
    keys.is_none_or(|keys| keys.is_empty() || keys.iter().any(|key| key.as_str() == name))
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
    if let Some(BrokerValue { name, value: Some(value), source }) =
        config::broker_value(key, settings)
    {
        synonyms.push((name, value, source));
    }
    Entry {
        name: key.name,
        value: Some(value),
        config_type: key.config_type,
        source,
        is_read_only: false,
        synonyms,
        documentation: key.documentation,
    }
}

/// What topics inherit, and what only the broker has. None can be changed while it runs.
fn broker_entries(settings: &BrokerConfig) -> Vec<Entry> {
    let own = own_configs(settings).into_iter().map(|(name, config_type, value, documentation)| {
        let value = BrokerValue { name, value: Some(value), source: ConfigSource::Default };
        broker_entry(value, config_type, documentation)
    });
    let inherited = CONFIG_KEYS.iter().filter_map(|key| {
        let value = config::broker_value(key, settings)?;
        Some(broker_entry(value, key.config_type, key.documentation))
    });
    let mut entries: Vec<Entry> = own.chain(inherited).collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}

fn broker_entry(
    config: BrokerValue,
    config_type: ConfigType,
    documentation: &'static str,
) -> Entry {
    let BrokerValue { name, value, source } = config;
    let synonyms = value.iter().map(|value| (name, value.clone(), source)).collect();
    Entry { name, value, config_type, source, is_read_only: true, synonyms, documentation }
}

type OwnConfig = (&'static str, ConfigType, String, &'static str);

#[rustfmt::skip] // A table.
fn own_configs(settings: &BrokerConfig) -> [OwnConfig; 14] {
    use ConfigType::{Boolean, Int, Long};
    let limits = &settings.limits;
    let text = |value: &dyn ToString| value.to_string();
    [
        ("auto.create.topics.enable", Boolean, text(&settings.auto_create_topics), "Whether a topic is made when a client first asks for it."),
        ("broker.id", Int, text(&NODE_ID), "The id of this broker."),
        ("connections.max.idle.ms", Long, text(&limits.idle_max.as_millis()), "After what time without a request a connection is closed."),
        ("default.replication.factor", Int, text(&1), "How many replicas a partition has."),
        ("delete.topic.enable", Boolean, text(&true), "Whether topics can be deleted."),
        ("fetch.max.bytes", Int, text(&limits.fetch_bytes_max), "How much one fetch is answered with at most."),
        ("log.retention.hours", Int, text(&168), "After how many hours segments are removed, unless log.retention.ms says so."),
        ("log.roll.hours", Int, text(&168), "After how many hours a segment ends, unless log.roll.ms says so."),
        ("log.roll.jitter.hours", Int, text(&0), "Up to how many hours earlier a segment ends, unless log.roll.jitter.ms says so."),
        ("max.connections", Int, text(&limits.connections_max), "How many connections there may be."),
        ("max.connections.per.ip", Int, text(&limits.connections_per_ip_max), "How many connections one address may have."),
        ("node.id", Int, text(&NODE_ID), "The id of this broker."),
        ("num.partitions", Int, text(&settings.default_partition_count), "How many partitions a topic gets that is made without a count."),
        ("socket.request.max.bytes", Int, text(&limits.frame_bytes_max), "The largest request that is read."),
    ]
}

fn encode(entry: Entry, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonyms = entry.synonyms.into_iter().map(|(name, value, source)| {
        DescribeConfigsSynonym::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_string(value)))
            .with_source(source as i8)
    });
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(entry.name))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_read_only(entry.is_read_only)
        .with_config_source(entry.source as i8)
        .with_config_type(entry.config_type as i8)
        .with_synonyms(if request.include_synonyms { synonyms.collect() } else { Vec::new() })
        .with_documentation(
            request.include_documentation.then(|| StrBytes::from_static_str(entry.documentation)),
        )
}
