//! Why a build fails.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a build script cannot go on. Its `Debug` form, which is what cargo shows of a failed `main`, is
/// the sentence itself.
#[non_exhaustive]
pub enum BuildError {
    /// `OUT_DIR` is not set.
    NoBuildScript,
    /// A file cannot be read or written.
    File { path: PathBuf, source: io::Error },
    /// A file is no schema.
    Schema { path: PathBuf, reason: String },
    /// A schema has something that no Rust type stands for.
    Unsupported { path: PathBuf, place: String, reason: String },
    /// Two things would have the same name in Rust.
    NameClash { place: String, name: String },
    /// A file is to be compared with no lock file.
    NoLockFile { path: PathBuf, subject: String },
    /// A lock file that cannot be gone by.
    Lock { path: PathBuf, reason: String },
    /// A file is not what the lock file has.
    Differs { path: PathBuf, subject: String, version: i32, difference: String },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBuildScript => {
                f.write_str("OUT_DIR is not set; call `generate` from a build script")
            }
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Schema { path, reason } => {
                write!(f, "{} is no Avro schema: {reason}", path.display())
            }
            Self::Unsupported { path, place, reason } => {
                write!(f, "{}, `{place}`: {reason}", path.display())
            }
            Self::NameClash { place, name } => {
                write!(
                    f,
                    "`{place}` would be called `{name}` in Rust, as something else is already"
                )
            }
            Self::NoLockFile { path, subject } => write!(
                f,
                "{} is to be compared with subject '{subject}', but there is no `lock_file`",
                path.display()
            ),
            Self::Lock { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Differs { path, subject, version, difference } => write!(
                f,
                "{} is not version {version} of subject '{subject}' in the lock file: {difference}; \
                 register it and run `levada lock`, or bring the file back",
                path.display()
            ),
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
