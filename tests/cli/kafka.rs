//! The commands that talk to Kafka brokers: `topic`, `group`, and `doctor`, which looks at all.

use levada_test_postgres::{PASSWORD, PostgresServer};
use levada_tests::{Levada, levada};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use crate::project::{Project, Told, told};

/// A folder, and a cluster of one broker.
pub(crate) struct Cluster {
    pub(crate) project: Project,
    pub(crate) server: Levada,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let project = Project::new();
        let server = Levada::start(&project.path().join("data"));
        Self { project, server }
    }

    /// Runs a command with the cluster and its registry in the environment.
    pub(crate) fn levada(&self, args: &[&str]) -> Told {
        let mut command = levada();
        command.current_dir(self.project.path()).args(args);
        command.env("LEVADA_REGISTRY", &self.server.registry);
        told(command.env("LEVADA_BOOTSTRAP", &self.server.kafka))
    }

    /// What a command that succeeds prints.
    pub(crate) fn out(&self, args: &[&str]) -> String {
        let (code, out, err) = self.levada(args);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}: {out}");
        out
    }

    fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let (code, out, err) = self.levada(args);
        assert_eq!(out, "", "{args:?}");
        (code, err)
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.server.kafka);
        config
    }

    /// Writes records with these times into a partition.
    async fn write(&self, topic: &str, partition: i32, times: impl IntoIterator<Item = i64>) {
        let producer: FutureProducer = self.client().create().expect("a producer");
        for time in times {
            let record = FutureRecord::<str, str>::to(topic).partition(partition);
            let record = record.timestamp(time).payload("x");
            producer.send(record, Timeout::Never).await.expect("a delivery");
        }
    }

    /// A member of a group that has read all `count` records of a topic and committed that.
    async fn member(
        &self,
        group: &str,
        topic: &str,
        count: usize,
        protocol: &str,
    ) -> StreamConsumer {
        let mut config = self.client();
        config.set("group.id", group).set("client.id", "reader").set("group.protocol", protocol);
        config.set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
        let consumer: StreamConsumer = config.create().expect("a consumer");
        consumer.subscribe(&[topic]).expect("a subscription");
        for _ in 0..count {
            consumer.recv().await.expect("a record");
        }
        consumer.commit_consumer_state(rdkafka::consumer::CommitMode::Sync).expect("a commit");
        consumer
    }
}

#[test]
fn topic_is_created_described_listed_and_deleted() {
    let cluster = Cluster::start();
    let create = ["topic", "create", "orders", "--partitions", "2"];
    let set = ["--set", "cleanup.policy=compact", "--set", "retention.ms=60000"];
    let dry_run = [&create[..], &set, &["--dry-run"]].concat();
    assert_eq!(cluster.out(&dry_run), "orders: could be created\n");
    assert_eq!(cluster.out(&["topic", "list"]), "");
    assert_eq!(cluster.out(&[&create[..], &set].concat()), "orders: created\n");
    assert_eq!(cluster.out(&["topic", "create", "users", "--partitions", "1"]), "users: created\n");
    assert_eq!(cluster.out(&["topic", "list"]), "orders\nusers\n");
    let internal = "__consumer_offsets\n__transaction_state\norders\nusers\n";
    assert_eq!(cluster.out(&["topic", "list", "--internal"]), internal);
    assert_eq!(
        cluster.out(&["topic", "describe", "orders"]),
        "partition  leader  replicas  in sync  first  end\n\
         0          1       1         1        0      0\n\
         1          1       1         1        0      0\n\
         \n\
         cleanup.policy=compact\n\
         retention.ms=60000\n"
    );
    let asked = cluster.levada(&["topic", "delete", "orders"]);
    assert_eq!(
        asked,
        (Some(2), String::new(), "levada: nobody is there to be asked; say --yes\n".to_owned())
    );
    let none = "levada: there is no topic 'nope'; 'levada topic list' shows those that are there\n";
    let both = ["topic", "delete", "--yes", "orders", "nope"];
    assert_eq!(cluster.refused(&both), (Some(5), none.to_owned()));
    assert_eq!(cluster.out(&["topic", "delete", "--yes", "orders"]), "orders: deleted\n");
    assert_eq!(cluster.out(&["topic", "list"]), "users\n");
}

#[test]
fn topics_are_told_as_json_for_scripts() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "1", "--set", "retention.ms=1000"]);
    let json = |args: &[&str]| -> serde_json::Value {
        serde_json::from_str(&cluster.out(args)).expect("JSON")
    };
    assert_eq!(
        json(&["topic", "list", "--format", "json"]),
        serde_json::json!([{"name": "a", "partitions": 1, "replicas": 1, "internal": false}])
    );
    assert_eq!(
        json(&["topic", "describe", "a", "--format", "json"]),
        serde_json::json!({
            "name": "a",
            "internal": false,
            "partitions": [{
                "partition": 0, "leader": 1, "replicas": [1], "inSync": [1],
                "firstOffset": 0, "endOffset": 0
            }],
            "settings": [{"name": "retention.ms", "value": "1000", "own": true}]
        })
    );
}

#[test]
fn broker_says_no_and_the_command_tells_why() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a"]);
    let refusals = [
        (
            &["topic", "create", "a"][..],
            "topic 'a' cannot be created: TOPIC_ALREADY_EXISTS (36): topic 'a' exists already",
        ),
        (
            &["topic", "create", "b", "--set", "no.such=1"],
            "topic 'b' cannot be created: INVALID_CONFIG (40): Unknown topic config name: no.such",
        ),
        (
            &["topic", "describe", "b"],
            "there is no topic 'b'; 'levada topic list' shows those that are there",
        ),
        (
            &["group", "describe", "g"],
            "there is no group 'g'; 'levada group list' shows those that are there",
        ),
    ];
    for (args, why) in refusals {
        assert_eq!(cluster.refused(args), (Some(5), format!("levada: {why}\n")), "{args:?}");
    }
}

#[test]
fn broker_is_named_by_flag_variable_or_settings_file() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a"]);
    let run = |args: &[&str]| cluster.project.levada(&[&["topic", "list"], args].concat());
    let (code, _, err) = run(&[]);
    let none = "levada: no broker; say it with --bootstrap HOST:PORT, LEVADA_BOOTSTRAP, or bootstrap \
                in the table [kafka] of levada.toml\n";
    assert_eq!((code, err.as_str()), (Some(2), none));
    let found = (Some(0), "a\n".to_owned(), String::new());
    assert_eq!(run(&["--bootstrap", &cluster.server.kafka]), found);
    // The second address is tried where the first leads nowhere.
    assert_eq!(run(&["--bootstrap", &format!("127.0.0.1:1,{}", cluster.server.kafka)]), found);
    let settings = format!("[kafka]\nbootstrap = \"{}\"\n", cluster.server.kafka);
    cluster.project.write("levada.toml", &settings);
    assert_eq!(run(&[]), found);
    let (code, _, err) = run(&["--bootstrap", "127.0.0.1:1"]);
    let refused =
        "levada: cannot reach a broker at 127.0.0.1:1: Connection refused (os error 111)\n";
    assert_eq!((code, err.as_str()), (Some(5), refused));
    assert_eq!(run(&["--bootstrap", "kafka"]).0, Some(2));
}

#[test]
fn address_that_is_no_broker_is_told_as_such() {
    let cluster = Cluster::start();
    let http = cluster.server.registry.trim_start_matches("http://").to_owned();
    let (code, out, err) = cluster.project.levada(&["topic", "list", "--bootstrap", &http]);
    assert_eq!((code, out.as_str()), (Some(5), ""));
    assert!(err.starts_with(&format!("levada: {http} ")) && err.lines().count() == 1, "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn group_tells_its_members_and_what_they_have_left_to_read() {
    for (protocol, assignor) in [("classic", "range"), ("consumer", "uniform")] {
        let cluster = Cluster::start();
        cluster.out(&["topic", "create", "orders", "--partitions", "2"]);
        cluster.write("orders", 0, [1, 2, 3]).await;
        let consumer = cluster.member("billing", "orders", 3, protocol).await;
        cluster.write("orders", 0, [4, 5]).await;
        cluster.write("orders", 1, [6]).await;
        let listed = format!("billing  Stable  {protocol}\n");
        assert_eq!(cluster.out(&["group", "list"]), listed);
        let out = cluster.out(&["group", "lag", "billing"]);
        let lag = "topic   partition  committed  end  lag  client\n\
                   orders  0          3          5    2    reader\n\
                   orders  1          -          1    -    reader\n";
        assert_eq!(out, lag, "{protocol}");
        let described = cluster.out(&["group", "describe", "billing"]);
        let facts = format!(
            "group        billing\nstate        Stable\ntype         {protocol}\n\
             assignor     {assignor}\ncoordinator  1\nmembers      1\n"
        );
        assert!(described.starts_with(&facts), "{described}");
        assert!(described.ends_with(lag), "{described}");
        let members = cluster.out(&["group", "members", "billing", "--format", "json"]);
        let members: serde_json::Value = serde_json::from_str(&members).expect("JSON");
        assert_eq!(members[0]["clientId"], "reader");
        assert_eq!(members[0]["partitions"], serde_json::json!({"orders": [0, 1]}));
        let (code, err) = cluster.refused(&[
            "group",
            "reset-offsets",
            "billing",
            "--topic",
            "orders",
            "--to",
            "earliest",
        ]);
        assert_eq!(code, Some(5));
        let busy = "levada: group 'billing' has members, which must be stopped first: reader on ";
        assert!(err.starts_with(busy), "{err}");
        drop(consumer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_of_a_group_are_moved_and_a_dry_run_only_tells() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "orders", "--partitions", "2"]);
    cluster.write("orders", 0, [1_000, 2_000, 3_000]).await;
    cluster.write("orders", 1, [1_000]).await;
    let reset = ["group", "reset-offsets", "billing"];
    let moved = |args: &[&str]| {
        let out = cluster.out(&[&reset[..], args].concat());
        let rows = out
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "));
        rows.collect::<Vec<_>>()
    };
    let orders = ["--topic", "orders", "--to"];
    let dry = moved(&[&orders[..], &["latest", "--dry-run"]].concat());
    assert_eq!(dry, ["0 - 3", "1 - 1"]);
    assert_eq!(cluster.out(&["group", "list"]), "", "nothing was committed");
    assert_eq!(moved(&[&orders[..], &["latest"]].concat()), ["0 - 3", "1 - 1"]);
    assert_eq!(cluster.out(&["group", "list"]), "billing  Empty  classic\n");
    assert_eq!(moved(&["--topic", "orders:0", "--to", "-2"]), ["0 3 1"]);
    assert_eq!(moved(&["--all-topics", "--to", "1970-01-01T00:00:03Z"]), ["0 1 2", "1 1 1"]);
    assert_eq!(moved(&["--all-topics", "--to", "99"]), ["0 2 3", "1 1 1"]);
    assert_eq!(moved(&["--all-topics", "--to", "earliest"]), ["0 3 0", "1 1 0"]);
    let consumer = cluster.member("billing", "orders", 4, "classic").await;
    drop(consumer);
    let (code, err) =
        cluster.refused(&[&reset[..], &["--topic", "orders:7", "--to", "0"]].concat());
    let why = "levada: partition 7 of topic 'orders': UNKNOWN_TOPIC_OR_PARTITION (3): it has 2 \
               partitions\n";
    assert_eq!((code, err.as_str()), (Some(5), why));
    assert_eq!(
        cluster.levada(&[&reset[..], &["--topic", "orders", "--to", "soon"]].concat()).0,
        Some(2)
    );
}

#[test]
fn doctor_finds_a_sound_setup_sound() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "2"]);
    cluster.project.write("a.avsc", r#"{"type":"record","name":"A","fields":[]}"#);
    cluster.out(&["schema", "register", "a-value", "a.avsc"]);
    let out = cluster.out(&["doctor", "--data-dir", "data", "--format", "json"]);
    let checks: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let told: Vec<_> = checks
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| {
            assert_eq!(check["ok"], true, "{check}");
            (check["what"].as_str().expect("text"), check["found"].as_str().expect("text"))
        })
        .collect();
    let whats: Vec<_> = told.iter().map(|(what, _)| *what).collect();
    assert_eq!(
        whats,
        ["registry", "clock", "schemas", "brokers", "partitions", "data", "database"]
    );
    let broker = format!("broker 1 answers at {}", cluster.server.kafka);
    assert_eq!(told[2].1, "1 version; all of them parse, all references lead somewhere");
    assert_eq!(told[3].1, broker);
    assert_eq!(told[6].1, "data/registry.db is sound and up to date");
}

#[test]
fn doctor_looks_into_postgresql_beside_the_servers_that_use_it() {
    let postgres = PostgresServer::shared();
    let database = postgres.new_database();
    let project = Project::new();
    let look = |address: &str| {
        let mut command = levada();
        command.current_dir(project.path()).arg("doctor").env("LEVADA_DATABASE", address);
        told(&mut command)
    };
    let (code, out, err) = look(&database);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    let empty = "problem  database  the PostgreSQL database is sound; ";
    assert!(out.starts_with(empty) && out.contains(" migrations are still to come\n"), "{out}");
    let server = Levada::start_on(&project.path().join("data"), &database);
    let sound = "ok       database  the PostgreSQL database is sound and up to date\n\n1 check, 0 \
                 problems\n";
    assert_eq!(look(&database), (Some(0), sound.to_owned(), String::new()));
    server.terminate();
    let (code, out, _) = look(&database.replace(PASSWORD, "guessed"));
    assert_eq!(code, Some(1));
    assert!(out.contains("password authentication failed"), "{out}");
    assert!(!out.contains("guessed") && out.contains("\n         do: "), "{out}");
    let (code, _, err) = look("mysql://db/levada");
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let project = Project::new();
    assert_eq!(project.levada(&["doctor"]).0, Some(3), "there is nothing to look at");
    project.write("data/registry.db", "this is no database, whatever it is called");
    project.write(
        "levada.toml",
        "[registry]\nurl = \"http://127.0.0.1:1\"\n[serve]\ndata-dir = \"data\"\n",
    );
    let (code, out, err) = project.levada(&["doctor", "--bootstrap", "127.0.0.1:1"]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let problems: Vec<_> = out.lines().filter(|line| line.starts_with("problem")).collect();
    assert_eq!(
        problems,
        [
            "problem  registry  schema registry at http://127.0.0.1:1/: not reachable: Connection refused \
         (os error 111) (attempts: 1)",
            "problem  brokers   cannot reach a broker at 127.0.0.1:1: Connection refused (os error 111)",
            "problem  database  data/registry.db: file is not a database",
        ]
    );
    assert_eq!(out.matches("\n         do: ").count(), 3, "{out}");
    assert!(out.ends_with("\n5 checks, 3 problems\n"), "{out}");
    project.write("levada.toml", "[serve]\nno = 1\n");
    let (code, out, _) = project.levada(&["doctor"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("problem  settings  ") && out.contains("unknown field `no`"), "{out}");
}
