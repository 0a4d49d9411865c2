//! Lookup: which version of a subject holds a draft.

use levada_schema_core::Contract;

use super::candidate::{Candidate, Loaded, Reading};
use super::references::closure;
use super::register::inherited_contract;
use super::{Draft, Registry, candidate, scope};
use crate::StoredVersion;
use crate::{EffectiveConfig, QualifiedSubject, ReadTransaction, RegistryError, Store};

impl<S: Store> Registry<S> {
    /// The version of `subject` that holds `draft`. A plain subject without a match is looked for
    /// in every other context too.
    pub async fn lookup(
        &self,
        subject: &QualifiedSubject,
        draft: &Draft,
        normalize: bool,
        deleted: bool,
    ) -> Result<StoredVersion, RegistryError> {
        let missed = match self.lookup_in(subject, draft, normalize, deleted).await {
            Err(error @ (RegistryError::SubjectNotFound(_) | RegistryError::NoSuchSchema))
                if subject.context.is_default() =>
            {
                error
            }
            other => return other,
        };
        // In a statement of its own, so that no transaction is held while others are opened.
        let contexts = super::reads::other_contexts(&mut self.store.read().await?).await?;
        for context in contexts {
            let elsewhere = subject.within(context);
            if let Ok(found) = self.lookup_in(&elsewhere, draft, normalize, deleted).await {
                return Ok(found);
            }
        }
        Err(missed)
    }

    async fn lookup_in(
        &self,
        subject: &QualifiedSubject,
        draft: &Draft,
        normalize: bool,
        deleted: bool,
    ) -> Result<StoredVersion, RegistryError> {
        candidate::schema_type(draft)?;
        let mut tx = self.store.read().await?;
        let config = scope::config_in_scope(&mut tx, subject).await?;
        let mut versions = tx.versions(subject).await?;
        versions.retain(|version| deleted || !version.is_deleted);
        let limits = &self.parser.limits;
        let versions = Loaded::load_all(&mut tx, versions, limits).await?;
        let closure = closure(&mut tx, &subject.context, &draft.references, limits).await;
        drop(tx);
        let versions: Vec<&Loaded> = versions.iter().collect();
        // A blank text is no error of its own: it matches nothing.
        let found = if draft.text.trim().is_empty() {
            None
        } else {
            let reading = Reading::to_compare(normalize || config.normalize(), &config);
            let candidate = self.candidate(draft, &closure?, reading).await?;
            self.find_held(&candidate, &draft.contract, &versions, &config).await?
        };
        match found {
            Some(found) => Ok(found.stored.clone()),
            None if versions.is_empty() => Err(RegistryError::SubjectNotFound(subject.clone())),
            None => Err(RegistryError::NoSuchSchema),
        }
    }

    /// As [`Self::find_equal`]; where that finds nothing, the contract that a registration would
    /// give the draft is tried too.
    async fn find_held<'a>(
        &self,
        candidate: &Candidate,
        contract: &Contract,
        versions: &[&'a Loaded],
        config: &EffectiveConfig,
    ) -> Result<Option<&'a Loaded>, RegistryError> {
        let found = self.find_equal(candidate, contract, versions).await?;
        let latest = versions.iter().rfind(|version| !version.stored.is_deleted);
        let (None, Some(latest)) = (found, latest) else { return Ok(found) };
        let inherited = config.contract_of(inherited_contract(contract, latest));
        if inherited == *contract {
            return Ok(None);
        }
        self.find_equal(candidate, &inherited, versions).await
    }
}
