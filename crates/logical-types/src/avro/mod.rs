//! Logical types as Avro schemas, and Avro schemas as logical types.

mod default;
mod names;
mod primitive;
mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// Properties that refine Avro's types.
mod prop {
    pub(super) const ANONYMOUS: &str = "logical.anonymous";
    pub(super) const VERSION: &str = "flink.version";
    pub(super) const MIN_LENGTH: &str = "flink.minLength";
    pub(super) const MAX_LENGTH: &str = "flink.maxLength";
    pub(super) const PRECISION: &str = "flink.precision";
    pub(super) const CONNECT_TYPE: &str = "connect.type";
    pub(super) const INTERNAL_TYPE: &str = "connect.internal.type";
    pub(super) const LOGICAL_TYPE: &str = "logicalType";
}

/// The record that stands for a VARIANT.
const VARIANT: &str = "confluent.type.Variant";
/// What marks the entries of a map whose keys are no strings.
const MAP_ENTRY: &str = "MapEntry";
const MAP_ENTRY_NAME: &str = "io.confluent.connect.avro.MapEntry";
