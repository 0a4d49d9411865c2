//! The commands on schema files that need no baseline: `lint`, `fmt`, `lock`, `diff`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use levada_encryption::Secret;
use levada_schema_check::baseline::{self, Baseline, LOCK_FILE, Loading, is_registry};
use levada_schema_check::catalog::Catalog;
use levada_schema_check::check;
use levada_schema_check::diff::{Diff, diff};
use levada_schema_check::layout::Layout;
use levada_schema_check::render::plain;
use levada_schema_check::{format, lint, lock, samples, server, stored};
use levada_schema_core::Validation;
use levada_transfer::export;

use crate::check::{code, on_large_stack};
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::{OutputArgs, print};
use crate::progress::Progress;
use crate::project::{FilesArgs, SettingsArgs, Workspace};
use crate::registry::{AccessArgs, ContextArgs, Endpoint};
use crate::runtime;

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Exits 0 when every schema parses and keeps to the rules, 1 when it does not, 4 when it is none.
pub(crate) fn run_lint(args: &LintArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let workspace = args.files.workspace(globals)?;
        let rules = lint::chosen(&workspace.project.lint)?;
        let files = workspace.files()?;
        must_be_there(&files.catalog)?;
        let report = lint::lint(&files.catalog, &rules, &workspace.limits);
        args.output.write(&report, &workspace.places(), globals)?;
        Ok(ExitCode::from(code(&report)))
    })
}

pub(crate) fn must_be_there(catalog: &Catalog) -> Result<(), Failure> {
    if !catalog.subjects.is_empty() {
        return Ok(());
    }
    let message =
        "there is no schema here; look at the paths and the tables [[schemas]] of levada.toml";
    Err(Failure::new(exit::NO_INPUT, message))
}

/// Exits 1 when a sample is not taken or refused as its name says, 3 when there is none.
pub(crate) fn run_test(args: &LintArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let workspace = args.files.workspace(globals)?;
        let files = workspace.files()?;
        must_be_there(&files.catalog)?;
        let report = samples::test(&workspace.root, &files.catalog, &workspace.limits)?;
        args.output.write(&report, &workspace.places(), globals)?;
        if report.pairs.is_empty() && report.findings.is_empty() {
            let message =
                "no schema has a sample beside it: NAME.ok.json, NAME.bad.json or NAME.hex";
            return Err(Failure::new(exit::NO_INPUT, message));
        }
        Ok(ExitCode::from(code(&report)))
    })
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// Change nothing, name what would change, and exit 1 if there is any
    #[arg(long)]
    check: bool,
}

/// Exits 4 when a file is no schema; it stays as it is.
pub(crate) fn run_fmt(args: &FmtArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let mut workspace = args.files.workspace(globals)?;
        let places = workspace.places();
        // Hooks name all files that changed and look like schemas.
        for path in workspace.leave_out_files_without_rule()? {
            let path = places.path_from_here(&path);
            let message = "left as it is: no table [[schemas]] of levada.toml has a path for it";
            globals.tell(plain(&format!("{path}: {message}\n")))?;
        }
        if args.files.are_named() && workspace.arguments.is_empty() {
            return Ok(ExitCode::from(exit::OK));
        }
        let files = workspace.files()?;
        must_be_there(&files.catalog)?;
        let (mut changed, mut code) = (0_usize, exit::OK);
        for version in files.catalog.subjects.values().flat_map(|subject| &subject.versions) {
            let place = places.path_from_here(&version.place);
            if let Err(error) = check::parse(version, Validation::Stored, &workspace.limits) {
                print(plain(&format!("{place}: no schema: {error}\n")))?;
                code = exit::BAD_SCHEMA;
                continue;
            }
            match format::format(version.schema_type, &version.text) {
                Err(reason) => print(plain(&format!("{place}: left as it is: {reason}\n")))?,
                Ok(text) if text == *version.text => {}
                Ok(text) => {
                    changed += 1;
                    let line = format!("{}\n", plain(&place));
                    if args.check {
                        print(line)?;
                    } else {
                        globals.tell(line)?;
                        write(&workspace.root.join(version.place.trim_start_matches('/')), &text)?;
                    }
                }
            }
        }
        let is_found = args.check && changed > 0 && code == exit::OK;
        Ok(ExitCode::from(if is_found { exit::FAILED } else { code }))
    })
}

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// Take the versions of a registry, or of an archive of levada export, instead of the files
    #[arg(long, env = "LEVADA_FROM", value_name = "URL|FILE", hide_env_values = true)]
    from: Option<Secret>,
    /// Change nothing, and exit 1 if the lock file is out of date
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    access: AccessArgs,
}

pub(crate) fn run_lock(args: &LockArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let workspace = args.files.workspace(globals)?;
        let has_rules = !workspace.project.schemas.is_empty();
        if args.files.are_named() && (has_rules || args.from.is_some()) {
            let message = "levada.lock holds all schemas, of levada.toml or of --from, so that none is \
                           lost from it: leave out the paths";
            return Err(Failure::new(exit::USAGE, message));
        }
        let versions = match &args.from {
            Some(from) if is_registry(from.expose()) => {
                let endpoint = args.access.endpoint(from, globals, &workspace.registry)?;
                of_registry(&endpoint, globals)?
            }
            Some(file) => stored::of_archive(Path::new(file.expose()))?.versions,
            None => {
                let files = workspace.files()?;
                must_be_there(&files.catalog)?;
                lock::of_catalog(&files.catalog)
            }
        };
        let text = levada_lock_file::write(&versions);
        let path = workspace.home.join(LOCK_FILE);
        if args.check {
            let is_same = std::fs::read_to_string(&path).is_ok_and(|present| present == text);
            let word = if is_same { "up to date" } else { "out of date; run levada lock" };
            let line = format_args!("{LOCK_FILE} is {word}\n");
            if is_same {
                globals.tell(line)?;
            } else {
                print(line)?;
            }
            return Ok(ExitCode::from(if is_same { exit::OK } else { exit::FAILED }));
        }
        write(&path, &text)?;
        globals.tell(format_args!("wrote {LOCK_FILE}: {} versions\n", versions.len()))?;
        Ok(ExitCode::from(exit::OK))
    })
}

/// Through an archive that goes away.
fn of_registry(
    endpoint: &Endpoint,
    globals: &Globals,
) -> Result<Vec<levada_lock_file::StoredVersion>, Failure> {
    let registry = endpoint.whole()?;
    let unwritable = |error| Failure::new(exit::FAILED, format!("no temporary file: {error}"));
    let file = tempfile::NamedTempFile::new().map_err(unwritable)?;
    let progress = Progress::new("reading", globals);
    let observer = Arc::clone(&progress);
    let out = std::io::BufWriter::new(file.as_file());
    let exported = runtime::new()?.block_on(export(&registry, out, observer));
    progress.end();
    exported?;
    Ok(stored::of_archive(file.path())?.versions)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::new(exit::FAILED, format!("cannot write {}: {error}", path.display()))
    })
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The state of before, as --against of levada check takes it
    old: String,
    /// The state of after [default: the files as they are]
    new: Option<String>,
    /// Show the changed lines, too
    #[arg(long)]
    text: bool,
    /// Exit 1 where there is a difference
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    context: ContextArgs,
}

pub(crate) fn run_diff(args: &DiffArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let workspace = Workspace::open(&[], &args.settings, globals)?;
        let layout = workspace.layout(Vec::new())?;
        let state = |spec: &str, other: Option<&Catalog>| {
            if !is_registry(spec) {
                return state(&workspace, &layout, spec, other);
            }
            let url = Secret::from(spec);
            let endpoint = args.access.endpoint(&url, globals, &workspace.registry)?;
            let client = endpoint.within(&args.context).client()?;
            Ok(server::load_all(&client, &workspace.limits)?)
        };
        let new = match &args.new {
            None => workspace.files()?.catalog,
            Some(spec) => state(spec, None)?,
        };
        let old = state(&args.old, Some(&new))?;
        let found = diff(&old, &new, &workspace.limits, args.text)?;
        print(plain(&found.text))?;
        Ok(ExitCode::from(match found {
            Diff { unreadable: 1.., .. } => exit::BAD_SCHEMA,
            Diff { changed: 1.., .. } if args.exit_code => exit::FAILED,
            _ => exit::OK,
        }))
    })
}

/// The schemas of a state; a single file is the other side of the only schema in `other`.
fn state(
    workspace: &Workspace,
    layout: &Layout,
    spec: &str,
    other: Option<&Catalog>,
) -> Result<Catalog, Failure> {
    let baseline = Baseline::parse(spec, &workspace.here, &workspace.home)?;
    let none = Catalog::default();
    let new = match (&baseline, other) {
        (Baseline::File(path), None) => return Ok(baseline::alone(path, spec, &workspace.limits)?),
        (_, other) => other.unwrap_or(&none),
    };
    let limits = &workspace.limits;
    let root = &workspace.root;
    Ok(baseline::load(&baseline, &Loading { spec, root, layout, whole: layout, new, limits })?)
}
