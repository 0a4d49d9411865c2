//! Why a check cannot be made at all.

use levada_serde::client::RegistryError;
use levada_transfer::TransferError;

/// Why a check cannot be made. What is wrong with single schemas is a finding instead.
#[derive(Debug, thiserror::Error)]
pub enum CheckFailure {
    #[error("levada.toml, table {table}: {reason}")]
    Settings { table: &'static str, reason: String },
    #[error("{0}")]
    Usage(String),
    #[error("cannot read {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error(
        "subject {subject} would be both {first} and {second}; tell them apart with subject = … in a \
         table [[schemas]] of levada.toml"
    )]
    SameSubject { subject: String, first: String, second: String },
    #[error(
        "subjects {first} and {second} would both be the file {path}, by the names that schemas refer \
         to them by; nothing was written. Pull them into different folders: name subjects, and \
         --output"
    )]
    SameFile { path: String, first: String, second: String },
    #[error("{0}")]
    Baseline(String),
    #[error("a baseline of git needs the program git, which cannot be started: {0}")]
    NoGit(std::io::Error),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Client(#[from] levada_serde::Error),
    #[error("cannot start threads: {0}")]
    Threads(std::io::Error),
}
