//! Configurations: what can be set on a scope, how an update merges, what a scope inherits.

use levada_schema_core::{
    CompatibilityLevel, CompatibilityPolicy, Contract, Metadata, RuleSet, Validation,
};
use serde::{Deserialize, Serialize};

use crate::contract::{check_rule_set, merge_contracts};
use crate::{QualifiedSubject, RegistryError};

/// What has been set on one scope: a subject, a context or the global context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    #[serde(with = "by_name")]
    pub level: Option<CompatibilityLevel>,
    #[serde(with = "by_name")]
    pub policy: Option<CompatibilityPolicy>,
    /// The metadata property whose value separates a subject's versions into groups.
    pub group: Option<String>,
    pub normalize: Option<bool>,
    pub validate_fields: Option<bool>,
    pub validate_new_schemas: Option<bool>,
    pub validate_rules: Option<bool>,
    /// The subject that this name stands for.
    pub alias: Option<String>,
    pub alias_for_deks: Option<String>,
    /// What schemas get that are registered without it.
    pub default_metadata: Option<Metadata>,
    pub default_rule_set: Option<RuleSet>,
    /// What schemas get whatever they are registered with.
    pub override_metadata: Option<Metadata>,
    pub override_rule_set: Option<RuleSet>,
}

impl Config {
    /// The subject that `name`, whose config this is, stands for. A plain alias belongs to the
    /// context of the name.
    pub(crate) fn alias_of(&self, name: &QualifiedSubject) -> Option<QualifiedSubject> {
        target(self.alias.as_deref(), name)
    }

    /// As [`Self::alias_of`], for the subjects of DEKs, which can have an alias of their own.
    pub(crate) fn dek_alias_of(&self, name: &QualifiedSubject) -> Option<QualifiedSubject> {
        target(self.alias_for_deks.as_deref(), name).or_else(|| self.alias_of(name))
    }
}

fn target(alias: Option<&str>, name: &QualifiedSubject) -> Option<QualifiedSubject> {
    let alias = alias.filter(|alias| !alias.is_empty())?;
    Some(QualifiedSubject::parse_within(alias, &name.context))
}

/// One field of an update: leave it, clear it, or set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldPatch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> FieldPatch<T> {
    /// The field after the update, where clearing it means `cleared`.
    pub(crate) fn over(self, old: T, cleared: T) -> T {
        match self {
            Self::Keep => old,
            Self::Clear => cleared,
            Self::Set(value) => value,
        }
    }

    fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

/// An update of a [`Config`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigPatch {
    pub level: FieldPatch<CompatibilityLevel>,
    pub policy: FieldPatch<CompatibilityPolicy>,
    pub group: FieldPatch<String>,
    pub normalize: FieldPatch<bool>,
    pub validate_fields: FieldPatch<bool>,
    pub validate_new_schemas: FieldPatch<bool>,
    pub validate_rules: FieldPatch<bool>,
    pub alias: FieldPatch<String>,
    pub alias_for_deks: FieldPatch<String>,
    pub default_metadata: FieldPatch<Metadata>,
    pub default_rule_set: FieldPatch<RuleSet>,
    pub override_metadata: FieldPatch<Metadata>,
    pub override_rule_set: FieldPatch<RuleSet>,
}

impl ConfigPatch {
    /// Judges the rule sets that are to be set.
    pub(crate) fn check_rule_sets(&self) -> Result<(), RegistryError> {
        for patch in [&self.default_rule_set, &self.override_rule_set] {
            if let FieldPatch::Set(rule_set) = patch {
                check_rule_set(rule_set)?;
            }
        }
        Ok(())
    }

    /// Merges this update into `config`.
    pub fn apply(self, config: &mut Config) {
        self.level.apply(&mut config.level);
        self.policy.apply(&mut config.policy);
        self.group.apply(&mut config.group);
        self.normalize.apply(&mut config.normalize);
        self.validate_fields.apply(&mut config.validate_fields);
        self.validate_new_schemas.apply(&mut config.validate_new_schemas);
        self.validate_rules.apply(&mut config.validate_rules);
        self.alias.apply(&mut config.alias);
        self.alias_for_deks.apply(&mut config.alias_for_deks);
        self.default_metadata.apply(&mut config.default_metadata);
        self.default_rule_set.apply(&mut config.default_rule_set);
        self.override_metadata.apply(&mut config.override_metadata);
        self.override_rule_set.apply(&mut config.override_rule_set);
    }
}

/// The config that holds for a scope: what is set there or inherited, and the level in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectiveConfig {
    pub config: Config,
    pub level: CompatibilityLevel,
}

impl EffectiveConfig {
    pub fn policy(&self) -> CompatibilityPolicy {
        self.config.policy.unwrap_or_default()
    }

    pub fn normalize(&self) -> bool {
        self.config.normalize.unwrap_or(false)
    }

    pub fn validate_fields(&self) -> bool {
        self.config.validate_fields.unwrap_or(false)
    }

    /// How strictly new schemas are judged.
    pub(crate) fn validation(&self) -> Validation {
        let is_strict = self.config.validate_new_schemas.unwrap_or(true);
        if is_strict { Validation::New } else { Validation::Stored }
    }

    /// Whether registered contracts are changed here.
    pub(crate) fn has_contract(&self) -> bool {
        let config = &self.config;
        config.default_metadata.is_some()
            || config.default_rule_set.is_some()
            || config.override_metadata.is_some()
            || config.override_rule_set.is_some()
    }

    /// `own` over the defaults and under the overrides.
    pub(crate) fn contract_of(&self, own: Contract) -> Contract {
        let config = &self.config;
        let defaults = Contract {
            metadata: config.default_metadata.clone(),
            rule_set: config.default_rule_set.clone(),
        };
        let overrides = Contract {
            metadata: config.override_metadata.clone(),
            rule_set: config.override_rule_set.clone(),
        };
        merge_contracts(merge_contracts(defaults, own), overrides)
    }
}

/// The configs along the way from a scope to the global context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigChain {
    pub own: Option<Config>,
    pub context: Option<Config>,
    /// The config of the default context, which PUT /config sets.
    pub root: Option<Config>,
    pub global: Option<Config>,
}

/// The nearest config wins as a whole. Flags that a subject's own config leaves out come from the
/// default context, but a level it leaves out is the server default and hides the inherited one
/// (observed: with `/config` at NONE, a subject config of only `validateFields` checks BACKWARD).
pub(crate) fn in_scope(chain: ConfigChain) -> EffectiveConfig {
    let config = match chain.own {
        Some(own) => with_root_flags(own, chain.root.unwrap_or_default()),
        None => chain.context.or(chain.global).unwrap_or_default(),
    };
    EffectiveConfig { level: config.level.unwrap_or_default(), config }
}

fn with_root_flags(own: Config, root: Config) -> Config {
    Config {
        policy: own.policy.or(root.policy),
        group: own.group.or(root.group),
        normalize: own.normalize.or(root.normalize),
        validate_fields: own.validate_fields.or(root.validate_fields),
        validate_new_schemas: own.validate_new_schemas.or(root.validate_new_schemas),
        validate_rules: own.validate_rules.or(root.validate_rules),
        ..own
    }
}

/// Levels and policies are stored by the names that the API gives them.
mod by_name {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands the field in by reference")]
    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| name.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(level: CompatibilityLevel) -> Config {
        Config { level: Some(level), ..Config::default() }
    }

    #[test]
    fn the_nearest_config_is_in_force() {
        use CompatibilityLevel::{Backward, Forward, Full, None as Nothing};
        let chain = ConfigChain {
            own: Some(level(Full)),
            context: Some(level(Forward)),
            root: Some(level(Nothing)),
            global: Some(level(Nothing)),
        };
        assert_eq!(in_scope(chain.clone()).level, Full);
        let chain = ConfigChain { own: None, ..chain };
        assert_eq!(in_scope(chain.clone()).level, Forward);
        let chain = ConfigChain { context: None, ..chain };
        assert_eq!(in_scope(chain).level, Nothing);
        assert_eq!(in_scope(ConfigChain::default()).level, Backward);
    }

    #[test]
    fn a_subject_config_takes_flags_but_no_level_from_the_default_context() {
        let root = Config {
            level: Some(CompatibilityLevel::None),
            normalize: Some(true),
            group: Some("g".into()),
            ..Config::default()
        };
        let own = Config { validate_fields: Some(true), ..Config::default() };
        let chain = ConfigChain { own: Some(own), root: Some(root), ..ConfigChain::default() };
        let effective = in_scope(chain);
        assert_eq!(effective.level, CompatibilityLevel::Backward);
        assert!(effective.normalize() && effective.validate_fields());
        assert_eq!(effective.config.group.as_deref(), Some("g"));
    }

    #[test]
    fn a_stored_config_comes_back_whole() {
        let config = Config {
            level: Some(CompatibilityLevel::FullTransitive),
            policy: Some(CompatibilityPolicy::Lenient),
            normalize: Some(false),
            ..Config::default()
        };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }
}
