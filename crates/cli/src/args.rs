//! The command line: commands, flags, and what a wrong one is told.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use levada_encryption::Secret;

use crate::check::{self, CheckArgs};
use crate::completions::{CompletionsArgs, ManArgs};
use crate::deploy::{ApplyArgs, CompareArgs, PlanArgs, PullArgs, TargetArgs};
use crate::doctor::DoctorArgs;
use crate::exit;
use crate::explain::ExplainArgs;
use crate::globals::{Globals, has_password};
use crate::init::{self, InitArgs};
use crate::kafka::{CatArgs, DecodeArgs, GroupCommand, ProduceArgs, TopicCommand};
use crate::registry::{AccessArgs, RegistryArgs};
use crate::rest::{ConfigCommand, ContextCommand, ModeCommand, SchemaCommand, SubjectCommand};
use crate::schemas::{DiffArgs, FmtArgs, LintArgs, LockArgs};
use crate::serve::{self, ServeArgs, ServeFlags};
use crate::version::VersionArgs;

/// The command that prints the settings.
const CONFIG: &str = "config";

const EXIT_CODES: &str = "\
Exit codes:
  0    all good; a subject that is new is good, too
  1    findings: incompatible schemas, differences; or the server could not start
  2    wrong flags or settings
  3    an input or a baseline cannot be had, or nothing was compared
  4    a schema does not parse, or a reference does not resolve
  5    a registry or a broker cannot be reached, or refuses
  6    partly done: stopped midway, or not everything could be brought
  70   a defect of levada
  130  interrupted";

const IMPORT_HELP: &str = "\
Examples:
  levada import --from http://old:8081 --registry http://new:8081 --verify
  levada import --from registry.jsonl --registry http://new:8081 --dry-run

Ids, versions, guids and everything else are kept. What the target has already is left alone, so
an import that was stopped goes on when it is started again. Passwords belong into the variables
LEVADA_REGISTRY and LEVADA_FROM, for flags are seen by every user of a machine.";

#[derive(Debug, Parser)]
#[command(
    name = "levada",
    version,
    about = serve::ABOUT,
    long_about = format!("{}.\n\n{}", serve::ABOUT, serve::WITHOUT_COMMAND),
    after_help = EXIT_CODES
)]
struct CommandLine {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the schema registry and the Kafka log broker
    #[command(hide = !serve::IS_HERE, after_help = serve::HELP)]
    Serve(ServeArgs),
    /// Write levada.toml for the schema files that lie here, or for a registry
    #[command(after_help = init::HELP)]
    Init(InitArgs),
    /// Compare schema files with an earlier state of them, with the registry's own verdict
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Judge the style of schema files
    #[command(after_help = "Example:\n  levada lint schemas --format github\n\n\
                            levada.toml chooses the rules: [lint] use = [\"DEFAULT\"], except = [...]; \
                            'levada explain' lists them.")]
    Lint(LintArgs),
    /// Try the sample values that lie beside schema files
    #[command(after_help = "Example:\n  levada test schemas\n\n\
                            Beside order.schema.json: order.ok.json and order.any-word.ok.json must be \
                            taken, order.bad.json must be refused. Beside order.avsc: order.hex is an \
                            encoded value, without framing.")]
    Test(LintArgs),
    /// Show what changed between two states of schema files, and whom each change keeps from reading
    #[command(after_help = "Examples:\n  levada diff .git#branch=main\n  \
                            levada diff old.avsc new.avsc --text\n  \
                            levada diff https://registry.example.com --text")]
    Diff(DiffArgs),
    /// Write schema files in a stable form; only white space changes
    #[command(after_help = "Example:\n  levada fmt --check schemas")]
    Fmt(FmtArgs),
    /// Tell what a rule is about, with a pair of schemas that breaks it
    #[command(after_help = "Example:\n  levada explain READER_FIELD_MISSING_DEFAULT_VALUE")]
    Explain(ExplainArgs),
    /// Write levada.lock: the schemas of today as a baseline that needs neither network nor history
    #[command(
        after_help = "Examples:\n  levada lock\n  levada lock --from https://registry.example.com\n  \
                            levada check --against lock"
    )]
    Lock(LockArgs),
    /// Show what levada apply would do to a registry
    #[command(after_help = "Example:\n  levada plan --registry https://registry.example.com")]
    Plan(PlanArgs),
    /// Bring schema files and their levels to a registry, what they refer to first
    #[command(
        after_help = "Example:\n  levada apply --registry https://registry.example.com --yes"
    )]
    Apply(ApplyArgs),
    /// Register schema files at a registry, what they refer to first, and change nothing else
    #[command(
        after_help = "Example:\n  levada push schemas --registry https://registry.example.com"
    )]
    Push(TargetArgs),
    /// Write the newest versions of a registry into files
    #[command(after_help = "Example:\n  levada pull orders- --output schemas")]
    Pull(PullArgs),
    /// Compare two registries, or an archive with a registry
    #[command(after_help = "Example:\n  levada compare http://staging:8081 http://production:8081")]
    Compare(CompareArgs),
    /// List, show and delete subjects of a registry
    #[command(subcommand, after_help = "Example:\n  levada subject list orders-")]
    Subject(SubjectCommand),
    /// Get, register, look up and delete schemas of a registry
    #[command(subcommand, after_help = "Example:\n  levada schema get orders-value --version 3")]
    Schema(SchemaCommand),
    /// Get, set and unset the mode of a subject, a context or a registry
    #[command(subcommand, after_help = "Example:\n  levada mode set --context .old READONLY")]
    Mode(ModeCommand),
    /// List and delete contexts of a registry
    #[command(subcommand, after_help = "Example:\n  levada context list")]
    Context(ContextCommand),
    /// Print every setting of levada serve, or get and set those of a registry
    #[command(after_help = "Examples:\n  levada config --kafka-listen 0.0.0.0:9092\n  \
                            levada config set --subject orders-value --level FULL\n\n\
                            Alone it prints every setting of levada serve, its value, and where that \
                            comes from: flags win over variables, variables over the settings file. \
                            get, set and unset are about the settings that a registry keeps.")]
    Config(ConfigArgs),
    /// Read the records of a topic, whatever their format
    #[command(after_help = "Examples:\n  levada cat orders --from -10\n  \
                            levada cat orders --from 2h --format jsonl | jq .value\n  \
                            levada cat orders --from latest --follow")]
    Cat(CatArgs),
    /// Write JSON lines into a topic, encoded with the schema of its subject
    #[command(after_help = "Examples:\n  levada produce orders orders.jsonl\n  \
                            levada cat orders --format jsonl | levada produce copy --lines records")]
    Produce(ProduceArgs),
    /// Decode one record, without a broker
    #[command(
        after_help = "Examples:\n  levada decode --hex '00 00 00 00 01 02 06 74 65 61' --explain-bytes\n  \
                            levada decode record.bin --registry https://registry.example.com"
    )]
    Decode(DecodeArgs),
    /// List, describe, create and delete topics of a Kafka cluster
    #[command(subcommand, after_help = "Example:\n  levada topic list")]
    Topic(TopicCommand),
    /// List and describe consumer groups of a Kafka cluster, and move their offsets
    #[command(subcommand, after_help = "Example:\n  levada group lag billing")]
    Group(GroupCommand),
    /// Look at registry, brokers and data, and say what to do where something is wrong
    #[command(after_help = serve::DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Write everything that a schema registry holds into an archive
    #[command(after_help = "Example:\n  levada export --registry https://registry.example.com \
                            --output registry.jsonl")]
    Export(ExportArgs),
    /// Bring everything from a schema registry or an archive into another registry
    #[command(after_help = IMPORT_HELP)]
    Import(ImportArgs),
    /// Print a script that completes commands in a shell
    #[command(after_help = "Example:\n  levada completions bash > /etc/bash_completion.d/levada")]
    Completions(CompletionsArgs),
    /// Write manual pages
    #[command(after_help = "Example:\n  levada man /usr/local/share/man/man1")]
    Man(ManArgs),
    /// Print which levada this is
    #[command(after_help = "Example:\n  levada version --json")]
    Version(VersionArgs),
}

/// The flags of `serve`, and where each of their values comes from; or what a registry is asked.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) registry: Option<ConfigCommand>,
    #[command(flatten)]
    pub(crate) serve: ServeFlags,
    #[arg(skip)]
    pub(crate) settings: Vec<Setting>,
}

/// A setting of `serve` as the command line and the variables leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    /// What its help says that it is when nobody sets it.
    pub(crate) default: Option<String>,
    pub(crate) is_secret: bool,
    pub(crate) given: Option<Given>,
}

/// A value with the flag or the variable that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) value: String,
    pub(crate) origin: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    /// Where the archive goes; - is stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// URL of the registry that is written to; user and password in it are sent as basic
    /// authentication
    #[arg(long, env = "LEVADA_REGISTRY", value_name = "URL", hide_env_values = true)]
    pub(crate) registry: Secret,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// URL of the registry, or the archive, that everything comes from
    #[arg(long, env = "LEVADA_FROM", value_name = "URL|FILE", hide_env_values = true)]
    pub(crate) from: Secret,
    /// File with a bearer token for the registry of --from; --token-file is for that of --registry
    #[arg(long, env = "LEVADA_FROM_TOKEN_FILE", value_name = "FILE")]
    pub(crate) from_token_file: Option<PathBuf>,
    /// Say what would be done and change nothing; with --verify, compare alone
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Compare everything afterwards, and print each difference
    #[arg(long)]
    pub(crate) verify: bool,
    /// Import also into contexts that have subjects already. They take no other registrations
    /// while the import runs
    #[arg(long)]
    pub(crate) force: bool,
}

/// What is said instead of running a command: help, the version, or a usage error.
#[derive(Debug)]
pub(crate) struct Answer {
    text: String,
    code: u8,
}

impl Answer {
    pub(crate) fn print(&self) -> ExitCode {
        // Nothing is left to tell somebody who closed the stream.
        let _ = if self.code == exit::OK {
            write!(std::io::stdout(), "{}", self.text)
        } else {
            writeln!(std::io::stderr(), "levada: {}", self.text)
        };
        ExitCode::from(self.code)
    }
}

/// The tree of commands.
pub(crate) fn tree() -> clap::Command {
    CommandLine::command()
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) command: Command,
    pub(crate) globals: Globals,
    /// Whether everybody who lists processes sees a password.
    pub(crate) shows_password: bool,
}

/// Reads the command line; without a command it means `serve`.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, Answer> {
    let args: Vec<OsString> = args.into_iter().collect();
    let shows_password = args.iter().filter_map(|arg| arg.to_str()).any(has_password);
    let matches = CommandLine::command().try_get_matches_from(args);
    let matches = matches.map_err(|error| answer(&error))?;
    let line = CommandLine::from_arg_matches(&matches).map_err(|error| answer(&error))?;
    let command = match line.command {
        Some(Command::Config(args)) => {
            let settings = matches.subcommand_matches(CONFIG).map(settings).unwrap_or_default();
            Command::Config(ConfigArgs { settings, ..args })
        }
        Some(command) => command,
        // With the variables that its flags have.
        None => parse([OsString::from("levada"), OsString::from("serve")])?.command,
    };
    Ok(Asked { command, globals: line.globals, shows_password })
}

/// Every flag that can also be set in the table `[serve]` of the settings file.
fn settings(matches: &ArgMatches) -> Vec<Setting> {
    let line = CommandLine::command();
    let flags = line.find_subcommand(CONFIG).into_iter().flat_map(clap::Command::get_arguments);
    let settings = flags.filter_map(|flag| {
        let (name, variable) = (flag.get_long()?, flag.get_env()?.to_string_lossy());
        let origin = match matches.value_source(flag.get_id().as_str()) {
            Some(ValueSource::CommandLine) => Some(format!("flag --{name}")),
            Some(ValueSource::EnvVariable) => Some(format!("variable {variable}")),
            _ => None,
        };
        let value = matches.get_raw(flag.get_id().as_str()).and_then(|mut values| values.next());
        let value = value.map(|value| value.to_string_lossy().into_owned());
        Some(Setting {
            name: name.to_owned(),
            default: flag.get_help().and_then(|help| default_in(&help.to_string())),
            is_secret: flag.is_hide_env_values_set(),
            given: value.zip(origin).map(|(value, origin)| Given { value, origin }),
        })
    });
    settings.collect()
}

/// The default that a help text ends with: `… [default: this]`.
fn default_in(help: &str) -> Option<String> {
    let (_, default) = help.split_once("[default: ")?;
    Some(default.strip_suffix(']')?.to_owned())
}

fn answer(error: &clap::Error) -> Answer {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Answer { text, code: exit::OK },
        _ => Answer { text: one_line(&text), code: exit::USAGE },
    }
}

/// The first paragraphs of a usage error in one line: what was wrong, and the tip if there is one.
fn one_line(text: &str) -> String {
    let before_usage = text.split("\nUsage:").next().unwrap_or(text);
    let words: Vec<&str> = before_usage
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        .collect();
    let line = words.join("; ").replace(":; ", ": ");
    format!("{}; see 'levada --help'", line.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> (String, u8) {
        let line = ["levada"].iter().chain(args).map(OsString::from);
        let answer = parse(line).expect_err("a usage error");
        (answer.text, answer.code)
    }

    #[test]
    fn unknown_flag_is_one_line_with_the_tip() {
        let (text, code) = refused(&["serve", "--datadir", "x"]);
        assert_eq!(
            (text.as_str(), code),
            (
                "unexpected argument '--datadir' found; tip: a similar argument exists: \
                 '--data-dir'; see 'levada --help'",
                exit::USAGE
            )
        );
    }

    #[test]
    fn unknown_level_lists_the_known_ones() {
        let (text, code) = refused(&["check", "a.avsc", "b.avsc", "--level", "SIDEWAYS"]);
        assert_eq!(
            (text.as_str(), code),
            (
                "invalid value 'SIDEWAYS' for '--level <LEVEL>': unknown compatibility level \
                 'SIDEWAYS'; known are NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, \
                 FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE; see 'levada --help'",
                exit::USAGE
            )
        );
    }
}
