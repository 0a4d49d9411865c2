//! Exit codes, and how a failed command says why: one line on stderr.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Everything is as asked.
pub(crate) const OK: u8 = 0;
/// The schemas are incompatible, or the server could not start or go on.
pub(crate) const FAILED: u8 = 1;
/// Wrong flags or a wrong settings file.
pub(crate) const USAGE: u8 = 2;
/// An input cannot be read, or there is nothing to compare it with.
pub(crate) const NO_INPUT: u8 = 3;
/// A schema does not parse.
pub(crate) const BAD_SCHEMA: u8 = 4;

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

    /// Writes the one line and gives the code.
    pub(crate) fn print(&self) -> ExitCode {
        // A closed stderr leaves the exit code as the only way to say it.
        let _ = writeln!(std::io::stderr(), "levada: {}", self.message);
        ExitCode::from(self.code)
    }
}
