//! Topic configs: which overrides a topic may have, and what holds for it.
//!
//! Every config of an Apache Kafka topic is known, so that tools find what they look for. Those
//! that tune a mechanism this broker does not have are kept and shown, and change nothing.

mod keys;
mod values;

use std::collections::BTreeMap;

use levada_kafka_wire::compression::Codec;

use tracing::warn;

use self::keys::Inherits;
pub(crate) use self::keys::{CONFIG_KEYS, ConfigKey, ConfigType, key};
use super::TopicError;
use crate::config::BrokerConfig;
use crate::log::{Cleanup, LogConfig, TimestampType};

/// The overrides as they are kept and shown, if these are topic configs with values that go together.
pub(crate) fn canonical(
    overrides: BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> Result<BTreeMap<String, String>, TopicError> {
    let mut kept = BTreeMap::new();
    for (name, value) in overrides {
        let value = canonical_value(&name, &value)?;
        kept.insert(name, value);
    }
    let config = log_config(&kept, settings);
    if config.min_compaction_lag_ms <= config.max_compaction_lag_ms {
        return Ok(kept);
    }
    Err(TopicError::InvalidConfig {
        name: "min.compaction.lag.ms".to_owned(),
        value: config.min_compaction_lag_ms.to_string(),
        reason: format!(
            "it must not be more than max.compaction.lag.ms {}",
            config.max_compaction_lag_ms
        ),
    })
}

fn canonical_value(name: &str, value: &str) -> Result<String, TopicError> {
    let key = key(name).ok_or_else(|| TopicError::UnknownConfig { name: name.to_owned() })?;
    key.values.canonical(value).map_err(|reason| TopicError::InvalidConfig {
        name: name.to_owned(),
        value: value.to_owned(),
        reason,
    })
}

/// The overrides of a topic that another release may have stored: what this one does not take is
/// left out, so that it stands in the way of no later change.
pub(super) fn stored(topic: &str, overrides: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let taken =
        overrides.into_iter().filter_map(|(name, value)| match canonical_value(&name, &value) {
            Ok(value) => Some((name, value)),
            Err(error) => {
                warn!(topic, %error, "a stored config of the topic has no effect any more");
                None
            }
        });
    taken.collect()
}

/// What holds for topics without the override, and whether the broker was told so.
fn inherited(key: &ConfigKey, settings: &BrokerConfig) -> (String, ConfigSource) {
    let value = default_value(key, settings);
    let is_default = value == key.default;
    (value, if is_default { ConfigSource::Default } else { ConfigSource::StaticBroker })
}

/// A config of the broker that topics inherit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BrokerValue {
    pub(crate) name: &'static str,
    /// `None` while the broker was not given it: another config says the same in hours.
    pub(crate) value: Option<String>,
    pub(crate) source: ConfigSource,
}

/// `None` for a config that only topics have.
pub(crate) fn broker_value(key: &ConfigKey, settings: &BrokerConfig) -> Option<BrokerValue> {
    let (value, source) = inherited(key, settings);
    match key.inherits {
        Inherits::Nothing => None,
        Inherits::Given(name) if source == ConfigSource::Default => {
            Some(BrokerValue { name, value: None, source })
        }
        Inherits::Value(name) | Inherits::Given(name) => {
            Some(BrokerValue { name, value: Some(value), source })
        }
    }
}

fn default_value(key: &ConfigKey, settings: &BrokerConfig) -> String {
    let log = &settings.log.default_config;
    match key.name {
        "message.timestamp.after.max.ms" => log.timestamp_after_max_ms.to_string(),
        "message.timestamp.before.max.ms" => log.timestamp_before_max_ms.to_string(),
        "delete.retention.ms" => log.delete_retention_ms.to_string(),
        "max.compaction.lag.ms" => log.max_compaction_lag_ms.to_string(),
        "min.cleanable.dirty.ratio" => format!("{:?}", log.min_cleanable_dirty_ratio),
        "min.compaction.lag.ms" => log.min_compaction_lag_ms.to_string(),
        "index.interval.bytes" => log.index_interval_bytes.to_string(),
        "max.message.bytes" => log.max_message_bytes.to_string(),
        "retention.bytes" => log.retention_bytes.map_or("-1".to_owned(), |v| v.to_string()),
        "retention.ms" => log.retention_ms.map_or("-1".to_owned(), |v| v.to_string()),
        "segment.bytes" => log.segment_bytes.to_string(),
        "segment.jitter.ms" => log.segment_jitter_ms.to_string(),
        "segment.ms" => log.segment_ms.to_string(),
        "message.timestamp.type" if log.timestamp_type == TimestampType::LogAppendTime => {
            "LogAppendTime".to_owned()
        }
        _ => key.default.to_owned(),
    }
}

/// Where a value comes from, as `DescribeConfigs` numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigSource {
    Topic = 1,
    StaticBroker = 4,
    Default = 5,
}

/// The value that holds for a topic with these overrides, and where it comes from.
pub(crate) fn effective(
    key: &ConfigKey,
    overrides: &BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> (String, ConfigSource) {
    if let Some(value) = overrides.get(key.name) {
        return (value.clone(), ConfigSource::Topic);
    }
    inherited(key, settings)
}

/// What the partitions of a topic with these overrides, in their canonical form, obey.
pub(crate) fn log_config(
    overrides: &BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> LogConfig {
    let mut config = settings.log.default_config.clone();
    for (name, value) in overrides {
        match name.as_str() {
            "compression.type" => config.compression = codec(value),
            "index.interval.bytes" => set(&mut config.index_interval_bytes, number(value)),
            "max.message.bytes" => set(&mut config.max_message_bytes, number(value)),
            "segment.bytes" => set(&mut config.segment_bytes, number(value)),
            "segment.jitter.ms" => set(&mut config.segment_jitter_ms, number(value)),
            "segment.ms" => set(&mut config.segment_ms, number(value)),
            // Below 0 is "without limit".
            "retention.bytes" => config.retention_bytes = number(value),
            "retention.ms" => config.retention_ms = number(value).filter(|ms| *ms >= 0),
            _ => apply_times(&mut config, name, value),
        }
    }
    config
}

/// `None` for `producer`.
fn codec(value: &str) -> Option<Codec> {
    match value {
        "uncompressed" => Some(Codec::None),
        "gzip" => Some(Codec::Gzip),
        "snappy" => Some(Codec::Snappy),
        "lz4" => Some(Codec::Lz4),
        "zstd" => Some(Codec::Zstd),
        _ => None,
    }
}

/// Of timestamps and compaction.
fn apply_times(config: &mut LogConfig, name: &str, value: &str) {
    match name {
        "cleanup.policy" => config.cleanup = cleanup(value),
        "delete.retention.ms" => set(&mut config.delete_retention_ms, number(value)),
        "max.compaction.lag.ms" => set(&mut config.max_compaction_lag_ms, number(value)),
        "message.timestamp.after.max.ms" => set(&mut config.timestamp_after_max_ms, number(value)),
        "message.timestamp.before.max.ms" => {
            set(&mut config.timestamp_before_max_ms, number(value));
        }
        "message.timestamp.type" => {
            config.timestamp_type = match value {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            }
        }
        "min.cleanable.dirty.ratio" => {
            set(&mut config.min_cleanable_dirty_ratio, value.parse().ok());
        }
        "min.compaction.lag.ms" => set(&mut config.min_compaction_lag_ms, number(value)),
        _ => {}
    }
}

fn number<T: TryFrom<i64>>(value: &str) -> Option<T> {
    value.parse::<i64>().ok().and_then(|value| T::try_from(value).ok())
}

fn cleanup(policy: &str) -> Cleanup {
    let has = |word| policy.split(',').any(|part| part == word);
    Cleanup { compacts: has("compact"), deletes: has("delete") }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_values_of_their_own_config_and_agree_with_the_log() {
        let settings = BrokerConfig::default();
        for key in CONFIG_KEYS {
            let shown = default_value(key, &settings);
            assert_eq!(shown, key.default, "{}", key.name);
            assert_eq!(canonical_value(key.name, &shown).unwrap(), shown, "{}", key.name);
            assert!(key.documentation.ends_with('.'), "{}", key.name);
        }
        assert!(CONFIG_KEYS.is_sorted_by_key(|key| key.name));
    }

    #[test]
    fn values_outside_their_range_or_type_are_refused() {
        for (name, value) in [
            ("retention.ms", "-2"),
            ("retention.ms", "soon"),
            ("retention.ms", ""),
            ("segment.bytes", "2147483648"),
            ("cleanup.policy", "keep"),
            ("cleanup.policy", "delete,keep"),
            ("message.timestamp.type", "createtime"),
            ("min.cleanable.dirty.ratio", "1.1"),
            ("preallocate", "yes"),
            ("compression.type", "brotli"),
            ("compression.gzip.level", "0"),
            ("compression.lz4.level", "18"),
            ("compression.zstd.level", "23"),
            ("local.retention.ms", "-3"),
            ("remote.copy.lag.bytes", "-2"),
            ("remote.storage.enable", "true"),
            ("max.decompressed.message.bytes", "5"),
            ("leader.replication.throttled.replicas", "abc"),
        ] {
            let refused = canonical_value(name, value);
            assert!(matches!(refused, Err(TopicError::InvalidConfig { .. })), "{name}");
        }
        let removed = ["message.downconversion.enable", "message.timestamp.difference.max.ms"];
        for name in ["no.such", ""].into_iter().chain(removed) {
            let refused = canonical_value(name, "1").unwrap_err();
            assert_eq!(refused.to_string(), format!("Unknown topic config name: {name}"));
        }
    }

    #[test]
    fn compaction_lags_that_contradict_each_other_are_refused() {
        for (min, max, is_right) in [("5", "5", true), ("6", "5", false)] {
            let lags = [("min.compaction.lag.ms", min), ("max.compaction.lag.ms", max)];
            let lags = lags.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let checked = canonical(lags.into(), &BrokerConfig::default());
            assert_eq!(checked.is_ok(), is_right, "{checked:?}");
        }
    }

    #[test]
    fn overrides_reach_the_log() {
        let overrides = [
            ("retention.ms", "-1"),
            ("retention.bytes", "4096"),
            ("segment.bytes", "1000"),
            ("compression.type", "zstd"),
            ("cleanup.policy", "compact, delete"),
            ("min.cleanable.dirty.ratio", "0.25"),
            ("max.compaction.lag.ms", "7"),
            ("message.timestamp.before.max.ms", "2000"),
            ("message.timestamp.after.max.ms", "1000"),
            ("message.timestamp.type", "LogAppendTime"),
        ];
        let overrides = overrides.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = BrokerConfig::default();
        let overrides = canonical(overrides.into(), &settings).unwrap();
        assert_eq!(
            log_config(&overrides, &settings),
            LogConfig {
                retention_ms: None,
                retention_bytes: Some(4096),
                segment_bytes: 1000,
                compression: Some(Codec::Zstd),
                cleanup: Cleanup { compacts: true, deletes: true },
                min_cleanable_dirty_ratio: 0.25,
                max_compaction_lag_ms: 7,
                timestamp_before_max_ms: 2000,
                timestamp_after_max_ms: 1000,
                timestamp_type: TimestampType::LogAppendTime,
                ..LogConfig::default()
            }
        );
    }

    #[test]
    fn what_the_broker_was_not_given_is_said_in_hours() {
        let mut settings = BrokerConfig::default();
        let retention = key("retention.ms").unwrap();
        let value = |value: Option<&str>, source| {
            let value = value.map(ToOwned::to_owned);
            Some(BrokerValue { name: "log.retention.ms", value, source })
        };
        assert_eq!(broker_value(retention, &settings), value(None, ConfigSource::Default));
        settings.log.default_config.retention_ms = Some(5);
        let given = value(Some("5"), ConfigSource::StaticBroker);
        assert_eq!(broker_value(retention, &settings), given);
        assert_eq!(broker_value(key("remote.storage.enable").unwrap(), &settings), None);
    }

    #[test]
    fn stored_configs_that_are_known_no_more_are_left_out() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let old = [pair("message.downconversion.enable", "true"), pair("retention.ms", " 5 ")];
        assert_eq!(stored("t", old.into()), [pair("retention.ms", "5")].into());
    }
}
