//! `levada check`: schema files against an earlier state of them, with every reason and its place.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use levada_encryption::Secret;
use levada_schema_check::accept;
use levada_schema_check::baseline::{self, Baseline, Loading};
use levada_schema_check::catalog::{Catalog, Source};
use levada_schema_check::check::{self, Options, STACK_BYTES};
use levada_schema_check::layout::Argument;
use levada_schema_check::lint;
use levada_schema_check::report::{Kind, Report, Severity};
use levada_schema_check::server;
use levada_schema_check::settings::LintTable;
use levada_schema_core::CompatibilityLevel;

use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::{OutputArgs, print};
use crate::project::{Files, SettingsArgs, Workspace};
use crate::registry::{AccessArgs, ContextArgs};

pub(crate) const HELP: &str = "\
Examples:
  levada check --against .git#branch=main           what this branch changes
  levada check schemas --against .git#tag=v1,tip    with the exact state of a tag
  levada check --against .git#history=main          with every state, for transitive levels
  levada check --against lock                       with the lock file, offline
  levada check --against https://registry.example.com
  levada check old/order.avsc new/order.avsc --level FULL

A baseline is a state of git (#branch=, #tag=, #ref=, #history=; the last commit in common unless
,tip follows; ,subdir=FOLDER for another place), a folder, a .tar.gz or .zip, a schema file, an
archive of levada export (.jsonl), lock, or the URL of a registry, whose own levels count. Which
files are schemas of which subject, and their levels, stand in levada.toml; without it the paths
say it.";

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folders and files to check; without --against two files, the old one and the new one
    /// [default: the folder of levada.toml, else this one]
    pub(crate) paths: Vec<PathBuf>,
    /// What to compare with; may be repeated, and then all must hold
    #[arg(long, value_name = "BASE")]
    pub(crate) against: Vec<String>,
    /// Compatibility level, whatever the settings and registries say
    #[arg(
        long,
        value_name = "LEVEL",
        long_help = "Compatibility level, whatever the settings and registries say: NONE, BACKWARD (new \
                     reads old), FORWARD (old reads new), FULL (both); the _TRANSITIVE levels compare \
                     with all versions that the baseline has"
    )]
    pub(crate) level: Option<CompatibilityLevel>,
    /// Show with each reason a value that was written with one schema and refused by the other
    #[arg(long)]
    pub(crate) example: bool,
    /// Let a run pass that compared nothing
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Print tables [[accept]] for what was found, to be put into levada.toml
    #[arg(long)]
    pub(crate) print_accept: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

/// Exits 0 when every new schema may follow the old one, 1 when one may not, 4 when one is none.
pub(crate) fn run(args: &CheckArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| checked(args, globals))
}

/// Reading schemas takes more stack than a main thread may have.
pub(crate) fn on_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        let working = builder.spawn_scoped(scope, work);
        let working = working.map_err(|error| {
            Failure::new(exit::FAILED, format!("cannot start a thread: {error}"))
        })?;
        // A panic is a defect of ours and goes on as one.
        working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn checked(args: &CheckArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let (paths, pair) = match (args.against.as_slice(), args.paths.as_slice()) {
        ([], [old, new]) => (vec![new.clone()], Some(old)),
        ([], _) => {
            return Err(Failure::new(
                exit::USAGE,
                "nothing to compare with; say it with --against (.git#branch=main, a folder, lock, the \
                 URL of a registry), or give two files, the old one and the new one; see 'levada check \
                 --help'",
            ));
        }
        (_, paths) => (paths.to_vec(), None),
    };
    must_be_there(&args.paths)?;
    let workspace = Workspace::open(&paths, &args.settings, globals)?;
    let files = workspace.files()?;
    let baselines = if let Some(old) = pair {
        let spec = old.display().to_string();
        vec![load(&workspace, &files, &spec, &Baseline::File(workspace.here.join(old)))?]
    } else {
        let specs = args.against.iter();
        specs
            .map(|spec| baseline(&workspace, &files, spec, args, globals))
            .collect::<Result<_, _>>()?
    };
    let lint = &workspace.project.lint;
    let options = Options {
        level: args.level,
        examples: args.example,
        // Style counts in a check where the settings speak of it.
        style: if *lint == LintTable::default() { Vec::new() } else { lint::chosen(lint)? },
        limits: workspace.limits,
    };
    let mut report = check::check(&files.catalog, &baselines, &options)?;
    let are_all = are_all_files(&workspace);
    // Of git the same files are looked at as of today.
    let comparable =
        baselines.iter().filter(|baseline| are_all || baseline.source == Source::SameRoot);
    report.removed = check::removed(&files.catalog, comparable);
    let is_looked_at = |path: &str| files.layout.is_asked_for(path.trim_start_matches('/'));
    accept::apply(&mut report, &workspace.project.accept, &today(), is_looked_at);
    if args.print_accept {
        print(accept::print(&report))?;
    } else {
        args.output.write(&report, &workspace.places(), globals)?;
    }
    if !args.allow_empty {
        must_have_compared(&report, &baselines)?;
    }
    Ok(ExitCode::from(code(&report)))
}

/// Names all that are missing at once.
fn must_be_there(paths: &[PathBuf]) -> Result<(), Failure> {
    let unreadable = paths.iter().filter_map(|path| {
        let error = std::fs::metadata(path).err()?;
        Some(format!("cannot read {}: {error}", path.display()))
    });
    match unreadable.collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        some => Err(Failure::new(exit::NO_INPUT, some.join("; "))),
    }
}

fn baseline(
    workspace: &Workspace,
    files: &Files,
    spec: &str,
    args: &CheckArgs,
    globals: &Globals,
) -> Result<Catalog, Failure> {
    if baseline::is_registry(spec) {
        let url = Secret::from(spec);
        let endpoint = args.access.endpoint(&url, globals, &workspace.registry)?;
        let client = endpoint.within(&args.context).client()?;
        return Ok(server::load(&client, &files.catalog, &workspace.limits)?);
    }
    let baseline = Baseline::parse(spec, &workspace.here, &workspace.home)?;
    load(workspace, files, spec, &baseline)
}

fn load(
    workspace: &Workspace,
    files: &Files,
    spec: &str,
    baseline: &Baseline,
) -> Result<Catalog, Failure> {
    let whole = workspace.layout(Vec::new())?;
    Ok(baseline::load(
        baseline,
        &Loading {
            spec,
            root: &workspace.root,
            layout: &files.layout,
            whole: &whole,
            new: &files.catalog,
            limits: &workspace.limits,
        },
    )?)
}

/// Whether the files that are checked are all that there are, so that what others have besides is
/// gone. Without rules a folder that is named is all there is.
fn are_all_files(workspace: &Workspace) -> bool {
    let is_folder = |argument: &Argument| matches!(argument, Argument::Folder(_));
    match workspace.project.schemas.as_slice() {
        [] => workspace.arguments.iter().all(is_folder),
        _ => workspace.arguments.is_empty(),
    }
}

/// A green run that compared nothing is what everybody has had once.
fn must_have_compared(report: &Report, baselines: &[Catalog]) -> Result<(), Failure> {
    let reason = match baselines.iter().find(|baseline| !baseline.has_schemas) {
        _ if report.schemas == 0 => "there is no schema to check".to_owned(),
        Some(empty) => format!("there is no schema in {}", empty.label),
        None => return Ok(()),
    };
    let help = "look at the paths and the tables [[schemas]] of levada.toml, or say --allow-empty";
    Err(Failure::new(exit::NO_INPUT, format!("nothing was compared: {reason}; {help}")))
}

/// The exit code that a report stands for.
pub(crate) fn code(report: &Report) -> u8 {
    if report.has(Kind::Invalid) {
        exit::BAD_SCHEMA
    } else if report.count(Severity::Error) > 0 {
        exit::FAILED
    } else {
        exit::OK
    }
}

/// The day as approvals write it.
fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or_default();
    chrono::DateTime::from_timestamp(now, 0)
        .map_or_else(String::new, |now| now.format("%Y-%m-%d").to_string())
}
