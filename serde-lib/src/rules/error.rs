//! Why a rule did not pass a value, and what is made of that.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::RuleMode;
use crate::Error;
use crate::client::RegistryError;

/// Why a rule could not be made ready, or did not pass a value.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A condition does not hold. The text is the rule's `doc`, or else its expression.
    #[error("{0}")]
    Condition(String),
    /// Nobody told this serializer how to run rules of this type.
    #[error("there is no executor for rules of type `{0}`; add one with `Rules::executor`")]
    UnknownType(String),
    /// The rule itself is wrong: no value can ever pass it.
    #[error("the rule is invalid: {0}")]
    Invalid(String),
    /// The rule could not be applied to this value.
    #[error("{0}")]
    Failed(String),
    /// What the rule needs could not be had now; it may be there later.
    #[error("{0}")]
    Unavailable(String),
    /// The registry could not be asked, or refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The synchronous path needs something that only the network can give, such as a key. Who may
    /// wait calls [`Load::load`] and tries again, as `decode_async`, `encode_async` and the
    /// producer do.
    #[error("{0:?} has not been loaded; call `encode_async` or `decode_async`")]
    NotLoaded(Arc<dyn Load>),
    /// A rule's action on success is to fail.
    #[error("the rule passed, and its action on success is {0}")]
    Passed(String),
}

impl RuleError {
    /// Whether the same call may succeed later without any change.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::NotLoaded(_) => true,
            Self::Registry(error) => error.is_retriable(),
            _ => false,
        }
    }

    /// Whether the fault lies in the one value, and not in the rule or its surroundings.
    pub(crate) fn is_of_value(&self) -> bool {
        matches!(self, Self::Condition(_) | Self::Failed(_) | Self::Passed(_))
    }
}

/// Something that a rule needs and that only the network can give. Its `Debug` form names it.
pub trait Load: fmt::Debug + Send + Sync {
    /// Fetches it, so that the rule finds it the next time. After a failure the rule is applied once
    /// more: if it then says itself what failed, its action `onFailure` follows.
    fn load(&self) -> BoxFuture<'_, Result<(), RuleError>>;
}

/// A rule that failed, with everything needed to find it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("rule `{rule}` ({rule_type}) of subject '{subject}' failed on {mode}: {error}")]
pub struct RuleFailure {
    /// The name of the rule.
    pub rule: String,
    /// Its type, such as `CEL`.
    pub rule_type: String,
    /// The mode that it ran in.
    pub mode: RuleMode,
    /// The subject whose schema has it.
    pub subject: String,
    /// Why it failed.
    #[source]
    pub error: RuleError,
    /// Where the record is to be set aside, if the rule's action is `DLQ`.
    pub dead_letter: Option<DeadLetter>,
}

/// A record that a rule wants in another topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The topic that the rule, or the schema's metadata, names as `dlq.topic`.
    pub topic: String,
    /// On writing the value before the first rule as JSON, without what rules encrypt; or, for an
    /// encoding rule, the body. There is none where the body as a whole, or a part of one that is
    /// finished, is to be encrypted. On reading there is none: the record is set aside as it came.
    pub body: Option<Vec<u8>>,
}

/// Most things that are fetched for one message, such as keys; each is asked for when it is met.
pub(crate) const LOADS_MAX: usize = 64;

/// What was fetched for one message.
#[derive(Default)]
pub(crate) struct Loads {
    count: usize,
    /// What could not be had, by name.
    failed: Vec<(String, RuleError)>,
}

impl Loads {
    /// Fetches what a rule lacks, if that is what the error says, and lets the rule be tried again;
    /// else gives the error back.
    pub(crate) async fn load(&mut self, error: Error) -> Result<(), Error> {
        let Error::Rule(mut failure) = error else { return Err(error) };
        let RuleError::NotLoaded(missing) = &failure.error else {
            return Err(Error::Rule(failure));
        };
        let (missing, name) = (Arc::clone(missing), format!("{missing:?}"));
        if let Some((_, reason)) = self.failed.iter().find(|(failed, _)| *failed == name) {
            failure.error = reason.clone();
            return Err(Error::Rule(failure));
        }
        if self.count == LOADS_MAX {
            return Err(Error::Rule(failure));
        }
        self.count += 1;
        if let Err(reason) = missing.load().await {
            self.failed.push((name, reason));
        }
        Ok(())
    }
}
