//! `levada plan`, `apply`, `push`, `pull` and `compare`: schema files and registries.

use std::io::{BufRead, IsTerminal};
use std::path::{Component, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use levada_registry_server::Secret;
use levada_schema_check::check::{self, Options};
use levada_schema_check::deploy::{Deployment, Plan, Scope, Step};
use levada_schema_check::report::{Kind, Report, plural};
use levada_schema_check::{pull, server};
use levada_transfer::{Observer, Registry, Source, verify};

use crate::check::{code, on_large_stack};
use crate::exit::{self, Failure};
use crate::output::{OutputArgs, print};
use crate::progress::Progress;
use crate::project::{Files, FilesArgs, Workspace};
use crate::runtime;
use crate::schemas::must_be_there;

/// The registry that a command talks to.
#[derive(Debug, Args)]
pub(crate) struct RegistryArgs {
    /// URL of the registry; user and password in it are sent as basic authentication
    /// [default: url in the table [registry] of levada.toml]
    #[arg(long, env = "LEVADA_REGISTRY", value_name = "URL", hide_env_values = true)]
    pub(crate) registry: Option<Secret>,
}

impl RegistryArgs {
    /// The URL of the flag, the variable, or the settings file.
    pub(crate) fn url(&self, settings: Option<Secret>) -> Result<String, Failure> {
        let url = self.registry.clone().or(settings).map(|url| url.expose().to_owned());
        url.ok_or_else(|| {
            let message = "no registry; say it with --registry URL, LEVADA_REGISTRY, or url in the \
                           table [registry] of levada.toml";
            Failure::new(exit::USAGE, message)
        })
    }
}

/// Files, and the registry that they are for.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Plan to delete subjects of the default context that no file has
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
    /// Delete subjects of the default context that no file has (soft, so that it can be undone)
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
    url: String,
}

impl Target {
    fn open(args: &TargetArgs) -> Result<Self, Failure> {
        let workspace = args.files.workspace()?;
        let url = args.registry.url(workspace.registry.clone())?;
        let files = workspace.files()?;
        must_be_there(&files.catalog)?;
        Ok(Self { workspace, files, url })
    }

    /// What the registry would say to the files.
    fn judge(&self) -> Result<Report, Failure> {
        let limits = self.workspace.limits;
        let registry = server::load(&self.url, &self.files.catalog, &limits)?;
        let options = Options { level: None, examples: false, style: Vec::new(), limits };
        Ok(check::check(&self.files.catalog, &[registry], &options)?)
    }

    fn scope(&self, levels: bool, prune: bool) -> Scope {
        Scope { levels, prune, normalize: self.workspace.project.defaults.normalize }
    }
}

/// Exits 1 where a schema may not follow what is registered.
pub(crate) fn run_plan(args: &PlanArgs) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(&args.target)?;
        let report = target.judge()?;
        let mut deployment =
            Deployment::new(&target.url, &target.files.catalog, target.scope(true, args.prune))?;
        let plan = runtime::new()?.block_on(deployment.plan())?;
        show(&plan)?;
        if !report.findings.is_empty() {
            args.target.output.write(&report)?;
        }
        let is_found = args.exit_code && plan.changes() > 0;
        Ok(ExitCode::from(code(&report).max(u8::from(is_found))))
    })
}

fn show(plan: &Plan) -> Result<(), Failure> {
    for step in &plan.steps {
        print(format_args!("{step}\n"))?;
    }
    for subject in &plan.others {
        print(format_args!("  {subject}: no file has it; it stays, unless --prune is said\n"))?;
    }
    print(format_args!("{} to make\n", plural(plan.changes(), "change")))
}

/// Does what the plan says.
pub(crate) fn run_apply(args: &ApplyArgs) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(&args.target)?;
        deploy(&target, target.scope(true, args.prune), args.yes, &args.target.output)
    })
}

/// Registers the schemas, and changes nothing else.
pub(crate) fn run_push(args: &TargetArgs) -> Result<ExitCode, Failure> {
    on_large_stack(|| {
        let target = Target::open(args)?;
        deploy(&target, target.scope(false, false), true, &args.output)
    })
}

fn deploy(
    target: &Target,
    scope: Scope,
    is_agreed: bool,
    output: &OutputArgs,
) -> Result<ExitCode, Failure> {
    let report = target.judge()?;
    if report.has(Kind::Invalid) || report.has(Kind::Incompatible) {
        output.write(&report)?;
        return Ok(ExitCode::from(code(&report)));
    }
    let mut deployment = Deployment::new(&target.url, &target.files.catalog, scope)?;
    let runtime = runtime::new()?;
    let plan = runtime.block_on(deployment.plan())?;
    if !is_agreed && plan.changes() > 0 {
        show(&plan)?;
        agree("Make these changes?")?;
    }
    let mut done = 0;
    for step in &plan.steps {
        match runtime.block_on(deployment.apply(step)) {
            Ok(told) => print(format_args!("{told}\n"))?,
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
        done += usize::from(!matches!(step, Step::Keep { .. }));
    }
    print(format_args!("{} made\n", plural(done, "change")))?;
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
    /// The subjects that start so, and what they refer to [default: all of the default context]
    prefixes: Vec<String>,
    /// The folder that the files are written into
    #[arg(long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    #[command(flatten)]
    registry: RegistryArgs,
    /// Settings file [default: levada.toml, looked for from here upwards]
    #[arg(long, env = "LEVADA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) fn run_pull(args: &PullArgs) -> Result<ExitCode, Failure> {
    let url = args.registry.url(settings_url(args.config.as_deref())?)?;
    let files = runtime::new()?.block_on(pull::pull(&url, &args.prefixes))?;
    for file in &files {
        let path = args.output.join(&file.path);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, &file.text)).map_err(|error| {
            Failure::new(exit::FAILED, format!("cannot write {}: {error}", path.display()))
        })?;
        print(format_args!("{}: {} version {}\n", path.display(), file.subject, file.version))?;
    }
    let parts = args.output.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    let rules = pull::rules(&files, &parts.collect::<Vec<_>>().join("/"));
    if !rules.is_empty() {
        print(format_args!(
            "\nThese tables in levada.toml say which subjects they are:\n\n{rules}"
        ))?;
    }
    print(format_args!("pulled {}\n", plural(files.len(), "subject")))?;
    Ok(ExitCode::from(exit::OK))
}

/// What the settings file says is the registry.
pub(crate) fn settings_url(config: Option<&std::path::Path>) -> Result<Option<Secret>, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(exit::FAILED, format!("no working folder: {error}")))?;
    Ok(crate::config_file::load(config, &here)?.registry.url)
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// URL of a registry, or an archive of levada export
    #[arg(env = "LEVADA_FROM", hide_env_values = true)]
    one: Secret,
    /// URL of another registry
    #[arg(env = "LEVADA_REGISTRY", hide_env_values = true)]
    other: Secret,
}

/// Exits 1 where they differ.
pub(crate) fn run_compare(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let verified = runtime::new()?.block_on(async {
        let other = Registry::at(args.other.expose())?;
        let one = Source::open(args.one.expose()).await?;
        let progress = Progress::new("comparing");
        let observer: Arc<dyn Observer> = progress.clone();
        let verified = verify(&one, &other, &observer).await;
        progress.end();
        verified
    })?;
    let differences = verified.differences;
    print(format_args!("compared {}; differences: {differences}\n", verified.compared))?;
    Ok(ExitCode::from(if differences > 0 { exit::FAILED } else { exit::OK }))
}
