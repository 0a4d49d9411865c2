//! Topics are created, deleted, and asked for their settings.

use std::ops::RangeInclusive;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{CreateTopicsRequest, DeleteTopicsRequest, DescribeConfigsRequest};
use kafka_protocol::protocol::StrBytes;

use crate::cluster::{Cluster, topic_name};
use crate::error::KafkaError;

/// From 4 on -1 means the broker's own number of partitions and replicas.
const CREATE_TOPICS: RangeInclusive<i16> = 4..=7;
/// To 5 topics go by name alone.
const DELETE_TOPICS: RangeInclusive<i16> = 1..=5;
const DESCRIBE_CONFIGS: RangeInclusive<i16> = 1..=4;
/// How long the brokers may take to agree.
const AGREED_WITHIN: Duration = Duration::from_secs(30);

const TOPIC: i8 = 2;
const SET_ON_TOPIC: i8 = 1;

/// A topic to be created.
#[derive(Clone, Debug, Default)]
pub struct NewTopic {
    pub name: String,
    /// `None` leaves it to the broker.
    pub partitions: Option<i32>,
    /// `None` leaves it to the broker.
    pub replication_factor: Option<i16>,
    pub settings: Vec<(String, String)>,
}

/// A setting of a topic, such as `cleanup.policy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSetting {
    pub name: String,
    /// None where it is secret.
    pub value: Option<String>,
    /// Set for this topic, rather than for the broker or by default.
    pub is_own: bool,
}

impl Cluster {
    /// Creates a topic; with `dry_run` it is only asked whether that could be done.
    pub async fn create_topic(
        &mut self,
        topic: &NewTopic,
        dry_run: bool,
    ) -> Result<(), KafkaError> {
        let settings = topic.settings.iter().map(|(name, value)| {
            CreatableTopicConfig::default()
                .with_name(StrBytes::from_string(name.clone()))
                .with_value(Some(StrBytes::from_string(value.clone())))
        });
        let asked = CreatableTopic::default()
            .with_name(topic_name(&topic.name))
            .with_num_partitions(topic.partitions.unwrap_or(-1))
            .with_replication_factor(topic.replication_factor.unwrap_or(-1))
            .with_configs(settings.collect());
        let request = CreateTopicsRequest::default()
            .with_topics(vec![asked])
            .with_timeout_ms(milliseconds(AGREED_WITHIN))
            .with_validate_only(dry_run);
        let answer = self.controller().await?.call(CREATE_TOPICS, &request).await?;
        for result in answer.topics {
            let message = result.error_message.as_deref();
            let what = || format!("topic '{}' cannot be created", topic.name);
            KafkaError::check_with(result.error_code, message, what)?;
        }
        Ok(())
    }

    /// Deletes a topic with all that is in it.
    pub async fn delete_topic(&mut self, name: &str) -> Result<(), KafkaError> {
        let request = DeleteTopicsRequest::default()
            .with_topic_names(vec![topic_name(name)])
            .with_timeout_ms(milliseconds(AGREED_WITHIN));
        let answer = self.controller().await?.call(DELETE_TOPICS, &request).await?;
        for result in answer.responses {
            let message = result.error_message.as_deref();
            let what = || format!("topic '{name}' cannot be deleted");
            match KafkaError::check_with(result.error_code, message, what) {
                Err(error) if error.is(ResponseError::UnknownTopicOrPartition) => {
                    return Err(KafkaError::NoTopic(name.to_owned()));
                }
                checked => checked?,
            }
        }
        Ok(())
    }

    /// The settings of a topic, by name.
    pub async fn topic_settings(&mut self, topic: &str) -> Result<Vec<TopicSetting>, KafkaError> {
        let asked = DescribeConfigsResource::default()
            .with_resource_type(TOPIC)
            .with_resource_name(StrBytes::from_string(topic.to_owned()))
            .with_configuration_keys(None);
        let request = DescribeConfigsRequest::default().with_resources(vec![asked]);
        let answer = self.any().call(DESCRIBE_CONFIGS, &request).await?;
        let mut settings = Vec::new();
        for result in answer.results {
            let message = result.error_message.as_deref();
            KafkaError::check_with(result.error_code, message, || format!("topic '{topic}'"))?;
            settings.extend(result.configs.into_iter().map(|config| TopicSetting {
                name: config.name.to_string(),
                value: config.value.map(|value| value.to_string()),
                is_own: config.config_source == SET_ON_TOPIC,
            }));
        }
        settings.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(settings)
    }
}

fn milliseconds(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}
