//! Records of every format: `produce`, `cat` and `decode`.

use std::io::Write;
use std::process::Stdio;

use levada_tests::levada;
use serde_json::{Value, json};

use crate::kafka::Cluster;
use crate::project::Told;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},
    {"name":"item","type":["null","string"],"default":null}]}"#;
const USER: &str = "syntax = \"proto3\"; package shop;\n\
                    message Address { string city = 1; }\n\
                    message User { int64 id = 1; Address home = 2; repeated sint32 marks = 3; \
                    float part = 4; map<string, bool> seen = 5; }\n";
const EVENT: &str = r#"{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}"#;

impl Cluster {
    /// A topic of one partition, and the schema of its values.
    pub(crate) fn topic(&self, name: &str, file: &str, schema: &str) {
        self.out(&["topic", "create", name, "--partitions", "1"]);
        self.project.write(file, schema);
        self.out(&["schema", "register", &format!("{name}-value"), file]);
    }

    fn levada_with(&self, args: &[&str], input: &str) -> Told {
        let mut command = levada();
        command.current_dir(self.project.path()).args(args);
        command.env("LEVADA_REGISTRY", &self.server.registry);
        command.env("LEVADA_BOOTSTRAP", &self.server.kafka);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A command that stops early leaves the rest unread.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    pub(crate) fn produce(&self, args: &[&str], input: &str) {
        let (code, out, err) = self.levada_with(&[&["produce"], args].concat(), input);
        let count = input.lines().count();
        let told = format!("{count} record{} written\n", if count == 1 { "" } else { "s" });
        assert_eq!((code, out, err.as_str()), (Some(0), told, ""));
    }

    /// The values of a topic.
    fn values(&self, args: &[&str]) -> Vec<Value> {
        self.records(args).into_iter().map(|record| record["value"].clone()).collect()
    }

    fn records(&self, args: &[&str]) -> Vec<Value> {
        let out = self.out(&[&["cat", "--format", "jsonl"], args].concat());
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

#[test]
fn values_of_every_format_are_written_with_their_schema_and_read_back() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    cluster.topic("users", "user.proto", USER);
    cluster.topic("events", "event.json", EVENT);
    cluster.produce(
        &["orders"],
        "{\"id\":1,\"item\":\"tea\"}\n{\"id\":2,\"item\":{\"string\":\"x\"}}\n{\"id\":3}\n",
    );
    let orders = [
        json!({"id": 1, "item": {"string": "tea"}}),
        json!({"id": 2, "item": {"string": "x"}}),
        json!({"id": 3, "item": null}),
    ];
    assert_eq!(cluster.values(&["orders"]), orders);
    let user = json!({
        "id": "9007199254740993", "home": {"city": "Paris"}, "marks": [-1, 2], "part": 0.1,
        "seen": {"a": true}
    });
    cluster.produce(&["users", "--message", "shop.User"], &format!("{user}\n"));
    cluster.produce(&["users"], "{\"city\":\"Rome\"}\n");
    assert_eq!(cluster.values(&["users"]), [user, json!({"city": "Rome"})]);
    cluster.produce(&["events"], "{\"id\":7,\"more\":[1.5,null]}\n");
    assert_eq!(cluster.values(&["events"]), [json!({"id": 7, "more": [1.5, null]})]);
    let schemas = ["orders", "users", "events"]
        .map(|topic| cluster.records(&[topic])[0]["valueSchema"].clone());
    let expected = [
        json!({"id": 1, "type": "AVRO"}),
        json!({"id": 2, "type": "PROTOBUF", "message": "shop.User"}),
        json!({"id": 3, "type": "JSON"}),
    ];
    assert_eq!(schemas, expected);
}

#[test]
fn record_comes_with_key_headers_and_time_and_goes_from_topic_to_topic() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    let records = [
        json!({
            "partition": 0, "timestamp": "2026-01-01T00:00:00.000Z",
            "headers": [
                {"name": "h", "value": "v"}, {"name": "h", "valueHex": "ff"},
                {"name": "n", "value": null}
            ],
            "key": "k", "value": {"id": 9, "item": null}
        }),
        json!({
            "partition": 0, "timestamp": "2026-01-02T00:00:00.000Z", "headers": [],
            "keyHex": "ff", "value": null
        }),
    ];
    let lines = records.iter().map(|record| format!("{record}\n")).collect::<Vec<_>>().concat();
    cluster.produce(&["orders", "--lines", "records"], &lines);
    let shown = "0:0  2026-01-01T00:00:00.000Z  \"k\"  {\"id\":9,\"item\":null}  \
                 [{\"name\":\"h\",\"value\":\"v\"},{\"name\":\"h\",\"valueHex\":\"ff\"},\
                 {\"name\":\"n\",\"value\":null}]\n\
                 0:1  2026-01-02T00:00:00.000Z  0xff  null\n";
    assert_eq!(cluster.out(&["cat", "orders"]), shown);
    cluster.out(&["topic", "create", "copy", "--partitions", "1"]);
    let all = cluster.out(&["cat", "orders", "--format", "jsonl"]);
    cluster.produce(&["copy", "--lines", "records", "--as", "orders-value@1"], &all);
    assert_eq!(cluster.out(&["cat", "copy", "--format", "jsonl"]), all);
    let list: Value =
        serde_json::from_str(&cluster.out(&["cat", "copy", "--format", "json"])).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert_eq!(cluster.out(&["cat", "copy", "--format", "json", "--from", "latest"]), "[]\n");
}

#[test]
fn schema_id_headers_of_a_copied_record_are_left_behind() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    let headers = json!([
        {"name": "__value_schema_id", "valueHex": "0100000000000000000000000000000000"},
        {"name": "h", "value": "v"}
    ]);
    let record = json!({"headers": headers, "value": {"id": 1}});
    cluster.produce(&["orders", "--lines", "records"], &format!("{record}\n"));
    let read = &cluster.records(&["orders"])[0];
    assert_eq!(read["headers"], json!([{"name": "h", "value": "v"}]));
    assert_eq!(read["value"], json!({"id": 1, "item": null}));
}

#[test]
fn reading_begins_and_ends_at_offsets_times_and_counts() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "1"]);
    let lines = (0..10)
        .map(|n| format!("{{\"timestamp\":\"1970-01-0{}T00:00:00Z\",\"value\":{n}}}\n", n % 9 + 1))
        .collect::<Vec<_>>()
        .concat();
    cluster.produce(&["a", "--lines", "records", "--value", "json"], &lines);
    let read = |args: &[&str]| {
        let values = cluster.values(&[&["a", "--value", "json"], args].concat());
        values.iter().filter_map(Value::as_u64).collect::<Vec<_>>()
    };
    assert_eq!(read(&[]), (0..10).collect::<Vec<_>>());
    assert_eq!(read(&["--from", "7"]), [7, 8, 9]);
    assert_eq!(read(&["--from", "-2"]), [8, 9]);
    assert_eq!(read(&["--from", "+8", "--max", "1"]), [8]);
    assert_eq!(read(&["--from", "2", "--until", "4"]), [2, 3]);
    assert_eq!(read(&["--until", "-8"]), [0, 1]);
    assert_eq!(read(&["--from", "1970-01-08", "--until", "1970-01-09T00:00:00Z"]), [7]);
    assert_eq!(read(&["--from", "99"]), [0; 0]);
    assert_eq!(read(&["--partition", "0", "--max", "2"]), [0, 1]);
    let (code, out, err) = cluster.levada(&["cat", "a", "--partition", "0,3"]);
    let none = "levada: topic 'a' has no partition 3; it has 1\n";
    assert_eq!((code, out.as_str(), err.as_str()), (Some(3), "", none));
}

#[test]
fn records_without_a_schema_are_shown_as_json_text_or_bytes() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "1"]);
    let lines =
        "{\"value\":{\"a\":1}}\n{\"value\":\"12\"}\n{\"valueHex\":\"80ff\"}\n{\"value\":null}\n";
    cluster.produce(&["a", "--lines", "records", "--value", "json"], lines);
    cluster.produce(&["a", "--value", "text"], "\"hi\"\n");
    let shown = |reading: &str| {
        let records = cluster.records(&["a", "--value", reading]);
        let shown =
            records.iter().map(|record| (record["value"].clone(), record["valueHex"].clone()));
        shown.collect::<Vec<_>>()
    };
    let (null, text) = (Value::Null, |text: &str| json!(text));
    let auto = [
        (json!({"a": 1}), null.clone()),
        (text("\"12\""), null.clone()),
        (null.clone(), text("80ff")),
        (null.clone(), null.clone()),
        (text("hi"), null.clone()),
    ];
    assert_eq!(shown("auto"), auto);
    assert_eq!(shown("json")[1], (text("12"), null.clone()));
    assert_eq!(shown("text")[0], (text("{\"a\":1}"), null.clone()));
    assert_eq!(shown("hex")[4], (null, text("6869")));
}

#[test]
fn what_cannot_be_written_stops_with_its_line_and_what_was_written_until_then() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    let produce = |args: &[&str], input: &str| {
        let (code, out, err) = cluster.levada_with(&[&["produce"], args].concat(), input);
        assert_eq!(out, "");
        (code, err)
    };
    let no_id = "levada: line 1: value: cannot encode AVRO of schema id 1 (subject 'orders-value') \
                 (field `id`): field `id` is missing and has no default; nothing was written\n";
    assert_eq!(produce(&["orders"], "{}\n"), (Some(1), no_id.to_owned()));
    let (code, err) = produce(&["orders"], "{\"id\":1}\n\n{\"id\":\"x\"}\n{\"id\":2}\n");
    assert_eq!(code, Some(6));
    assert!(
        err.starts_with("levada: line 3: value: ")
            && err.ends_with("; records written until then: 1\n"),
        "{err}"
    );
    assert_eq!(cluster.values(&["orders"]), [json!({"id": 1, "item": null})]);
    cluster.out(&["topic", "create", "bare"]);
    let (code, err) = produce(&["bare"], "1\n");
    assert_eq!(code, Some(5));
    let hint = "Register a schema for topic 'bare', name another subject with --as, or write without \
                a schema: --value json\n";
    assert!(err.contains("Subject 'bare-value' not found") && err.ends_with(hint), "{err}");
    let none = "levada: there is no topic 'nope'; 'levada topic list' shows those that are there\n";
    assert_eq!(produce(&["nope"], "1\n"), (Some(5), none.to_owned()));
    let far = produce(&["orders", "--partition", "3"], "{\"id\":1}\n");
    let why = "levada: line 1: topic 'orders' has no partition 3; it has 1; nothing was written\n";
    assert_eq!(far, (Some(1), why.to_owned()));
}

#[test]
fn record_that_does_not_decode_is_shown_as_bytes_and_the_command_exits_1() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    let lines =
        "{\"valueHex\":\"000000000103\"}\n{\"valueHex\":\"0000000063\"}\n{\"value\":{\"id\":1}}\n";
    cluster.produce(&["orders", "--lines", "records"], lines);
    let (code, out, err) = cluster.levada(&["cat", "orders", "--format", "jsonl"]);
    assert_eq!(code, Some(1));
    let records: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let cut = "cannot decode AVRO of schema id 1 at byte 1 of the body (field `item`): the body ends in \
               the middle of a value";
    let unknown = "schema id 99 is not in the registry; the message cannot be read without it";
    assert_eq!(
        (&records[0]["valueHex"], &records[0]["valueError"]),
        (&json!("000000000103"), &json!(cut))
    );
    assert_eq!(records[1]["valueError"], unknown);
    assert_eq!(records[2]["value"], json!({"id": 1, "item": null}));
    let told = format!(
        "levada: orders, partition 0, offset 0, value: {cut}\n\
         levada: orders, partition 0, offset 1, value: {unknown}\n"
    );
    assert_eq!(err, told);
    let mut command = levada();
    command.args(["cat", "orders", "--bootstrap", &cluster.server.kafka]);
    let (code, _, err) = crate::project::told(command.current_dir(cluster.project.path()));
    assert_eq!(code, Some(2));
    assert!(err.starts_with("levada: a record names a schema, and there is no registry"), "{err}");
}

#[test]
fn following_shows_records_that_come_later_and_ends_with_its_reader() {
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "2"]);
    let mut command = levada();
    command.args(["cat", "a", "--follow", "--max", "3", "--value", "text"]);
    command.env("LEVADA_BOOTSTRAP", &cluster.server.kafka).current_dir(cluster.project.path());
    let follower = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
    for n in 0..3 {
        cluster.produce(
            &["a", "--value", "text", "--partition", &(n % 2).to_string()],
            &format!("\"{n}\"\n"),
        );
    }
    let output = follower.wait_with_output().expect("the binary ends");
    assert!(output.status.success());
    let out = String::from_utf8(output.stdout).expect("text");
    let mut values: Vec<_> = out.lines().filter_map(|line| line.split("  ").nth(3)).collect();
    values.sort_unstable();
    assert_eq!(values, ["\"0\"", "\"1\"", "\"2\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rolled_back_records_are_shown_only_on_request() {
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    use rdkafka::util::Timeout;
    let cluster = Cluster::start();
    cluster.out(&["topic", "create", "a", "--partitions", "1"]);
    let mut config = cluster.client();
    let producer: BaseProducer = config.set("transactional.id", "t").create().expect("a producer");
    producer.init_transactions(Timeout::Never).expect("transactions");
    for (value, is_kept) in [("kept", true), ("gone", false), ("kept too", true)] {
        producer.begin_transaction().expect("a transaction");
        producer.send(BaseRecord::<str, str>::to("a").payload(value)).expect("a record");
        if is_kept {
            producer.commit_transaction(Timeout::Never).expect("a commit");
        } else {
            producer.flush(Timeout::Never).expect("a flush");
            producer.abort_transaction(Timeout::Never).expect("a rollback");
        }
    }
    assert_eq!(cluster.values(&["a"]), ["kept", "kept too"]);
    assert_eq!(cluster.values(&["a", "--uncommitted"]), ["kept", "gone", "kept too"]);
}

#[test]
fn one_record_is_decoded_from_hex_base64_a_file_or_stdin() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    let value = "{\"id\":1,\"item\":{\"string\":\"tea\"}}\n";
    let bytes: &[u8] = b"\0\0\0\0\x01\x02\x02\x06tea";
    let file = cluster.project.path().join("record.bin");
    std::fs::write(&file, bytes).expect("a file");
    assert_eq!(cluster.out(&["decode", "--hex", "00 00 00 00 01 02 02 06 74 65 61"]), value);
    assert_eq!(cluster.out(&["decode", "--base64", "AAAAAAECAgZ0ZWE="]), value);
    assert_eq!(cluster.out(&["decode", "record.bin"]), value);
    let stdin = std::str::from_utf8(bytes).expect("text");
    assert_eq!(cluster.levada_with(&["decode"], stdin), (Some(0), value.to_owned(), String::new()));
    let guid: Value =
        serde_json::from_str(&cluster.out(&["schema", "lookup", "orders-value", "order.avsc"]))
            .expect("JSON");
    let guid = guid["guid"].as_str().expect("a guid").replace('-', "");
    assert_eq!(
        cluster.out(&["decode", "--hex", "0200", "--header", &format!("01{guid}")]),
        "{\"id\":1,\"item\":null}\n"
    );
    let bare = ["decode", "--hex", "02 00", "--as", "orders-value@1", "--explain-bytes"];
    let told = "0  02  id    long 1\n1  00  item  branch 0 of the union\n2      item  null, which takes \
                no byte\n\n{\"id\":1,\"item\":null}\n";
    assert_eq!(cluster.out(&bare), told);
    cluster.produce(&["orders", "--value", "hex"], "\"0200\"\n");
    assert_eq!(
        cluster.values(&["orders", "--as", "orders-value"]),
        [json!({"id": 1, "item": null})]
    );
    let json: Value =
        serde_json::from_str(&cluster.out(&["decode", "record.bin", "--format", "json"]))
            .expect("JSON");
    assert_eq!(
        json,
        json!({
            "schema": {"id": 1, "type": "AVRO"},
            "value": {"id": 1, "item": {"string": "tea"}}
        })
    );
    assert_eq!(cluster.levada(&["decode", "--hex", "0"]).0, Some(2));
    assert_eq!(cluster.levada(&["decode", "nowhere.bin"]).0, Some(3));
}

#[test]
fn bytes_of_a_record_are_explained_frame_first_then_piece_by_piece() {
    let cluster = Cluster::start();
    cluster.topic("orders", "order.avsc", ORDER);
    cluster.topic("users", "user.proto", USER);
    let explain = |hex: &str| cluster.out(&["decode", "--explain-bytes", "--hex", hex]);
    assert_eq!(
        explain("00 00 00 00 01 02 02 06 74 65 61"),
        "0  00           .     magic byte: a schema id follows\n\
         1  00 00 00 01  .     schema id 1\n\
         5  02           id    long 1\n\
         6  02           item  branch 1 of the union\n\
         7  06 74 65 61  item  string \"tea\"\n\
         \n\
         {\"id\":1,\"item\":{\"string\":\"tea\"}}\n"
    );
    assert_eq!(
        explain("00 00 00 00 02 02 02 08 05 12 04 0a 02 48 69 1a 02 01 04 25 cd cc cc 3d"),
        "0   00           .          magic byte: a schema id follows\n\
         1   00 00 00 02  .          schema id 2\n\
         5   02 02        .          message index [1]: shop.User\n\
         7   08           id         field 1, VARINT\n\
         8   05           id         int64 5\n\
         9   12           home       field 2, LEN\n\
         10  04           home       length 4\n\
         11  0a           home.city  field 1, LEN\n\
         12  02           home.city  length 2\n\
         13  48 69        home.city  string \"Hi\"\n\
         15  1a           marks      field 3, LEN\n\
         16  02           marks      length 2\n\
         17  01           marks      zigzag -1\n\
         18  04           marks      zigzag 2\n\
         19  25           part       field 4, I32\n\
         20  cd cc cc 3d  part       float 0.1\n\
         \n\
         {\"id\":\"5\",\"home\":{\"city\":\"Hi\"},\"marks\":[-1,2],\"part\":0.1,\"seen\":{}}\n"
    );
    let cut =
        cluster.levada(&["decode", "--explain-bytes", "--hex", "00 00 00 00 01 02 02 06 74 65"]);
    let told = "0  00           .     magic byte: a schema id follows\n\
                1  00 00 00 01  .     schema id 1\n\
                5  02           id    long 1\n\
                6  02           item  branch 1 of the union\n\
                7  06 74 65     .     not read\n";
    let why = "levada: cannot decode AVRO of schema id 1 at byte 3 of the body (field `item`): the body \
               ends in the middle of a value\n";
    assert_eq!(cut, (Some(1), told.to_owned(), why.to_owned()));
}
