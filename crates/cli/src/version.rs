//! `levada version`: which levada this is.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::exit::{self, Failure};
use crate::output::print;

#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// For scripts, with the system that it was built for
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &VersionArgs) -> Result<ExitCode, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if args.json {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        print(format_args!("{:#}\n", json!({"version": version, "os": os, "arch": arch})))?;
    } else {
        print(format_args!("levada {version}\n"))?;
    }
    Ok(ExitCode::from(exit::OK))
}
