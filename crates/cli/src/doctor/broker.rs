//! Whether the brokers answer where they say that they are, and lead their partitions.

use levada_kafka_client::{Broker, Cluster, Topic};
use levada_schema_check::report::plural;

use super::Check;
use crate::config_file::KafkaTable;
use crate::globals::Globals;
use crate::kafka::BrokerArgs;

pub(super) fn look(
    args: &BrokerArgs,
    globals: &Globals,
    table: &KafkaTable,
    checks: &mut Vec<Check>,
) {
    let looked = args.run(globals, table, async |cluster| {
        let mut checks = reach(cluster).await;
        checks.extend(partitions(&cluster.topics().await?));
        Ok(checks)
    });
    match looked {
        Ok(found) => checks.extend(found),
        Err(failure) => {
            let advice = "start it, or mend the address; a listener with TLS or a login is not served \
                          by this command";
            checks.push(Check::bad("brokers", failure.message(), advice));
        }
    }
}

/// Clients go to the addresses that brokers give for themselves, wherever they asked first.
async fn reach(cluster: &mut Cluster) -> Vec<Check> {
    let brokers: Vec<Broker> = cluster.brokers().to_vec();
    let mut checks = Vec::new();
    for Broker { node, address } in brokers {
        checks.push(match cluster.reach(node).await {
            Ok(()) => Check::good("brokers", format!("broker {node} answers at {address}")),
            Err(error) => {
                let advice = "mend the address that it gives, or the way there (names, firewalls)";
                Check::bad("brokers", error.to_string(), advice)
            }
        });
    }
    checks
}

fn partitions(topics: &[Topic]) -> Vec<Check> {
    let named = |is_ill: fn(&levada_kafka_client::Partition) -> bool| -> Vec<String> {
        let ill = topics.iter().flat_map(|topic| {
            let ill = topic.partitions.iter().filter(move |partition| is_ill(partition));
            ill.map(|partition| format!("{}-{}", topic.name, partition.index))
        });
        ill.collect()
    };
    let mut checks = Vec::new();
    let headless = named(|partition| partition.leader < 0);
    if !headless.is_empty() {
        let advice = "start the brokers that keep them; until then nobody can write or read there";
        checks.push(Check::bad(
            "partitions",
            format!("no leader: {}", headless.join(", ")),
            advice,
        ));
    }
    let behind = named(|partition| partition.in_sync.len() < partition.replicas.len());
    if !behind.is_empty() {
        let advice =
            "start the brokers that are down, or give those that are behind time to catch up";
        let found = format!("not on all their brokers: {}", behind.join(", "));
        checks.push(Check::bad("partitions", found, advice));
    }
    if checks.is_empty() {
        let count = topics.iter().map(|topic| topic.partitions.len()).sum();
        let found = format!("{} led and in sync", plural(count, "partition"));
        checks.push(Check::good("partitions", found));
    }
    checks
}
