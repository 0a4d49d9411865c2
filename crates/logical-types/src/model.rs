//! The logical types that a type definition can name, independent of any schema format.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use indexmap::{IndexMap, IndexSet};

/// Length of `STRING` and `BYTES`: no bound.
pub(crate) const UNBOUNDED: i32 = i32::MAX;

/// The key of a parameter that stands for the aliases of an Avro field.
pub(crate) const ALIASES: &str = "avro.aliases";

/// Keys and values of a `WITH` clause, in source order.
pub(crate) type Params = IndexMap<String, String>;

/// A whole script: its declarations and the type that it registers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    pub(crate) namespace: Option<String>,
    pub(crate) root: Type,
    /// Declarations by full name, in source order.
    pub(crate) named: IndexMap<String, Named>,
    /// `USING TYPE name FOR 'uri'`: full name to address.
    pub(crate) imports: IndexMap<String, String>,
}

/// A declared type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Named {
    Struct(Struct),
    Enum(Enum),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal {
        precision: i32,
        scale: Option<i32>,
    },
    Char(i32),
    VarChar(i32),
    Binary(i32),
    VarBinary(i32),
    Date,
    /// Digits of the second, 0 to 9.
    Time(u8),
    Timestamp(u8),
    TimestampLtz(u8),
    Variant,
    Array(Box<Type>),
    Multiset(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Struct(Struct),
    Union(Vec<Branch>),
    /// The symbols of an enum without a name, which no definition can spell.
    Enum(Vec<String>),
    /// The full name of a declared or external type.
    Named(String),
}

/// What is said of a declaration or a field beside its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    pub(crate) doc: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) params: Params,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) checks: Vec<Check>,
    pub(crate) notes: Notes,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) default: Option<FieldDefault>,
    pub(crate) checks: Vec<Check>,
    pub(crate) notes: Notes,
}

/// A `CHECK` as a stored schema carries it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) sql: String,
}

/// One branch of a union.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) doc: Option<String>,
    pub(crate) params: Params,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enum {
    pub(crate) values: Vec<EnumValue>,
    pub(crate) notes: Notes,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EnumValue {
    pub(crate) symbol: String,
    pub(crate) doc: Option<String>,
    pub(crate) params: Params,
}

/// The default of a field, of the kind that its type has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldDefault {
    Null,
    Boolean(bool),
    /// TINYINT, SMALLINT, INT, BIGINT.
    Integer(i64),
    Float(f32),
    Double(f64),
    Decimal(BigDecimal),
    /// CHAR and VARCHAR; also a symbol of an enum, or a composite default of a stored schema, which
    /// no definition can spell.
    Text(String),
    Bytes(Vec<u8>),
    Date(NaiveDate),
    Time(NaiveTime),
    /// TIMESTAMP, and `TIMESTAMP_LTZ` in UTC.
    Timestamp(NaiveDateTime),
}

impl Kind {
    pub(crate) fn required(self) -> Type {
        Type { kind: self, is_nullable: false }
    }

    /// The name of the kind in errors.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Int => "INT",
            Self::BigInt => "BIGINT",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Decimal { .. } => "DECIMAL",
            Self::Char(_) => "CHAR",
            Self::VarChar(_) => "VARCHAR",
            Self::Binary(_) => "BINARY",
            Self::VarBinary(_) => "VARBINARY",
            Self::Date => "DATE",
            Self::Time(_) => "TIME",
            Self::Timestamp(_) => "TIMESTAMP",
            Self::TimestampLtz(_) => "TIMESTAMP_LTZ",
            Self::Variant => "VARIANT",
            Self::Array(_) => "ARRAY",
            Self::Multiset(_) => "MULTISET",
            Self::Map(..) => "MAP",
            Self::Struct(_) => "STRUCT",
            Self::Union(_) => "UNION",
            Self::Enum(_) => "ENUM",
            Self::Named(_) => "a named type",
        }
    }

    /// Adds the names of declared and external types that are used inside, as deep as types nest.
    pub(crate) fn add_names<'t>(&'t self, names: &mut IndexSet<&'t str>) {
        match self {
            Self::Named(name) => {
                names.insert(name);
            }
            Self::Array(item) | Self::Multiset(item) => item.kind.add_names(names),
            Self::Map(key, value) => {
                key.kind.add_names(names);
                value.kind.add_names(names);
            }
            Self::Struct(body) => body.add_names(names),
            Self::Union(branches) => {
                for branch in branches {
                    branch.ty.kind.add_names(names);
                }
            }
            _ => {}
        }
    }
}

impl Struct {
    fn add_names<'t>(&'t self, names: &mut IndexSet<&'t str>) {
        for field in &self.fields {
            field.ty.kind.add_names(names);
        }
    }
}

impl Named {
    pub(crate) fn add_names<'t>(&'t self, names: &mut IndexSet<&'t str>) {
        if let Self::Struct(body) = self {
            body.add_names(names);
        }
    }

    pub(crate) fn notes(&self) -> &Notes {
        match self {
            Self::Struct(body) => &body.notes,
            Self::Enum(body) => &body.notes,
        }
    }
}

/// Parameters that a container of free parameters may hold.
pub(crate) fn free_params(params: &Params) -> impl Iterator<Item = (&String, &String)> {
    params.iter().filter(|(key, _)| !is_format_native(key))
}

pub(crate) fn is_format_native(key: &str) -> bool {
    key.starts_with("avro.") || key.starts_with("protobuf.")
}

/// What stands behind the last dot.
pub(crate) fn simple_name(full: &str) -> &str {
    full.rsplit_once('.').map_or(full, |(_, simple)| simple)
}

/// The nearest declared type in which a dotted name nests.
pub(crate) fn parent(full: &str, is_declared: impl Fn(&str) -> bool) -> Option<&str> {
    let mut rest = full;
    while let Some((prefix, _)) = rest.rsplit_once('.') {
        if is_declared(prefix) {
            return Some(prefix);
        }
        rest = prefix;
    }
    None
}
