//! Creating and deleting topics.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
use rdkafka::client::DefaultClientContext;

use crate::{Failure, Target, client};

const PATIENCE: Duration = Duration::from_mins(2);

type Admin = AdminClient<DefaultClientContext>;

/// `config` are words of the form `NAME=VALUE`.
pub(crate) fn create(target: &Target, names: &[&str], config: &[String]) -> Result<(), Failure> {
    let admin: Admin = client::config(target).create()?;
    let config: Vec<_> = config.iter().filter_map(|word| word.split_once('=')).collect();
    let topics: Vec<_> = names
        .iter()
        .map(|name| {
            let topic = NewTopic::new(name, target.partitions, TopicReplication::Fixed(1));
            config.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
        })
        .collect();
    refused(runtime()?.block_on(admin.create_topics(&topics, &options()))?)
}

pub(crate) fn delete(target: &Target) -> Result<(), Failure> {
    let admin: Admin = client::config(target).create()?;
    refused(runtime()?.block_on(admin.delete_topics(&[&target.topic], &options()))?)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().build()
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE))
}

fn refused(results: Vec<TopicResult>) -> Result<(), Failure> {
    for result in results {
        result.map_err(|(name, error)| format!("topic {name}: {error}"))?;
    }
    Ok(())
}
