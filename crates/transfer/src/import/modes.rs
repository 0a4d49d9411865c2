//! Modes: those of the source, and the end of mode IMPORT where the source has none.

use std::collections::BTreeSet;

use super::target::{Needs, Target};
use crate::record::{Key, ModeRecord};
use crate::registry::IMPORT;
use crate::source::Records;
use crate::{Record, TransferError};

pub(super) async fn bring(records: &mut Records, target: &Target<'_>) -> Result<(), TransferError> {
    let mut settled = BTreeSet::new();
    while let Some(mode) = records.next_of(mode_of).await? {
        target.meet(&mode.scope);
        bring_mode(&mode, target).await?;
        settled.insert(mode.scope);
    }
    restore_all(&settled, target).await?;
    // Whether somebody wants it so or an import was stopped before its end cannot be told.
    for context in target.contexts().difference(&settled) {
        if is_importing(context, target).await? {
            target.left_importing(context);
        }
    }
    Ok(())
}

/// Ends mode IMPORT wherever this import has begun it, except in scopes that have their mode.
pub(super) async fn restore_all(
    settled: &BTreeSet<String>,
    target: &Target<'_>,
) -> Result<(), TransferError> {
    for (scope, old) in target.switched().await {
        if !settled.contains(&scope) {
            restore(&scope, old.as_deref(), target).await?;
        }
    }
    Ok(())
}

async fn bring_mode(mode: &ModeRecord, target: &Target<'_>) -> Result<(), TransferError> {
    let scope = &mode.scope;
    let key = Key::Mode(scope.clone());
    let there = target.registry.mode(scope).await?;
    if there.as_ref() == Some(mode) {
        target.unchanged(&key);
        return Ok(());
    }
    let put = async || target.registry.put_mode(scope, &mode.mode).await;
    if target.attempt(&key, scope, Needs::Writable, put).await? {
        // This very import may have changed it for the time being.
        let before = target.switched().await.remove(scope).flatten();
        if before.as_ref() == Some(&mode.mode) {
            target.unchanged(&key);
        } else {
            target.brought(&key);
        }
    }
    Ok(())
}

/// Ends mode IMPORT: gives the scope back the mode that it had of its own, if any.
async fn restore(scope: &str, old: Option<&str>, target: &Target<'_>) -> Result<(), TransferError> {
    if target.is_dry_run() || old == Some(IMPORT) || !is_importing(scope, target).await? {
        return Ok(());
    }
    match old {
        Some(old) => target.registry.put_mode(scope, old).await,
        None => target.registry.delete_mode(scope).await,
    }
}

async fn is_importing(scope: &str, target: &Target<'_>) -> Result<bool, TransferError> {
    Ok(target.registry.mode(scope).await?.is_some_and(|there| there.mode == IMPORT))
}

fn mode_of(record: Record) -> Result<ModeRecord, Record> {
    if let Record::Mode(mode) = record { Ok(mode) } else { Err(record) }
}
