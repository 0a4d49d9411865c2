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
use crate::progress::Progress;
use crate::runtime;

/// Only for its owner: an archive has wrapped keys, and what the settings of a KMS hold.
const FILE_MODE: u32 = 0o600;

pub(crate) fn run(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let registry = Registry::at(args.registry.expose())?;
    let counts = if args.output == Path::new("-") {
        write(&registry, io::stdout().lock())?
    } else {
        write_file(&registry, &args.output)?
    };
    // A closed stderr leaves the exit code to say it.
    let _ = writeln!(io::stderr(), "exported {counts}");
    Ok(ExitCode::from(exit::OK))
}

fn write_file(registry: &Registry, path: &Path) -> Result<Counts, Failure> {
    let part = part_of(path);
    let failed = |error: io::Error| {
        Failure::new(exit::FAILED, format!("cannot write {}: {error}", part.display()))
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE_MODE);
    let file = options.open(&part).map_err(failed)?;
    let counts = write(registry, &file)?;
    File::sync_all(&file).and_then(|()| fs::rename(&part, path)).map_err(failed)?;
    Ok(counts)
}

fn write(registry: &Registry, out: impl Write) -> Result<Counts, Failure> {
    let progress = Progress::new("exporting");
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
