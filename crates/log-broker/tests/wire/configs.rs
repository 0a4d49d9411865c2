//! Configs of topics and brokers: what is shown, and how it is changed.

use kafka_protocol::messages::*;

use super::client::{Client, Rig, config_map, text, topic_name};

async fn configs(
    client: &mut Client,
    resource_type: i8,
    name: &str,
) -> describe_configs_response::DescribeConfigsResult {
    let asked = describe_configs_request::DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configuration_keys(None);
    let request =
        DescribeConfigsRequest::default().with_resources(vec![asked]).with_include_synonyms(true);
    let answer: DescribeConfigsResponse = client.call(ApiKey::DescribeConfigs, 4, &request).await;
    answer.results[0].clone()
}

#[tokio::test]
async fn configs_tell_their_value_and_where_it_comes_from() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[("retention.ms", "60000"), ("min.insync.replicas", "2")]).await;
    let result = configs(&mut client, 2, "t").await;
    let values = config_map(result.configs.iter().map(|config| (&config.name, &config.value)));
    for (name, value, source) in [
        ("retention.ms", "60000", 1),
        ("min.insync.replicas", "2", 1),
        ("cleanup.policy", "delete", 5),
        ("max.message.bytes", "1048588", 5),
        ("segment.bytes", "1073741824", 5),
    ] {
        let config = result.configs.iter().find(|config| config.name.as_str() == name).unwrap();
        assert_eq!((values[name].as_str(), config.config_source), (value, source), "{name}");
    }
    let retention = result.configs.iter().find(|c| c.name.as_str() == "retention.ms").unwrap();
    let synonyms = retention.synonyms.iter().map(|s| (s.name.as_str(), s.source));
    assert_eq!(synonyms.collect::<Vec<_>>(), [("retention.ms", 1)]);
    for (resource_type, name, error) in
        [(2, "missing", 3), (4, "", 0), (4, "1", 0), (4, "2", 42), (8, "x", 42)]
    {
        let result = configs(&mut client, resource_type, name).await;
        assert_eq!(result.error_code, error, "{resource_type} {name}");
    }
}

#[tokio::test]
async fn overrides_are_set_removed_and_replaced_and_survive_a_restart() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[("segment.bytes", "1000000")]).await;
    for (changes, error) in [
        (vec![change("retention.ms", 0, Some("5")), change("segment.bytes", 1, None)], 0),
        (vec![change("cleanup.policy", 2, Some("compact"))], 0),
        (vec![change("retention.ms", 0, Some("6")), change("no.such", 0, Some("1"))], 40),
        (vec![change("retention.ms", 2, Some("6"))], 40),
        (vec![change("retention.ms", 9, Some("6"))], 42),
        (vec![change("retention.ms", 0, None)], 42),
    ] {
        let what = format!("{changes:?}");
        assert_eq!(alter(&mut client, vec![changes]).await[0].0, error, "{what}");
    }
    let rig = rig.restart().await;
    let mut client = rig.client().await;
    let overrides = async |client: &mut Client| {
        let configs = configs(client, 2, "t").await.configs;
        let given = configs.iter().filter(|config| config.config_source == 1);
        config_map(given.map(|config| (&config.name, &config.value)))
            .into_iter()
            .collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("cleanup.policy", "delete,compact"), pair("retention.ms", "5")];
    assert_eq!(overrides(&mut client).await, expected);
    let only = alter_configs_request::AlterableConfig::default()
        .with_name(text("segment.ms"))
        .with_value(Some(text("9")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("t"))
        .with_configs(vec![only]);
    let request = AlterConfigsRequest::default().with_resources(vec![resource]);
    let answer: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, 2, &request).await;
    assert_eq!(answer.responses[0].error_code, 0);
    assert_eq!(overrides(&mut client).await, [pair("segment.ms", "9")]);
}

/// The configs of a resource, by name.
fn named(
    result: &describe_configs_response::DescribeConfigsResult,
    name: &str,
) -> describe_configs_response::DescribeConfigsResourceResult {
    result.configs.iter().find(|config| config.name.as_str() == name).unwrap().clone()
}

async fn create(client: &mut Client, configs: &[(&str, &str)]) -> i16 {
    let configs = configs.iter().map(|(name, value)| {
        create_topics_request::CreatableTopicConfig::default()
            .with_name(text(name))
            .with_value(Some(text(value)))
    });
    let topic = create_topics_request::CreatableTopic::default()
        .with_name(topic_name("t"))
        .with_num_partitions(1)
        .with_replication_factor(1)
        .with_configs(configs.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_validate_only(true);
    let answer: CreateTopicsResponse = client.call(ApiKey::CreateTopics, 7, &request).await;
    answer.topics[0].error_code
}

#[tokio::test]
async fn configs_of_tiered_storage_are_known_and_cannot_switch_it_on() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    for (name, value, error) in [
        ("remote.storage.enable", "false", 0),
        ("remote.storage.enable", "true", 40),
        ("local.retention.ms", "-2", 0),
        ("local.retention.ms", "-3", 40),
        ("local.retention.bytes", "-2", 0),
        ("remote.log.copy.disable", "true", 0),
        ("remote.log.delete.on.disable", "false", 0),
        ("remote.copy.lag.ms", "0", 0),
        ("remote.copy.lag.bytes", "-1", 0),
        ("compression.gzip.level", "-1", 0),
        ("compression.gzip.level", "0", 40),
        ("compression.lz4.level", "9", 0),
        ("compression.zstd.level", "3", 0),
        ("max.decompressed.message.bytes", "2147483639", 0),
        ("errors.deadletterqueue.group.enable", "false", 0),
        ("cleanup.policy", "", 0),
        ("preallocate", "TRUE", 0),
        ("leader.replication.throttled.replicas", "abc", 40),
        ("message.downconversion.enable", "true", 40),
        ("message.timestamp.difference.max.ms", "5", 40),
    ] {
        assert_eq!(create(&mut client, &[(name, value)]).await, error, "{name}={value}");
    }
}

#[tokio::test]
async fn values_are_shown_as_they_take_effect() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let given = [
        ("cleanup.policy", " compact , delete"),
        ("retention.ms", " 5000 "),
        ("segment.ms", "0100"),
        ("preallocate", "TRUE"),
    ];
    client.create_topic("t", &given).await;
    let shown = configs(&mut client, 2, "t").await;
    for (name, value) in [
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "5000"),
        ("segment.ms", "100"),
        ("preallocate", "true"),
    ] {
        assert_eq!(named(&shown, name).value.as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn configs_that_the_broker_says_in_hours_have_no_synonym() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    let topic = configs(&mut client, 2, "t").await;
    for name in ["retention.ms", "segment.ms", "flush.ms", "segment.jitter.ms"] {
        assert_eq!(named(&topic, name).synonyms, [], "{name}");
    }
    assert_eq!(named(&topic, "segment.bytes").synonyms[0].name.as_str(), "log.segment.bytes");
    let broker = configs(&mut client, 4, "1").await;
    for (name, value) in [("log.retention.ms", None), ("log.retention.hours", Some("168"))] {
        assert_eq!(named(&broker, name).value.as_deref(), value, "{name}");
    }
}

#[tokio::test]
async fn no_keys_are_all_keys_and_each_has_a_text_for_who_asks() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for (resource_type, name) in [(2, "t"), (4, "1")] {
        let all = configs(&mut client, resource_type, name).await.configs;
        assert!(all.iter().all(|config| config.documentation.is_none()));
        for (version, has_texts) in [(1, false), (3, true), (4, true)] {
            let asked = describe_configs_request::DescribeConfigsResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(name))
                .with_configuration_keys(Some(Vec::new()));
            let request = DescribeConfigsRequest::default()
                .with_resources(vec![asked])
                .with_include_documentation(has_texts);
            let answer: DescribeConfigsResponse =
                client.call(ApiKey::DescribeConfigs, version, &request).await;
            let found = &answer.results[0].configs;
            assert_eq!(found.len(), all.len(), "{name} {version}");
            let has_text = |config: &describe_configs_response::DescribeConfigsResourceResult| {
                config.documentation.as_ref().is_some_and(|text| !text.is_empty())
            };
            assert!(found.iter().all(|config| has_text(config) == has_texts), "{found:?}");
        }
    }
}

fn change(
    name: &str,
    operation: i8,
    value: Option<&str>,
) -> incremental_alter_configs_request::AlterableConfig {
    incremental_alter_configs_request::AlterableConfig::default()
        .with_name(text(name))
        .with_config_operation(operation)
        .with_value(value.map(text))
}

/// Code and message for each change of the topic "t" in one request.
async fn alter(
    client: &mut Client,
    resources: Vec<Vec<incremental_alter_configs_request::AlterableConfig>>,
) -> Vec<(i16, Option<String>)> {
    let resources = resources.into_iter().map(|changes| {
        incremental_alter_configs_request::AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text("t"))
            .with_configs(changes)
    });
    let request = IncrementalAlterConfigsRequest::default().with_resources(resources.collect());
    let answer: IncrementalAlterConfigsResponse =
        client.call(ApiKey::IncrementalAlterConfigs, 1, &request).await;
    let answers = answer.responses.into_iter();
    let words = |text: kafka_protocol::protocol::StrBytes| text.to_string();
    answers.map(|one| (one.error_code, one.error_message.map(words))).collect()
}

#[tokio::test]
async fn what_a_change_names_twice_changes_nothing() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[("retention.ms", "777")]).await;
    let set = |value| change("retention.ms", 0, Some(value));
    let codes = async |client: &mut Client, resources| {
        alter(client, resources).await.into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&mut client, vec![vec![set("5"), set("6")]]).await, [42]);
    assert_eq!(codes(&mut client, vec![vec![set("5")], vec![set("6")]]).await, [42, 42]);
    let given = |value| {
        alter_configs_request::AlterableConfig::default()
            .with_name(text("retention.ms"))
            .with_value(Some(text(value)))
    };
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("t"));
    for (resources, expected) in [
        (vec![resource.clone().with_configs(vec![given("5"), given("6")])], vec![42]),
        (vec![resource.clone(), resource], vec![42, 42]),
    ] {
        let request = AlterConfigsRequest::default().with_resources(resources);
        let answer: AlterConfigsResponse = client.call(ApiKey::AlterConfigs, 2, &request).await;
        let found: Vec<i16> = answer.responses.iter().map(|one| one.error_code).collect();
        assert_eq!(found, expected);
    }
    let shown = configs(&mut client, 2, "t").await;
    assert_eq!(named(&shown, "retention.ms").value.as_deref(), Some("777"));
}

#[tokio::test]
async fn unknown_configs_can_be_deleted_and_not_changed() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    client.create_topic("t", &[]).await;
    for (changed, expected) in [
        (change("no.such", 1, None), None),
        (change("no.such", 0, Some("1")), Some("Unknown topic config name: no.such")),
        (
            change("no.such", 2, Some("1")),
            Some("Can't APPEND to key no.such because its type is not LIST."),
        ),
        (
            change("retention.ms", 3, Some("1")),
            Some("Can't SUBTRACT to key retention.ms because its type is not LIST."),
        ),
        (change("cleanup.policy", 3, Some("delete")), None),
    ] {
        let code = if expected.is_some() { 40 } else { 0 };
        let found = alter(&mut client, vec![vec![changed]]).await;
        assert_eq!(found, [(code, expected.map(ToOwned::to_owned))]);
    }
    let shown = configs(&mut client, 2, "t").await;
    assert_eq!(named(&shown, "cleanup.policy").value.as_deref(), Some(""));
}
