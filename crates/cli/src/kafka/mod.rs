//! The commands that talk to Kafka brokers, and what they share: the address, the words of answers.

mod cat;
mod decode;
mod group;
mod payload;
mod place;
mod produce;
mod topic;

use std::time::Duration;

use clap::{Args, ValueEnum};
use levada_kafka_client::{Cluster, KafkaError};
use serde::Serialize;

pub(crate) use cat::{CatArgs, run_cat};
pub(crate) use decode::{DecodeArgs, run_decode};
pub(crate) use group::{GroupCommand, run_group};
pub(crate) use produce::{ProduceArgs, run_produce};
pub(crate) use topic::{TopicCommand, run_topic};

use crate::config_file::{ConfigFile, KafkaTable};
use crate::exit::{self, Failure};
use crate::globals::Globals;
use crate::output::print;
use crate::runtime;

/// The brokers that a command talks to.
#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    /// A broker of the cluster; several with commas, in case one is down
    /// [default: bootstrap in the table [kafka] of levada.toml]
    #[arg(long, env = "LEVADA_BOOTSTRAP", value_name = "HOST:PORT")]
    bootstrap: Option<String>,
}

/// How long a broker may take to answer, unless somebody says so.
const TIMEOUT: Duration = Duration::from_secs(30);

impl BrokerArgs {
    async fn connect(&self, globals: &Globals, table: &KafkaTable) -> Result<Cluster, Failure> {
        let said = globals.only(self.bootstrap.as_ref(), "bootstrap", "LEVADA_BOOTSTRAP")?;
        let (bootstrap, origin) = match (said, &table.bootstrap) {
            (Some(said), _) => (said, "--bootstrap or LEVADA_BOOTSTRAP"),
            (None, Some(filed)) => (filed, "the settings file"),
            (None, None) => {
                let message = "no broker; say it with --bootstrap HOST:PORT, LEVADA_BOOTSTRAP, or \
                               bootstrap in the table [kafka] of levada.toml";
                return Err(Failure::new(exit::USAGE, message));
            }
        };
        globals.note(&format!("brokers {bootstrap}, from {origin}"));
        Ok(Cluster::connect(bootstrap, globals.timeout().unwrap_or(TIMEOUT)).await?)
    }

    /// Whether the command line, a variable or the settings file names a broker.
    pub(crate) fn is_named(&self, file: &ConfigFile) -> bool {
        self.bootstrap.is_some() || file.kafka.bootstrap.is_some()
    }

    /// Connects, and does `work` with the cluster.
    pub(crate) fn run<T>(
        &self,
        globals: &Globals,
        table: &KafkaTable,
        work: impl AsyncFnOnce(&mut Cluster) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        runtime::new()?.block_on(async {
            let mut cluster = self.connect(globals, table).await?;
            work(&mut cluster).await
        })
    }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        let code = match error {
            KafkaError::InvalidAddress(_) => exit::USAGE,
            _ => exit::REGISTRY,
        };
        Self::new(code, error)
    }
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people; it may change
    #[default]
    Text,
    /// For scripts
    Json,
}

/// How an answer is written.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: AnswerFormat,
}

impl AnswerArgs {
    /// Prints `value` as JSON, or what `text` makes of it.
    pub(crate) fn write<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            AnswerFormat::Text => print(text(value)),
            AnswerFormat::Json => {
                let json = serde_json::to_string_pretty(value)
                    .map_err(|error| Failure::new(exit::DEFECT, error))?;
                print(format_args!("{json}\n"))
            }
        }
    }
}

/// Rows with their columns one below the other, two blanks apart.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_table_stand_below_each_other_without_blanks_at_the_end() {
        let rows = [["a", "bb"], ["ccc", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "a    bb\nccc\n");
    }
}
