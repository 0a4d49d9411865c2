//! `levada plan`, `apply`, `push`, `pull` and `compare`: schema files and registries.

use std::collections::VecDeque;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use levada_encryption::Secret;
use levada_schema_check::baseline::is_registry;
use levada_schema_check::check::{self, Options};
use levada_schema_check::deploy::{Deployment, Plan, Scope, Step};
use levada_schema_check::report::{Kind, Report, plural};
use levada_schema_check::{pull, server};
use levada_serde::RegistryClient;
use levada_transfer::{Observer, Source, verify};

use crate::check::{code, on_large_stack};
use crate::config_file;
use crate::exit::{self, Failure};
use crate::globals::{Globals, working_folder};
use crate::output::{OutputArgs, print};
use crate::progress::Progress;
use crate::project::{Files, FilesArgs, Workspace};
use crate::registry::{AccessArgs, ContextArgs, RegistryArgs};
use crate::runtime;
use crate::schemas::must_be_there;

/// Files, and the registry that they are for.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Plan to delete subjects of the context that no file has
    #[arg(long)]
    prune: bool,
    /// Exit 1 where there is something to do
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Delete subjects of the context that no file has (soft, so that it can be undone)
    #[arg(long)]
    prune: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Files with the registry that they are for.
struct Target {
    workspace: Workspace,
    files: Files,
    client: RegistryClient,
}

impl Target {
    /// With `prunes`, what no file has is going to be deleted.
    fn open(args: &TargetArgs, prunes: bool, globals: &Globals) -> Result<Self, Failure> {
        let workspace = args.files.workspace(globals)?;
        if prunes && args.files.are_named() && !workspace.project.schemas.is_empty() {
            let message = "--prune deletes what no file of levada.toml has, so it looks at all of \
                           them: leave out the paths";
            return Err(Failure::new(exit::USAGE, message));
        }
        let endpoint = args.registry.endpoint(globals, &workspace.registry)?;
        let client = endpoint.within(&args.context).client()?;
        let files = workspace.files()?;
        must_be_there(&files.catalog)?;
        Ok(Self { workspace, files, client })
    }

    /// What the registry would say to the files.
    fn judge(&self) -> Result<Report, Failure> {
        let limits = self.workspace.limits;
        let registry = server::load(&self.client, &self.files.catalog, &limits)?;
        let options = Options { level: None, examples: false, style: Vec::new(), limits };
        Ok(check::check(&self.files.catalog, &[registry], &options)?)
    }

    fn deployment(&self, scope: Scope) -> Deployment<'_> {
        Deployment::new(self.client.clone(), &self.files.catalog, scope)
    }

    fn scope(&self, levels: bool, prune: bool) -> Scope {
        Scope { levels, prune, normalize: self.workspace.project.defaults.normalize }
    }
}

/// Exits 1 where a schema may not follow what is registered.
pub(crate) fn run_plan(args: &PlanArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(&args.target, args.prune, globals)?;
        let report = target.judge()?;
        let mut deployment = target.deployment(target.scope(true, args.prune));
        let plan = runtime::new()?.block_on(deployment.plan())?;
        let output = &args.target.output;
        show(&plan, output, globals)?;
        if output.is_wanted() || !report.findings.is_empty() {
            output.write(&report, &target.workspace.places(), globals)?;
        }
        let is_found = args.exit_code && plan.changes() > 0;
        Ok(ExitCode::from(code(&report).max(u8::from(is_found))))
    })
}

fn show(plan: &Plan, output: &OutputArgs, globals: &Globals) -> Result<(), Failure> {
    for step in &plan.steps {
        output.line(step)?;
    }
    if globals.quiet {
        return Ok(());
    }
    for subject in &plan.others {
        output
            .line(format_args!("  {subject}: no file has it; it stays, unless --prune is said"))?;
    }
    output.line(format_args!("{} to make", plural(plan.changes(), "change")))
}

/// Does what the plan says.
pub(crate) fn run_apply(args: &ApplyArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(&args.target, args.prune, globals)?;
        deploy(&target, target.scope(true, args.prune), args.yes, &args.target.output, globals)
    })
}

/// Registers the schemas, and changes nothing else.
pub(crate) fn run_push(args: &TargetArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(args, false, globals)?;
        deploy(&target, target.scope(false, false), true, &args.output, globals)
    })
}

fn deploy(
    target: &Target,
    scope: Scope,
    is_agreed: bool,
    output: &OutputArgs,
    globals: &Globals,
) -> Result<ExitCode, Failure> {
    let report = target.judge()?;
    let is_refused = report.has(Kind::Invalid) || report.has(Kind::Incompatible);
    if is_refused || output.is_wanted() {
        output.write(&report, &target.workspace.places(), globals)?;
    }
    if is_refused {
        return Ok(ExitCode::from(code(&report)));
    }
    let mut deployment = target.deployment(scope);
    let runtime = runtime::new()?;
    let plan = runtime.block_on(deployment.plan())?;
    if !is_agreed && plan.changes() > 0 {
        show(&plan, output, globals)?;
        agree("Make these changes?")?;
    }
    let mut done = 0;
    let mut left: VecDeque<&Step> = plan.steps.iter().collect();
    // How many of those left have waited since something was made.
    let mut waiting = 0;
    while let Some(step) = left.pop_front() {
        match runtime.block_on(deployment.apply(step)) {
            Err(error) if step.has_to_wait(&error) && waiting < left.len() => {
                waiting += 1;
                left.push_back(step);
                continue;
            }
            Ok(_) if globals.quiet => {}
            Ok(told) => output.line(told)?,
            Err(error) if done == 0 => return Err(error.into()),
            Err(error) => {
                let message = format!(
                    "stopped midway at {step}: {error}. {} made until then. The same command goes on \
                     from here",
                    plural(done, "change")
                );
                return Err(Failure::new(exit::PARTLY, message));
            }
        }
        waiting = 0;
        done += usize::from(!matches!(step, Step::Keep { .. }));
    }
    if !globals.quiet {
        output.line(format_args!("{} made", plural(done, "change")))?;
    }
    Ok(ExitCode::from(exit::OK))
}

/// Asks on the terminal; without one it has to be said before.
pub(crate) fn agree(question: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let message = "nobody is there to be asked; say --yes";
        return Err(Failure::new(exit::USAGE, message));
    }
    print(format_args!("{question} [y/N] "))?;
    let mut answer = String::new();
    // Whoever cannot answer has not agreed.
    let _ = stdin.lock().read_line(&mut answer);
    if answer.trim().eq_ignore_ascii_case("y") {
        return Ok(());
    }
    Err(Failure::new(exit::USAGE, "nothing was changed"))
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// The subjects that start so, and what they refer to [default: all of the context]
    prefixes: Vec<String>,
    /// The folder that the files are written into
    #[arg(long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    context: ContextArgs,
}

pub(crate) fn run_pull(args: &PullArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let endpoint = args.registry.endpoint(globals, &globals.settings()?.registry)?;
    let client = endpoint.within(&args.context).client()?;
    let files = runtime::new()?.block_on(pull::pull(&client, &args.prefixes))?;
    for file in &files {
        let path = args.output.join(&file.path);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, &file.text)).map_err(|error| {
            Failure::new(exit::FAILED, format!("cannot write {}: {error}", path.display()))
        })?;
        globals.tell(format_args!(
            "{}: {} version {}\n",
            path.display(),
            file.subject,
            file.version
        ))?;
    }
    if files.iter().any(|file| file.needs_rule) {
        let (settings, folder) = settings_for(&args.output, globals)?;
        let (settings, rules) = (settings.display(), pull::rules(&files, &folder));
        globals.tell(format_args!(
            "\nThese tables in {settings} say which subjects they are:\n\n{rules}"
        ))?;
    }
    globals.tell(format_args!("pulled {}\n", plural(files.len(), "subject")))?;
    Ok(ExitCode::from(exit::OK))
}

/// The settings file that can say what lies in `output`, and the way from it to there.
fn settings_for(output: &Path, globals: &Globals) -> Result<(PathBuf, String), Failure> {
    let unreadable =
        |error| Failure::new(exit::FAILED, format!("cannot read {}: {error}", output.display()));
    let whole = std::fs::canonicalize(output).map_err(unreadable)?;
    let here = working_folder()?;
    let found = globals.settings_path()?;
    let home =
        found.as_deref().and_then(Path::parent).map_or(here.clone(), |folder| here.join(folder));
    let home = std::fs::canonicalize(home).map_err(unreadable)?;
    Ok(match whole.strip_prefix(&home) {
        Ok(inside) => (PathBuf::from(config_file::NAME), inside.to_string_lossy().into_owned()),
        Err(_) => (output.join(config_file::NAME), String::new()),
    })
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// URL of a registry, or an archive of levada export
    #[arg(env = "LEVADA_FROM", hide_env_values = true)]
    one: Secret,
    /// URL of another registry
    #[arg(env = "LEVADA_REGISTRY", hide_env_values = true)]
    other: Secret,
    #[command(flatten)]
    access: AccessArgs,
    /// File with a bearer token for the first one; --token-file is for the second
    #[arg(long, env = "LEVADA_FROM_TOKEN_FILE", value_name = "FILE")]
    from_token_file: Option<PathBuf>,
}

/// Exits 1 where they differ.
pub(crate) fn run_compare(args: &CompareArgs, globals: &Globals) -> Result<ExitCode, Failure> {
    let table = globals.settings()?.registry;
    let other = args.access.endpoint(&args.other, globals, &table)?.whole()?;
    let verified = runtime::new()?.block_on(async {
        let one = source(&args.one, &args.access, args.from_token_file.as_deref(), globals).await?;
        let progress = Progress::new("comparing", globals);
        let observer: Arc<dyn Observer> = progress.clone();
        let verified = verify(&one, &other, &observer).await;
        progress.end();
        Ok::<_, Failure>(verified?)
    })?;
    let differences = verified.differences;
    globals.tell(format_args!("compared {}; differences: {differences}\n", verified.compared))?;
    Ok(ExitCode::from(if differences > 0 { exit::FAILED } else { exit::OK }))
}

/// The archive in a file, or a registry beside the one that `access` is about.
pub(crate) async fn source(
    from: &Secret,
    access: &AccessArgs,
    token_file: Option<&Path>,
    globals: &Globals,
) -> Result<Source, Failure> {
    // Never taken for a file, whose name would be shown.
    if is_registry(from.expose()) {
        let registry = access.other(from, token_file, globals)?.whole()?;
        return Ok(Source::registry(registry).await?);
    }
    Ok(Source::archive(Path::new(from.expose()))?)
}
