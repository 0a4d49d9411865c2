//! Rust types out of Avro schema files, for build scripts of programs with `levada-serde`; and a
//! build that fails where a schema file is not what the registry has.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), levada_serde_build::BuildError> {
//!     levada_serde_build::Builder::new()
//!         .schema("schemas/line.avsc")
//!         .schema("schemas/order.avsc") // may use the types of the files before it
//!         .lock_file("levada.lock") // made by `levada lock`
//!         .locked("schemas/order.avsc", "orders-value")
//!         .generate("schemas.rs")
//! }
//! ```
//!
//! The program takes them with
//! `include!(concat!(env!("OUT_DIR"), "/schemas.rs"));`. Each record is a struct that derives
//! `levada_serde::AvroRecord`, each enum an enum, each union that is more than null and another type
//! an enum called after record and field. Names become what Rust calls such things, and keep their
//! Avro name beside it.
//!
//! | Avro | Rust |
//! |---|---|
//! | `boolean`, `int`, `long`, `float`, `double`, `string`, `bytes` | `bool`, `i32`, `i64`, `f32`, `f64`, `String`, `Vec<u8>` |
//! | array, map | `Vec<T>`, `BTreeMap<String, T>` |
//! | `["null", T]` | `Option<T>` |
//! | fixed | `struct Name(pub [u8; N])` |
//! | dates, times, uuids, durations | their base type, with `#[avro(logical = "…")]` |
//! | decimals | `Vec<u8>` or their fixed type, with `#[avro(decimal(…))]` |
//!
//! Properties that Avro itself does not know, such as
//! tags, are no part of the types: where a schema has some, a serializer of the types takes the
//! registry's own with `SchemaSource::Latest`.
//!
//! For structs that are written by hand, `#[avro(schema = "schemas/order.avsc")]` beside
//! `#[derive(AvroRecord)]` compares the struct with a file when it is compiled, and
//! [`Builder::locked`] that file with the registry.

mod code;
mod error;
mod lock;
mod model;
mod names;

use std::path::{Path, PathBuf};

pub use error::BuildError;

/// What a build script wants; see [the crate](crate).
#[derive(Clone, Debug, Default)]
pub struct Builder {
    schemas: Vec<PathBuf>,
    lock_file: Option<PathBuf>,
    locked: Vec<(PathBuf, String)>,
    derives: Vec<String>,
}

impl Builder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a schema file, which may use the types of those added before. Paths are relative to the
    /// package.
    #[must_use]
    pub fn schema(mut self, path: impl Into<PathBuf>) -> Self {
        self.schemas.push(path.into());
        self
    }

    /// The lock file that [`Self::locked`] compares with.
    #[must_use]
    pub fn lock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock_file = Some(path.into());
        self
    }

    /// Lets the build fail unless a file, which was added by [`Self::schema`], is what the lock file
    /// has as the newest version of a subject: the same text, as the registry prints it.
    #[must_use]
    pub fn locked(mut self, path: impl Into<PathBuf>, subject: impl Into<String>) -> Self {
        self.locked.push((path.into(), subject.into()));
        self
    }

    /// Derives something more for every type, such as `serde::Serialize`.
    #[must_use]
    pub fn derive(mut self, path: impl Into<String>) -> Self {
        self.derives.push(path.into());
        self
    }

    /// Writes the types to a file of this name in `OUT_DIR`, after all checks, and lets cargo run the
    /// build script again when a file changes.
    #[expect(clippy::print_stdout, reason = "that is how a build script talks to cargo")]
    pub fn generate(self, file_name: &str) -> Result<(), BuildError> {
        for path in self.schemas.iter().chain(&self.lock_file) {
            println!("cargo:rerun-if-changed={}", path.display());
        }
        let folder = std::env::var_os("OUT_DIR").ok_or(BuildError::NoBuildScript)?;
        let path = Path::new(&folder).join(file_name);
        let text = self.code()?;
        std::fs::write(&path, text).map_err(|source| BuildError::File { path, source })
    }

    /// The text of the types, after all checks.
    pub fn code(&self) -> Result<String, BuildError> {
        let mut sources = Vec::new();
        for path in &self.schemas {
            sources.push(Source { path: path.clone(), text: read(path)? });
        }
        let parsed = model::parse(&sources)?;
        if let Some((path, subject)) = self.locked.first() {
            let Some(lock_file) = &self.lock_file else {
                let subject = subject.clone();
                return Err(BuildError::NoLockFile { path: path.clone(), subject });
            };
            lock::check(lock_file, &read(lock_file)?, &sources, &self.locked)?;
        }
        code::write(&parsed, &self.derives)
    }
}

/// A schema file.
struct Source {
    path: PathBuf,
    text: String,
}

fn read(path: &Path) -> Result<String, BuildError> {
    let failed = |source| BuildError::File { path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(failed)
}
