//! Reading and changing modes.

use super::config::always_has_settings;
use super::{Registry, delete, scope};
use crate::{
    About, DeletedFilter, KeyQuery, Mode, Page, QualifiedSubject, ReadTransaction, RegistryError,
    Store, SubjectFilter,
};
use crate::{VersionKey, WriteTransaction};

impl<S: Store> Registry<S> {
    /// The mode of a scope; with `in_force` the inherited one where it has none. The default and
    /// the global context always have one of their own.
    pub async fn mode(
        &self,
        scope: &QualifiedSubject,
        in_force: bool,
    ) -> Result<Mode, RegistryError> {
        let mut tx = self.store.read().await?;
        match tx.mode(scope).await? {
            Some(mode) => Ok(mode),
            None if in_force => scope::mode_in_scope(&mut tx, scope).await,
            None if always_has_settings(scope) => Ok(Mode::default()),
            None => Err(RegistryError::ModeNotSet(scope.clone())),
        }
    }

    /// Sets the mode of a scope, or clears it. Switching to IMPORT needs a scope without live
    /// versions, unless `force`; its soft-deleted ones are then removed. The global context has the
    /// subjects of all contexts in it.
    pub async fn set_mode(
        &self,
        scope: &QualifiedSubject,
        mode: Option<Mode>,
        force: bool,
    ) -> Result<(), RegistryError> {
        scope.check_scope()?;
        if mode == Some(Mode::Forward) && !(scope.is_context() && scope.context.is_global()) {
            return Err(RegistryError::ForwardModeOnlyGlobal);
        }
        let mut tx = self.store.write().await?;
        let imports = mode == Some(Mode::Import);
        let is_switch = imports && scope::mode_in_scope(&mut tx, scope).await? != Mode::Import;
        if is_switch && !force {
            empty_for_import(&mut tx, scope).await?;
        }
        tx.put_mode(scope, mode).await?;
        self.commit(tx, About::subject(scope)).await?;
        Ok(())
    }

    /// Removes the mode of a scope and answers what it was. With `recursive` the modes of the
    /// context's subjects go too, and a scope without a mode is no error.
    pub async fn delete_mode(
        &self,
        scope: &QualifiedSubject,
        recursive: bool,
    ) -> Result<Option<Mode>, RegistryError> {
        let mut tx = self.store.write().await?;
        let mode = match tx.mode(scope).await? {
            None if always_has_settings(scope) => Some(Mode::default()),
            None if !recursive => return Err(RegistryError::SubjectNotFound(scope.clone())),
            own => own,
        };
        tx.put_mode(scope, None).await?;
        if recursive && scope.is_context() {
            tx.remove_subject_modes(&scope.context).await?;
        }
        self.commit(tx, About::subject(scope)).await?;
        Ok(mode)
    }
}

async fn empty_for_import<T: WriteTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<(), RegistryError> {
    let keys: Vec<VersionKey> = if scope.is_context() {
        let (context, prefix) = (scope.context.clone(), String::new());
        let inside = if context.is_global() {
            SubjectFilter::AnyContext { prefix }
        } else {
            SubjectFilter::OneContext { context, prefix }
        };
        if !tx.subjects(&inside, DeletedFilter::Live, Page::first(1)).await?.is_empty() {
            return Err(RegistryError::SubjectsExist);
        }
        let (deleted, latest_only, limit) = (true, false, usize::MAX);
        let query = KeyQuery { subjects: &inside, after: None, deleted, latest_only, limit };
        tx.key_page(query).await?
    } else {
        tx.version_keys(scope).await?
    };
    if keys.iter().any(|key| !key.is_deleted) {
        return Err(RegistryError::SubjectsExist);
    }
    delete::check_unreferenced_from_outside(tx, &keys).await?;
    delete::remove_all(tx, &keys).await
}
