//! Logical types as Protobuf messages, and Protobuf messages as logical types.

mod budget;
mod cycles;
mod default;
mod meta;
mod names;
mod numbers;
mod read;
mod roots;
mod single;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// Parameters of `confluent.Meta` that refine the types of Protobuf.
mod prop {
    pub(super) const VERSION: &str = "flink.version";
    pub(super) const NOT_NULL: &str = "flink.notNull";
    /// Marks a field whose message stands for the type of its only member, `value`.
    pub(super) const WRAPPED: &str = "flink.wrapped";
    pub(super) const TYPE: &str = "flink.type";
    pub(super) const TYPE_TIMESTAMP: &str = "timestamp";
    pub(super) const TYPE_MULTISET: &str = "multiset";
    pub(super) const DIGITS: &str = "flink.precision";
    pub(super) const MIN_LENGTH: &str = "flink.minLength";
    pub(super) const MAX_LENGTH: &str = "flink.maxLength";
    pub(super) const CONNECT_TYPE: &str = "connect.type";
    pub(super) const PRECISION: &str = "precision";
    pub(super) const SCALE: &str = "scale";
    pub(super) const DEFAULT: &str = "logical.default";
    /// Marks a nested type that a definition declares, and that no field made up.
    pub(super) const NAMED: &str = "logical.named";
    /// The parameter of a definition that is the number of a field.
    pub(super) const NUMBER: &str = "protobuf.field.number";
}

/// Messages that stand for types without counterpart among the scalars, and their files.
mod known {
    pub(super) const DECIMAL: [&str; 2] =
        ["confluent.type.Decimal", "confluent/type/decimal.proto"];
    pub(super) const VARIANT: [&str; 2] =
        ["confluent.type.Variant", "confluent/type/variant.proto"];
    pub(super) const DATE: [&str; 2] = ["google.type.Date", "google/type/date.proto"];
    pub(super) const TIME: [&str; 2] = ["google.type.TimeOfDay", "google/type/timeofday.proto"];
    pub(super) const TIMESTAMP: [&str; 2] =
        ["google.protobuf.Timestamp", "google/protobuf/timestamp.proto"];
}

/// The fields of an entry of a map.
const KEY: &str = "key";
const VALUE: &str = "value";
/// What the names of such entries end with.
const ENTRY: &str = "Entry";
