//! KEKs and DEKs. All come live, and those that are soft-deleted at the source are deleted then,
//! for a deleted KEK takes no DEKs.

use std::collections::BTreeMap;

use super::target::{Needs, Target};
use crate::record::{DekRecord, KekRecord, Key};
use crate::registry::KMS_FAILED;
use crate::source::Records;
use crate::window::Window;
use crate::{Record, TransferError};

pub(super) async fn bring(records: &mut Records, target: &Target<'_>) -> Result<(), TransferError> {
    let mut keks = BTreeMap::new();
    while let Some(kek) = records.next_of(kek_of).await? {
        if let Some(state) = bring_kek(&kek, target).await? {
            keks.insert(kek.name.clone(), (kek, state));
        }
    }
    let mut window = Window::new();
    while let Some(dek) = records.next_of(dek_of).await? {
        let key = dek.key();
        let Some((kek, _)) = keks.get(&dek.kek_name) else {
            target.problem(&key, &format!("its KEK {} is not there", dek.kek_name));
            continue;
        };
        let name = key.to_string();
        let work = async move { (key.to_string(), bring_dek(dek, kek, target).await) };
        window.start(name, &[], work).await?;
    }
    window.drain().await?;
    for (kek, state) in keks.values().filter(|(kek, _)| kek.deleted) {
        delete_kek(kek, *state, target).await?;
    }
    Ok(())
}

/// How a KEK came to be at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Brought,
    There,
}

/// Answers how the target has the KEK now, if it has.
async fn bring_kek(kek: &KekRecord, target: &Target<'_>) -> Result<Option<State>, TransferError> {
    let key = Key::Kek(kek.name.clone());
    let there = target.registry.kek(&kek.name).await?;
    if let Some(there) = there {
        let is_same = KekRecord { deleted: kek.deleted, ..there.clone() } == *kek;
        if !is_same {
            target.problem(&key, "the target has another key of this name");
            return Ok(None);
        }
        if there.deleted == kek.deleted {
            target.unchanged(&key);
        }
        if kek.deleted || !there.deleted {
            return Ok(Some(State::There));
        }
    }
    let create = async || target.registry.create_kek(kek).await;
    let created = target.attempt(&key, "", Needs::Writable, create).await?;
    if created {
        target.brought(&key);
    }
    Ok(created.then_some(State::Brought))
}

async fn bring_dek(
    dek: DekRecord,
    kek: &KekRecord,
    target: &Target<'_>,
) -> Result<(), TransferError> {
    let DekRecord { kek_name, subject, algorithm, version, .. } = &dek;
    let key = dek.key();
    target.meet(subject);
    let there = match target.registry.dek(kek_name, subject, algorithm, *version).await {
        Ok(there) => there,
        // It is there; the KMS that would show it in clear is out of the target's reach.
        Err(error) if error.error_code() == Some(KMS_FAILED) => {
            target.unread(&key, &error.to_string());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    match there {
        Some(there) if DekRecord { deleted: dek.deleted, ..there.clone() } != dek => {
            target.problem(&key, "the target has another key in this place");
            Ok(())
        }
        Some(there) if there.deleted == dek.deleted => {
            target.unchanged(&key);
            Ok(())
        }
        Some(there) => {
            let change = async || {
                if there.deleted {
                    target.registry.undelete_dek(&dek).await
                } else {
                    target.registry.soft_delete_dek(&dek).await
                }
            };
            target.write(&key, subject, Needs::Writable, change).await
        }
        None => add_dek(&dek, kek, target).await,
    }
}

async fn add_dek(
    dek: &DekRecord,
    kek: &KekRecord,
    target: &Target<'_>,
) -> Result<(), TransferError> {
    let registry = target.registry;
    let add = async || {
        // A KEK that an earlier import has deleted already takes no DEKs.
        if registry.kek(&kek.name).await?.is_some_and(|there| there.deleted) {
            registry.create_kek(kek).await?;
        }
        registry.create_dek(dek).await?;
        if dek.deleted { registry.soft_delete_dek(dek).await } else { Ok(()) }
    };
    // The target would unwrap the key of a shared KEK, unless it is in mode IMPORT.
    let needs = if kek.shared { Needs::ImportMode } else { Needs::Writable };
    target.write(&dek.key(), &dek.subject, needs, add).await
}

async fn delete_kek(
    kek: &KekRecord,
    state: State,
    target: &Target<'_>,
) -> Result<(), TransferError> {
    if target.registry.kek(&kek.name).await?.is_none_or(|there| there.deleted) {
        return Ok(());
    }
    let key = Key::Kek(kek.name.clone());
    let delete = async || target.registry.soft_delete_kek(&kek.name).await;
    if target.attempt(&key, "", Needs::Writable, delete).await? && state == State::There {
        target.brought(&key);
    }
    Ok(())
}

fn kek_of(record: Record) -> Result<KekRecord, Record> {
    if let Record::Kek(kek) = record { Ok(*kek) } else { Err(record) }
}

fn dek_of(record: Record) -> Result<DekRecord, Record> {
    if let Record::Dek(dek) = record { Ok(dek) } else { Err(record) }
}
