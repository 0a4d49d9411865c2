//! Topic configs: names, types, defaults and which values they take.
//!
//! Every config of an Apache Kafka topic is known, so that tools find what they look for. Those
//! that tune a mechanism this broker does not have are kept and shown, and change nothing.

use std::collections::BTreeMap;

use levada_kafka_wire::compression::Codec;

use super::TopicError;
use crate::config::BrokerConfig;
use crate::log::{Cleanup, LogConfig, TimestampType};

/// As `DescribeConfigs` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigType {
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// Which values a config takes.
#[derive(Debug, Clone, Copy)]
enum Values {
    Boolean,
    /// A whole number in the range, ends included.
    Number(i64, i64),
    /// A real number from 0 to 1.
    Ratio,
    One(&'static [&'static str]),
    Some(&'static [&'static str]),
    /// Replica throttles: any list, there are no replicas.
    AnyList,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct ConfigKey {
    pub(crate) name: &'static str,
    /// The broker config that holds the default; empty when there is none.
    pub(crate) broker_name: &'static str,
    pub(crate) config_type: ConfigType,
    default: &'static str,
    values: Values,
}

const fn row(
    name: &'static str,
    broker_name: &'static str,
    config_type: ConfigType,
    default: &'static str,
    values: Values,
) -> ConfigKey {
    ConfigKey { name, broker_name, config_type, default, values }
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX;
const MAX: &str = "9223372036854775807";
/// The length of a batch's fixed part: a segment must hold at least one.
const SEGMENT_BYTES_MIN: i64 = 14;

/// In order of name, as answers list them.
pub(crate) static CONFIG_KEYS: &[ConfigKey] = {
    use ConfigType as T;
    use Values as V;
    &[
        row(
            "cleanup.policy",
            "log.cleanup.policy",
            T::List,
            "delete",
            V::Some(&["compact", "delete"]),
        ),
        row(
            "compression.type",
            "compression.type",
            T::String,
            "producer",
            V::One(&["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"]),
        ),
        row(
            "delete.retention.ms",
            "log.cleaner.delete.retention.ms",
            T::Long,
            "86400000",
            V::Number(0, LONG),
        ),
        row(
            "file.delete.delay.ms",
            "log.segment.delete.delay.ms",
            T::Long,
            "60000",
            V::Number(0, LONG),
        ),
        row("flush.messages", "log.flush.interval.messages", T::Long, MAX, V::Number(1, LONG)),
        row("flush.ms", "log.flush.interval.ms", T::Long, MAX, V::Number(0, LONG)),
        row("follower.replication.throttled.replicas", "", T::List, "", V::AnyList),
        row("index.interval.bytes", "log.index.interval.bytes", T::Int, "4096", V::Number(0, INT)),
        row("leader.replication.throttled.replicas", "", T::List, "", V::AnyList),
        row(
            "max.compaction.lag.ms",
            "log.cleaner.max.compaction.lag.ms",
            T::Long,
            MAX,
            V::Number(1, LONG),
        ),
        row("max.message.bytes", "message.max.bytes", T::Int, "1048588", V::Number(0, INT)),
        row(
            "message.downconversion.enable",
            "log.message.downconversion.enable",
            T::Boolean,
            "true",
            V::Boolean,
        ),
        row(
            "message.timestamp.after.max.ms",
            "log.message.timestamp.after.max.ms",
            T::Long,
            "3600000",
            V::Number(0, LONG),
        ),
        row(
            "message.timestamp.before.max.ms",
            "log.message.timestamp.before.max.ms",
            T::Long,
            MAX,
            V::Number(0, LONG),
        ),
        row(
            "message.timestamp.difference.max.ms",
            "log.message.timestamp.difference.max.ms",
            T::Long,
            MAX,
            V::Number(0, LONG),
        ),
        row(
            "message.timestamp.type",
            "log.message.timestamp.type",
            T::String,
            "CreateTime",
            V::One(&["CreateTime", "LogAppendTime"]),
        ),
        row(
            "min.cleanable.dirty.ratio",
            "log.cleaner.min.cleanable.ratio",
            T::Double,
            "0.5",
            V::Ratio,
        ),
        row(
            "min.compaction.lag.ms",
            "log.cleaner.min.compaction.lag.ms",
            T::Long,
            "0",
            V::Number(0, LONG),
        ),
        row("min.insync.replicas", "min.insync.replicas", T::Int, "1", V::Number(1, INT)),
        row("preallocate", "log.preallocate", T::Boolean, "false", V::Boolean),
        row("retention.bytes", "log.retention.bytes", T::Long, "-1", V::Number(i64::MIN, LONG)),
        row("retention.ms", "log.retention.ms", T::Long, "604800000", V::Number(-1, LONG)),
        row(
            "segment.bytes",
            "log.segment.bytes",
            T::Int,
            "1073741824",
            V::Number(SEGMENT_BYTES_MIN, INT),
        ),
        row(
            "segment.index.bytes",
            "log.index.size.max.bytes",
            T::Int,
            "10485760",
            V::Number(4, INT),
        ),
        row("segment.jitter.ms", "log.roll.jitter.ms", T::Long, "0", V::Number(0, LONG)),
        row("segment.ms", "log.roll.ms", T::Long, "604800000", V::Number(1, LONG)),
        row(
            "unclean.leader.election.enable",
            "unclean.leader.election.enable",
            T::Boolean,
            "false",
            V::Boolean,
        ),
    ]
};

pub(crate) fn key(name: &str) -> Option<&'static ConfigKey> {
    CONFIG_KEYS.iter().find(|key| key.name == name)
}

/// Whether `name` is a topic config and `value` one of its values.
pub(crate) fn check(name: &str, value: &str) -> Result<(), TopicError> {
    let key = key(name).ok_or_else(|| TopicError::UnknownConfig { name: name.to_owned() })?;
    key.values.check(value).map_err(|reason| TopicError::InvalidConfig {
        name: name.to_owned(),
        value: value.to_owned(),
        reason,
    })
}

/// Whether these are topic configs with values that go together.
pub(crate) fn check_all(
    overrides: &BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> Result<(), TopicError> {
    for (name, value) in overrides {
        check(name, value)?;
    }
    let config = log_config(overrides, settings);
    if config.min_compaction_lag_ms <= config.max_compaction_lag_ms {
        return Ok(());
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

/// Values as they take effect. With one replica no write could ever reach a second one, so
/// `min.insync.replicas` is 1 whatever was asked for.
pub(crate) fn normalized(mut overrides: BTreeMap<String, String>) -> BTreeMap<String, String> {
    if let Some(value) = overrides.get_mut("min.insync.replicas") {
        "1".clone_into(value);
    }
    overrides
}

/// What the broker gives topics without the override, and whether it was told to.
pub(crate) fn broker_value(key: &ConfigKey, settings: &BrokerConfig) -> (String, ConfigSource) {
    let value = default_value(key, settings);
    let is_default = value == key.default;
    (value, if is_default { ConfigSource::Default } else { ConfigSource::StaticBroker })
}

fn default_value(key: &ConfigKey, settings: &BrokerConfig) -> String {
    let log = &settings.log.default_config;
    match key.name {
        "message.timestamp.after.max.ms" => log.timestamp_after_max_ms.to_string(),
        "message.timestamp.before.max.ms" => log.timestamp_before_max_ms.to_string(),
        "delete.retention.ms" => log.delete_retention_ms.to_string(),
        "max.compaction.lag.ms" => log.max_compaction_lag_ms.to_string(),
        "min.cleanable.dirty.ratio" => log.min_cleanable_dirty_ratio.to_string(),
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
    broker_value(key, settings)
}

/// What the partitions of a topic with these (valid) overrides obey.
pub(crate) fn log_config(
    overrides: &BTreeMap<String, String>,
    settings: &BrokerConfig,
) -> LogConfig {
    let mut config = settings.log.default_config.clone();
    // Of before KIP-937: it holds where nothing is said more precisely.
    if let Some(difference) = overrides.get("message.timestamp.difference.max.ms") {
        set(&mut config.timestamp_after_max_ms, number(difference));
        set(&mut config.timestamp_before_max_ms, number(difference));
    }
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
            set(&mut config.min_cleanable_dirty_ratio, value.trim().parse().ok());
        }
        "min.compaction.lag.ms" => set(&mut config.min_compaction_lag_ms, number(value)),
        _ => {}
    }
}

fn number<T: TryFrom<i64>>(value: &str) -> Option<T> {
    // As they were checked: with blanks around them, perhaps.
    value.trim().parse::<i64>().ok().and_then(|value| T::try_from(value).ok())
}

fn cleanup(policy: &str) -> Cleanup {
    let has = |word| policy.split(',').any(|part| part.trim() == word);
    Cleanup { compacts: has("compact"), deletes: has("delete") }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

impl Values {
    fn check(self, value: &str) -> Result<(), String> {
        match self {
            Self::Boolean if value == "true" || value == "false" => Ok(()),
            Self::Boolean => Err("it must be true or false".to_owned()),
            Self::Number(min, max) => match value.trim().parse::<i64>() {
                Ok(number) if (min..=max).contains(&number) => Ok(()),
                Ok(_) => Err(format!("it must be from {min} to {max}")),
                Err(_) => Err("it must be a whole number".to_owned()),
            },
            Self::Ratio => match value.trim().parse::<f64>() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(()),
                _ => Err("it must be a number from 0 to 1".to_owned()),
            },
            Self::One(allowed) if allowed.contains(&value) => Ok(()),
            Self::One(allowed) => Err(format!("it must be one of {}", allowed.join(", "))),
            Self::Some(allowed) => {
                let mut words = value.split(',').map(str::trim);
                if words.all(|word| allowed.contains(&word)) {
                    return Ok(());
                }
                Err(format!("it must be a list of {}", allowed.join(", ")))
            }
            Self::AnyList => Ok(()),
        }
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
            if !shown.is_empty() {
                check(key.name, &shown).unwrap();
            }
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
        ] {
            assert!(matches!(check(name, value), Err(TopicError::InvalidConfig { .. })), "{name}");
        }
        assert!(matches!(check("no.such", "1"), Err(TopicError::UnknownConfig { .. })));
    }

    #[test]
    fn compaction_lags_that_contradict_each_other_are_refused() {
        for (min, max, is_right) in [("5", "5", true), ("6", "5", false)] {
            let lags = [("min.compaction.lag.ms", min), ("max.compaction.lag.ms", max)];
            let lags = lags.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let checked = check_all(&lags.into(), &BrokerConfig::default());
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
            ("message.timestamp.difference.max.ms", "2000"),
            ("message.timestamp.after.max.ms", "1000"),
            ("message.timestamp.type", "LogAppendTime"),
        ];
        let overrides = overrides.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = log_config(&overrides.into(), &BrokerConfig::default());
        assert_eq!(
            config,
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
    fn more_in_sync_replicas_than_there_are_become_one() {
        let asked = BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]);
        let kept = normalized(asked);
        assert_eq!(kept.get("min.insync.replicas").map(String::as_str), Some("1"));
    }
}
