//! Compatibility: of a draft with what a subject holds.

use std::sync::Arc;

use levada_schema_core::{CompatibilityLevel, Limits, Metadata, check_version_under};

use super::candidate::{Candidate, Loaded, Reading};
use super::references::closure;
use super::reserved::reserved_fields;
use super::{Draft, Registry, scope};
use crate::{
    EffectiveConfig, QualifiedSubject, ReadTransaction, RegistryError, Store, VersionSpec,
};

/// What to compare with, and how to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// One version, whatever the level; without it the versions that the level looks at.
    pub version: Option<VersionSpec>,
    pub normalize: bool,
    /// A draft that cannot be parsed is then a finding and no error.
    pub verbose: bool,
}

impl<S: Store> Registry<S> {
    /// The findings, worded as the reference words them; none means compatible.
    pub async fn check_compatibility(
        &self,
        subject: &QualifiedSubject,
        draft: &Draft,
        check: Check,
    ) -> Result<Vec<String>, RegistryError> {
        let mut tx = self.store.read().await?;
        let config = scope::config_in_scope(&mut tx, subject).await?;
        let previous = previous(&mut tx, subject, check.version, &self.parser.limits).await?;
        let limits = &self.parser.limits;
        let closure = closure(&mut tx, &subject.context, &draft.references, limits).await;
        drop(tx);
        let reading = Reading {
            normalize: check.normalize || config.normalize(),
            validation: config.validation(),
            strict_fields: config.validate_fields(),
        };
        let candidate = async {
            let closure = closure?;
            if let Some(deleted) = &closure.deleted {
                return Err(super::register::deleted_reference(deleted));
            }
            self.candidate(draft, &closure, reading).await
        };
        match candidate.await {
            Ok(candidate) => {
                let previous: Vec<&Loaded> = previous.iter().collect();
                self.check(&candidate, draft.contract.metadata.as_ref(), &previous, &config).await
            }
            Err(RegistryError::InvalidSchema(message)) if check.verbose => Ok(vec![message]),
            Err(error) => Err(error),
        }
    }

    /// Judges the reserved fields, and compares with `previous`, which is ascending: the newest for
    /// plain levels, newest to oldest up to the first with a finding for transitive ones. A list of
    /// findings ends with the settings it was made under.
    pub(super) async fn check(
        &self,
        candidate: &Candidate,
        metadata: Option<&Metadata>,
        previous: &[&Loaded],
        config: &EffectiveConfig,
    ) -> Result<Vec<String>, RegistryError> {
        let mut messages = if config.validate_fields() {
            let latest = previous.last().map(|latest| &latest.stored.schema.contract);
            let latest = latest.and_then(|contract| contract.metadata.as_ref());
            reserved_fields(&candidate.schema, metadata, latest)
        } else {
            Vec::new()
        };
        messages.extend(self.differences(candidate, metadata, previous, config).await?);
        if !messages.is_empty() {
            messages.push(format!(
                "{{validateFields: '{}', compatibility: '{}'}}",
                config.validate_fields(),
                config.level
            ));
        }
        Ok(messages)
    }

    async fn differences(
        &self,
        candidate: &Candidate,
        metadata: Option<&Metadata>,
        previous: &[&Loaded],
        config: &EffectiveConfig,
    ) -> Result<Vec<String>, RegistryError> {
        let level = config.level;
        if level == CompatibilityLevel::None {
            return Ok(Vec::new());
        }
        let compared_max = if level.is_transitive() { usize::MAX } else { 1 };
        let in_group = |old: &&&Loaded| {
            config.config.group.as_deref().is_none_or(|group| {
                let old = old.stored.schema.contract.metadata.as_ref();
                property(old, group) == property(metadata, group)
            })
        };
        let compared: Vec<&&Loaded> =
            previous.iter().rev().filter(in_group).take(compared_max).collect();
        let versions_max = self.parser.limits.versions_max;
        if compared.len() > versions_max {
            return Err(RegistryError::InvalidSchema(format!(
                "Too complex: {level} would compare with more than {versions_max} versions \
                 (setting versions-max)"
            )));
        }
        for old in compared {
            let (new, parsed) = (Arc::clone(&candidate.schema), self.parse_loaded(old).await?);
            let (policy, limits) = (config.policy(), self.parser.limits);
            let report = move || check_version_under(policy, level, &new, &parsed, &limits);
            let messages = self.parser.pool.run(report).await??.messages(old.stored.version.0);
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
        Ok(Vec::new())
    }
}

/// The live versions to compare with, ascending. A numbered version must be there; the latest of
/// nothing is nothing.
async fn previous<T: ReadTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    version: Option<VersionSpec>,
    limits: &Limits,
) -> Result<Vec<Loaded>, RegistryError> {
    let mut versions = tx.versions(subject).await?;
    versions.retain(|version| !version.is_deleted);
    match version {
        None => {}
        Some(VersionSpec::Latest) => versions = versions.pop().into_iter().collect(),
        Some(spec @ VersionSpec::Number(number)) => {
            versions.retain(|version| version.version == number);
            if versions.is_empty() {
                return Err(RegistryError::VersionNotFound(spec));
            }
        }
    }
    Loaded::load_all(tx, versions, limits).await
}

pub(super) fn property<'a>(metadata: Option<&'a Metadata>, name: &str) -> Option<&'a str> {
    metadata?.properties.get(name).map(String::as_str)
}
