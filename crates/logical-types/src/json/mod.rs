//! Logical types as JSON Schemas (draft 2020-12), and JSON Schemas as logical types.

mod default;
mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// Properties that refine the types of JSON Schema.
mod prop {
    pub(super) const CONNECT_TYPE: &str = "connect.type";
    pub(super) const INDEX: &str = "connect.index";
    pub(super) const PARAMETERS: &str = "connect.parameters";
    pub(super) const DECIMAL_PRECISION: &str = "connect.decimal.precision";
    pub(super) const VERSION: &str = "flink.version";
    pub(super) const PRECISION: &str = "flink.precision";
    pub(super) const MIN_LENGTH: &str = "flink.minLength";
    pub(super) const MAX_LENGTH: &str = "flink.maxLength";
    /// Marks an entry of `$defs` that stands for a type elsewhere.
    pub(super) const IMPORT: &str = "logical.ref";
    pub(super) const NAMESPACE: &str = "confluent:namespace";
}

/// Titles by which Kafka Connect tells its logical types.
mod title {
    pub(super) const DATE: &str = "org.apache.kafka.connect.data.Date";
    pub(super) const TIME: &str = "org.apache.kafka.connect.data.Time";
    pub(super) const TIMESTAMP: &str = "org.apache.kafka.connect.data.Timestamp";
    pub(super) const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
}
