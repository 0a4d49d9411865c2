//! A registry into an archive.

use std::io::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::archive::ArchiveWriter;
use crate::{
    ArchiveHeader, Counts, FORMAT, FORMAT_VERSION, Observer, Registry, Source, TransferError,
};

/// Writes everything that `registry` holds to `out`, and answers how much it was.
///
/// It is no snapshot: what changes meanwhile may be there as it was before or after.
pub async fn export(
    registry: &Registry,
    out: impl Write,
    observer: Arc<dyn Observer>,
) -> Result<Counts, TransferError> {
    registry.reach().await?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = ArchiveHeader {
        format: FORMAT.to_owned(),
        version: FORMAT_VERSION,
        source: registry.url(),
        cluster_id: registry.cluster_id().await?,
        created,
    };
    let mut archive = ArchiveWriter::begin(out, header)?;
    let mut records = Source::Registry(registry.clone()).records(&observer);
    while let Some(record) = records.next().await? {
        archive.write(&record)?;
    }
    archive.end()
}
