//! [`Cluster`]: the brokers, and which of them answers what.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::connection::{Connection, OpenError};
use crate::error::KafkaError;

/// How long to wait before a question is asked again whose answer was "not now".
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// From 4 on a question about a topic does not create it; to 12 topics go by name.
const METADATA: RangeInclusive<i16> = 4..=12;

/// A Kafka cluster: ours, or any other.
pub struct Cluster {
    bootstrap: Connection,
    nodes: BTreeMap<i32, Connection>,
    timeout: Duration,
    id: Option<String>,
    brokers: Vec<Broker>,
    controller: i32,
}

/// A broker by its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    pub node: i32,
    /// `host:port`.
    pub address: String,
}

/// A topic with its partitions, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// Kept by the brokers for themselves.
    pub is_internal: bool,
    pub partitions: Vec<Partition>,
}

/// Who keeps a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    pub index: i32,
    /// The node; below 0 there is none.
    pub leader: i32,
    pub replicas: Vec<i32>,
    pub in_sync: Vec<i32>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Connects to the first of the brokers (`host:port`, several with commas) that can be reached.
    /// No answer may take longer than `timeout`.
    pub async fn connect(bootstrap: &str, timeout: Duration) -> Result<Self, KafkaError> {
        let mut reasons = Vec::new();
        for address in bootstrap.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            port.ok_or_else(|| KafkaError::InvalidAddress(address.to_owned()))?;
            match Connection::open(address, timeout).await {
                Ok(connection) => return Self::known_by(connection, timeout).await,
                Err(OpenError::Broken(error)) => return Err(error),
                Err(OpenError::Unreachable(reason)) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            return Err(KafkaError::InvalidAddress(bootstrap.to_owned()));
        }
        let (address, reason) = (bootstrap.to_owned(), reasons.join("; "));
        Err(KafkaError::Unreachable { address, reason })
    }

    async fn known_by(bootstrap: Connection, timeout: Duration) -> Result<Self, KafkaError> {
        let (nodes, id, brokers, controller) = (BTreeMap::new(), None, Vec::new(), -1);
        let mut cluster = Self { bootstrap, nodes, timeout, id, brokers, controller };
        cluster.metadata(Some(Vec::new())).await?;
        Ok(cluster)
    }

    /// The brokers that are there.
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// The name that the cluster gave itself.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Makes sure that a broker answers at the address that it gives for itself.
    pub async fn reach(&mut self, node: i32) -> Result<(), KafkaError> {
        self.node(node).await.map(drop)
    }

    /// Every topic, by name.
    pub async fn topics(&mut self) -> Result<Vec<Topic>, KafkaError> {
        let answer = self.metadata(None).await?;
        let mut topics: Vec<Topic> =
            answer.topics.into_iter().map(topic_of).collect::<Result<_, _>>()?;
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// One topic. It is never created by this.
    pub async fn topic(&mut self, name: &str) -> Result<Topic, KafkaError> {
        self.retried(async |cluster| {
            let asked = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
            let answer = cluster.metadata(Some(vec![asked])).await?;
            let found = answer.topics.into_iter().next().map(topic_of);
            match found {
                None => Err(KafkaError::NoTopic(name.to_owned())),
                Some(Err(error)) if error.is(ResponseError::UnknownTopicOrPartition) => {
                    Err(KafkaError::NoTopic(name.to_owned()))
                }
                Some(found) => found,
            }
        })
        .await
    }

    async fn metadata(
        &mut self,
        topics: Option<Vec<MetadataRequestTopic>>,
    ) -> Result<MetadataResponse, KafkaError> {
        let request =
            MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false);
        let answer = self.bootstrap.call(METADATA, &request).await?;
        let brokers = answer.brokers.iter().map(|broker| Broker {
            node: broker.node_id.0,
            address: format!("{}:{}", broker.host, broker.port),
        });
        self.brokers = brokers.collect();
        self.brokers.sort_by_key(|broker| broker.node);
        self.controller = answer.controller_id.0;
        self.id = answer.cluster_id.as_ref().map(ToString::to_string);
        Ok(answer)
    }

    /// The broker that was connected to first.
    pub(crate) fn any(&mut self) -> &mut Connection {
        &mut self.bootstrap
    }

    /// The broker that creates and deletes topics.
    pub(crate) async fn controller(&mut self) -> Result<&mut Connection, KafkaError> {
        // Brokers of KRaft clusters name any of them and pass the request on.
        let known = self.brokers.iter().any(|broker| broker.node == self.controller);
        if known { self.node(self.controller).await } else { Ok(&mut self.bootstrap) }
    }

    /// The broker with this number.
    pub(crate) async fn node(&mut self, node: i32) -> Result<&mut Connection, KafkaError> {
        let found = self.brokers.iter().find(|broker| broker.node == node);
        let Some(Broker { address, .. }) = found else {
            let (what, code) = (format!("broker {node}"), ResponseError::BrokerNotAvailable);
            let message = "the cluster does not list it".to_owned();
            return Err(KafkaError::Refused { what, code, message });
        };
        match self.nodes.entry(node) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(place) => match Connection::open(address, self.timeout).await {
                Ok(connection) => Ok(place.insert(connection)),
                Err(OpenError::Broken(error)) => Err(error),
                Err(OpenError::Unreachable(reason)) => {
                    let address = address.clone();
                    Err(KafkaError::UnreachableNode { node, address, reason })
                }
            },
        }
    }

    /// The leaders of partitions, each with what it leads.
    pub(crate) async fn by_leader(
        &mut self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, Vec<i32>>, KafkaError> {
        let known = self.topic(topic).await?;
        let mut leaders: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for &partition in partitions {
            let leader = leader_of(&known, partition)?;
            leaders.entry(leader).or_default().push(partition);
        }
        Ok(leaders)
    }

    /// Asks until there is an answer that is not "not now", or the time is over.
    pub(crate) async fn retried<T>(
        &mut self,
        mut ask: impl AsyncFnMut(&mut Self) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaError> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match ask(self).await {
                Err(error) if error.is_passing() && Instant::now() < deadline => {
                    tokio::time::sleep(ASKED_AGAIN_AFTER).await;
                }
                answer => return answer,
            }
        }
    }
}

pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// The node that leads a partition.
pub(crate) fn leader_of(topic: &Topic, partition: i32) -> Result<i32, KafkaError> {
    let none = |reason| KafkaError::NoLeader { topic: topic.name.clone(), partition, reason };
    let found = topic.partitions.iter().find(|known| known.index == partition);
    let Some(found) = found else {
        let what = format!("partition {partition} of topic '{}'", topic.name);
        let code = ResponseError::UnknownTopicOrPartition;
        let message = format!("it has {} partitions", topic.partitions.len());
        return Err(KafkaError::Refused { what, code, message });
    };
    if found.leader < 0 { Err(none("has no leader at the moment")) } else { Ok(found.leader) }
}

fn topic_of(topic: MetadataResponseTopic) -> Result<Topic, KafkaError> {
    let name = topic.name.map(|name| name.0.to_string()).unwrap_or_default();
    KafkaError::check(topic.error_code, || format!("topic '{name}'"))?;
    let numbers =
        |nodes: &[kafka_protocol::messages::BrokerId]| nodes.iter().map(|node| node.0).collect();
    let mut partitions: Vec<Partition> = topic
        .partitions
        .iter()
        .map(|partition| Partition {
            index: partition.partition_index,
            leader: partition.leader_id.0,
            replicas: numbers(&partition.replica_nodes),
            in_sync: numbers(&partition.isr_nodes),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.index);
    Ok(Topic { name, is_internal: topic.is_internal, partitions })
}
