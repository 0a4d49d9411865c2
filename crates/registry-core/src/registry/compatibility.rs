//! Compatibility: of a draft with what a subject holds.

use std::sync::Arc;

use levada_schema_core::{CompatibilityLevel, Limits, Metadata, check_version_under};

use super::candidate::{Candidate, Loaded, Reading};
use super::references::References;
use super::reserved::reserved_fields;
use super::{Draft, Registry, scope};
use crate::{
    EffectiveConfig, QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion,
    VersionSpec,
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
        let previous = previous(&mut tx, subject, check.version, &config).await?;
        let metadata = draft.contract.metadata.as_ref();
        let limits = &self.parser.limits;
        let mut references = References::new(&mut tx, limits);
        let compared = compared(&mut references, &previous, metadata, &config, limits).await;
        let closure = references.closure(&subject.context, &draft.references).await;
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
                let latest = previous.last();
                self.check(&candidate, metadata, latest, &compared?, &config).await
            }
            Err(RegistryError::InvalidSchema(message)) if check.verbose => Ok(vec![message]),
            Err(error) => Err(error),
        }
    }

    /// Judges the reserved fields against those of the `latest` version, and compares with what
    /// [`compared`] gave, up to the first with a finding. A list of findings ends with the settings
    /// it was made under.
    pub(super) async fn check(
        &self,
        candidate: &Candidate,
        metadata: Option<&Metadata>,
        latest: Option<&StoredVersion>,
        compared: &[Loaded],
        config: &EffectiveConfig,
    ) -> Result<Vec<String>, RegistryError> {
        let mut messages = if config.validate_fields() {
            let latest = latest.and_then(|latest| latest.schema.contract.metadata.as_ref());
            reserved_fields(&candidate.schema, metadata, latest)
        } else {
            Vec::new()
        };
        messages.extend(self.differences(candidate, compared, config).await?);
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
        compared: &[Loaded],
        config: &EffectiveConfig,
    ) -> Result<Vec<String>, RegistryError> {
        for old in compared {
            let (new, parsed) = (Arc::clone(&candidate.schema), self.parse_loaded(old).await?);
            let (policy, level, limits) = (config.policy(), config.level, self.parser.limits);
            let report = move || check_version_under(policy, level, &new, &parsed, &limits);
            let messages = self.parser.pool.run(report).await??.messages(old.stored.version.0);
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
        Ok(Vec::new())
    }
}

/// Those of the `previous` versions, which are ascending, that the level compares with: the newest
/// for plain levels, newest to oldest for transitive ones; in a group only its own.
pub(super) async fn compared<T: ReadTransaction>(
    references: &mut References<'_, T>,
    previous: &[StoredVersion],
    metadata: Option<&Metadata>,
    config: &EffectiveConfig,
    limits: &Limits,
) -> Result<Vec<Loaded>, RegistryError> {
    let level = config.level;
    let compared_max = match level {
        CompatibilityLevel::None => 0,
        level if level.is_transitive() => usize::MAX,
        _ => 1,
    };
    let in_group = |old: &&StoredVersion| {
        config.config.group.as_deref().is_none_or(|group| {
            let old = old.schema.contract.metadata.as_ref();
            property(old, group) == property(metadata, group)
        })
    };
    let compared: Vec<&StoredVersion> =
        previous.iter().rev().filter(in_group).take(compared_max).collect();
    let versions_max = limits.versions_max;
    if compared.len() > versions_max {
        return Err(RegistryError::InvalidSchema(format!(
            "Too complex: {level} would compare with more than {versions_max} versions \
             (setting versions-max)"
        )));
    }
    let mut loaded = Vec::with_capacity(compared.len());
    for old in compared {
        loaded.push(references.load(old.clone()).await?);
    }
    Ok(loaded)
}

/// The live versions that a check may look at, ascending. A numbered version must be there; the
/// latest of nothing is nothing.
async fn previous<T: ReadTransaction>(
    tx: &mut T,
    subject: &QualifiedSubject,
    version: Option<VersionSpec>,
    config: &EffectiveConfig,
) -> Result<Vec<StoredVersion>, RegistryError> {
    let looks_further = config.level.is_transitive() || config.config.group.is_some();
    let one = match version {
        None if looks_further => return Ok(tx.versions(subject, false).await?),
        None | Some(VersionSpec::Latest) => tx.latest_version(subject).await?,
        Some(spec @ VersionSpec::Number(number)) => {
            let found = tx.version(subject, number).await?.filter(|found| !found.is_deleted);
            Some(found.ok_or(RegistryError::VersionNotFound(spec))?)
        }
    };
    Ok(one.into_iter().collect())
}

pub(super) fn property<'a>(metadata: Option<&'a Metadata>, name: &str) -> Option<&'a str> {
    metadata?.properties.get(name).map(String::as_str)
}
