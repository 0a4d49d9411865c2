//! Configs and modes.

use levada_registry_api::ModeDocument;
use levada_serde::client::Call;
use serde_json::{Map, Value, json as value};

use super::{Aliases, Registry, json};
use crate::TransferError;
use crate::names::{DEFAULT, GLOBAL, in_path};
use crate::record::{ConfigRecord, ModeRecord};

/// The mode in which a registration brings its id.
pub(crate) const IMPORT: &str = "IMPORT";
/// The mode of a registry in which none was ever set.
const READWRITE: &str = "READWRITE";
/// What is shown as the level, and what it is called in an update.
const LEVEL_SHOWN: &str = "compatibilityLevel";
const LEVEL_SET: &str = "compatibility";
/// A config or a mode that shall go is not there.
const NOT_SET: u32 = 40401;

impl Registry {
    /// The config of a scope, if it has one of its own.
    ///
    /// The default and the global context always show one. What a registry shows in which none was
    /// ever set counts as none, unless it holds against the global context.
    pub(crate) async fn config(&self, scope: &str) -> Result<Option<ConfigRecord>, TransferError> {
        let Some(config) = self.shown_config(scope, &[]).await? else { return Ok(None) };
        if always_shown(scope) && config == untouched() && !self.is_set_against(scope).await? {
            return Ok(None);
        }
        Ok(Some(ConfigRecord { scope: scope.to_owned(), config }))
    }

    /// Whether the default context has the default config on purpose, since the global one has not.
    async fn is_set_against(&self, scope: &str) -> Result<bool, TransferError> {
        let global = self.shown_config(GLOBAL, &[]).await?;
        if scope == GLOBAL || global.is_none_or(|global| global == untouched()) {
            return Ok(false);
        }
        let in_force = self.shown_config(scope, &[("defaultToGlobal", "true")]).await?;
        Ok(in_force == Some(untouched()))
    }

    async fn shown_config(
        &self,
        scope: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Map<String, Value>>, TransferError> {
        self.find(Call::get(&path("config", &in_path(scope))).query(query)).await
    }

    /// Where requests for a subject are led to. Asked once, for nothing changes it meanwhile.
    pub(super) async fn aliases(&self, subject: &str) -> Result<Aliases, TransferError> {
        let known = self.aliases.lock().get(subject).copied();
        if let Some(aliases) = known {
            return Ok(aliases);
        }
        let config = if subject.is_empty() { None } else { self.config(subject).await? };
        let has = |member: &str| {
            let value = config.as_ref().and_then(|config| config.config.get(member));
            value.and_then(Value::as_str).is_some_and(|alias| !alias.is_empty())
        };
        let aliases = Aliases { schemas: has("alias"), deks: has("alias") || has("aliasForDeks") };
        self.aliases.lock().insert(subject.to_owned(), aliases);
        Ok(aliases)
    }

    /// Whether schemas under this name would be registered under another.
    pub(crate) async fn is_alias(&self, subject: &str) -> Result<bool, TransferError> {
        Ok(self.aliases(subject).await?.schemas)
    }

    /// Makes the config of a scope that has `old` the wanted one.
    pub(crate) async fn put_config(
        &self,
        wanted: &ConfigRecord,
        old: Option<&ConfigRecord>,
    ) -> Result<(), TransferError> {
        let mut update = Map::new();
        // An update keeps what it leaves out.
        let gone = old.into_iter().flat_map(|old| old.config.keys());
        update.extend(gone.map(|member| (member.clone(), Value::Null)));
        update.extend(wanted.config.clone());
        if let Some(level) = update.shift_remove(LEVEL_SHOWN) {
            update.insert(LEVEL_SET.to_owned(), level);
        }
        let name = in_path(&wanted.scope);
        self.change(Call::put(&path("config", &name), json(&update)), None).await
    }

    /// The mode of a scope, if it has one of its own. Of the default and the global context, which
    /// always show one, `READWRITE` counts as none, unless it holds against the global one.
    pub(crate) async fn mode(&self, scope: &str) -> Result<Option<ModeRecord>, TransferError> {
        let shown = self.shown_mode(scope).await?;
        if always_shown(scope) && shown.as_deref() == Some(READWRITE) {
            let global = self.shown_mode(GLOBAL).await?;
            if global.is_none_or(|global| global == READWRITE) {
                return Ok(None);
            }
        }
        Ok(shown.map(|mode| ModeRecord { scope: scope.to_owned(), mode }))
    }

    async fn shown_mode(&self, scope: &str) -> Result<Option<String>, TransferError> {
        let shown: Option<ModeDocument> =
            self.find(Call::get(&path("mode", &in_path(scope)))).await?;
        Ok(shown.and_then(|shown| shown.mode))
    }

    /// Sets the mode of a scope. IMPORT is forced, for otherwise the registry would clear away
    /// what is soft-deleted there.
    pub(crate) async fn put_mode(&self, scope: &str, mode: &str) -> Result<(), TransferError> {
        let query: &[_] = if mode == IMPORT { &[("force", "true")] } else { &[] };
        let (name, body) = (in_path(scope), json(&value!({"mode": mode})));
        self.change(Call::put(&path("mode", &name), body).query(query), None).await
    }

    /// The question that takes the mode of a scope away, for whoever shall ask it.
    pub(crate) fn delete_mode_call(scope: &str) -> String {
        Call::delete(&path("mode", &in_path(scope))).to_string()
    }

    /// Takes the mode of a scope away.
    pub(crate) async fn delete_mode(&self, scope: &str) -> Result<(), TransferError> {
        self.change(Call::delete(&path("mode", &in_path(scope))), Some(NOT_SET)).await
    }
}

/// The default and the global context have a config and a mode even where none was set.
fn always_shown(scope: &str) -> bool {
    scope == DEFAULT || scope == GLOBAL
}

/// The config of a registry in which none was ever set.
fn untouched() -> Map<String, Value> {
    Map::from_iter([(LEVEL_SHOWN.to_owned(), Value::from("BACKWARD"))])
}

fn path<'a>(kind: &'a str, scope: &'a str) -> Vec<&'a str> {
    if scope == DEFAULT { vec![kind] } else { vec![kind, scope] }
}
