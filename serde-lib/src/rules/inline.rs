//! Rules that a schema carries beside its own types and fields: what every value must pass, whatever
//! the rule sets of the registry say.
//!
//! Avro and JSON schemas have them as `confluent:rules`, Protobuf as `rules` of the options
//! `confluent.message_meta` and `confluent.field_meta`.

use std::fmt;
use std::sync::OnceLock;

use apache_avro::types::Value as Avro;
use levada_schema_core::protobuf::DeclaredRule;
use prost_reflect::{DynamicMessage, FieldDescriptor, Value as Proto};
use serde_json::Value as Json;

use super::RuleError;
use crate::Error;
use crate::client::RegisteredSchema;

/// The member of an Avro or JSON schema that holds its rules.
pub(crate) const RULES: &str = "confluent:rules";

/// Most rules that are told to be broken by one value.
const VIOLATIONS_MAX: usize = 100;

/// When the rules that a schema carries itself are checked; see
/// [`SerializerBuilder::validation_rules`](crate::SerializerBuilder::validation_rules). With
/// `fail_fast` the first that is broken is told alone, otherwise all are, a hundred at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValidationRules {
    /// Never.
    #[default]
    Disabled,
    /// On the value as the program gives it.
    BeforeDomainRules { fail_fast: bool },
    /// On the value that the domain rules of the rule set have made of it.
    AfterDomainRules { fail_fast: bool },
}

/// A value that breaks rules which its schema carries itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value breaks rules in the schema of subject '{subject}': {}", listed(violations))]
pub struct ValidationRulesError {
    /// The subject whose schema it is.
    pub subject: String,
    /// What is broken; never empty.
    pub violations: Box<[RuleViolation]>,
}

/// One rule that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleViolation {
    /// Where in the value: `lines[0].sku`, `labels["de"]`, in JSON with `$.` in front; empty, or in
    /// JSON `$`, for the whole.
    pub path: String,
    /// The name of the rule, if it has one.
    pub rule: Option<String>,
    /// What the rule itself answers, else its `doc`, its `sql` or its expression, and why the rule
    /// could not be applied if that is so.
    pub message: String,
}

impl fmt::Display for RuleViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "<root>" } else { &self.path };
        write!(f, "{path}: {}: {}", self.rule.as_deref().unwrap_or("unnamed"), self.message)
    }
}

fn listed(violations: &[RuleViolation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What a rule is about.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "rules-cel"), expect(dead_code, reason = "only expressions look inside"))]
pub(crate) enum This<'a> {
    Avro(&'a Avro),
    Protobuf(&'a DynamicMessage),
    ProtobufField(&'a FieldDescriptor, &'a Proto),
    Json(&'a Json),
}

/// A rule as its schema has it, compiled when it is first needed.
pub(crate) struct Constraint {
    name: Option<String>,
    /// What is said when it is broken and does not say it itself.
    detail: String,
    expression: String,
    program: OnceLock<Result<Box<dyn InlineProgram>, RuleError>>,
}

/// A compiled expression.
pub(super) trait InlineProgram: Send + Sync {
    /// None if the rule holds; else what it says of the value, which may be nothing.
    fn refusal(&self, this: This<'_>) -> Result<Option<String>, RuleError>;
}

impl fmt::Debug for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Constraint").field(&self.name).field(&self.expression).finish()
    }
}

impl Constraint {
    /// The rules that the member [`RULES`] of a schema holds; what is no rule is passed over, as in
    /// the reference.
    pub(crate) fn all_of_json(member: Option<&Json>) -> Vec<Self> {
        let rules = member.and_then(Json::as_array).into_iter().flatten();
        let rules = rules.filter_map(Json::as_object).map(|rule| {
            let text = |name: &str| rule.get(name).and_then(Json::as_str).unwrap_or_default();
            Self::new(text("name"), text("doc"), text("expr"), text("sql"))
        });
        rules.collect()
    }

    pub(crate) fn of_protobuf(rule: &DeclaredRule) -> Self {
        Self::new(&rule.name, &rule.doc, &rule.expr, &rule.sql)
    }

    fn new(name: &str, doc: &str, expression: &str, sql: &str) -> Self {
        let detail = [doc, sql].into_iter().find(|text| !text.is_empty()).unwrap_or(expression);
        Self {
            name: Some(name).filter(|name| !name.is_empty()).map(str::to_owned),
            detail: detail.to_owned(),
            expression: expression.to_owned(),
            program: OnceLock::new(),
        }
    }

    /// What is to be told of a value that breaks the rule.
    fn refusal(&self, this: This<'_>) -> Option<String> {
        let program = self.program.get_or_init(|| compile(&self.expression));
        let refusal = program.as_ref().map_err(Clone::clone);
        match refusal.and_then(|program| program.refusal(this)) {
            Ok(refusal) => {
                refusal.map(|told| if told.is_empty() { self.detail.clone() } else { told })
            }
            Err(error) => Some(format!("{} (caused by: {error})", self.detail)),
        }
    }
}

#[cfg(feature = "rules-cel")]
fn compile(expression: &str) -> Result<Box<dyn InlineProgram>, RuleError> {
    super::cel::compile_inline(expression)
}

#[cfg(not(feature = "rules-cel"))]
fn compile(_expression: &str) -> Result<Box<dyn InlineProgram>, RuleError> {
    Err(RuleError::Invalid("this program was built without the feature `rules-cel`".to_owned()))
}

/// One walk over a value, and what it has found.
pub(crate) struct Inspection {
    fail_fast: bool,
    violations: Vec<RuleViolation>,
}

impl Inspection {
    /// Applies the rules of one place to its value.
    pub(crate) fn of(&mut self, constraints: &[Constraint], this: This<'_>, path: &str) {
        for constraint in constraints {
            if self.is_over() {
                return;
            }
            if let Some(message) = constraint.refusal(this) {
                let (path, rule) = (path.to_owned(), constraint.name.clone());
                self.violations.push(RuleViolation { path, rule, message });
            }
        }
    }

    /// Whether nothing more is to be found.
    pub(crate) fn is_over(&self) -> bool {
        let most = if self.fail_fast { 1 } else { VIOLATIONS_MAX };
        self.violations.len() >= most
    }
}

/// Passes a value that `walk` goes over.
pub(super) fn check(
    fail_fast: bool,
    subject: &str,
    walk: impl FnOnce(&mut Inspection),
) -> Result<(), Error> {
    let mut inspection = Inspection { fail_fast, violations: Vec::new() };
    walk(&mut inspection);
    if inspection.violations.is_empty() {
        return Ok(());
    }
    let violations = inspection.violations.into();
    Err(Box::new(ValidationRulesError { subject: subject.to_owned(), violations }).into())
}

/// Whether a schema, or what it refers to, may carry rules: a schema that does not name them has none.
pub(super) fn may_be_in(schema: &RegisteredSchema) -> bool {
    let referenced = schema.references.iter().map(|reference| &reference.text);
    referenced.chain([&schema.text]).any(|text| text.contains("rules"))
}

/// A path with one name more.
pub(crate) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
