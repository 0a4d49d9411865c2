//! Creating and deleting topics.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
use rdkafka::client::DefaultClientContext;

use crate::Failure;

const PATIENCE: Duration = Duration::from_mins(2);

type Admin = AdminClient<DefaultClientContext>;

pub(crate) fn create(bootstrap: &str, names: &[&str], partitions: i32) -> Result<(), Failure> {
    let admin: Admin = ClientConfig::new().set("bootstrap.servers", bootstrap).create()?;
    let topics: Vec<_> = names
        .iter()
        .map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(1)))
        .collect();
    refused(runtime()?.block_on(admin.create_topics(&topics, &options()))?)
}

pub(crate) fn delete(bootstrap: &str, name: &str) -> Result<(), Failure> {
    let admin: Admin = ClientConfig::new().set("bootstrap.servers", bootstrap).create()?;
    refused(runtime()?.block_on(admin.delete_topics(&[name], &options()))?)
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
