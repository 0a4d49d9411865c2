//! The levada binary: reads the command line and hands over to the command.

mod args;
mod check;
mod completions;
mod config;
mod config_file;
mod deploy;
mod doctor;
mod exit;
mod explain;
mod export;
mod globals;
mod import;
mod init;
mod kafka;
mod limits;
mod output;
mod places;
mod progress;
mod project;
mod registry;
mod rest;
mod runtime;
mod schemas;
#[cfg(feature = "serve")]
mod serve;
#[cfg(not(feature = "serve"))]
#[path = "without_server.rs"]
mod serve;
mod version;

use std::process::ExitCode;

use args::{Asked, Command};
use globals::Globals;

const PASSWORD_SEEN: &str = "warning: every user of this machine sees a password that stands on \
                             the command line; the variables (LEVADA_REGISTRY, LEVADA_FROM, \
                             LEVADA_DATABASE) and levada.toml keep it";

/// Schemas are trees of small pieces, and the log's buffers come and go on many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Asked { command, globals, shows_password } = match args::parse(std::env::args_os()) {
        Ok(asked) => asked,
        Err(answer) => return answer.print(),
    };
    if shows_password {
        globals.warn(PASSWORD_SEEN);
    }
    let outcome = std::panic::catch_unwind(|| run(command, &globals)).unwrap_or_else(|_| {
        let message = "this is a defect of levada; please report it with what stands above and, if \
                       you can, with the schemas";
        Err(exit::Failure::new(exit::DEFECT, message))
    });
    outcome.unwrap_or_else(|failure| failure.print())
}

fn run(command: Command, globals: &Globals) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Serve(args) => serve::run(args, globals),
        Command::Init(args) => init::run(&args, globals),
        Command::Check(args) => check::run(&args, globals),
        Command::Lint(args) => schemas::run_lint(&args, globals),
        Command::Test(args) => schemas::run_test(&args, globals),
        Command::Diff(args) => schemas::run_diff(&args, globals),
        Command::Fmt(args) => schemas::run_fmt(&args, globals),
        Command::Lock(args) => schemas::run_lock(&args, globals),
        Command::Explain(args) => explain::run(&args, globals),
        Command::Completions(args) => completions::run_completions(&args, args::tree()),
        Command::Man(args) => completions::run_man(&args, args::tree()),
        Command::Version(args) => version::run(&args),
        Command::Plan(args) => deploy::run_plan(&args, globals),
        Command::Apply(args) => deploy::run_apply(&args, globals),
        Command::Push(args) => deploy::run_push(&args, globals),
        Command::Pull(args) => deploy::run_pull(&args, globals),
        Command::Compare(args) => deploy::run_compare(&args, globals),
        Command::Subject(command) => rest::run_subject(&command, globals),
        Command::Schema(command) => rest::run_schema(&command, globals),
        Command::Mode(command) => rest::run_mode(&command, globals),
        Command::Context(command) => rest::run_context(&command, globals),
        Command::Config(args) => config::run(args, globals),
        Command::Doctor(args) => doctor::run(&args, globals),
        Command::Cat(args) => kafka::run_cat(&args, globals),
        Command::Produce(args) => kafka::run_produce(&args, globals),
        Command::Decode(args) => kafka::run_decode(&args, globals),
        Command::Topic(command) => kafka::run_topic(&command, globals),
        Command::Group(command) => kafka::run_group(&command, globals),
        Command::Export(args) => export::run(&args, globals),
        Command::Import(args) => import::run(&args, globals),
    }
}
