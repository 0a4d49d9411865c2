//! Reading the config and the mode in force from a transaction.

use crate::{EffectiveConfig, Mode, QualifiedSubject, ReadTransaction, RegistryError, config};

pub(super) async fn config_in_scope<T: ReadTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<EffectiveConfig, RegistryError> {
    Ok(config::in_scope(tx.settings(scope).await?.config))
}

pub(super) async fn mode_in_scope<T: ReadTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<Mode, RegistryError> {
    Ok(tx.settings(scope).await?.mode.in_force())
}

/// Refuses a write in a scope that is read-only.
pub(super) async fn check_writable<T: ReadTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<(), RegistryError> {
    if mode_in_scope(tx, scope).await?.is_read_only() {
        return Err(RegistryError::ReadOnly(scope.clone()));
    }
    Ok(())
}
