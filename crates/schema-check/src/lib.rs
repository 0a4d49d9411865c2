//! Checks schema files against an earlier state of them: which files are schemas, what they were
//! before, and what of the change a reader cannot take, with its place in both.
//!
//! A [`Tree`](tree::Tree) is a state of files, from a folder ([`folder`]) or from git ([`git`]). A
//! [`Layout`](layout::Layout) says which of them are schemas of which subject. Together they give a
//! [`Catalog`](catalog::Catalog): subjects with versions, each with all it refers to; a lock file, an
//! archive and a registry give one, too. [`check()`](check::check) compares two catalogs with the
//! engine of the registry and gives a [`Report`](report::Report), which [`render`] words.
//!
//! No verdict is made here: all of them come from levada-schema-core.

pub mod accept;
pub mod baseline;
pub mod catalog;
pub mod check;
mod closure;
mod context;
pub mod deploy;
pub mod diff;
pub mod error;
pub mod explain;
pub mod folder;
pub mod format;
mod format_proto;
pub mod git;
pub mod init;
pub mod layout;
pub mod lint;
pub mod lock;
pub mod packed;
pub mod pull;
mod registered;
pub mod render;
pub mod report;
pub mod samples;
pub mod server;
pub mod settings;
pub mod stored;
pub mod tree;

pub use error::CheckFailure;
