//! One instant of everything that a registration depends on.

use levada_schema_core::{Contract, Limits};

use super::candidate::{Held, Loaded, WrittenOut};
use super::compatibility::compared;
use super::references::{Closure, References};
use super::{Draft, RegisterOptions};
use crate::{
    EffectiveConfig, History, Mode, QualifiedSubject, ReadTransaction, RegistryError, Revision,
    Revisions, SchemaVersion, StoredVersion, VersionKey,
};
use crate::{config, stamp};

/// All that a registration is decided on; nothing is read later.
pub(super) struct Snapshot {
    pub(super) config: EffectiveConfig,
    pub(super) mode: Mode,
    /// Of all versions, soft-deleted ones included, ascending.
    pub(super) keys: Vec<VersionKey>,
    /// The versions that are not soft-deleted, ascending.
    pub(super) live: Vec<StoredVersion>,
    /// The draft with what it leaves out, and with the contract that the new version would have.
    pub(super) completed: Draft,
    pub(super) closure: Result<Closure, RegistryError>,
    /// What the completed draft has to be compatible with, if that is asked.
    pub(super) compared: Result<Vec<Loaded>, RegistryError>,
    /// The version whose tags the draft takes over, if it does.
    pub(super) tagged: Option<Loaded>,
    written_out: WrittenOut,
    revisions: Revisions,
}

impl Snapshot {
    pub(super) async fn take<T: ReadTransaction>(
        tx: &mut T,
        subject: &QualifiedSubject,
        draft: &Draft,
        options: RegisterOptions,
        limits: &Limits,
    ) -> Result<Self, RegistryError> {
        let revisions = tx.revisions(subject).await?;
        // A subject that never changed has none.
        let History { keys, live } = match revisions.subject {
            Revision(0) => History::default(),
            _ => tx.history(subject).await?,
        };
        let settings = tx.settings(subject).await?;
        let (config, mode) = (config::in_scope(settings.config), settings.mode.in_force());
        let completed = completed(draft, live.last(), &config, next_version(&keys));

        let mut references = References::new(tx, limits);
        let closure = references.closure(&subject.context, &completed.references).await;
        let written_out = WrittenOut::load(&mut references, &completed, &live).await?;
        let tagged = match live.last() {
            Some(latest) if options.propagate_tags => Some(references.load(latest.clone()).await?),
            _ => None,
        };
        let compared = if options.force || mode.takes_ids() {
            Ok(Vec::new())
        } else {
            let metadata = completed.contract.metadata.as_ref();
            compared(&mut references, &live, metadata, &config, limits).await
        };
        Ok(Self {
            config,
            mode,
            keys,
            live,
            completed,
            closure,
            compared,
            tagged,
            written_out,
            revisions,
        })
    }

    /// Whether what was decided on this snapshot still holds in `tx`; `closure` is of the schema
    /// that is to be added.
    pub(super) async fn is_current<T: ReadTransaction>(
        &self,
        tx: &mut T,
        subject: &QualifiedSubject,
        closure: &Closure,
    ) -> Result<bool, RegistryError> {
        if tx.revisions(subject).await? != self.revisions {
            return Ok(false);
        }
        for (target, revision) in &closure.revisions {
            if tx.revisions(target).await?.subject != *revision {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The versions that are searched for an equal one.
    pub(super) fn held(&self) -> Held<'_> {
        Held { versions: &self.live, written_out: &self.written_out }
    }

    pub(super) fn next_version(&self) -> Result<SchemaVersion, RegistryError> {
        next_version(&self.keys).ok_or_else(|| {
            RegistryError::InvalidSchema("Version numbers of the subject are used up".to_owned())
        })
    }
}

/// One more than the highest version there is, soft-deleted ones included.
fn next_version(keys: &[VersionKey]) -> Option<SchemaVersion> {
    let highest = keys.last().map_or(0, |key| key.version.0);
    highest.checked_add(1).map(SchemaVersion)
}

/// What a draft leaves out comes from the latest live version: the text with its type and
/// references, the metadata, and the rule set. Then the config has its say, and the number of the
/// version is noted where it is asked for.
fn completed(
    draft: &Draft,
    latest: Option<&StoredVersion>,
    config: &EffectiveConfig,
    next: Option<SchemaVersion>,
) -> Draft {
    let mut draft = draft.clone();
    if let Some(latest) = latest {
        draft.contract = inherited_contract(&draft.contract, latest);
        let latest = &latest.schema;
        if draft.text.trim().is_empty() {
            draft.text.clone_from(&latest.text);
            draft.schema_type = Some(latest.schema_type.to_string());
            draft.references.clone_from(&latest.references);
        }
    }
    let mut contract = config.contract_of(draft.contract);
    if let Some(next) = next
        && (draft.version != 0 || stamp::has_stamp(contract.metadata.as_ref()))
    {
        contract.metadata = Some(stamp::stamped(contract.metadata, next));
    }
    Draft { contract, ..draft }
}

/// `own`; a part that it leaves out is the one of `latest`.
pub(super) fn inherited_contract(own: &Contract, latest: &StoredVersion) -> Contract {
    let latest = &latest.schema.contract;
    Contract {
        metadata: own.metadata.as_ref().or(latest.metadata.as_ref()).cloned(),
        rule_set: own.rule_set.as_ref().or(latest.rule_set.as_ref()).cloned(),
    }
}
