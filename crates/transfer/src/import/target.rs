//! The registry that an import writes to, and what the import has done to it.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use super::{ImportOptions, Tally};
use crate::names::context_of;
use crate::record::Key;
use crate::registry::IMPORT;
use crate::{Observer, Registry, TransferError};

/// The mode of the scope forbids it, among other reasons.
const NOT_PERMITTED: u32 = 42205;

/// What a scope must be like for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Not read-only.
    Writable,
    /// In mode IMPORT, for an id comes along or the KMS of the target shall not be asked.
    ImportMode,
}

pub(super) struct Target<'a> {
    pub(super) registry: &'a Registry,
    options: ImportOptions,
    observer: &'a dyn Observer,
    tally: Mutex<Tally>,
    /// The scopes that were switched to mode IMPORT, and the mode that they had of their own.
    switched: tokio::sync::Mutex<BTreeMap<String, Option<String>>>,
    /// The contexts of everything that came.
    contexts: Mutex<BTreeSet<String>>,
}

impl<'a> Target<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        options: ImportOptions,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            registry,
            options,
            observer,
            tally: Mutex::default(),
            switched: tokio::sync::Mutex::default(),
            contexts: Mutex::default(),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        *self.tally.lock()
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.options.dry_run
    }

    /// Remembers that something of this scope's context came.
    pub(super) fn meet(&self, scope: &str) {
        let context = context_of(scope);
        let mut contexts = self.contexts.lock();
        if !contexts.contains(context) {
            contexts.insert(context.to_owned());
        }
    }

    pub(super) fn contexts(&self) -> BTreeSet<String> {
        self.contexts.lock().clone()
    }

    /// The scopes whose mode was changed on the way, with what it was.
    pub(super) async fn switched(&self) -> BTreeMap<String, Option<String>> {
        self.switched.lock().await.clone()
    }

    pub(super) fn unchanged(&self, key: &Key) {
        self.tally.lock().unchanged.count(key);
    }

    /// Tells of something that cannot be brought over.
    pub(super) fn problem(&self, key: &Key, reason: &str) {
        self.tally.lock().problems += 1;
        self.observer.problem(&format!("{key}: {reason}"));
    }

    /// Tells of something that is there and that the target cannot show.
    pub(super) fn unread(&self, key: &Key, reason: &str) {
        self.tally.lock().unread += 1;
        self.observer.notice(&format!("{key} is there, but not readable: {reason}"));
    }

    /// Tells of a context that was in mode IMPORT before, and so is left in it.
    pub(super) fn left_importing(&self, context: &str) {
        let end = Registry::delete_mode_call(context);
        self.observer.notice(&format!(
            "context {context} was in mode IMPORT before and still is; if an import that was stopped \
             has left it so, end that with {end}"
        ));
    }

    pub(super) fn brought(&self, key: &Key) {
        self.tally.lock().brought.count(key);
    }

    /// Makes the writes that bring a record over, and counts it.
    pub(super) async fn write(
        &self,
        key: &Key,
        scope: &str,
        needs: Needs,
        write: impl AsyncFn() -> Result<(), TransferError>,
    ) -> Result<(), TransferError> {
        if self.attempt(key, scope, needs, write).await? {
            self.brought(key);
        }
        Ok(())
    }

    /// Makes the writes and answers whether they were taken. A refusal is told and ends nothing
    /// else. In a dry run only the rules of the import itself are tried.
    pub(super) async fn attempt(
        &self,
        key: &Key,
        scope: &str,
        needs: Needs,
        write: impl AsyncFn() -> Result<(), TransferError>,
    ) -> Result<bool, TransferError> {
        if needs == Needs::ImportMode {
            self.switch(context_of(scope)).await?;
        }
        if self.options.dry_run {
            return Ok(true);
        }
        let mut written = write().await;
        if let Err(error) = &written
            && error.error_code() == Some(NOT_PERMITTED)
            && self.unlock(scope).await?
        {
            written = write().await;
        }
        match written {
            Ok(()) => Ok(true),
            Err(error) => match error.refusal() {
                Some(refusal) => {
                    self.problem(key, &refusal.kind.to_string());
                    Ok(false)
                }
                None => Err(error),
            },
        }
    }

    /// Puts a context into mode IMPORT, in which nobody else can register anything there.
    async fn switch(&self, context: &str) -> Result<(), TransferError> {
        let mut switched = self.switched.lock().await;
        if switched.contains_key(context) {
            return Ok(());
        }
        let old = self.registry.mode(context).await?.map(|own| own.mode);
        if old.as_deref() != Some(IMPORT) {
            // In mode IMPORT nobody else works here, whoever has set it.
            if !self.options.force && self.registry.has_subjects(context).await? {
                return Err(TransferError::InUse { context: context.to_owned() });
            }
            if !self.options.dry_run {
                let put = self.registry.put_mode(context, IMPORT).await;
                put.map_err(|error| error.or_no_import_mode(context))?;
            }
        }
        switched.insert(context.to_owned(), old);
        Ok(())
    }

    /// Makes a read-only scope writable, and answers whether that was what kept it from being so.
    async fn unlock(&self, scope: &str) -> Result<bool, TransferError> {
        let mut switched = self.switched.lock().await;
        let own = self.registry.mode(scope).await?.map(|own| own.mode);
        let locked = if own.is_some() { scope } else { context_of(scope) };
        let old = match own {
            Some(own) => Some(own),
            None => self.registry.mode(locked).await?.map(|own| own.mode),
        };
        if old.as_deref() == Some(IMPORT) || switched.contains_key(locked) {
            return Ok(false);
        }
        self.registry.put_mode(locked, IMPORT).await?;
        switched.insert(locked.to_owned(), old);
        Ok(true)
    }
}
