//! Rules that travel with a schema: what a value must pass before it is written and after it was
//! read.
//!
//! A rule set has domain rules, which look at the value or at single fields of it, encoding rules,
//! which look at the finished body, and migration rules, which bring a value from one version of
//! the schema to the next. Rules are a filter from body to body: where a schema has some for what
//! is being done, the body is read generically, passes them and is written again. That is decided
//! once, when a serializer is built or a schema first met; without rules nothing is done.
//!
//! What a rule means is known by its [`RuleExecutor`]. A program can bring its own
//! ([`Rules::executor`]).

mod action;
#[cfg(feature = "rules-cel")]
mod cel;
mod error;
mod executor;
mod field;
#[cfg(feature = "rules-jsonata")]
mod jsonata;
mod message;
mod migration;
mod plan;
mod reading;
mod settings;
mod wildcard;

#[cfg(feature = "rules-cel")]
pub use cel::{CelExecutor, CelFieldExecutor};
pub(crate) use error::load_missing;
pub use error::{DeadLetter, Load, RuleError, RuleFailure};
pub use executor::{
    BodyRule, CompiledRule, FieldRule, MessageRule, RuleExecutor, RuleKind, RuleMode, RuleTarget,
};
pub use field::{FieldContext, FieldType, FieldValue};
pub(crate) use field::{Walk, misfit};
#[cfg(feature = "rules-jsonata")]
pub use jsonata::JsonataExecutor;
pub use levada_registry_api::{Metadata, Rule, RuleSet};
pub(crate) use message::Form;
pub use message::{Message, MessageView};
pub(crate) use plan::{Scope, WriteRules};
pub use reading::ReaderVersion;
pub(crate) use reading::{ReadRules, Reading};
pub use settings::{RuleOverride, Rules};
