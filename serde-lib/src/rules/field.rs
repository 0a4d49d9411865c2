//! What rules see of a single field, and which fields a rule is for.

use std::collections::{BTreeMap, BTreeSet};

use super::{FieldRule, MessageView, RuleError, RuleKind, wildcard};

/// The type of a field as rules have it (`typeName`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Enum,
    Fixed,
    String,
    Bytes,
    Int,
    Long,
    Float,
    Double,
    Boolean,
    Null,
}

impl FieldType {
    /// In capitals, as expressions have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enum => "ENUM",
            Self::Fixed => "FIXED",
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::Null => "NULL",
        }
    }

    /// Whether field rules of the reference look at it: all but enums and fixed.
    pub fn is_primitive(self) -> bool {
        !matches!(self, Self::Enum | Self::Fixed)
    }
}

/// The field that a rule is applied to. An item of an array or map stands for its field.
#[derive(Clone, Copy, Debug)]
pub struct FieldContext<'a> {
    /// Avro: record and field, such as `shop.Order.note`. Protobuf: the full name of the field.
    /// JSON: the path from the root, such as `$.lines.sku`.
    pub full_name: &'a str,
    /// The name alone.
    pub name: &'a str,
    /// The type of the value; of a union that of its branch.
    pub field_type: FieldType,
    /// Tags from the schema and from its metadata.
    pub tags: &'a BTreeSet<String>,
    /// The record, message or object that has the field, as far as the rule has changed it.
    pub message: MessageView<'a>,
}

/// A value without parts, the same for all formats.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    Null,
    Boolean(bool),
    /// `int` and `long`, and all signed integers of Protobuf.
    Integer(i64),
    /// The unsigned integers of Protobuf.
    Unsigned(u64),
    /// `float` and `double`.
    Double(f64),
    /// Strings and, by name, enums.
    String(String),
    /// `bytes` and `fixed`.
    Bytes(Vec<u8>),
}

impl FieldValue {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Unsigned(_) => "an integer",
            Self::Double(_) => "a double",
            Self::String(_) => "a string",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// One walk of a rule over the fields of a message.
pub(crate) struct Walk<'a> {
    pub(crate) rule: &'a dyn FieldRule,
    pub(crate) kind: RuleKind,
    /// The tags that the rule is for; none means every field.
    pub(crate) wanted: &'a BTreeSet<String>,
    /// The tags of the schema's metadata, by path with wildcards.
    pub(crate) metadata: Option<&'a BTreeMap<String, BTreeSet<String>>>,
    /// What a condition says when it does not hold.
    pub(crate) refusal: &'a str,
}

impl Walk<'_> {
    /// All tags of a field, given those that stand in the schema itself.
    pub(crate) fn tags(&self, full_name: &str, mut inline: BTreeSet<String>) -> BTreeSet<String> {
        for (pattern, tags) in self.metadata.into_iter().flatten() {
            if wildcard::matches(pattern, full_name) {
                inline.extend(tags.iter().cloned());
            }
        }
        inline
    }

    /// Whether the rule looks at fields with these tags.
    pub(crate) fn wants(&self, tags: &BTreeSet<String>) -> bool {
        self.wanted.is_empty() || !self.wanted.is_disjoint(tags)
    }

    /// Applies the rule to a field that it wants; gives the value to put there, if it is another.
    pub(crate) fn apply(
        &self,
        field: &FieldContext<'_>,
        value: &FieldValue,
    ) -> Result<Option<FieldValue>, RuleError> {
        let mut new = value.clone();
        let holds = self.rule.apply(field, &mut new).map_err(|error| match error {
            RuleError::Failed(reason) => {
                RuleError::Failed(format!("field `{}`: {reason}", field.full_name))
            }
            other => other,
        })?;
        match self.kind {
            RuleKind::Condition if holds => Ok(None),
            RuleKind::Condition => {
                Err(RuleError::Condition(format!("{} (field `{}`)", self.refusal, field.full_name)))
            }
            RuleKind::Transform => Ok((new != *value).then_some(new)),
        }
    }
}

/// What is said of a result that a field cannot hold.
pub(crate) fn misfit(field: &FieldContext<'_>, value: &FieldValue) -> RuleError {
    RuleError::Failed(format!(
        "the rule made {} of field `{}`, which is of type {}",
        value.kind(),
        field.full_name,
        field.field_type.as_str()
    ))
}
