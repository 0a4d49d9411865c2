//! `levada completions` and `levada man`: made from the same tree of commands that is run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::exit::{self, Failure};
use crate::output::print;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

pub(crate) fn run_completions(
    args: &CompletionsArgs,
    mut line: clap::Command,
) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut line, "levada", &mut script);
    print(String::from_utf8_lossy(&script))?;
    Ok(ExitCode::from(exit::OK))
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder that the pages are written into, one a command
    folder: PathBuf,
}

pub(crate) fn run_man(args: &ManArgs, line: clap::Command) -> Result<ExitCode, Failure> {
    let written = std::fs::create_dir_all(&args.folder)
        .and_then(|()| clap_mangen::generate_to(line, &args.folder));
    written.map_err(|error| {
        let message = format!("cannot write into {}: {error}", args.folder.display());
        Failure::new(exit::FAILED, message)
    })?;
    Ok(ExitCode::from(exit::OK))
}
