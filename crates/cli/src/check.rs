//! `levada check OLD NEW`: the registry's verdict on two files, offline, with all reasons.

use std::process::ExitCode;

use crate::args::CheckArgs;
use crate::exit::Failure;

pub(crate) fn run(_args: &CheckArgs) -> Result<ExitCode, Failure> {
    Err(Failure::new(crate::exit::NO_INPUT, "later"))
}
