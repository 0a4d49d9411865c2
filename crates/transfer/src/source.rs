//! Where records come from: a registry, or an archive of one.

use std::path::Path;
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use tokio::sync::mpsc;

use crate::archive::Archive;
use crate::{Observer, Record, Registry, TransferError, reading};

/// Records that are read ahead.
const AHEAD_MAX: usize = 64;

/// Where records come from.
#[derive(Clone, Debug)]
pub enum Source {
    Registry(Registry),
    Archive(Archive),
}

impl Source {
    /// A registry, once it has answered.
    pub async fn registry(registry: Registry) -> Result<Self, TransferError> {
        registry.reach().await?;
        Ok(Self::Registry(registry))
    }

    /// The archive in a file, which is read through once: a cut or damaged one is refused before
    /// anything is done with it.
    pub fn archive(path: &Path) -> Result<Self, TransferError> {
        Archive::open(path).map(Self::Archive)
    }

    /// All records in their order: KEKs, DEKs, versions with references first, configs, modes.
    pub(crate) fn records(&self, observer: &Arc<dyn Observer>) -> Records {
        let (sender, receiver) = mpsc::channel(AHEAD_MAX);
        let outlet = Outlet { sender, observer: Arc::clone(observer) };
        let source = self.clone();
        tokio::spawn(async move {
            let read = match &source {
                Self::Registry(registry) => reading::read(registry, &outlet).await,
                Self::Archive(archive) => archive.read(&outlet).await,
            };
            // Whoever hung up needs no last word.
            let _ = outlet.sender.send(read.map(|()| None)).await;
        });
        Records { receiver, peeked: None, ended: false }
    }
}

/// Where a reader puts records.
pub(crate) struct Outlet {
    /// Records, then the end or why there is none.
    sender: mpsc::Sender<Result<Option<Record>, TransferError>>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Outlet {
    /// Fails when nobody wants the record, so that the reader stops.
    pub(crate) async fn send(&self, record: Record) -> Result<(), TransferError> {
        self.sender.send(Ok(Some(record))).await.map_err(|_| TransferError::Cut)
    }
}

/// The records of a source, one after the other.
pub(crate) struct Records {
    receiver: mpsc::Receiver<Result<Option<Record>, TransferError>>,
    peeked: Option<Record>,
    ended: bool,
}

impl Records {
    /// The next record; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Record>, TransferError> {
        if let Some(record) = self.peeked.take() {
            return Ok(Some(record));
        }
        if self.ended {
            return Ok(None);
        }
        // The end is said; silence means that the reader broke.
        let record = self.receiver.recv().await.unwrap_or(Err(TransferError::Cut))?;
        self.ended = record.is_none();
        Ok(record)
    }

    /// The next record if it is `wanted`; otherwise it stays.
    pub(crate) async fn next_of<T>(
        &mut self,
        wanted: fn(Record) -> Result<T, Record>,
    ) -> Result<Option<T>, TransferError> {
        let Some(record) = self.next().await? else {
            return Ok(None);
        };
        match wanted(record) {
            Ok(found) => Ok(Some(found)),
            Err(other) => {
                self.peeked = Some(other);
                Ok(None)
            }
        }
    }

    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Record, TransferError>> {
        stream::try_unfold(self, |mut records| async move {
            Ok(records.next().await?.map(|record| (record, records)))
        })
    }
}
