//! The table of topic configs: names, types, defaults, values and texts.

use super::values::Values;

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

/// The broker config that topics without the override obey.
#[derive(Debug, Clone, Copy)]
pub(super) enum Inherits {
    Nothing,
    /// One that always has a value.
    Value(&'static str),
    /// One that has a value only where the broker was given it: by default another config says the
    /// same in hours.
    Given(&'static str),
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct ConfigKey {
    pub(crate) name: &'static str,
    pub(super) inherits: Inherits,
    pub(crate) config_type: ConfigType,
    pub(super) default: &'static str,
    pub(super) values: Values,
    pub(crate) documentation: &'static str,
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX;
const MAX: &str = "9223372036854775807";
/// The length of a batch's fixed part: a segment must hold at least one.
const SEGMENT_BYTES_MIN: i64 = 14;

/// In order of name, as answers list them.
pub(crate) static CONFIG_KEYS: &[ConfigKey] = {
    use ConfigType as T;
    use Inherits as I;
    use Values as V;
    &[
        ConfigKey {
            name: "cleanup.policy",
            inherits: I::Value("log.cleanup.policy"),
            config_type: T::List,
            default: "delete",
            values: V::Some(&["compact", "delete"]),
            documentation: "What becomes of old records: delete removes old segments, compact \
                            keeps the last record of each key. Empty keeps all.",
        },
        ConfigKey {
            name: "compression.gzip.level",
            inherits: I::Value("compression.gzip.level"),
            config_type: T::Int,
            default: "-1",
            values: V::UsualOrNumber(-1, 1, 9),
            documentation: "The level of gzip in Apache Kafka. Kept and shown; batches are \
                            compressed at the usual level.",
        },
        ConfigKey {
            name: "compression.lz4.level",
            inherits: I::Value("compression.lz4.level"),
            config_type: T::Int,
            default: "9",
            values: V::Number(1, 17),
            documentation: "The level of lz4 in Apache Kafka. Kept and shown; batches are \
                            compressed at the usual level.",
        },
        ConfigKey {
            name: "compression.type",
            inherits: I::Value("compression.type"),
            config_type: T::String,
            default: "producer",
            values: V::One(&["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"]),
            documentation: "How batches are stored: with the codec of this name, or as the \
                            producer sent them.",
        },
        ConfigKey {
            name: "compression.zstd.level",
            inherits: I::Value("compression.zstd.level"),
            config_type: T::Int,
            default: "3",
            values: V::Number(-131_072, 22),
            documentation: "The level of zstd in Apache Kafka. Kept and shown; batches are \
                            compressed at the usual level.",
        },
        ConfigKey {
            name: "delete.retention.ms",
            inherits: I::Value("log.cleaner.delete.retention.ms"),
            config_type: T::Long,
            default: "86400000",
            values: V::Number(0, LONG),
            documentation: "How long compaction keeps the marker of a deletion.",
        },
        ConfigKey {
            name: "errors.deadletterqueue.group.enable",
            inherits: I::Nothing,
            config_type: T::Boolean,
            default: "false",
            values: V::Boolean,
            documentation: "Whether share groups may leave records here that nobody could \
                            process. There are no share groups.",
        },
        ConfigKey {
            name: "file.delete.delay.ms",
            inherits: I::Value("log.segment.delete.delay.ms"),
            config_type: T::Long,
            default: "60000",
            values: V::Number(0, LONG),
            documentation: "How long Apache Kafka keeps a removed file. Kept and shown; files \
                            go at once.",
        },
        ConfigKey {
            name: "flush.messages",
            inherits: I::Value("log.flush.interval.messages"),
            config_type: T::Long,
            default: MAX,
            values: V::Number(1, LONG),
            documentation: "After how many records Apache Kafka syncs a log. Kept and shown; \
                            what acknowledgements wait for is a setting of the broker.",
        },
        ConfigKey {
            name: "flush.ms",
            inherits: I::Given("log.flush.interval.ms"),
            config_type: T::Long,
            default: MAX,
            values: V::Number(0, LONG),
            documentation: "After what time Apache Kafka syncs a log. Kept and shown; what \
                            acknowledgements wait for is a setting of the broker.",
        },
        ConfigKey {
            name: "follower.replication.throttled.replicas",
            inherits: I::Nothing,
            config_type: T::List,
            default: "",
            values: V::Replicas,
            documentation: "Replicas whose fetching is slowed down. There are no followers.",
        },
        ConfigKey {
            name: "index.interval.bytes",
            inherits: I::Value("log.index.interval.bytes"),
            config_type: T::Int,
            default: "4096",
            values: V::Number(0, INT),
            documentation: "After how many bytes of records the offset index gets another \
                            entry.",
        },
        ConfigKey {
            name: "leader.replication.throttled.replicas",
            inherits: I::Nothing,
            config_type: T::List,
            default: "",
            values: V::Replicas,
            documentation: "Replicas that are served more slowly. There are no followers.",
        },
        ConfigKey {
            name: "local.retention.bytes",
            inherits: I::Value("log.local.retention.bytes"),
            config_type: T::Long,
            default: "-2",
            values: V::Number(-2, LONG),
            documentation: "How much stays on local disks under tiered storage, which this \
                            broker does not have.",
        },
        ConfigKey {
            name: "local.retention.ms",
            inherits: I::Value("log.local.retention.ms"),
            config_type: T::Long,
            default: "-2",
            values: V::Number(-2, LONG),
            documentation: "How long segments stay on local disks under tiered storage, which \
                            this broker does not have.",
        },
        ConfigKey {
            name: "max.compaction.lag.ms",
            inherits: I::Value("log.cleaner.max.compaction.lag.ms"),
            config_type: T::Long,
            default: MAX,
            values: V::Number(1, LONG),
            documentation: "How long a record may stay uncompacted in a log that is compacted.",
        },
        ConfigKey {
            name: "max.decompressed.message.bytes",
            inherits: I::Value("max.decompressed.message.bytes"),
            config_type: T::Int,
            default: "2147483639",
            values: V::Only("2147483639", "the size of unfolded records is not limited by topic"),
            documentation: "The largest size of a batch when it is decompressed. Only the \
                            default is taken.",
        },
        ConfigKey {
            name: "max.message.bytes",
            inherits: I::Value("message.max.bytes"),
            config_type: T::Int,
            default: "1048588",
            values: V::Number(0, INT),
            documentation: "The largest batch, as it was compressed, that is taken.",
        },
        ConfigKey {
            name: "message.timestamp.after.max.ms",
            inherits: I::Value("log.message.timestamp.after.max.ms"),
            config_type: T::Long,
            default: "3600000",
            values: V::Number(0, LONG),
            documentation: "How far the time of a record may be ahead of the broker's.",
        },
        ConfigKey {
            name: "message.timestamp.before.max.ms",
            inherits: I::Value("log.message.timestamp.before.max.ms"),
            config_type: T::Long,
            default: MAX,
            values: V::Number(0, LONG),
            documentation: "How far the time of a record may be behind the broker's.",
        },
        ConfigKey {
            name: "message.timestamp.type",
            inherits: I::Value("log.message.timestamp.type"),
            config_type: T::String,
            default: "CreateTime",
            values: V::One(&["CreateTime", "LogAppendTime"]),
            documentation: "Whether the time of a record is the producer's or that of the \
                            append.",
        },
        ConfigKey {
            name: "min.cleanable.dirty.ratio",
            inherits: I::Value("log.cleaner.min.cleanable.ratio"),
            config_type: T::Double,
            default: "0.5",
            values: V::Ratio,
            documentation: "Which part of a log must be uncompacted before it is compacted.",
        },
        ConfigKey {
            name: "min.compaction.lag.ms",
            inherits: I::Value("log.cleaner.min.compaction.lag.ms"),
            config_type: T::Long,
            default: "0",
            values: V::Number(0, LONG),
            documentation: "How long a record stays uncompacted at least.",
        },
        ConfigKey {
            name: "min.insync.replicas",
            inherits: I::Value("min.insync.replicas"),
            config_type: T::Int,
            default: "1",
            values: V::Number(1, INT),
            documentation: "How many replicas must have a record. Kept and shown; there is \
                            one, and it is always in sync.",
        },
        ConfigKey {
            name: "preallocate",
            inherits: I::Value("log.preallocate"),
            config_type: T::Boolean,
            default: "false",
            values: V::Boolean,
            documentation: "Whether Apache Kafka makes a new segment at its full size. Kept \
                            and shown; segments grow.",
        },
        ConfigKey {
            name: "remote.copy.lag.bytes",
            inherits: I::Value("log.remote.copy.lag.bytes"),
            config_type: T::Long,
            default: "-1",
            values: V::Number(-1, LONG),
            documentation: "How much may wait to be copied under tiered storage, which this \
                            broker does not have.",
        },
        ConfigKey {
            name: "remote.copy.lag.ms",
            inherits: I::Value("log.remote.copy.lag.ms"),
            config_type: T::Long,
            default: "0",
            values: V::Number(-1, LONG),
            documentation: "How long segments wait to be copied under tiered storage, which \
                            this broker does not have.",
        },
        ConfigKey {
            name: "remote.log.copy.disable",
            inherits: I::Nothing,
            config_type: T::Boolean,
            default: "false",
            values: V::Boolean,
            documentation: "Whether tiered storage, which this broker does not have, is read \
                            only.",
        },
        ConfigKey {
            name: "remote.log.delete.on.disable",
            inherits: I::Nothing,
            config_type: T::Boolean,
            default: "false",
            values: V::Boolean,
            documentation: "Whether what tiered storage holds goes when it is switched off. \
                            This broker has none.",
        },
        ConfigKey {
            name: "remote.storage.enable",
            inherits: I::Nothing,
            config_type: T::Boolean,
            default: "false",
            values: V::Only("false", "this broker has no tiered storage"),
            documentation: "Whether segments are copied to tiered storage, which this broker \
                            does not have.",
        },
        ConfigKey {
            name: "retention.bytes",
            inherits: I::Value("log.retention.bytes"),
            config_type: T::Long,
            default: "-1",
            values: V::Number(i64::MIN, LONG),
            documentation: "Beyond which size of a partition its oldest segments are removed; \
                            below 0 none are.",
        },
        ConfigKey {
            name: "retention.ms",
            inherits: I::Given("log.retention.ms"),
            config_type: T::Long,
            default: "604800000",
            values: V::Number(-1, LONG),
            documentation: "After what time segments are removed; -1 keeps them.",
        },
        ConfigKey {
            name: "segment.bytes",
            inherits: I::Value("log.segment.bytes"),
            config_type: T::Int,
            default: "1073741824",
            values: V::Number(SEGMENT_BYTES_MIN, INT),
            documentation: "At which size a segment ends and the next begins.",
        },
        ConfigKey {
            name: "segment.index.bytes",
            inherits: I::Value("log.index.size.max.bytes"),
            config_type: T::Int,
            default: "10485760",
            values: V::Number(4, INT),
            documentation: "The largest size of an index in Apache Kafka. Kept and shown; \
                            indexes are as large as they need to be.",
        },
        ConfigKey {
            name: "segment.jitter.ms",
            inherits: I::Given("log.roll.jitter.ms"),
            config_type: T::Long,
            default: "0",
            values: V::Number(0, LONG),
            documentation: "Up to how much earlier, by chance, a segment ends than segment.ms \
                            says.",
        },
        ConfigKey {
            name: "segment.ms",
            inherits: I::Given("log.roll.ms"),
            config_type: T::Long,
            default: "604800000",
            values: V::Number(1, LONG),
            documentation: "After what time a segment ends although it is not full.",
        },
        ConfigKey {
            name: "unclean.leader.election.enable",
            inherits: I::Value("unclean.leader.election.enable"),
            config_type: T::Boolean,
            default: "false",
            values: V::Boolean,
            documentation: "Whether a replica that is behind may lead. There is one replica.",
        },
    ]
};

pub(crate) fn key(name: &str) -> Option<&'static ConfigKey> {
    CONFIG_KEYS.iter().find(|key| key.name == name)
}
