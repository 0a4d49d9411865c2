//! `levada serve --dev`: something to look at, and nothing that stays.

use levada_tests::{Levada, levada};

use crate::project::{Project, told};

const ON_FREE_PORTS: [&str; 6] =
    ["serve", "--dev", "--registry-listen", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0"];

#[test]
fn development_server_has_sample_data_and_leaves_nothing_behind() {
    let project = Project::new();
    let mut command = levada();
    command.current_dir(project.path()).args(ON_FREE_PORTS);
    let server = Levada::spawn(command);
    let asked = |args: &[&str]| {
        let mut command = levada();
        command.current_dir(project.path()).args(args);
        command.env("LEVADA_REGISTRY", &server.registry);
        let (code, out, err) = told(command.env("LEVADA_BOOTSTRAP", &server.kafka));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}: {out}");
        out
    };
    let subjects = "customers-value\norders-value\npayments-value\n";
    assert_eq!(asked(&["subject", "list"]), subjects);
    let versions = "version 1  id 1  AVRO\nversion 2  id 2  AVRO\n";
    assert_eq!(asked(&["subject", "show", "orders-value"]), versions);
    assert_eq!(asked(&["topic", "list"]), "customers\norders\npayments\n");
    let values = |topic: &str| {
        let lines = asked(&["cat", topic, "--format", "jsonl"]);
        let value = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{} {}", record["key"].as_str().expect("a key"), record["value"])
        };
        lines.lines().map(value).collect::<Vec<_>>()
    };
    let orders = [
        r#"ann {"id":1,"item":"tea","count":2}"#,
        r#"bob {"id":2,"item":"cake","count":1}"#,
        r#"ann {"id":3,"item":"milk","count":1}"#,
    ];
    assert_eq!(values("orders"), orders);
    let customers = [r#"ann {"name":"Ann","city":"Funchal"}"#, r#"bob {"name":"Bob"}"#];
    assert_eq!(values("customers"), customers);
    assert_eq!(values("payments"), [r#"ann {"orderId":"1","cents":"720"}"#]);
    let (registry, kafka) = (server.registry.clone(), server.kafka.clone());
    let log = server.terminate_with_log();
    let first = "levada: development: all data is in memory and gone when this ends; nobody but this \
                 machine is served";
    assert_eq!(log.first().map(String::as_str), Some(first));
    let next = format!("  levada cat orders --bootstrap {kafka} --registry {registry}");
    assert!(log.contains(&next), "{log:?}");
    let left = std::fs::read_dir(project.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing is left in the folder");
}

#[test]
fn development_server_takes_no_place_for_data_and_no_address_that_others_reach() {
    let project = Project::new();
    let refused = |more: &[&str], reason: &str| {
        let (code, out, err) = project.levada(&[&ON_FREE_PORTS[..2], more].concat());
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{err}");
        assert!(err.contains(reason), "{err}");
    };
    refused(&["--data-dir", "data"], "'--dev' cannot be used with '--data-dir <DIR>'");
    refused(&["--kafka-listen", "0.0.0.0:0"], "--dev serves this machine alone");
    project.write("levada.toml", "[serve]\nregistry-listen = \"0.0.0.0:0\"\n");
    refused(&[], "--dev serves this machine alone, and registry-listen is 0.0.0.0:0;");
}
