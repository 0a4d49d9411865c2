//! Moves a schema registry: into an archive, from there or straight into another registry, and
//! compares the two.
//!
//! All of it goes through the REST API, so source and target can be any Confluent-compatible
//! registry, and nothing that a registry decides is decided here.
//!
//! A [`Source`] is a registry or an archive; both give the same [`Record`]s in the same order:
//! KEKs, DEKs, versions (each behind the ones it references), configs, modes. [`export`] writes them
//! down, [`import`] brings them to a target, [`verify`] compares them with one. An import looks at
//! what the target has before it writes anything, so it needs no memory of an earlier run: what is
//! there already is left alone, and what is there with another content is a problem that is told.
//!
//! # What a registry does not tell
//!
//! Configs and modes can only be asked for by name. Those of contexts, of subjects and of aliases
//! whose target exists are found; those of names that are nothing else yet are not. An empty
//! context is not made, times of registration are the target's, and associations with topics stay
//! behind. A level that is left out of a config is shown, and so moved, as the level in force.

mod archive;
mod compare;
mod error;
mod export;
mod import;
mod names;
mod observer;
mod reading;
mod record;
mod registry;
mod source;
mod verify;
mod window;

pub use archive::{Archive, ArchiveHeader, FORMAT, FORMAT_VERSION, each_record};
pub use error::TransferError;
pub use export::export;
pub use import::{ImportOptions, Stopped, Tally, import};
pub use observer::Observer;
pub use record::{ConfigRecord, Counts, DekRecord, KekRecord, ModeRecord, Record, VersionRecord};
pub use registry::Registry;
pub use source::Source;
pub use verify::{Verified, verify};
