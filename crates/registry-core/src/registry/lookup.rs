//! Lookup: which version of a subject holds a draft.

use levada_schema_core::{Metadata, Validation};

use super::candidate::{Candidate, Loaded};
use super::references::closure;
use super::{Draft, Registry, candidate, scope};
use crate::{QualifiedSubject, ReadTransaction, RegistryError, Store, StoredVersion};

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
            let normalize = normalize || config.normalize();
            let candidate = self.candidate(draft, &closure?, normalize, Validation::Stored).await?;
            self.find_held(&candidate, draft.metadata.as_ref(), &versions).await?
        };
        match found {
            Some(found) => Ok(found.stored.clone()),
            None if versions.is_empty() => Err(RegistryError::SubjectNotFound(subject.clone())),
            None => Err(RegistryError::NoSuchSchema),
        }
    }

    /// As [`Self::find_equal`]; a draft without metadata is tried with the latest version's too.
    pub(super) async fn find_held<'a>(
        &self,
        candidate: &Candidate,
        metadata: Option<&Metadata>,
        versions: &[&'a Loaded],
    ) -> Result<Option<&'a Loaded>, RegistryError> {
        let found = self.find_equal(candidate, metadata, versions).await?;
        let latest = versions.iter().rfind(|version| !version.stored.is_deleted);
        let inherited = latest.and_then(|latest| latest.stored.schema.metadata.as_ref());
        match (found, metadata, inherited) {
            (None, None, Some(_)) => self.find_equal(candidate, inherited, versions).await,
            _ => Ok(found),
        }
    }
}
