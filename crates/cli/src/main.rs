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
mod import;
mod kafka;
mod limits;
mod log;
mod output;
mod progress;
mod project;
mod rest;
mod runtime;
mod schemas;
mod serve;

use std::process::ExitCode;

use args::Command;

/// Schemas are trees of small pieces, and the log's buffers come and go on many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(answer) => return answer.print(),
    };
    let outcome = std::panic::catch_unwind(|| run(command)).unwrap_or_else(|_| {
        let message = "this is a defect of levada; please report it with what stands above and, if \
                       you can, with the schemas";
        Err(exit::Failure::new(exit::DEFECT, message))
    });
    outcome.unwrap_or_else(|failure| failure.print())
}

fn run(command: Command) -> Result<ExitCode, exit::Failure> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(&args),
        Command::Lint(args) => schemas::run_lint(&args),
        Command::Test(args) => schemas::run_test(&args),
        Command::Diff(args) => schemas::run_diff(&args),
        Command::Fmt(args) => schemas::run_fmt(&args),
        Command::Lock(args) => schemas::run_lock(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run_completions(&args, args::tree()),
        Command::Man(args) => completions::run_man(&args, args::tree()),
        Command::Plan(args) => deploy::run_plan(&args),
        Command::Apply(args) => deploy::run_apply(&args),
        Command::Push(args) => deploy::run_push(&args),
        Command::Pull(args) => deploy::run_pull(&args),
        Command::Compare(args) => deploy::run_compare(&args),
        Command::Subject(command) => rest::run_subject(&command),
        Command::Schema(command) => rest::run_schema(&command),
        Command::Mode(command) => rest::run_mode(&command),
        Command::Context(command) => rest::run_context(&command),
        Command::Config(args) => config::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Cat(args) => kafka::run_cat(&args),
        Command::Produce(args) => kafka::run_produce(&args),
        Command::Decode(args) => kafka::run_decode(&args),
        Command::Topic(command) => kafka::run_topic(&command),
        Command::Group(command) => kafka::run_group(&command),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
    }
}
