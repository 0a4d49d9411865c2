//! Compares a source with a target, in both directions.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::compare::differences;
use crate::reading::{Survey, other_scopes, surveys};
use crate::record::Key;
use crate::registry::{KMS_FAILED, REQUESTS_MAX};
use crate::{Counts, Observer, Record, Registry, Source, TransferError};

/// What a comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What the source holds.
    pub compared: Counts,
    /// Members that differ, and records that one side alone has.
    pub differences: u64,
}

/// Compares every record of `source` with what `target` has, and looks for what the target has
/// beyond that. The observer is told every difference. Nothing is changed.
pub async fn verify(
    source: &Source,
    target: &Registry,
    observer: &Arc<dyn Observer>,
) -> Result<Verified, TransferError> {
    target.reach().await?;
    let mut comparison =
        Comparison { found: Verified::default(), seen: HashSet::new(), observer: &**observer };
    let records = source.records(observer).into_stream();
    let mut pairs = records
        .map_ok(|record| async move {
            let there = counterpart(target, &record).await?;
            Ok((record, there))
        })
        .try_buffered(REQUESTS_MAX)
        .boxed();
    while let Some((record, there)) = pairs.try_next().await? {
        comparison.compare(&record, there);
    }
    comparison.look_for_more(target).await?;
    Ok(comparison.found)
}

/// What the target has in the place of a record, or why it does not show it.
type Counterpart = Result<Option<Record>, String>;

async fn counterpart(target: &Registry, record: &Record) -> Result<Counterpart, TransferError> {
    match target.record(&record.key()).await {
        Ok(Some(there)) => Ok(Ok(Some(in_same_words(record, there, target).await?))),
        Ok(None) => Ok(Ok(None)),
        // It would unwrap the key to show it, and has no access to the KMS.
        Err(error) if error.error_code() == Some(KMS_FAILED) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

/// What the target has, with the source's text of the schema where the two are only written in
/// different ways: registries that tell no guids may keep a text as it came. The target decides.
async fn in_same_words(
    record: &Record,
    mut there: Record,
    target: &Registry,
) -> Result<Record, TransferError> {
    if let (Record::Version(source), Record::Version(there)) = (record, &mut there)
        && (source.guid.is_none() || there.guid.is_none())
        && source.schema != there.schema
        && target.id_of(source).await? == Some(there.id)
    {
        there.schema.clone_from(&source.schema);
    }
    Ok(there)
}

struct Comparison<'a> {
    found: Verified,
    /// What the source has.
    seen: HashSet<Key>,
    observer: &'a dyn Observer,
}

impl Comparison<'_> {
    fn compare(&mut self, record: &Record, there: Counterpart) {
        let key = record.key();
        match there {
            Ok(Some(there)) => {
                for difference in differences(record, &there) {
                    self.tell(&format!("{key}: {difference}"));
                }
            }
            Ok(None) => self.tell(&format!("{key} is at the source alone")),
            Err(reason) => self.tell(&format!("{key} cannot be compared: {reason}")),
        }
        self.found.compared.count(&key);
        self.seen.insert(key);
    }

    /// Tells of everything at the target that the source does not have.
    async fn look_for_more(&mut self, target: &Registry) -> Result<(), TransferError> {
        for name in target.kek_names().await? {
            self.look_at(&Key::Kek(name.clone()));
            for key in target.dek_keys(&name).await? {
                self.look_at(&key);
            }
        }
        let subjects = target.subjects().await?;
        let mut surveys = surveys(target, &subjects).boxed();
        while let Some(survey) = surveys.try_next().await? {
            self.look_at_settings(&survey);
            for version in survey.versions {
                self.look_at(&Key::Version { subject: survey.scope.clone(), version });
            }
        }
        let scopes = other_scopes(target, &subjects).await?;
        let mut surveys = stream::iter(&scopes)
            .map(|scope| Survey::of_settings(target, scope))
            .buffered(REQUESTS_MAX)
            .boxed();
        while let Some(survey) = surveys.try_next().await? {
            self.look_at_settings(&survey);
        }
        Ok(())
    }

    fn look_at_settings(&mut self, survey: &Survey) {
        if survey.config.is_some() {
            self.look_at(&Key::Config(survey.scope.clone()));
        }
        if survey.mode.is_some() {
            self.look_at(&Key::Mode(survey.scope.clone()));
        }
    }

    fn look_at(&mut self, key: &Key) {
        if !self.seen.contains(key) {
            self.tell(&format!("{key} is at the target alone"));
        }
    }

    fn tell(&mut self, difference: &str) {
        self.observer.difference(difference);
        self.found.differences += 1;
    }
}
