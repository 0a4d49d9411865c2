//! Load for brokers that speak the Kafka protocol: each command prints what it measured as one line
//! of JSON.

mod client;
mod consume;
mod latency;
mod process;
mod produce;
mod scale;
mod topic;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::Value;

/// Whatever ends a command; its text is for whoever runs the benchmark.
type Failure = Box<dyn std::error::Error>;

#[derive(Debug, Parser)]
#[command(about = "Load for brokers that speak the Kafka protocol")]
struct CommandLine {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: Command,
}

/// The broker and the topic that are put under load.
#[derive(Debug, Args)]
struct Target {
    /// HOST:PORT of the broker
    #[arg(long)]
    bootstrap: String,
    /// Process of the broker, whose processor time and memory are told
    #[arg(long)]
    pid: Option<u32>,
    #[arg(long, default_value = "load")]
    topic: String,
    /// Partitions that the topic has
    #[arg(long, default_value_t = 1)]
    partitions: i32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the topic
    Create {
        /// NAME=VALUE of a topic config
        #[arg(long)]
        config: Vec<String>,
    },
    /// Delete the topic
    Delete,
    /// Produce as fast as the client can
    Produce(produce::Produce),
    /// Consume the topic from its beginning
    Consume(consume::Consume),
    /// Produce at a steady rate and time each message until a consumer has it
    Latency(latency::Latency),
    /// Create topics, fill them, and keep groups of consumers until the input ends
    Scale(scale::Scale),
}

fn main() -> ExitCode {
    let CommandLine { target, command } = CommandLine::parse();
    let measured = match command {
        Command::Create { config } => {
            topic::create(&target, &[&target.topic], &config).map(|()| Value::Null)
        }
        Command::Delete => topic::delete(&target).map(|()| Value::Null),
        Command::Produce(produce) => produce.run(&target),
        Command::Consume(consume) => consume.run(&target),
        Command::Latency(latency) => latency.run(&target),
        Command::Scale(scale) => scale.run(&target),
    };
    let told = measured.and_then(|measured| tell(&measured));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where stderr is closed there is no one to tell.
            let _ = writeln!(std::io::stderr(), "levada-load: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn tell(measured: &Value) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{measured}")?;
    Ok(stdout.flush()?)
}
