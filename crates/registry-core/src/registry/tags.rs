//! Tags inside schemas: a new version that is an old one with other tags, metadata or rules.

use levada_schema_core::{Contract, EntityTags, Metadata, RuleSet, TagChanges};

use super::candidate::Loaded;
use super::references::References;
use super::register::RETAGGED_VERSION;
use super::{Draft, RegisterOptions, Registered, Registry};
use crate::contract::{check_rule_set, merge_rule_sets};
use crate::{QualifiedSubject, RegistryError, SchemaVersion, Store, StoredVersion, VersionSpec};

/// What is to change from one version to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retagging {
    /// The number of the new version, which must be the next.
    pub new_version: Option<i32>,
    pub tags: TagChanges,
    /// In place of the source's.
    pub metadata: Option<Metadata>,
    pub rules: RuleChange,
}

/// What becomes of the rule set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RuleChange {
    /// As in a registration that says nothing of rules.
    #[default]
    Inherit,
    Replace(RuleSet),
    /// Merged into the rules of the version before the new one, then rid of the named ones.
    Edit {
        merge: Option<RuleSet>,
        remove: Vec<String>,
    },
}

impl RuleChange {
    /// The change that the members of a request stand for. A whole rule set and single changes
    /// contradict each other.
    pub fn new(
        whole: Option<RuleSet>,
        merge: Option<RuleSet>,
        remove: Option<Vec<String>>,
    ) -> Result<Self, RegistryError> {
        for rule_set in [&whole, &merge].into_iter().flatten() {
            check_rule_set(rule_set)?;
        }
        match (whole, merge, remove) {
            (None, None, None) => Ok(Self::Inherit),
            (Some(whole), None, None) => Ok(Self::Replace(whole)),
            (None, merge, remove) => Ok(Self::Edit { merge, remove: remove.unwrap_or_default() }),
            (Some(_), ..) => Err(RegistryError::InvalidRuleSet(
                "ruleSet cannot be combined with rulesToMerge or rulesToRemove".to_owned(),
            )),
        }
    }
}

impl<S: Store> Registry<S> {
    /// Registers a version of `subject` made from `source`. It always carries the stamp.
    pub async fn retag(
        &self,
        subject: &QualifiedSubject,
        source: VersionSpec,
        change: Retagging,
    ) -> Result<Registered, RegistryError> {
        subject.check_subject()?;
        let source = self.version(subject, source, false).await?;
        let rule_set = match change.rules {
            RuleChange::Inherit => None,
            RuleChange::Replace(rule_set) => Some(rule_set),
            RuleChange::Edit { merge, remove } => {
                let before = self.rules_before(subject, change.new_version).await?;
                edit(before, merge, &remove)
            }
        };
        let schema = &source.schema;
        // None would be taken from the latest version, which need not be the source.
        let metadata = change.metadata.or_else(|| schema.contract.metadata.clone());
        let metadata = Some(metadata.unwrap_or_default());
        let draft = Draft {
            text: schema.text.clone(),
            schema_type: Some(schema.schema_type.to_string()),
            references: schema.references.clone(),
            contract: Contract { metadata, rule_set },
            tags: vec![change.tags],
            version: change.new_version.filter(|&number| number != 0).unwrap_or(RETAGGED_VERSION),
            ..Draft::default()
        };
        self.register(subject, &draft, RegisterOptions::default()).await
    }

    /// The rules of the version before a new one; a version that is not there has none.
    async fn rules_before(
        &self,
        subject: &QualifiedSubject,
        new_version: Option<i32>,
    ) -> Result<Option<RuleSet>, RegistryError> {
        let before = match new_version.map(|number| number.saturating_sub(1)) {
            None => VersionSpec::Latest,
            Some(number) if number >= 1 => VersionSpec::Number(SchemaVersion(number)),
            Some(_) => return Ok(None),
        };
        match self.version(subject, before, false).await {
            Ok(found) => Ok(found.schema.contract.rule_set.clone()),
            Err(RegistryError::VersionNotFound(_) | RegistryError::SubjectNotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn tags_of(&self, version: &Loaded) -> Result<Vec<EntityTags>, RegistryError> {
        let (schema, limits) = (self.parse_loaded(version).await?, self.parser.limits);
        self.parser.pool.run(move || schema.tagged_entities(&limits)).await
    }

    /// The tagged entities of a version that carry one of `wanted`; `*` stands for any tag.
    pub async fn tagged_entities(
        &self,
        version: &StoredVersion,
        wanted: &[String],
    ) -> Result<Vec<EntityTags>, RegistryError> {
        let mut tx = self.store.read().await?;
        let loaded = References::new(&mut tx, &self.parser.limits).load(version.clone()).await?;
        drop(tx);
        let mut entities = self.tags_of(&loaded).await?;
        let is_any = wanted.iter().any(|tag| tag == "*");
        entities.retain(|found| is_any || found.tags.iter().any(|tag| wanted.contains(tag)));
        Ok(entities)
    }
}

fn edit(before: Option<RuleSet>, merge: Option<RuleSet>, remove: &[String]) -> Option<RuleSet> {
    let mut edited = match (before, merge) {
        (Some(before), Some(merge)) => merge_rule_sets(before, merge),
        (before, merge) => merge.or(before)?,
    };
    for rules in [&mut edited.migration_rules, &mut edited.domain_rules, &mut edited.encoding_rules]
    {
        rules.retain(|rule| rule.name.as_ref().is_none_or(|name| !remove.contains(name)));
    }
    Some(edited)
}
