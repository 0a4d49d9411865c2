"""The console tools of Apache Kafka against a running broker: `console_tools.py HOST:PORT CLASS_PATH`.

Each tool is started as its script would start it, and all that it prints is compared. Exits 1 at the
first thing that is not as it must be.
"""

import functools
import json
import re
import subprocess
import sys
import tempfile

from confluent_kafka import Consumer, Producer
from records import CODECS, RUN, SINCE_MS, equal, run, until

TOOLS = {
    "kafka-configs": "ConfigCommand",
    "kafka-console-consumer": "consumer.ConsoleConsumer",
    "kafka-console-producer": "ConsoleProducer",
    "kafka-consumer-groups": "consumer.group.ConsumerGroupCommand",
    "kafka-delete-records": "DeleteRecordsCommand",
    "kafka-get-offsets": "GetOffsetShell",
    "kafka-leader-election": "LeaderElectionCommand",
    "kafka-log-dirs": "LogDirsCommand",
    "kafka-reassign-partitions": "reassign.ReassignPartitionsCommand",
    "kafka-topics": "TopicCommand",
    "kafka-transactions": "TransactionsCommand",
    "kafka-verifiable-consumer": "VerifiableConsumer",
    "kafka-verifiable-producer": "VerifiableProducer",
}
# They live too short for a JVM that warms up.
JVM = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")


# The first words of the tables.
HEADINGS = ("GROUP", "CoordinatorId", "ProducerId", "TransactionalId")


def tool(name, *arguments, stdin=""):
    """What the tool prints to its standard output."""
    command = [*JVM, "-cp", CLASS_PATH, f"org.apache.kafka.tools.{TOOLS[name]}", "--bootstrap-server", BOOTSTRAP]
    done = subprocess.run([*command, *arguments], input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{name} {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def table(text, *without):
    """The rows of a printed table, each a dict from heading to cell, in the order of their cells."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    heading = next(at for at, line in enumerate(lines) if line[0] in HEADINGS)
    rows = [dict(zip(lines[heading], line)) for line in lines[heading + 1 :]]
    return sorted([{key: cell for key, cell in row.items() if key not in without} for row in rows], key=str)


def topics():
    topic = f"tools-topics-{RUN}"
    create = ("--create", "--topic", topic, "--partitions", "2", "--config", "retention.ms=600000")
    equal(tool("kafka-topics", *create), f"Created topic {topic}.\n")
    tool("kafka-topics", "--alter", "--topic", topic, "--partitions", "3")
    summary, *partitions = tool("kafka-topics", "--describe", "--topic", topic).splitlines()
    equal(re.sub(r"TopicId: [\w-]{22}", "TopicId: ID", summary),
          f"Topic: {topic}\tTopicId: ID\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: retention.ms=600000")
    equal([line.split("\t")[2:6] for line in partitions],
          [[f"Partition: {at}", "Leader: 1", "Replicas: 1", "Isr: 1"] for at in range(3)])
    equal(tool("kafka-topics", "--describe", "--under-replicated-partitions"), "")
    assert topic in tool("kafka-topics", "--list").splitlines(), "the topic is not listed"
    tool("kafka-topics", "--delete", "--topic", topic)
    assert topic not in tool("kafka-topics", "--list").splitlines(), "the topic was deleted"


def properties(flag, *settings):
    return [word for setting in settings for word in (flag, setting)]


PARSING = properties("--reader-property", "parse.key=true", "parse.headers=true", "null.marker=NULL")
PRINTING = properties(
    "--formatter-property", "print.offset=true", "print.partition=true", "print.headers=true", "print.key=true",
    "null.literal=NULL",
)


def console(codec, protocol):
    """What is typed into the one console comes out of the other."""
    topic = f"tools-{RUN}-{codec}"
    records = ["source:web,version:1.0\tkey\tvalue", "a:b\tgröße\t日本", "a:b\ttombstone\tNULL", "a:\tlong\t" + "x" * 9000]
    tool("kafka-console-producer", "--topic", topic, "--compression-codec", codec, *PARSING,
         stdin="".join(f"{record}\n" for record in records))
    group = ("--group", f"group-{topic}", *properties("--command-property", f"group.protocol={protocol}"))
    printed = tool("kafka-console-consumer", "--topic", topic, "--from-beginning", *group, *PRINTING,
                   "--max-messages", "4")
    equal(printed.splitlines(), [f"Partition:0\tOffset:{at}\t{record}" for at, record in enumerate(records)])


def groups(protocol):
    """A group with a member, and without, and moved about, and gone."""
    topic, group = f"tools-groups-{protocol}-{RUN}", f"group-tools-{protocol}-{RUN}"
    tool("kafka-topics", "--create", "--topic", topic, "--partitions", "2")
    producer = Producer({"bootstrap.servers": BOOTSTRAP})
    for at in range(10):
        producer.produce(topic, value=str(at), partition=at % 2, timestamp=SINCE_MS + 1000 * at)
    equal(producer.flush(60), 0)
    member = Consumer({
        "bootstrap.servers": BOOTSTRAP, "client.id": "member", "group.id": group, "group.protocol": protocol,
        "auto.offset.reset": "earliest", "enable.auto.commit": False,
    })
    member.subscribe([topic])
    seen = []
    until(lambda: len(seen) == 10, lambda: seen.extend(filter(None, [member.poll(0.1)])))
    member.commit(asynchronous=False)
    describe = ("kafka-consumer-groups", "--describe", "--group", group)

    def offsets():
        columns = ("PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CLIENT-ID")
        return [tuple(row[column] for column in columns) for row in table(tool(*describe))]

    equal(offsets(), [("0", "5", "5", "0", "member"), ("1", "5", "5", "0", "member")])
    (row,) = table(tool(*describe, "--members"), "CONSUMER-ID", "HOST")
    equal(row, {"GROUP": group, "CLIENT-ID": "member", "#PARTITIONS": "2"})
    (row,) = table(tool(*describe, "--state"))
    equal((row["GROUP"], row["STATE"], row["#MEMBERS"]), (group, "Stable", "1"))
    member.close()

    def reset(*arguments):
        printed = tool("kafka-consumer-groups", "--reset-offsets", "--group", group, "--topic", topic, *arguments)
        return [(row["PARTITION"], row["NEW-OFFSET"]) for row in table(printed)]

    equal(reset("--to-offset", "1", "--execute"), [("0", "1"), ("1", "1")])
    equal(reset("--shift-by", "2", "--execute"), [("0", "3"), ("1", "3")])
    moment = subprocess.check_output(["date", "-u", "-d", f"@{(SINCE_MS + 7000) / 1000}", "+%Y-%m-%dT%H:%M:%S.%3N"])
    equal(reset("--to-datetime", moment.decode().strip(), "--dry-run"), [("0", "4"), ("1", "3")])
    equal(offsets(), [("0", "3", "5", "2", "-"), ("1", "3", "5", "2", "-")])
    tool("kafka-consumer-groups", "--delete-offsets", "--group", group, "--topic", f"{topic}:1")
    equal(offsets(), [("0", "3", "5", "2", "-")])
    tool("kafka-consumer-groups", "--delete", "--group", group)
    assert group not in tool("kafka-consumer-groups", "--list").split(), "a group that was deleted is listed"


def configs():
    topic = f"tools-configs-{RUN}"
    tool("kafka-topics", "--create", "--topic", topic)
    of_topic = ("kafka-configs", "--entity-type", "topics", "--entity-name", topic)
    described = lambda: re.findall(r"^  (\S+=\S+) sensitive=false", tool(*of_topic, "--describe"), re.MULTILINE)
    equal(described(), [])
    tool(*of_topic, "--alter", "--add-config", "cleanup.policy=[compact,delete],retention.ms=600000")
    equal(sorted(described()), ["cleanup.policy=compact,delete", "retention.ms=600000"])
    tool(*of_topic, "--alter", "--delete-config", "cleanup.policy")
    equal(described(), ["retention.ms=600000"])
    broker = tool("kafka-configs", "--entity-type", "brokers", "--entity-name", "1", "--describe", "--all")
    assert "\n  broker.id=1 " in broker, broker


def transactions():
    """Transactions that hang are found, described and rolled back: by their place, and by their id."""
    topics = [f"tools-hanging-{word}-{RUN}" for word in ("abort", "force")]
    producers = []
    for topic in topics:
        tool("kafka-topics", "--create", "--topic", topic)
        producers.append(Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": topic, "log_level": 0}))
        producers[-1].init_transactions(60)
        producers[-1].begin_transaction()
        producers[-1].produce(topic, value="hangs")
        equal(producers[-1].flush(60), 0)
    listed = lambda: {row["TransactionalId"]: row for row in table(tool("kafka-transactions", "list"))}
    at_first = listed()
    equal([at_first[topic]["TransactionState"] for topic in topics], ["Ongoing"] * 2)
    (described,) = table(tool("kafka-transactions", "describe", "--transactional-id", topics[0]))
    equal((described["ProducerId"], described["TransactionState"], described["TopicPartitions"]),
          (at_first[topics[0]]["ProducerId"], "Ongoing", f"{topics[0]}-0"))
    of_partition = ("describe-producers", "--topic", topics[0], "--partition", "0")
    (producing,) = table(tool("kafka-transactions", *of_partition))
    equal((producing["ProducerId"], producing["CurrentTransactionStartOffset"]), (described["ProducerId"], "0"))
    tool("kafka-transactions", "abort", "--topic", topics[0], "--partition", "0", "--start-offset", "0")
    (producing,) = table(tool("kafka-transactions", *of_partition))
    equal(producing["CurrentTransactionStartOffset"], "None")
    producers[0].abort_transaction(60)
    tool("kafka-transactions", "forceTerminateTransaction", "--transactionalId", topics[1])
    equal(listed()[topics[1]]["TransactionState"], "Empty")
    committed = properties("--command-property", "isolation.level=read_committed")
    for topic in topics:
        tool("kafka-console-producer", "--topic", topic, stdin="follows\n")
        found = tool("kafka-console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "1",
                     *committed)
        equal(found, "follows\n")


def verifiable():
    topic = f"tools-verifiable-{RUN}"
    events = lambda text, name: [event for event in map(json.loads, text.splitlines()) if event["name"] == name]
    produced = tool("kafka-verifiable-producer", "--topic", topic, "--max-messages", "100", "--acks", "-1")
    equal([(event["value"], event["offset"]) for event in events(produced, "producer_send_success")],
          [(str(at), at) for at in range(100)])
    consumed = tool("kafka-verifiable-consumer", "--topic", topic, "--group-id", topic, "--max-messages", "100",
                    "--reset-policy", "earliest", "--group-protocol", "consumer", "--verbose")
    equal([(event["value"], event["offset"]) for event in events(consumed, "record_data")],
          [(str(at), at) for at in range(100)])
    equal(events(consumed, "offsets_committed")[-1]["offsets"], [{"topic": topic, "partition": 0, "offset": 100}])


def places():
    """Where a partition begins and ends, what it takes, and what is cut off it."""
    topic = f"tools-places-{RUN}"
    tool("kafka-console-producer", "--topic", topic, stdin="".join(f"{at}\n" for at in range(10)))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"partitions": [{"topic": topic, "partition": 0, "offset": 4}], "version": 1}, file)
        file.flush()
        printed = tool("kafka-delete-records", "--offset-json-file", file.name)
    assert f"partition: {topic}-0\tlow_watermark: 4" in printed, printed
    for time, offset in {"earliest": 4, "latest": 10}.items():
        equal(tool("kafka-get-offsets", "--topic", topic, "--time", time), f"{topic}:0:{offset}\n")
    printed = tool("kafka-log-dirs", "--describe", "--topic-list", topic)
    (broker,) = json.loads(printed.splitlines()[-1])["brokers"]
    (partition,) = broker["logDirs"][0]["partitions"]
    equal((partition["partition"], partition["offsetLag"], partition["isFuture"]), (f"{topic}-0", 0, False))
    assert partition["size"] > 0, partition


def replicas():
    """One broker leads every partition and is its only replica."""
    topic = f"tools-replicas-{RUN}"
    tool("kafka-topics", "--create", "--topic", topic)
    elect = ("--election-type", "preferred", "--topic", topic, "--partition", "0")
    equal(tool("kafka-leader-election", *elect), f"Valid replica already elected for partitions {topic}-0\n")
    equal(tool("kafka-reassign-partitions", "--list"), "No partition reassignments found.\n")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"version": 1, "partitions": [{"topic": topic, "partition": 0, "replicas": [1]}]}, file)
        file.flush()
        plan = ("--reassignment-json-file", file.name)
        printed = tool("kafka-reassign-partitions", *plan, "--execute")
        equal(printed.splitlines()[-1], f"Successfully started partition reassignment for {topic}-0")
        printed = tool("kafka-reassign-partitions", *plan, "--verify")
        equal(printed.splitlines()[1], f"Reassignment of partition {topic}-0 is completed.")


BOOTSTRAP, CLASS_PATH = sys.argv[1:] if len(sys.argv) == 3 else sys.exit(__doc__)
PROTOCOLS = ("classic", "consumer")
run(
    [(f"consoles, {codec} compression", functools.partial(console, codec, PROTOCOLS[at % 2]))
     for at, codec in enumerate(CODECS)]
    + [(f"kafka-consumer-groups, {protocol} group", functools.partial(groups, protocol)) for protocol in PROTOCOLS]
    + [("kafka-topics", topics), ("kafka-configs", configs), ("kafka-transactions", transactions)]
    + [("kafka-verifiable-producer and -consumer", verifiable), ("offsets and sizes", places)]
    + [("leaders and replicas", replicas)],
    at_once=4,
)
