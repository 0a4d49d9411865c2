//! Brings everything from a source to a registry.
//!
//! The order is that of the records: KEKs and DEKs, versions, soft deletions, configs, modes. So
//! nothing is refused for a reference that is not there yet, no alias leads a registration
//! elsewhere, and no read-only mode is in the way. While versions come, their context is in mode
//! IMPORT; at the end every mode is what the source says, or what it was before.

mod keys;
mod modes;
mod settings;
mod target;
mod versions;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use target::Target;

use crate::{Counts, Observer, Registry, Source, TransferError};

/// How an import is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Only find out what would be done.
    pub dry_run: bool,
    /// Import also into contexts that have subjects already.
    pub force: bool,
}

/// What an import has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that were brought over; in a dry run, that would be.
    pub brought: Counts,
    /// Records that the target had already.
    pub unchanged: Counts,
    /// DEKs that the target has already and could not show, so that they may be other keys. The
    /// observer was told.
    pub unread: u64,
    /// Records that could not be brought over, of which the observer was told.
    pub problems: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { brought, unchanged, unread, problems } = self;
        write!(f, "{} new ({brought}), ", brought.total())?;
        write!(f, "{} there already ({unchanged}), ", unchanged.total())?;
        if *unread > 0 {
            write!(f, "{unread} there but not readable, ")?;
        }
        write!(f, "{problems} refused")
    }
}

/// An import that did not reach its end.
#[derive(Debug)]
pub struct Stopped {
    pub error: TransferError,
    /// What was done until then.
    pub tally: Tally,
}

/// Brings every record of `source` to `target`.
///
/// What is there already is left alone, so an import that was stopped goes on when it is started
/// again. Another content under the same id, version or name is never overwritten: the observer is
/// told, and the rest goes on.
pub async fn import(
    source: &Source,
    target: &Registry,
    options: ImportOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Tally, Stopped> {
    let target = Target::new(target, options, &**observer);
    let mut brought = bring_all(source, &target, observer).await;
    if let Err(TransferError::InUse { .. }) = &brought {
        // It goes on with other options or not at all, so nothing is kept waiting for it.
        brought = modes::restore_all(&BTreeSet::new(), &target).await.and(brought);
    }
    let tally = target.tally();
    brought.map(|()| tally).map_err(|error| Stopped { error, tally })
}

async fn bring_all(
    source: &Source,
    target: &Target<'_>,
    observer: &Arc<dyn Observer>,
) -> Result<(), TransferError> {
    target.registry.reach().await?;
    let mut records = source.records(observer);
    keys::bring(&mut records, target).await?;
    versions::bring(&mut records, target).await?;
    settings::bring(&mut records, target).await?;
    modes::bring(&mut records, target).await
}
