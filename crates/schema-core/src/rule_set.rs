//! The rules that can travel with a schema. They are kept and hashed here; clients execute them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// A name that an enumeration of the rules does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {of} '{name}'; known are {known}")]
pub struct UnknownRuleName {
    of: &'static str,
    name: String,
    known: String,
}

macro_rules! names {
    ($(#[doc = $doc:literal])* $type:ident, $of:literal, { $($variant:ident = $name:literal),+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $type {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl $type {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownRuleName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| {
                    let known = Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>();
                    UnknownRuleName { of: $of, name: name.to_owned(), known: known.join(", ") }
                })
            }
        }
    };
}

names!(
    /// Whether a rule changes the data or judges it.
    RuleKind, "rule kind", { Transform = "TRANSFORM", Condition = "CONDITION" }
);
names!(
    /// When a rule is executed.
    RuleMode, "rule mode", {
        Upgrade = "UPGRADE", Downgrade = "DOWNGRADE", UpDown = "UPDOWN",
        Write = "WRITE", Read = "READ", WriteRead = "WRITEREAD"
    }
);
names!(
    /// Where a rule set is to be executed.
    ExecutionEnvironment, "execution environment", {
        All = "ALL", Client = "CLIENT", Gateway = "GATEWAY", Server = "SERVER", None = "NONE"
    }
);

/// One rule. What is missing of name and type is judged where rules are taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractRule {
    pub name: Option<String>,
    pub doc: Option<String>,
    pub kind: RuleKind,
    pub mode: RuleMode,
    pub rule_type: Option<String>,
    pub tags: BTreeSet<String>,
    pub params: BTreeMap<String, String>,
    pub expr: Option<String>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub disabled: bool,
}

/// Rules by phase, each phase in the order in which its rules are executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleSet {
    pub migration_rules: Vec<ContractRule>,
    pub domain_rules: Vec<ContractRule>,
    pub encoding_rules: Vec<ContractRule>,
    pub enable_at: Option<ExecutionEnvironment>,
}

impl RuleSet {
    /// The rules of all phases.
    pub fn rules(&self) -> impl Iterator<Item = &ContractRule> {
        self.migration_rules.iter().chain(&self.domain_rules).chain(&self.encoding_rules)
    }

    pub(crate) fn hash_into(&self, md5: &mut Md5) {
        self.rules().for_each(|rule| rule.hash_into(md5));
        if let Some(environment) = self.enable_at {
            md5.update(environment.as_str());
        }
    }
}

impl ContractRule {
    fn hash_into(&self, md5: &mut Md5) {
        let mut optional = |text: &Option<String>| md5.update(text.as_deref().unwrap_or_default());
        optional(&self.name);
        optional(&self.doc);
        md5.update(self.kind.as_str());
        md5.update(self.mode.as_str());
        md5.update(self.rule_type.as_deref().unwrap_or_default());
        self.tags.iter().for_each(|tag| md5.update(tag));
        for (key, value) in &self.params {
            md5.update(key);
            md5.update(value);
        }
        for text in [&self.expr, &self.on_success, &self.on_failure].into_iter().flatten() {
            md5.update(text);
        }
        if self.disabled {
            md5.update([1]);
        }
    }
}
