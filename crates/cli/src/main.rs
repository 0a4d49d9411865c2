//! The levada binary: reads the command line and hands over to the command.

mod args;
mod check;
mod config;
mod config_file;
mod exit;
mod export;
mod import;
mod limits;
mod load;
mod log;
mod progress;
mod render;
mod runtime;
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
    let outcome = match command {
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(&args),
        Command::Config(args) => config::run(args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
    };
    outcome.unwrap_or_else(|failure| failure.print())
}
