//! Lookup: which version of a subject holds a draft.

use levada_schema_core::Contract;

use super::candidate::{Candidate, Held, Reading, WrittenOut};
use super::references::References;
use super::snapshot::inherited_contract;
use super::{Draft, Registry, candidate, scope};
use crate::{
    EffectiveConfig, QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion,
};

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
            match self.lookup_in(&elsewhere, draft, normalize, deleted).await {
                // What a draft refers to may be missing in another context, and no reason to stop.
                Err(error) if !error.is_failure() => {}
                other => return other,
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
        let versions = tx.versions(subject, deleted).await?;
        let mut references = References::new(&mut tx, &self.parser.limits);
        let written_out = WrittenOut::load(&mut references, draft, &versions).await?;
        let closure = references.closure(&subject.context, &draft.references).await;
        drop(tx);
        // A blank text is no error of its own: it matches nothing.
        let found = if draft.text.trim().is_empty() {
            None
        } else {
            let reading = Reading::to_compare(normalize || config.normalize(), &config);
            let candidate = self.candidate(draft, &closure?, reading).await?;
            let held = Held { versions: &versions, written_out: &written_out };
            self.find_held(&candidate, &draft.contract, held, &config).await?
        };
        match found {
            Some(found) => Ok(found.clone()),
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
        held: Held<'a>,
        config: &EffectiveConfig,
    ) -> Result<Option<&'a StoredVersion>, RegistryError> {
        let found = self.find_equal(candidate, contract, held).await?;
        let latest = held.versions.iter().rfind(|version| !version.is_deleted);
        let (None, Some(latest)) = (found, latest) else { return Ok(found) };
        let inherited = config.contract_of(inherited_contract(contract, latest));
        if inherited == *contract {
            return Ok(None);
        }
        self.find_equal(candidate, &inherited, held).await
    }
}
