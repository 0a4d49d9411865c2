//! `levada group`: list and describe consumer groups, and move what they have read.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use levada_kafka_client::{
    Cluster, Group, GroupListing, Isolation, KafkaError, OffsetAt, TopicPartition,
};
use serde::Serialize;

use super::place::{PLACES, Place};
use super::{AnswerArgs, BrokerArgs, table};
use crate::exit::{self, Failure};
use crate::globals::Globals;

#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// The groups with their states
    #[command(after_help = "Example:\n  levada group list --bootstrap kafka.example.com:9092")]
    List {
        #[command(flatten)]
        broker: BrokerArgs,
        #[command(flatten)]
        answer: AnswerArgs,
    },
    /// State, members, and how far the group has read
    #[command(after_help = "Example:\n  levada group describe billing")]
    Describe(OneArgs),
    /// How far the group has read, and how many records are left, by partition
    #[command(after_help = "Example:\n  levada group lag billing --format json")]
    Lag(OneArgs),
    /// The members, and what is assigned to them
    #[command(after_help = "Example:\n  levada group members billing")]
    Members(OneArgs),
    /// Move the committed offsets of a group that has no members
    #[command(after_help = "Examples:\n  \
                            levada group reset-offsets billing --topic orders --to earliest --dry-run\n  \
                            levada group reset-offsets billing --topic orders:0,2 --to 2026-11-27T08:00:00Z")]
    ResetOffsets(ResetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    group: String,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    group: String,
    /// A topic, or some of its partitions; may be repeated
    #[arg(
        long = "topic",
        value_name = "TOPIC[:PARTITIONS]",
        required_unless_present = "all_topics"
    )]
    topics: Vec<String>,
    /// Every partition that the group has committed an offset of
    #[arg(long, conflicts_with = "topics")]
    all_topics: bool,
    #[arg(long, value_name = "PLACE", help = reset_help(), allow_hyphen_values = true)]
    to: Place,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    broker: BrokerArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

fn reset_help() -> String {
    format!("Where the group reads on: {PLACES}. +N and -N count from where it is")
}

pub(crate) fn run_group(command: &GroupCommand, globals: &Globals) -> Result<ExitCode, Failure> {
    let table = globals.settings()?.kafka;
    match command {
        GroupCommand::List { broker, answer } => {
            let groups =
                broker.run(globals, &table, async |cluster| Ok(cluster.groups().await?))?;
            let listed: Vec<_> = groups.into_iter().map(Listed::of).collect();
            answer.write(&listed, |groups| listing(groups))?;
        }
        GroupCommand::Describe(args) => {
            let told = args
                .broker
                .run(globals, &table, async |cluster| describe(cluster, &args.group).await)?;
            args.answer.write(&told, description)?;
        }
        GroupCommand::Lag(args) => {
            let told = args
                .broker
                .run(globals, &table, async |cluster| describe(cluster, &args.group).await)?;
            args.answer.write(&told.lag, |lag| lag_table(lag))?;
        }
        GroupCommand::Members(args) => {
            let told = args
                .broker
                .run(globals, &table, async |cluster| describe(cluster, &args.group).await)?;
            args.answer.write(&told.members, |members| member_table(members))?;
        }
        GroupCommand::ResetOffsets(args) => {
            let moves =
                args.broker.run(globals, &table, async |cluster| reset(cluster, args).await)?;
            args.answer.write(&moves, |moves| move_table(moves))?;
        }
    }
    Ok(ExitCode::from(exit::OK))
}

#[derive(Debug, Serialize)]
struct Listed {
    group: String,
    state: String,
    r#type: String,
}

impl Listed {
    fn of(GroupListing { id, state, kind }: GroupListing) -> Self {
        Self { group: id, state, r#type: kind }
    }
}

fn listing(groups: &[Listed]) -> String {
    let rows: Vec<_> = groups
        .iter()
        .map(|group| [group.group.clone(), group.state.clone(), group.r#type.clone()])
        .collect();
    table(&rows)
}

#[derive(Debug, Serialize)]
struct Described {
    group: String,
    state: String,
    r#type: &'static str,
    assignor: String,
    coordinator: i32,
    members: Vec<DescribedMember>,
    lag: Vec<PartitionLag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribedMember {
    member: String,
    instance: Option<String>,
    client_id: String,
    host: String,
    /// By topic.
    partitions: BTreeMap<String, Vec<i32>>,
}

/// How far a group has read a partition; nothing is committed where it has not begun.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartitionLag {
    topic: String,
    partition: i32,
    committed_offset: Option<i64>,
    end_offset: i64,
    lag: Option<i64>,
    /// The client that the partition is assigned to.
    client_id: Option<String>,
}

async fn describe(cluster: &mut Cluster, id: &str) -> Result<Described, Failure> {
    let group = cluster.group(id).await?;
    let committed = cluster.committed(id).await?;
    let assigned = group.members.iter().flat_map(|member| member.partitions.iter().cloned());
    let mut places: Vec<TopicPartition> = committed.keys().cloned().chain(assigned).collect();
    places.sort();
    places.dedup();
    let ends = offsets(cluster, &places, OffsetAt::Latest).await?;
    let lag = ends.into_iter().map(|(place, end_offset)| {
        let committed_offset = committed.get(&place).copied();
        PartitionLag {
            client_id: group.owner(&place).map(|member| member.client_id.clone()),
            lag: committed_offset.map(|offset| end_offset.saturating_sub(offset).max(0)),
            topic: place.topic,
            partition: place.partition,
            committed_offset,
            end_offset,
        }
    });
    let lag = lag.collect();
    let Group { id, state, kind, assignor, coordinator, members } = group;
    let members = members.into_iter().map(|member| {
        let mut partitions: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for place in member.partitions {
            partitions.entry(place.topic).or_default().push(place.partition);
        }
        DescribedMember {
            member: member.id,
            instance: member.instance_id,
            client_id: member.client_id,
            host: member.host,
            partitions,
        }
    });
    let members = members.collect();
    Ok(Described { group: id, state, r#type: kind, assignor, coordinator, members, lag })
}

/// The offsets of a place in partitions. A topic that is gone has none.
async fn offsets(
    cluster: &mut Cluster,
    places: &[TopicPartition],
    at: OffsetAt,
) -> Result<BTreeMap<TopicPartition, i64>, Failure> {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for place in places {
        topics.entry(&place.topic).or_default().push(place.partition);
    }
    let mut found = BTreeMap::new();
    for (topic, partitions) in topics {
        let offsets = cluster.offsets(topic, &partitions, at, Isolation::Uncommitted).await;
        if matches!(offsets, Err(KafkaError::NoTopic(_))) {
            continue;
        }
        for it in offsets? {
            found.insert(
                TopicPartition { topic: topic.to_owned(), partition: it.partition },
                it.offset,
            );
        }
    }
    Ok(found)
}

fn description(group: &Described) -> String {
    let facts = [
        ("group", group.group.clone()),
        ("state", group.state.clone()),
        ("type", group.r#type.to_owned()),
        ("assignor", group.assignor.clone()),
        ("coordinator", group.coordinator.to_string()),
        ("members", group.members.len().to_string()),
    ];
    let facts = table(&facts.map(|(name, value)| [name.to_owned(), value]));
    let mut parts = vec![facts];
    if !group.members.is_empty() {
        parts.push(member_table(&group.members));
    }
    if !group.lag.is_empty() {
        parts.push(lag_table(&group.lag));
    }
    parts.join("\n")
}

fn member_table(members: &[DescribedMember]) -> String {
    let head = ["client", "host", "partitions", "member"].map(str::to_owned);
    let rows = members.iter().map(|member| {
        let partitions = member.partitions.iter().map(|(topic, partitions)| {
            let numbers: Vec<_> = partitions.iter().map(i32::to_string).collect();
            format!("{topic}:{}", numbers.join(","))
        });
        let partitions = partitions.collect::<Vec<_>>().join(" ");
        let partitions = if partitions.is_empty() { "-".to_owned() } else { partitions };
        let name = member.instance.as_ref().unwrap_or(&member.member);
        [member.client_id.clone(), member.host.clone(), partitions, name.clone()]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn known(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn lag_table(lag: &[PartitionLag]) -> String {
    let head = ["topic", "partition", "committed", "end", "lag", "client"].map(str::to_owned);
    let rows = lag.iter().map(|it| {
        [
            it.topic.clone(),
            it.partition.to_string(),
            known(it.committed_offset),
            it.end_offset.to_string(),
            known(it.lag),
            it.client_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// A committed offset that moves.
#[derive(Debug, Serialize)]
struct Move {
    topic: String,
    partition: i32,
    before: Option<i64>,
    after: i64,
}

fn move_table(moves: &[Move]) -> String {
    let head = ["topic", "partition", "before", "after"].map(str::to_owned);
    let rows = moves.iter().map(|it| {
        [it.topic.clone(), it.partition.to_string(), known(it.before), it.after.to_string()]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

async fn reset(cluster: &mut Cluster, args: &ResetArgs) -> Result<Vec<Move>, Failure> {
    must_be_empty(cluster, &args.group).await?;
    let committed = cluster.committed(&args.group).await?;
    let mut places: Vec<TopicPartition> = Vec::new();
    for named in &args.topics {
        places.extend(named_places(cluster, named).await?);
    }
    if args.all_topics {
        places.extend(committed.keys().cloned());
    }
    places.sort();
    places.dedup();
    let moves = targets(cluster, &places, &committed, args.to).await?;
    if moves.is_empty() {
        let message = format!("group '{}' has committed nothing; name a --topic", args.group);
        return Err(Failure::new(exit::NO_INPUT, message));
    }
    if !args.dry_run {
        let after = moves.iter().map(|it| {
            (TopicPartition { topic: it.topic.clone(), partition: it.partition }, it.after)
        });
        cluster.commit(&args.group, &after.collect()).await?;
    }
    Ok(moves)
}

/// Members commit what they read, and would undo it at once. A group that is not there yet can
/// be told where to begin.
async fn must_be_empty(cluster: &mut Cluster, id: &str) -> Result<(), Failure> {
    let group = match cluster.group(id).await {
        Err(KafkaError::NoGroup(_)) => return Ok(()),
        group => group?,
    };
    let clients: Vec<_> =
        group.members.iter().map(|it| format!("{} on {}", it.client_id, it.host)).collect();
    if clients.is_empty() {
        return Ok(());
    }
    let message =
        format!("group '{id}' has members, which must be stopped first: {}", clients.join(", "));
    Err(Failure::new(exit::REGISTRY, message))
}

/// The partitions of `orders` or `orders:0,2`. No topic has a colon in its name.
async fn named_places(cluster: &mut Cluster, named: &str) -> Result<Vec<TopicPartition>, Failure> {
    let (name, numbers) = named.split_once(':').map_or((named, None), |(a, b)| (a, Some(b)));
    let topic = cluster.topic(name).await?;
    let there = topic.partitions.iter().map(|partition| partition.index);
    let partitions: Vec<i32> = match numbers {
        None => there.collect(),
        Some(numbers) => {
            let numbers = numbers.split(',').map(|number| number.trim().parse());
            let numbers = numbers.collect::<Result<_, _>>();
            numbers.map_err(|_| {
                let message = format!("--topic {named}: it takes the form TOPIC:0,1,2");
                Failure::new(exit::USAGE, message)
            })?
        }
    };
    let place = |partition| TopicPartition { topic: name.to_owned(), partition };
    Ok(partitions.into_iter().map(place).collect())
}

/// Where the partitions are read on, never outside of what they hold.
async fn targets(
    cluster: &mut Cluster,
    places: &[TopicPartition],
    committed: &BTreeMap<TopicPartition, i64>,
    to: Place,
) -> Result<Vec<Move>, Failure> {
    let first = offsets(cluster, places, OffsetAt::Earliest).await?;
    let end = offsets(cluster, places, OffsetAt::Latest).await?;
    let timed = match to {
        Place::TimeMs(time) => offsets(cluster, places, OffsetAt::TimeMs(time)).await?,
        _ => BTreeMap::new(),
    };
    let mut moves = Vec::new();
    for (place, end) in end {
        let before = committed.get(&place).copied();
        let first = first.get(&place).copied().unwrap_or(end);
        let wanted = match to {
            Place::Earliest => first,
            Place::Latest => end,
            Place::Offset(offset) => offset,
            Place::TimeMs(_) => timed.get(&place).copied().unwrap_or(end),
            Place::Shift(by) => {
                let Some(before) = before else {
                    let message = format!(
                        "nothing is committed for {}-{}, so there is nothing to count from",
                        place.topic, place.partition
                    );
                    return Err(Failure::new(exit::NO_INPUT, message));
                };
                before.saturating_add(by)
            }
        };
        let after = wanted.min(end).max(first);
        moves.push(Move { topic: place.topic, partition: place.partition, before, after });
    }
    Ok(moves)
}
