//! `levada import`: everything from a registry or an archive into another registry.

use std::process::ExitCode;
use std::sync::Arc;

use levada_transfer::{
    ImportOptions, Observer, Registry, Source, Stopped, Tally, Verified, import, verify,
};

use crate::args::ImportArgs;
use crate::deploy::source;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::progress::Progress;
use crate::runtime;

pub(crate) fn run(args: &ImportArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    runtime::new()?.block_on(transfer(args, globals))
}

async fn transfer(args: &ImportArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let mut code = exit::OK;
    if !(args.dry_run && args.verify) {
        let tally = bring(args, globals).await?;
        let done = if args.dry_run { "would import" } else { "imported" };
        globals.tell(format_args!("{done} {tally}\n"))?;
        if tally.problems > 0 {
            code = if args.dry_run { exit::FAILED } else { exit::PARTLY };
        }
    }
    if args.verify {
        let Verified { compared, differences } = compare(args, globals).await?;
        globals.tell(format_args!("compared {compared}; differences: {differences}\n"))?;
        if differences > 0 && code == exit::OK {
            code = exit::FAILED;
        }
    }
    Ok(ExitCode::from(code))
}

/// Source and target, each with connections of its own.
async fn ends(args: &ImportArgs, globals: &Globals) -> Result<(Source, Registry), Failure> {
    let mut endpoint =
        args.access.endpoint(&args.registry, globals, &globals.settings()?.registry)?;
    endpoint.context = None;
    let token_file = args.from_token_file.as_deref();
    Ok((source(&args.from, &args.access, token_file, globals).await?, endpoint.whole()?))
}

async fn bring(args: &ImportArgs, globals: &Globals) -> Result<Tally, Failure> {
    let (source, target) = ends(args, globals).await?;
    let options = ImportOptions { dry_run: args.dry_run, force: args.force };
    let progress = Progress::new("importing", globals);
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
         command goes on from here and names those"
    );
    Failure::new(exit::PARTLY, message)
}

async fn compare(args: &ImportArgs, globals: &Globals) -> Result<Verified, Failure> {
    let (source, target) = ends(args, globals).await?;
    let progress = Progress::new("comparing", globals);
    let observer: Arc<dyn Observer> = progress.clone();
    let verified = verify(&source, &target, &observer).await;
    progress.end();
    Ok(verified?)
}
