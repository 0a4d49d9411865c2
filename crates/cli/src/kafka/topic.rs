//! `levada topic`: list, describe, create and delete topics.

use std::process::ExitCode;

use clap::Subcommand;
use levada_kafka_client::{Cluster, Isolation, NewTopic, OffsetAt, Topic, TopicSetting};
use serde::Serialize;

use super::{AnswerArgs, BrokerArgs, table};
use crate::deploy::agree;
use crate::exit::{self, Failure};
use crate::globals::Globals;

#[derive(Debug, Subcommand)]
pub(crate) enum TopicCommand {
    /// The names, one a line
    #[command(after_help = "Example:\n  levada topic list --bootstrap kafka.example.com:9092")]
    List {
        /// Those too that the brokers keep for themselves
        #[arg(long)]
        internal: bool,
        #[command(flatten)]
        broker: BrokerArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Partitions, who keeps them, their offsets, and the settings of a topic
    #[command(after_help = "Example:\n  levada topic describe orders")]
    Describe {
        topic: String,
        /// Settings too that are not set for this topic
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        broker: BrokerArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// Create a topic
    #[command(after_help = "Example:\n  levada topic create orders --partitions 6 \
                            --set cleanup.policy=compact")]
    Create {
        topic: String,
        /// How many partitions [default: as the broker has it]
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..))]
        partitions: Option<i32>,
        /// How many brokers keep each partition [default: as the broker has it]
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i16).range(1..))]
        replicas: Option<i16>,
        /// A setting of the topic; may be repeated
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
        /// Ask whether it could be done, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        broker: BrokerArgs,
    },
    /// Delete topics with all that is in them
    #[command(after_help = "Example:\n  levada topic delete orders --yes")]
    Delete {
        #[arg(required = true)]
        topics: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        broker: BrokerArgs,
    },
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it takes the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run_topic(command: &TopicCommand, globals: &Globals) -> Result<ExitCode, Failure> {
    let table = globals.settings()?.kafka;
    match command {
        TopicCommand::List { internal, broker, answer } => {
            let topics =
                broker.run(globals, &table, async |cluster| Ok(cluster.topics().await?))?;
            let shown = topics.iter().filter(|topic| *internal || !topic.is_internal);
            let listed: Vec<_> = shown.map(Listed::of).collect();
            answer.write(&listed, |topics| {
                topics.iter().map(|topic| format!("{}\n", topic.name)).collect::<Vec<_>>().concat()
            })?;
        }
        TopicCommand::Describe { topic, all, broker, answer } => {
            let described = broker
                .run(globals, &table, async |cluster| describe(cluster, topic, *all).await)?;
            answer.write(&described, text_of)?;
        }
        TopicCommand::Create { topic, partitions, replicas, settings, dry_run, broker } => {
            let new = NewTopic {
                name: topic.clone(),
                partitions: *partitions,
                replication_factor: *replicas,
                settings: settings.clone(),
            };
            broker.run(globals, &table, async |cluster| {
                Ok(cluster.create_topic(&new, *dry_run).await?)
            })?;
            let done = if *dry_run { "could be created" } else { "created" };
            globals.tell(format_args!("{topic}: {done}\n"))?;
        }
        TopicCommand::Delete { topics, yes, broker } => {
            broker.run(globals, &table, async |cluster| {
                delete(cluster, topics, *yes, globals).await
            })?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}

/// Deletes nothing unless all of them are there.
async fn delete(
    cluster: &mut Cluster,
    topics: &[String],
    is_agreed: bool,
    globals: &Globals,
) -> Result<(), Failure> {
    for topic in topics {
        cluster.topic(topic).await?;
    }
    if !is_agreed {
        agree(&format!("Delete {} with all records?", topics.join(", ")))?;
    }
    for topic in topics {
        cluster.delete_topic(topic).await?;
        globals.tell(format_args!("{topic}: deleted\n"))?;
    }
    Ok(())
}

/// A topic of the list.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    partitions: usize,
    replicas: usize,
    internal: bool,
}

impl<'a> Listed<'a> {
    fn of(topic: &'a Topic) -> Self {
        let (name, partitions) = (topic.name.as_str(), topic.partitions.len());
        Self { name, partitions, replicas: replicas(topic), internal: topic.is_internal }
    }
}

/// How many brokers keep each partition.
fn replicas(topic: &Topic) -> usize {
    topic.partitions.iter().map(|partition| partition.replicas.len()).max().unwrap_or_default()
}

#[derive(Debug, Serialize)]
struct Described {
    name: String,
    internal: bool,
    partitions: Vec<DescribedPartition>,
    settings: Vec<DescribedSetting>,
}

/// A partition; without a leader nobody knows its offsets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribedPartition {
    partition: i32,
    leader: Option<i32>,
    replicas: Vec<i32>,
    in_sync: Vec<i32>,
    first_offset: Option<i64>,
    end_offset: Option<i64>,
}

#[derive(Debug, Serialize)]
struct DescribedSetting {
    name: String,
    value: Option<String>,
    /// Set for this topic.
    own: bool,
}

async fn describe(cluster: &mut Cluster, name: &str, all: bool) -> Result<Described, Failure> {
    let topic = cluster.topic(name).await?;
    let led = topic.partitions.iter().filter(|partition| partition.leader >= 0);
    let led: Vec<i32> = led.map(|partition| partition.index).collect();
    let first = cluster.offsets(name, &led, OffsetAt::Earliest, Isolation::Uncommitted).await?;
    let end = cluster.offsets(name, &led, OffsetAt::Latest, Isolation::Uncommitted).await?;
    let at = |offsets: &[levada_kafka_client::PartitionOffset], partition: i32| {
        offsets.iter().find(|it| it.partition == partition).map(|it| it.offset)
    };
    let partitions = topic.partitions.into_iter().map(|partition| DescribedPartition {
        partition: partition.index,
        leader: Some(partition.leader).filter(|leader| *leader >= 0),
        first_offset: at(&first, partition.index),
        end_offset: at(&end, partition.index),
        replicas: partition.replicas,
        in_sync: partition.in_sync,
    });
    let settings = cluster.topic_settings(name).await?;
    let settings = settings.into_iter().filter(|setting| all || setting.is_own);
    let settings = settings.map(|TopicSetting { name, value, is_own }| DescribedSetting {
        name,
        value,
        own: is_own,
    });
    Ok(Described {
        name: topic.name,
        internal: topic.is_internal,
        partitions: partitions.collect(),
        settings: settings.collect(),
    })
}

fn text_of(topic: &Described) -> String {
    let known = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let nodes = |nodes: &[i32]| nodes.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    let head = ["partition", "leader", "replicas", "in sync", "first", "end"].map(str::to_owned);
    let rows = topic.partitions.iter().map(|partition| {
        [
            partition.partition.to_string(),
            known(partition.leader.map(i64::from)),
            nodes(&partition.replicas),
            nodes(&partition.in_sync),
            known(partition.first_offset),
            known(partition.end_offset),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let settings = topic.settings.iter().map(|setting| {
        let value = setting.value.as_deref().unwrap_or("(not shown)");
        format!("{}={value}\n", setting.name)
    });
    let settings = settings.collect::<Vec<_>>().concat();
    let gap = if settings.is_empty() { "" } else { "\n" };
    format!("{}{gap}{settings}", table(&rows))
}
