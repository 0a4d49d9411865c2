//! Reads a whole registry, in the order in which it can be written again.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, Stream};
use futures_util::{StreamExt, TryStreamExt};
use parking_lot::Mutex;

use crate::names::{self, DEFAULT, GLOBAL};
use crate::record::{ConfigRecord, ModeRecord, VersionRecord};
use crate::registry::REQUESTS_MAX;
use crate::source::Outlet;
use crate::{Record, Registry, TransferError};

/// Longest chain of references that is followed.
const CHAIN_MAX: usize = 1_000;

/// Sends every record of `registry`. Schemas are read one by one and not kept; names, settings and
/// version numbers are.
pub(crate) async fn read(registry: &Registry, outlet: &Outlet) -> Result<(), TransferError> {
    let subjects = registry.subjects().await?;
    outlet.observer.begin(subjects.len() as u64);
    read_keys(registry, outlet).await?;
    let mut settings = read_versions(registry, outlet, &subjects).await?;
    for scope in other_scopes(registry, &subjects).await? {
        settings.push(Survey::of_settings(registry, &scope).await?);
    }
    let (configs, modes): (Vec<_>, Vec<_>) =
        settings.into_iter().map(|survey| (survey.config, survey.mode)).unzip();
    for config in configs.into_iter().flatten() {
        outlet.send(Record::Config(config)).await?;
    }
    for mode in modes.into_iter().flatten() {
        outlet.send(Record::Mode(mode)).await?;
    }
    Ok(())
}

async fn read_keys(registry: &Registry, outlet: &Outlet) -> Result<(), TransferError> {
    let names = registry.kek_names().await?;
    for name in &names {
        if let Some(kek) = registry.kek(name).await? {
            outlet.send(Record::Kek(kek.into())).await?;
        }
    }
    for name in &names {
        let keys = registry.dek_keys(name).await?;
        let mut deks = stream::iter(keys)
            .map(|key| async move { registry.record(&key).await })
            .buffered(REQUESTS_MAX);
        while let Some(dek) = deks.try_next().await? {
            if let Some(dek) = dek {
                outlet.send(dek).await?;
            }
        }
    }
    Ok(())
}

/// Sends every version, and answers the settings that were found on the way.
async fn read_versions(
    registry: &Registry,
    outlet: &Outlet,
    subjects: &[String],
) -> Result<Vec<Survey>, TransferError> {
    let settings = Mutex::new(Vec::new());
    let mut versions = surveys(registry, subjects)
        .map_ok(|mut survey| {
            let scope = survey.scope.clone();
            let numbers = std::mem::take(&mut survey.versions);
            if survey.config.is_some() || survey.mode.is_some() {
                settings.lock().push(survey);
            }
            outlet.observer.advance();
            stream::iter(numbers.into_iter().map(move |number| Ok((scope.clone(), number))))
        })
        .try_flatten()
        .map_ok(|(subject, number)| async move { registry.version(&subject, number).await })
        .try_buffered(REQUESTS_MAX)
        .boxed();
    let mut sequence = Sequence { registry, outlet, sent: HashMap::new() };
    while let Some(version) = versions.try_next().await? {
        if let Some(version) = version {
            sequence.send(version).await?;
        }
    }
    drop(versions);
    Ok(settings.into_inner())
}

/// A survey of each subject, in order.
pub(crate) fn surveys<'a>(
    registry: &'a Registry,
    subjects: &'a [String],
) -> impl Stream<Item = Result<Survey, TransferError>> + Send + 'a {
    stream::iter(subjects)
        .map(|subject| Survey::of_subject(registry, subject))
        .buffered(REQUESTS_MAX)
}

/// What a scope has, its schemas aside.
pub(crate) struct Survey {
    pub(crate) scope: String,
    pub(crate) config: Option<ConfigRecord>,
    pub(crate) mode: Option<ModeRecord>,
    pub(crate) versions: Vec<i32>,
}

impl Survey {
    pub(crate) async fn of_subject(
        registry: &Registry,
        subject: &str,
    ) -> Result<Self, TransferError> {
        let versions = registry.version_numbers(subject).await?;
        // The subject without a name has the settings of its context.
        if subject.is_empty() || names::is_context(subject) {
            return Ok(Self { scope: subject.to_owned(), config: None, mode: None, versions });
        }
        Ok(Self { versions, ..Self::of_settings(registry, subject).await? })
    }

    pub(crate) async fn of_settings(
        registry: &Registry,
        scope: &str,
    ) -> Result<Self, TransferError> {
        let (config, mode) = (registry.config(scope).await?, registry.mode(scope).await?);
        Ok(Self { scope: scope.to_owned(), config, mode, versions: Vec::new() })
    }
}

/// The scopes that are no subjects: the global and the default context, every other one, and
/// aliases.
pub(crate) async fn other_scopes(
    registry: &Registry,
    subjects: &[String],
) -> Result<Vec<String>, TransferError> {
    let mut scopes = vec![GLOBAL.to_owned(), DEFAULT.to_owned()];
    let mut known: HashSet<&str> = subjects.iter().map(String::as_str).collect();
    known.extend([GLOBAL, DEFAULT]);
    let listed = [registry.contexts().await?, registry.alias_names().await?].concat();
    // Old registries list no contexts.
    let lived_in = subjects.iter().map(|subject| names::context_of(subject).to_owned());
    let mut found: Vec<String> = listed.into_iter().chain(lived_in).collect();
    found.retain(|scope| !known.contains(scope.as_str()));
    found.sort_unstable();
    found.dedup();
    scopes.extend(found);
    Ok(scopes)
}

/// Puts versions behind those that they reference.
struct Sequence<'a> {
    registry: &'a Registry,
    outlet: &'a Outlet,
    /// The versions of each subject that are out.
    sent: HashMap<String, HashSet<i32>>,
}

impl Sequence<'_> {
    /// Sends a version unless it is out already, and before it what it references.
    async fn send(&mut self, record: VersionRecord) -> Result<(), TransferError> {
        if self.is_sent(&record.subject, record.version) {
            return Ok(());
        }
        let first = record.key();
        let mut chain = vec![record];
        // What the registry itself does not have keeps nobody waiting.
        let mut given_up = HashSet::new();
        while let Some(last) = chain.pop() {
            let Some((subject, version)) = self.awaited(&last, &chain, &given_up) else {
                self.sent.entry(last.subject.clone()).or_default().insert(last.version);
                self.outlet.send(Record::Version(last.into())).await?;
                continue;
            };
            chain.push(last);
            if chain.len() == CHAIN_MAX {
                let (first, most) = (first.to_string(), CHAIN_MAX);
                return Err(TransferError::ReferencesTooDeep { first, most });
            }
            match self.registry.version(&subject, version).await? {
                Some(target) => chain.push(target),
                None => _ = given_up.insert((subject, version)),
            }
        }
        Ok(())
    }

    /// A version that `record` has to wait for. One that waits for it itself is none.
    fn awaited(
        &self,
        record: &VersionRecord,
        chain: &[VersionRecord],
        given_up: &HashSet<(String, i32)>,
    ) -> Option<(String, i32)> {
        let is_held = |target: &(String, i32)| {
            let mut held = chain.iter().chain([record]);
            held.any(|held| held.subject == target.0 && held.version == target.1)
        };
        targets(record).find(|target| {
            !self.is_sent(&target.0, target.1) && !given_up.contains(target) && !is_held(target)
        })
    }

    fn is_sent(&self, subject: &str, version: i32) -> bool {
        self.sent.get(subject).is_some_and(|versions| versions.contains(&version))
    }
}

/// The versions that a record references, by their full names.
pub(crate) fn targets(record: &VersionRecord) -> impl Iterator<Item = (String, i32)> {
    record.references.iter().filter_map(|reference| {
        let subject = names::qualified(reference.subject.as_deref()?, &record.subject);
        Some((subject, reference.version?))
    })
}
