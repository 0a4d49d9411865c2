//! What is done after a rule passed or failed, and what of a record may be seen by others.

use std::collections::BTreeSet;

use levada_registry_api::Rule;

use super::{
    FieldContext, FieldRule, FieldType, FieldValue, Form, Message, RuleError, RuleKind, RuleMode,
    Walk,
};
use crate::client::Contract;

/// What is done after a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Go on.
    None,
    /// Fail.
    Error,
    /// Fail, and have the record set aside.
    DeadLetter,
    /// Nobody knows this one.
    Unknown(String),
}

impl Action {
    /// The action that a rule names. Rules of a two-sided mode can name two with a comma: for
    /// writing and upgrading, then for reading and downgrading.
    pub(super) fn of(
        text: Option<&str>,
        rule_mode: Option<&str>,
        mode: RuleMode,
        default: Self,
    ) -> Self {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return default };
        let is_two_sided = matches!(rule_mode.unwrap_or("WRITEREAD"), "WRITEREAD" | "UPDOWN");
        let name = match (is_two_sided, text.split_once(','), mode) {
            (true, Some((first, _)), RuleMode::Write | RuleMode::Upgrade) => first,
            (true, Some((_, second)), _) => second,
            _ => text,
        };
        match name {
            "NONE" => Self::None,
            "ERROR" => Self::Error,
            "DLQ" => Self::DeadLetter,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// Rule types whose fields nobody else may read.
const SECRET_TYPES: [&str; 2] = ["ENCRYPT", "ENCRYPT_PAYLOAD"];

/// What is put in the place of text that is to be encrypted, before a record is set aside.
const REDACTED: &str = "<REDACTED>";

/// Takes out of a record what rules of the same schema would encrypt.
pub(super) struct Redaction {
    /// The tags of those rules; without rules of that type there is nothing to take out.
    tags: Option<BTreeSet<String>>,
}

impl Redaction {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let is_secret = |rule: &&Rule| {
            rule.rule_type.as_deref().is_some_and(|name| SECRET_TYPES.contains(&name))
        };
        let mut secret = rules.iter().filter(is_secret).peekable();
        let tags = secret.peek().is_some();
        Self { tags: tags.then(|| secret.flat_map(|rule| rule.tags.iter().cloned()).collect()) }
    }

    /// A message as JSON text fit for others; none where it cannot be made.
    pub(super) fn redacted(&self, form: &Form<'_>, contract: &Contract) -> Option<Vec<u8>> {
        let mut message = Message(form.clone());
        if let Some(wanted) = &self.tags {
            let walk = Walk {
                rule: &Redact,
                kind: RuleKind::Transform,
                wanted,
                metadata: contract.metadata.as_ref().map(|metadata| &metadata.tags),
                refusal: "",
            };
            message.walk(&walk).ok()?;
        }
        serde_json::to_vec(&message.to_json().ok()?).ok()
    }
}

struct Redact;

impl FieldRule for Redact {
    fn apply(&self, field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError> {
        match (field.field_type, &*value) {
            (FieldType::String, FieldValue::String(_)) => {
                *value = FieldValue::String(REDACTED.to_owned());
            }
            (FieldType::Bytes, FieldValue::Bytes(_)) => {
                *value = FieldValue::Bytes(REDACTED.as_bytes().to_vec());
            }
            _ => {}
        }
        Ok(true)
    }
}
