//! What is done after a rule passed or failed, and what of a record may be seen by others.

use std::collections::BTreeSet;

use levada_registry_api::RuleSet;

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

/// What is put in the place of text that is to be encrypted, before a record is set aside.
const REDACTED: &str = "<REDACTED>";

/// Takes out of a record what rules of the same schema would encrypt.
#[derive(Default)]
pub(super) struct Redaction {
    /// The tags of each rule that encrypts fields; one without tags means all.
    fields: Vec<BTreeSet<String>>,
    /// Whether a rule encrypts the body as a whole.
    is_whole: bool,
}

impl Redaction {
    pub(super) fn of(rules: &RuleSet) -> Self {
        let mut redaction = Self::default();
        for rule in rules.domain_rules.iter().chain(&rules.encoding_rules) {
            match rule.rule_type.as_deref() {
                Some("ENCRYPT") => redaction.fields.push(rule.tags.clone()),
                Some("ENCRYPT_PAYLOAD") => redaction.is_whole = true,
                _ => {}
            }
        }
        redaction
    }

    /// A message as JSON text fit for others; none where it cannot be made.
    pub(super) fn redacted(&self, form: &Form<'_>, contract: &Contract) -> Option<Vec<u8>> {
        if self.is_whole {
            return None;
        }
        let mut message = Message(form.clone());
        for wanted in &self.fields {
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

    /// A finished body, if nothing of it is to be encrypted.
    pub(super) fn unless_secret(&self, body: &[u8]) -> Option<Vec<u8>> {
        (self.fields.is_empty() && !self.is_whole).then(|| body.to_vec())
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
