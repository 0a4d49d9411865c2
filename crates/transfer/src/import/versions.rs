//! Versions: registered under the ids and numbers that they have, and then soft-deleted where the
//! source has them so.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use parking_lot::Mutex;

use super::target::{Needs, Target};
use crate::reading::targets;
use crate::record::{Key, VersionRecord};
use crate::registry::REQUESTS_MAX;
use crate::source::Records;
use crate::window::Window;
use crate::{Record, TransferError};

/// A live version refers to the one that shall be deleted.
const REFERENCED: u32 = 42206;

pub(super) async fn bring(records: &mut Records, target: &Target<'_>) -> Result<(), TransferError> {
    let deletions = Mutex::new(Vec::new());
    let mut window = Window::new();
    while let Some(version) = records.next_of(version_of).await? {
        target.meet(&version.subject);
        let subject = version.subject.clone();
        let references: Vec<String> = targets(&version).map(|(subject, _)| subject).collect();
        let deletions = &deletions;
        let work = async move {
            let brought = bring_version(&version, target, deletions).await;
            (version.subject, brought)
        };
        window.start(subject, &references, work).await?;
    }
    window.drain().await?;
    drop(window);
    delete_all(deletions.into_inner(), target).await
}

/// A version to be soft-deleted once every version is there.
struct Deletion {
    subject: String,
    version: i32,
    /// Whether it was there before, so that its deletion is all that is brought.
    was_there: bool,
}

async fn bring_version(
    version: &VersionRecord,
    target: &Target<'_>,
    deletions: &Mutex<Vec<Deletion>>,
) -> Result<(), TransferError> {
    let key = version.key();
    let there = target.registry.version(&version.subject, version.version).await?;
    if let Some(there) = &there {
        if !is_same(version, there, target).await? {
            target.problem(&key, &conflict(version, there));
            return Ok(());
        }
        if there.deleted == version.deleted {
            target.unchanged(&key);
            return Ok(());
        }
    }
    let deletion = Deletion {
        subject: version.subject.clone(),
        version: version.version,
        was_there: there.is_some(),
    };
    if there.is_none() || !version.deleted {
        if target.registry.is_alias(&version.subject).await? {
            target.problem(&key, "the target's config makes the subject an alias of another");
            return Ok(());
        }
        let register = async || target.registry.register(version).await;
        if !target.attempt(&key, &version.subject, Needs::ImportMode, register).await? {
            return Ok(());
        }
        target.brought(&key);
    }
    if version.deleted {
        deletions.lock().push(deletion);
    }
    Ok(())
}

/// Whether the target has the same schema under the same id. Where its text is written in another
/// way, the target decides.
async fn is_same(
    version: &VersionRecord,
    there: &VersionRecord,
    target: &Target<'_>,
) -> Result<bool, TransferError> {
    let guid = there.guid.clone().and(version.guid.clone());
    let expected = VersionRecord { deleted: there.deleted, guid, ..version.clone() };
    let guid = there.guid.clone().filter(|_| version.guid.is_some());
    if expected == (VersionRecord { guid, ..there.clone() }) {
        return Ok(true);
    }
    Ok(version.id == there.id && target.registry.id_of(version).await? == Some(version.id))
}

fn conflict(version: &VersionRecord, there: &VersionRecord) -> String {
    if version.id == there.id {
        return format!("the target has another schema under id {}", there.id);
    }
    format!("the target has id {} here, and the source id {}", there.id, version.id)
}

/// Soft-deletes in rounds: what live versions still refer to waits until those are deleted.
async fn delete_all(
    mut deletions: Vec<Deletion>,
    target: &Target<'_>,
) -> Result<(), TransferError> {
    let mut is_last_round = false;
    while !deletions.is_empty() {
        let count = deletions.len();
        // The last ones refer to the first ones.
        let mut outcomes = stream::iter(deletions.into_iter().rev())
            .map(|deletion| delete(deletion, is_last_round, target))
            .buffered(REQUESTS_MAX);
        let mut waiting = Vec::new();
        while let Some(left) = outcomes.next().await {
            waiting.extend(left?);
        }
        drop(outcomes);
        waiting.reverse();
        is_last_round = waiting.len() == count;
        deletions = waiting;
    }
    Ok(())
}

/// Gives the deletion back when it has to wait for others. In the last round it is a problem then.
async fn delete(
    deletion: Deletion,
    is_last_round: bool,
    target: &Target<'_>,
) -> Result<Option<Deletion>, TransferError> {
    let Deletion { subject, version, was_there } = &deletion;
    let key = Key::Version { subject: subject.clone(), version: *version };
    let waits = AtomicBool::new(false);
    let delete = async || match target.registry.soft_delete(subject, *version).await {
        Err(error) if !is_last_round && error.error_code() == Some(REFERENCED) => {
            waits.store(true, Ordering::Relaxed);
            Ok(())
        }
        deleted => deleted,
    };
    let deleted = target.attempt(&key, subject, Needs::Writable, delete).await?;
    if waits.into_inner() {
        return Ok(Some(deletion));
    }
    if deleted && *was_there {
        target.brought(&key);
    }
    Ok(None)
}

fn version_of(record: Record) -> Result<VersionRecord, Record> {
    if let Record::Version(version) = record { Ok(*version) } else { Err(record) }
}
