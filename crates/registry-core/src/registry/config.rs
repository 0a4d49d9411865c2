//! Reading and changing configs.

use super::{Registry, scope};
use crate::{About, Config, WriteTransaction};
use crate::{
    ConfigPatch, EffectiveConfig, QualifiedSubject, ReadTransaction, RegistryError, Store,
};

impl<S: Store> Registry<S> {
    /// The config of a scope; with `in_force` the inherited one where it has none. The default
    /// and the global context always have one.
    pub async fn config(
        &self,
        scope: &QualifiedSubject,
        in_force: bool,
    ) -> Result<EffectiveConfig, RegistryError> {
        let mut tx = self.store.read().await?;
        if in_force {
            return scope::config_in_scope(&mut tx, scope).await;
        }
        match tx.config(scope).await? {
            Some(config) => Ok(own(config)),
            None if always_has_settings(scope) => Ok(EffectiveConfig::default()),
            None => Err(RegistryError::ConfigNotSet(scope.clone())),
        }
    }

    /// The subject that a name stands for: the alias set in its own config, one hop and no more. A
    /// plain alias belongs to the context of the name.
    pub async fn resolve_alias(
        &self,
        name: QualifiedSubject,
    ) -> Result<QualifiedSubject, RegistryError> {
        self.resolve(name, Config::alias_of).await
    }

    /// As [`Self::resolve_alias`], for the subject of a DEK.
    pub async fn resolve_dek_alias(
        &self,
        name: QualifiedSubject,
    ) -> Result<QualifiedSubject, RegistryError> {
        self.resolve(name, Config::dek_alias_of).await
    }

    async fn resolve(
        &self,
        name: QualifiedSubject,
        alias: fn(&Config, &QualifiedSubject) -> Option<QualifiedSubject>,
    ) -> Result<QualifiedSubject, RegistryError> {
        if name == QualifiedSubject::default() {
            return Ok(name);
        }
        let config = self.store.read().await?.config(&name).await?;
        Ok(config.and_then(|config| alias(&config, &name)).unwrap_or(name))
    }

    /// Merges `patch` into the config of a scope and answers the result.
    pub async fn update_config(
        &self,
        scope: &QualifiedSubject,
        patch: ConfigPatch,
    ) -> Result<Config, RegistryError> {
        patch.check_rule_sets()?;
        scope.check_scope()?;
        let mut tx = self.store.write().await?;
        scope::check_writable(&mut tx, scope).await?;
        let mut config = tx.config(scope).await?.unwrap_or_default();
        patch.apply(&mut config);
        tx.put_config(scope, Some(&config)).await?;
        self.commit(tx, About::subject(scope)).await?;
        Ok(config)
    }

    /// Removes the config of a scope and answers what it was.
    pub async fn delete_config(
        &self,
        scope: &QualifiedSubject,
    ) -> Result<EffectiveConfig, RegistryError> {
        let mut tx = self.store.write().await?;
        let config = tx.config(scope).await?;
        if config.is_none() && !always_has_settings(scope) {
            return Err(RegistryError::SubjectNotFound(scope.clone()));
        }
        scope::check_writable(&mut tx, scope).await?;
        tx.put_config(scope, None).await?;
        self.commit(tx, About::subject(scope)).await?;
        Ok(own(config.unwrap_or_default()))
    }
}

/// A scope's own config; a level it leaves out is shown as the server default.
fn own(config: Config) -> EffectiveConfig {
    EffectiveConfig { level: config.level.unwrap_or_default(), config }
}

/// The default context, and the global one with whatever is named in it, fall back to the server's
/// defaults.
pub(super) fn always_has_settings(scope: &QualifiedSubject) -> bool {
    *scope == QualifiedSubject::default() || scope.context.is_global()
}
