//! `levada export`: a registry into an archive, which appears under its name only when whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use levada_transfer::{Counts, Registry, export};

use crate::args::ExportArgs;
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::progress::Progress;
use crate::runtime;

/// Only for its owner: an archive has wrapped keys, and what the settings of a KMS hold.
const FILE_MODE: u32 = 0o600;

pub(crate) fn run(args: &ExportArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let mut endpoint = args.registry.endpoint(globals, &globals.settings()?.registry)?;
    endpoint.context = None;
    let registry = endpoint.whole()?;
    let counts = if args.output == Path::new("-") {
        write(&registry, io::stdout().lock(), globals)?
    } else {
        write_file(&registry, &args.output, globals)?
    };
    if !globals.quiet {
        // A closed stderr leaves the exit code to say it.
        let _ = writeln!(io::stderr(), "exported {counts}");
    }
    Ok(ExitCode::from(exit::OK))
}

fn write_file(registry: &Registry, path: &Path, globals: &Globals) -> Result<Counts, Failure> {
    let part = part_of(path);
    let failed = |error: io::Error| {
        Failure::new(exit::FAILED, format!("cannot write {}: {error}", part.display()))
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE_MODE);
    let file = options.open(&part).map_err(failed)?;
    let written = write(registry, &file, globals).and_then(|counts| {
        File::sync_all(&file).and_then(|()| fs::rename(&part, path)).map_err(failed)?;
        Ok(counts)
    });
    if written.is_err() {
        // What made it fail is told; a part that stays is overwritten by the next export.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write(registry: &Registry, out: impl Write, globals: &Globals) -> Result<Counts, Failure> {
    let progress = Progress::new("exporting", globals);
    let observer = Arc::clone(&progress);
    let exported = runtime::new()?.block_on(export(registry, BufWriter::new(out), observer));
    progress.end();
    Ok(exported?)
}

/// The file while it is not whole.
fn part_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    PathBuf::from(name)
}
