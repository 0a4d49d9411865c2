//! Reading the config and the mode in force from a transaction.

use crate::config::{self, ConfigChain};
use crate::{Context, EffectiveConfig, Mode, QualifiedSubject, ReadTransaction, RegistryError};

pub(super) async fn config_in_scope<T: ReadTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<EffectiveConfig, RegistryError> {
    let subject = if scope.is_context() { None } else { tx.config(scope).await? };
    let chain = ConfigChain {
        subject,
        context: tx.config(&QualifiedSubject::of_context(scope.context.clone())).await?,
        root: tx.config(&QualifiedSubject::default()).await?,
        global: tx.config(&QualifiedSubject::of_context(Context::global())).await?,
    };
    Ok(config::in_scope(chain))
}

pub(super) async fn mode_in_scope<T: ReadTransaction>(
    tx: &mut T,
    scope: &QualifiedSubject,
) -> Result<Mode, RegistryError> {
    let subject = if scope.is_context() { None } else { tx.mode(scope).await? };
    let context = tx.mode(&QualifiedSubject::of_context(scope.context.clone())).await?;
    let global = tx.mode(&QualifiedSubject::of_context(Context::global())).await?;
    Ok(crate::mode::in_scope(subject, context, global))
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
