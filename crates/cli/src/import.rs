//! `levada import`: everything from a registry or an archive into another registry.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use levada_transfer::{
    ImportOptions, Observer, Registry, Source, Stopped, Tally, Verified, import, verify,
};

use crate::args::ImportArgs;
use crate::exit::{self, Failure};
use crate::progress::Progress;
use crate::runtime;

pub(crate) fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    runtime::new()?.block_on(transfer(args))
}

async fn transfer(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let mut code = exit::OK;
    if !(args.dry_run && args.verify) {
        let tally = bring(args).await?;
        let done = if args.dry_run { "would import" } else { "imported" };
        say(&format!("{done} {tally}"))?;
        if tally.problems > 0 {
            code = if args.dry_run { exit::FAILED } else { exit::PARTLY };
        }
    }
    if args.verify {
        let Verified { compared, differences } = compare(args).await?;
        say(&format!("compared {compared}; differences: {differences}"))?;
        if differences > 0 && code == exit::OK {
            code = exit::FAILED;
        }
    }
    Ok(ExitCode::from(code))
}

/// Source and target, each with connections of its own.
async fn ends(args: &ImportArgs) -> Result<(Source, Registry), Failure> {
    let target = Registry::at(args.registry.expose())?;
    Ok((Source::open(args.from.expose()).await?, target))
}

async fn bring(args: &ImportArgs) -> Result<Tally, Failure> {
    let (source, target) = ends(args).await?;
    let options = ImportOptions { dry_run: args.dry_run, force: args.force };
    let progress = Progress::new("importing");
    let observer: Arc<dyn Observer> = progress.clone();
    let imported = import(&source, &target, options, &observer).await;
    progress.end();
    imported.map_err(|stopped| failure(stopped, args.dry_run))
}

fn failure(Stopped { error, tally }: Stopped, dry_run: bool) -> Failure {
    if dry_run || tally.brought.total() == 0 {
        return error.into();
    }
    let message = format!(
        "stopped midway: {error}. Until then: {tally}. Contexts may still be in mode IMPORT. The same \
         command goes on from here"
    );
    Failure::new(exit::PARTLY, message)
}

async fn compare(args: &ImportArgs) -> Result<Verified, Failure> {
    let (source, target) = ends(args).await?;
    let progress = Progress::new("comparing");
    let observer: Arc<dyn Observer> = progress.clone();
    let verified = verify(&source, &target, &observer).await;
    progress.end();
    Ok(verified?)
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}")
        .map_err(|error| Failure::new(exit::FAILED, format!("cannot write to stdout: {error}")))
}
