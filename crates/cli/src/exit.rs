//! Exit codes, and how a failed command says why: one line on stderr.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use levada_schema_check::CheckFailure;
use levada_schema_check::render::plain;
use levada_transfer::TransferError;

/// Everything is as asked.
pub(crate) const OK: u8 = 0;
/// The schemas are incompatible, registries differ, or the server could not start or go on.
pub(crate) const FAILED: u8 = 1;
/// Wrong flags or a wrong settings file.
pub(crate) const USAGE: u8 = 2;
/// An input cannot be read, or there is nothing to compare it with.
pub(crate) const NO_INPUT: u8 = 3;
/// A schema does not parse.
pub(crate) const BAD_SCHEMA: u8 = 4;
/// A registry or a broker cannot be reached, or refuses.
pub(crate) const REGISTRY: u8 = 5;
/// Something was changed, but not everything that was asked for.
pub(crate) const PARTLY: u8 = 6;
/// A panic.
pub(crate) const DEFECT: u8 = 70;

/// Why a command ends early, and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Writes the one line and gives the code.
    pub(crate) fn print(&self) -> ExitCode {
        // A closed stderr leaves the exit code as the only way to say it.
        let _ = writeln!(std::io::stderr(), "levada: {}", plain(&self.message));
        ExitCode::from(self.code)
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let code = match &error {
            TransferError::InUse { .. } => USAGE,
            TransferError::Unreadable { .. }
            | TransferError::InvalidArchive { .. }
            | TransferError::HiddenDeks { .. }
            | TransferError::ReferencesTooDeep { .. } => NO_INPUT,
            TransferError::Registry { .. }
            | TransferError::InvalidAnswer { .. }
            | TransferError::NoImportMode { .. } => REGISTRY,
            TransferError::Unwritable(_) | TransferError::Cut => FAILED,
        };
        Self::new(code, error)
    }
}

impl From<CheckFailure> for Failure {
    fn from(error: CheckFailure) -> Self {
        let code = match error {
            CheckFailure::Settings { .. }
            | CheckFailure::Usage(_)
            | CheckFailure::SameSubject { .. }
            | CheckFailure::SameFile { .. } => USAGE,
            CheckFailure::Unreadable { .. }
            | CheckFailure::Baseline(_)
            | CheckFailure::NoGit(_) => NO_INPUT,
            CheckFailure::Registry(_) | CheckFailure::Client(_) => REGISTRY,
            CheckFailure::Threads(_) => FAILED,
            CheckFailure::Transfer(error) => return error.into(),
        };
        Self::new(code, error)
    }
}
