//! What runs rules: one executor a rule type, which compiles a rule once and applies it often.

use std::fmt;

use futures_util::future::BoxFuture;
use levada_registry_api::Rule;

use super::{FieldContext, FieldValue, Message, RuleError};
use crate::client::{RegisteredSchema, RegistryClient};

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Changes values.
    Transform,
    /// Refuses values.
    Condition,
}

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleMode {
    /// A value is written.
    Write,
    /// A value is read.
    Read,
    /// A value of an older version is brought to a newer one.
    Upgrade,
    /// A value of a newer version is brought to an older one.
    Downgrade,
}

impl RuleMode {
    /// As rule sets have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "WRITE",
            Self::Read => "READ",
            Self::Upgrade => "UPGRADE",
            Self::Downgrade => "DOWNGRADE",
        }
    }
}

impl fmt::Display for RuleMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct RuleTarget<'a> {
    /// The registry that the schema comes from.
    pub client: &'a RegistryClient,
    /// The subject that the schema was registered under or found in.
    pub subject: &'a str,
    /// The topic, where the serializer was told one.
    pub topic: Option<&'a str>,
    /// The schema that has the rule, with its metadata.
    pub schema: &'a RegisteredSchema,
    /// What the rule does.
    pub kind: RuleKind,
    /// When it will run; never one of the two-sided modes.
    pub mode: RuleMode,
}

impl<'a> RuleTarget<'a> {
    /// A parameter of the rule or, where it has none of this name, a property of the schema's
    /// metadata.
    pub fn parameter(&self, rule: &'a Rule, name: &str) -> Option<&'a str> {
        let of_rule = rule.params.get(name);
        let metadata = self.schema.contract.metadata.as_ref();
        of_rule.or_else(|| metadata?.properties.get(name)).map(String::as_str)
    }
}

/// Knows how to run the rules of one type.
pub trait RuleExecutor: fmt::Debug + Send + Sync {
    /// The rule type as rule sets have it, such as `CEL`, in capitals.
    fn kind(&self) -> &str;

    /// Makes a rule ready. This may ask the network; applying the rule may not.
    ///
    /// An error that [`RuleError::is_retriable`] fails the serializer that is being built. Any
    /// other counts as the rule's own failure, each time that it would run.
    fn compile<'a>(
        &'a self,
        rule: &'a Rule,
        target: &'a RuleTarget<'a>,
    ) -> BoxFuture<'a, Result<CompiledRule, RuleError>>;
}

/// A rule ready to run, by what it looks at.
pub enum CompiledRule {
    /// The message as a whole; for domain and migration rules.
    Message(Box<dyn MessageRule>),
    /// Each field without parts that has one of the rule's tags, or any if the rule has no tags;
    /// for domain rules.
    Fields(Box<dyn FieldRule>),
    /// The finished body, without its frame; for encoding rules.
    Body(Box<dyn BodyRule>),
}

impl fmt::Debug for CompiledRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message",
            Self::Fields(_) => "Fields",
            Self::Body(_) => "Body",
        })
    }
}

/// A rule on the message as a whole.
pub trait MessageRule: Send + Sync {
    /// A condition answers whether it holds; a transform changes `message` and answers true. On an
    /// error `message` is as before.
    fn apply(&self, message: &mut Message<'_>) -> Result<bool, RuleError>;
}

/// A rule on single fields.
pub trait FieldRule: Send + Sync {
    /// A condition answers whether it holds; a transform changes `value` and answers true.
    fn apply(&self, field: &FieldContext<'_>, value: &mut FieldValue) -> Result<bool, RuleError>;
}

/// A rule on the finished body.
pub trait BodyRule: Send + Sync {
    /// Changes the body, such as by encrypting it.
    fn apply(&self, body: &mut Vec<u8>) -> Result<(), RuleError>;
}
