//! What an Avro type is underneath its logical type, and which type can be read as which.

use std::fmt;

use apache_avro::Schema;
use apache_avro::schema::{DecimalSchema, InnerDecimalSchema, UuidSchema};

use super::plan::{Leaf, Wire};
use super::resolve::Typed;

/// The types of the specification, logical types removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed,
    Enum,
    Array,
    Map,
    Record,
    Union,
}

impl Base {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Fixed => "fixed",
            Self::Enum => "enum",
            Self::Array => "array",
            Self::Map => "map",
            Self::Record => "record",
            Self::Union => "union",
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The type underneath; a name must have been followed before.
pub(super) fn base(schema: &Schema) -> Base {
    match schema {
        Schema::Null => Base::Null,
        Schema::Boolean => Base::Boolean,
        Schema::Int | Schema::Date | Schema::TimeMillis => Base::Int,
        Schema::Long
        | Schema::TimeMicros
        | Schema::TimestampMillis
        | Schema::TimestampMicros
        | Schema::TimestampNanos
        | Schema::LocalTimestampMillis
        | Schema::LocalTimestampMicros
        | Schema::LocalTimestampNanos => Base::Long,
        Schema::Float => Base::Float,
        Schema::Double => Base::Double,
        Schema::Bytes
        | Schema::BigDecimal
        | Schema::Uuid(UuidSchema::Bytes)
        | Schema::Decimal(DecimalSchema { inner: InnerDecimalSchema::Bytes, .. }) => Base::Bytes,
        Schema::String | Schema::Uuid(UuidSchema::String) => Base::String,
        Schema::Fixed(_)
        | Schema::Duration(_)
        | Schema::Uuid(UuidSchema::Fixed(_))
        | Schema::Decimal(DecimalSchema { inner: InnerDecimalSchema::Fixed(_), .. }) => Base::Fixed,
        Schema::Enum(_) => Base::Enum,
        Schema::Array(_) => Base::Array,
        Schema::Map(_) => Base::Map,
        // A name stands for a record here: enums and fixed are never recursive.
        Schema::Record(_) | Schema::Ref { .. } => Base::Record,
        Schema::Union(_) => Base::Union,
    }
}

/// The promotions of the specification.
pub(super) fn is_promotable(writer: Base, reader: Base) -> bool {
    use Base::{Bytes, Double, Float, Int, Long, String};
    matches!(
        (writer, reader),
        (Int, Long | Float | Double)
            | (Long, Float | Double)
            | (Float, Double)
            | (String, Bytes)
            | (Bytes, String)
    )
}

/// How a type without parts stands on the wire.
pub(super) fn wire_of(schema: &Schema) -> Option<Wire> {
    Some(match base(schema) {
        Base::Null => Wire::Null,
        Base::Boolean => Wire::Boolean,
        Base::Int => Wire::Int,
        Base::Long => Wire::Long,
        Base::Float => Wire::Float,
        Base::Double => Wire::Double,
        Base::Bytes => Wire::Bytes,
        Base::String => Wire::String,
        Base::Fixed => Wire::Fixed(fixed_of(schema)?),
        Base::Enum | Base::Array | Base::Map | Base::Record | Base::Union => return None,
    })
}

/// Whether a reader's `leaf` stands on the wire as `wire`, so that nothing is promoted.
pub(super) fn is_wire_of(wire: Wire, leaf: Leaf) -> bool {
    match wire {
        Wire::Null => leaf == Leaf::Null,
        Wire::Boolean => leaf == Leaf::Boolean,
        Wire::Int => matches!(leaf, Leaf::Int | Leaf::Date | Leaf::TimeMillis),
        Wire::Long => matches!(
            leaf,
            Leaf::Long
                | Leaf::TimeMicros
                | Leaf::TimestampMillis
                | Leaf::TimestampMicros
                | Leaf::TimestampNanos
                | Leaf::LocalTimestampMillis
                | Leaf::LocalTimestampMicros
                | Leaf::LocalTimestampNanos
        ),
        Wire::Float => leaf == Leaf::Float,
        Wire::Double => leaf == Leaf::Double,
        Wire::Bytes => {
            matches!(leaf, Leaf::Bytes | Leaf::Decimal | Leaf::BigDecimal | Leaf::UuidBytes)
        }
        Wire::String => matches!(leaf, Leaf::String | Leaf::UuidText),
        Wire::Fixed(_) => {
            matches!(leaf, Leaf::Fixed | Leaf::Decimal | Leaf::UuidBytes | Leaf::Duration)
        }
    }
}

/// The size of a fixed type.
pub(super) fn fixed_of(schema: &Schema) -> Option<usize> {
    match schema {
        Schema::Fixed(fixed)
        | Schema::Duration(fixed)
        | Schema::Uuid(UuidSchema::Fixed(fixed))
        | Schema::Decimal(DecimalSchema { inner: InnerDecimalSchema::Fixed(fixed), .. }) => {
            Some(fixed.size)
        }
        _ => None,
    }
}

/// What a type without parts is to its reader.
pub(super) fn leaf_of(schema: &Schema) -> Option<Leaf> {
    Some(match schema {
        Schema::Null => Leaf::Null,
        Schema::Boolean => Leaf::Boolean,
        Schema::Int => Leaf::Int,
        Schema::Long => Leaf::Long,
        Schema::Float => Leaf::Float,
        Schema::Double => Leaf::Double,
        Schema::Bytes => Leaf::Bytes,
        Schema::String => Leaf::String,
        Schema::Fixed(_) => Leaf::Fixed,
        Schema::Date => Leaf::Date,
        Schema::TimeMillis => Leaf::TimeMillis,
        Schema::TimeMicros => Leaf::TimeMicros,
        Schema::TimestampMillis => Leaf::TimestampMillis,
        Schema::TimestampMicros => Leaf::TimestampMicros,
        Schema::TimestampNanos => Leaf::TimestampNanos,
        Schema::LocalTimestampMillis => Leaf::LocalTimestampMillis,
        Schema::LocalTimestampMicros => Leaf::LocalTimestampMicros,
        Schema::LocalTimestampNanos => Leaf::LocalTimestampNanos,
        Schema::Decimal(_) => Leaf::Decimal,
        Schema::BigDecimal => Leaf::BigDecimal,
        Schema::Uuid(UuidSchema::String) => Leaf::UuidText,
        Schema::Uuid(_) => Leaf::UuidBytes,
        Schema::Duration(_) => Leaf::Duration,
        Schema::Record(_)
        | Schema::Enum(_)
        | Schema::Array(_)
        | Schema::Map(_)
        | Schema::Union(_)
        | Schema::Ref { .. } => return None,
    })
}

/// Whether the reader's type is the writer's by name: the last part of the name is the same, or
/// an alias of the reader is the writer's full name. Types without a name always match.
pub(super) fn names_match(writer: Typed<'_>, reader: Typed<'_>) -> bool {
    let (Some(w), Some(r)) = (writer.schema.name(), reader.schema.name()) else { return true };
    if w.name() == r.name() {
        return true;
    }
    let namespace = r.namespace().or(reader.namespace);
    let aliases = reader.schema.aliases();
    let full_name = writer.full_name();
    aliases.into_iter().flatten().any(|alias| alias.fullname(namespace) == full_name)
}
