//! [`Rules`]: which rules a serializer or deserializer runs, and who runs them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RuleExecutor;

/// The executors of a serializer or deserializer, and what it changes about the rules of the
/// registry. The default has an executor for each rule type whose feature is on.
#[derive(Clone, Debug)]
pub struct Rules {
    is_off: bool,
    executors: BTreeMap<String, Arc<dyn RuleExecutor>>,
    overrides: BTreeMap<String, RuleOverride>,
}

/// What counts instead of what the rules of one type say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOverride {
    /// Whether the rules are passed over.
    pub disabled: Option<bool>,
    /// The action after a rule passed, such as `NONE`.
    pub on_success: Option<String>,
    /// The action after a rule failed, such as `DLQ`.
    pub on_failure: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        let (executors, overrides) = (BTreeMap::new(), BTreeMap::new());
        let rules = Self { is_off: false, executors, overrides };
        #[cfg(feature = "rules-cel")]
        let rules = rules.executor(super::CelExecutor).executor(super::CelFieldExecutor);
        #[cfg(feature = "rules-jsonata")]
        let rules = rules.executor(super::JsonataExecutor);
        #[cfg(feature = "encryption")]
        let rules = rules.encryption(&crate::encryption::Encryption::default());
        rules
    }
}

impl Rules {
    /// No rule runs: values are written as they are, and read as they were written.
    pub fn none() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Adds an executor; one of the same type is replaced.
    #[must_use]
    pub fn executor(mut self, executor: impl RuleExecutor + 'static) -> Self {
        self.executors.insert(executor.kind().to_owned(), Arc::new(executor));
        self
    }

    /// Encrypts with these keys, instead of those of an [`Encryption`](crate::encryption::Encryption)
    /// of its own.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn encryption(self, encryption: &crate::encryption::Encryption) -> Self {
        self.executor(encryption.fields()).executor(encryption.payloads())
    }

    /// Sets what counts for all rules of a type.
    #[must_use]
    pub fn override_type(mut self, rule_type: &str, change: RuleOverride) -> Self {
        self.overrides.insert(rule_type.to_uppercase(), change);
        self
    }

    pub(super) fn is_off(&self) -> bool {
        self.is_off
    }

    pub(super) fn executor_of(&self, rule_type: &str) -> Option<&Arc<dyn RuleExecutor>> {
        self.executors.get(&rule_type.to_uppercase())
    }

    pub(super) fn override_of(&self, rule_type: &str) -> Option<&RuleOverride> {
        self.overrides.get(&rule_type.to_uppercase())
    }
}
