//! Why a transfer stopped.

use std::io;
use std::path::PathBuf;

use levada_serde::client::{RegistryError, RegistryErrorKind};

/// Why a transfer stopped. What concerns one record alone stops nothing and is a problem that the
/// [`Observer`](crate::Observer) is told.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("{request}: {source}")]
    Registry { request: String, source: RegistryError },
    #[error("{request}: unusable answer: {reason}")]
    InvalidAnswer { request: String, reason: String },
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}, line {line}: {reason}", path.display())]
    InvalidArchive { path: PathBuf, line: u64, reason: String },
    #[error("cannot write the archive: {0}")]
    Unwritable(#[source] io::Error),
    #[error(
        "the target's context {context} has subjects already, and takes no other registrations \
         while schemas are imported into it; --force says that this is fine"
    )]
    InUse { context: String },
    #[error(
        "the target does not take mode IMPORT, in which schemas keep their ids, for context \
         {context}: {reason}"
    )]
    NoImportMode { context: String, reason: RegistryErrorKind },
    #[error(
        "the DEKs of subject {subject} under KEK {kek} cannot be read: its config has an alias \
         that leads elsewhere; remove the alias for the time being"
    )]
    HiddenDeks { kek: String, subject: String },
    #[error(
        "{first} leads to a chain of more than {most} references, which no registry should hold"
    )]
    ReferencesTooDeep { first: String, most: usize },
    #[error("one half of the transfer ended without a word; this is a defect of levada")]
    Cut,
}

impl TransferError {
    /// The registry's answer when it refused this one thing: neither the client, nor its rights,
    /// nor the server's state is at fault, so the next thing may well succeed.
    pub(crate) fn refusal(&self) -> Option<&RegistryError> {
        let Self::Registry { source, .. } = self else { return None };
        let concerns_one = matches!(source.status(), Some(400 | 404 | 409 | 413 | 422));
        concerns_one.then_some(source)
    }

    /// The error of a switch to mode IMPORT: whether the registry refused it, or something else
    /// happened.
    pub(crate) fn or_no_import_mode(self, context: &str) -> Self {
        match self {
            Self::Registry { source, .. } if matches!(source.status(), Some(400..500)) => {
                Self::NoImportMode { context: context.to_owned(), reason: source.kind }
            }
            other => other,
        }
    }

    /// The registry's own five-digit code, if it answered with one.
    pub(crate) fn error_code(&self) -> Option<u32> {
        match self {
            Self::Registry { source, .. } => source.error_code(),
            _ => None,
        }
    }
}
