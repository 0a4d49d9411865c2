"""librdkafka, through the stock Python client, against a running broker: `librdkafka.py HOST:PORT`.

Sends records with every compression, shares and moves partitions in groups of both protocols,
rolls back and commits transactions, and administers. Exits 1 at the first thing that is not as it
must be.
"""

import functools
import sys
import time

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from records import CODECS, RECORDS, RUN, SINCE_MS, as_stored, equal, run, until

STORED = as_stored(RECORDS)
# How members of a group share partitions: the classic protocol's two ways, and KIP-848.
PROTOCOLS = {
    "eager": {"partition.assignment.strategy": "range", "session.timeout.ms": 10_000},
    "cooperative": {"partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 10_000},
    "KIP-848": {"group.protocol": "consumer"},
}


def client(**settings):
    named = {key.replace("_", "."): value for key, value in settings.items()}
    return {"bootstrap.servers": BOOTSTRAP, "log_level": 3, **named}


def consumer(topic, group, protocol="KIP-848", moved=None, **settings):
    """A member of the group, which tells `moved` which partitions it gets and gives up."""
    made = Consumer(
        client(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, **settings) | PROTOCOLS[protocol]
    )
    told = {"on_assign": moved, "on_revoke": moved, "on_lost": moved} if moved else {}
    made.subscribe([topic], **told)
    return made


def create(topic, partitions=1, **config):
    admin = AdminClient(client())  # kept until the answer is there
    config = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(20)
    return topic


def send(topic, records, **settings):
    failures = []
    producer = Producer(client(linger_ms=50, **settings))
    for key, value, headers, *more in records:
        timestamp = more[0] if more else 0
        producer.produce(topic, key=key, value=value, headers=headers, timestamp=timestamp,
                         on_delivery=lambda error, _: error and failures.append(error))
    equal((producer.flush(60), failures), (0, []))


def numbered(since, count):
    return [(f"user-{at % 9}".encode(), str(at).encode(), []) for at in range(since, since + count)]


def poll(member, seen):
    message = member.poll(0.1)
    if message is None:
        return
    if message.error():
        raise KafkaException(message.error())
    seen.append(message)


def drain(member, count):
    seen = []
    until(lambda: len(seen) >= count, lambda: poll(member, seen))
    return seen


def stored(message):
    return (message.offset(), message.timestamp()[1], message.key(), message.value(), message.headers() or [])


def values(messages):
    return [message.value().decode() for message in messages]


def compression(codec):
    """What comes back is what was sent, with `codec`, in order; a second reading finds the same."""
    topic = create(f"librdkafka-{RUN}-{codec}")
    send(topic, [(*record, SINCE_MS + at) for at, record in enumerate(RECORDS)], compression_type=codec)
    # There is no follower in its rack to read from.
    reader = consumer(topic, f"reads-{topic}", check_crcs=True, client_rack="elsewhere")
    equal([stored(message) for message in drain(reader, len(RECORDS))], STORED)
    reader.seek(TopicPartition(topic, 0, OFFSET_BEGINNING))
    equal([stored(message) for message in drain(reader, len(RECORDS))], STORED)
    equal(reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=20), (0, len(RECORDS)))
    equal(reader.offsets_for_times([TopicPartition(topic, 0, SINCE_MS + 4)], timeout=20)[0].offset, 4)
    reader.close()


def by_partition(messages):
    found = {}
    for message in messages:
        found.setdefault(message.partition(), []).append((message.offset(), message.value()))
    return {partition: sorted(records) for partition, records in sorted(found.items())}


def sharing(protocol):
    """Two members get two partitions each, and everything once; who comes later goes on from there."""
    topic = create(f"shared-{protocol}-{RUN}", 4)
    group = f"group-{topic}"
    members = [consumer(topic, group, protocol) for _ in range(2)]
    until(lambda: [len(member.assignment()) for member in members] == [2, 2],
          lambda: [equal(member.poll(0.1), None) for member in members])
    send(topic, numbered(0, 90))
    seen = [[], []]
    until(lambda: len(seen[0]) + len(seen[1]) >= 90, lambda: [poll(*pair) for pair in zip(members, seen)])
    for member, messages in zip(members, seen):
        owned = {partition.partition for partition in member.assignment()}
        assert owned >= set(by_partition(messages)), (owned, by_partition(messages))
        member.commit(asynchronous=False)
    together = by_partition(seen[0] + seen[1])
    equal(sorted(int(value) for records in together.values() for _, value in records), list(range(90)))
    for records in together.values():
        equal([offset for offset, _ in records], list(range(len(records))))
    for messages in seen:
        for partition in {message.partition() for message in messages}:
            offsets = [message.offset() for message in messages if message.partition() == partition]
            equal(offsets, sorted(offsets))

    members.pop().close()
    until(lambda: len(members[0].assignment()) == 4, lambda: equal(members[0].poll(0.1), None))
    partitions = [TopicPartition(topic, partition) for partition in range(4)]
    ends = {partition: len(records) for partition, records in together.items()}
    committed = {found.partition: found.offset for found in members[0].committed(partitions, timeout=20)}
    equal({partition: offset for partition, offset in committed.items() if offset >= 0}, ends)
    members[0].close()

    send(topic, numbered(90, 10))
    late = consumer(topic, group, protocol)
    equal(sorted(int(value) for value in values(drain(late, 10))), list(range(90, 100)))
    late.close()


def static_member(protocol):
    """A member with a name that comes back has its partitions, and the others keep theirs."""
    topic = create(f"static-{protocol}-{RUN}", 2)
    named = functools.partial(consumer, topic, f"group-{topic}", protocol)
    moves = []
    stays = named(group_instance_id="stays", moved=lambda _, partitions: moves.extend(partitions))
    goes = named(group_instance_id="goes")
    until(lambda: [len(member.assignment()) for member in (stays, goes)] == [1, 1],
          lambda: [member.poll(0.1) for member in (stays, goes)])
    before, moves[:] = goes.assignment(), []
    goes.close()
    again = named(group_instance_id="goes")
    until(lambda: again.assignment() == before, lambda: [member.poll(0.1) for member in (stays, again)])
    equal(moves, [])
    admin = AdminClient(client())
    group = admin.describe_consumer_groups([f"group-{topic}"])[f"group-{topic}"].result(20)
    equal(sorted(member.group_instance_id for member in group.members), ["goes", "stays"])
    stays.close()
    again.close()


def transactions(protocol):
    """What is rolled back is read by nobody who asks for committed records, and is processed again."""
    source, sink = create(f"source-{protocol}-{RUN}"), create(f"sink-{protocol}-{RUN}")
    send(source, numbered(0, 20))
    producer = Producer(client(transactional_id=f"app-{protocol}-{RUN}"))
    producer.init_transactions(60)
    reader = consumer(source, f"group-{source}", protocol, isolation_level="read_committed")

    def process(end):
        batch = drain(reader, 10)[:10]
        producer.begin_transaction()
        for message in batch:
            producer.produce(sink, key=message.key(), value=f"{end}-{message.value().decode()}")
        after = [TopicPartition(source, 0, batch[-1].offset() + 1)]
        producer.send_offsets_to_transaction(after, reader.consumer_group_metadata(), 60)
        producer.flush(60)
        if end == "aborted":
            producer.abort_transaction(60)
            after[0].offset -= 10
        else:
            producer.commit_transaction(60)
        reader.seek(after[0])

    process("committed")
    process("aborted")
    process("committed")
    equal(reader.committed([TopicPartition(source, 0)], timeout=20)[0].offset, 20)
    reader.close()
    committed = [f"committed-{at}" for at in range(20)]
    for level, wanted in {
        "read_committed": committed,
        "read_uncommitted": committed[:10] + [f"aborted-{at}" for at in range(10, 20)] + committed[10:],
    }.items():
        check = consumer(sink, f"{level}-{sink}", isolation_level=level)
        found = drain(check, len(wanted))
        equal(values(found), wanted)
        equal(check.position([TopicPartition(sink, 0)])[0].offset, found[-1].offset() + 1)
        check.close()


def fencing():
    """Who has a transactional id last shuts out who had it before, whose records are rolled back."""
    topic = create(f"fenced-{RUN}")
    old, new = (Producer(client(transactional_id=f"fenced-{RUN}")) for _ in range(2))
    old.init_transactions(60)
    old.begin_transaction()
    old.produce(topic, value="of the old one")
    old.flush(60)
    new.init_transactions(60)
    try:
        old.commit_transaction(60)
    except KafkaException as refusal:
        assert refusal.args[0].fatal(), refusal
        equal(refusal.args[0].code(), KafkaError._FENCED)
    else:
        raise AssertionError("the producer that was shut out could commit")
    new.begin_transaction()
    new.produce(topic, value="of the new one")
    new.commit_transaction(60)
    check = consumer(topic, f"group-{topic}", isolation_level="read_committed")
    equal(values(drain(check, 1)), ["of the new one"])
    check.close()


def administers_topics():
    admin, topic = AdminClient(client()), create(f"admin-{RUN}", 1, retention_ms="60000")
    resource = ConfigResource(ResourceType.TOPIC, topic)

    def config(name):
        found = admin.describe_configs([resource])[resource].result(20)[name]
        return found.value, found.is_default

    equal((config("retention.ms"), config("cleanup.policy")), (("60000", False), ("delete", True)))
    change = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND)
    admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[change])])[
        resource
    ].result(20)
    equal(config("cleanup.policy"), ("delete,compact", False))
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(20)
    equal(sorted(admin.list_topics(topic, timeout=20).topics[topic].partitions), [0, 1, 2])

    producer = Producer(client())
    for at in range(10):
        producer.produce(topic, key=b"key", value=str(at), partition=1, timestamp=SINCE_MS + 10 * at)
    equal(producer.flush(60), 0)
    partition = TopicPartition(topic, 1)
    low = admin.delete_records([TopicPartition(topic, 1, 4)])[partition].result(20)
    equal(low.low_watermark, 4)

    def offset(spec):
        found = admin.list_offsets({partition: spec}, isolation_level=IsolationLevel.READ_COMMITTED)
        return found[partition].result(20).offset

    specs = (OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.max_timestamp(), OffsetSpec.for_timestamp(SINCE_MS + 55))
    equal([offset(spec) for spec in specs], [4, 10, 9, 6])
    admin.delete_topics([topic])[topic].result(20)
    assert topic not in admin.list_topics(timeout=20).topics, "a topic that was deleted is listed"


def administers_groups():
    admin, topic = AdminClient(client()), create(f"grouped-{RUN}")
    group = f"group-{topic}"
    send(topic, numbered(0, 10))
    partition = TopicPartition(topic, 0)

    def committed():
        found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [partition])])[group].result(20)
        return [(each.topic, each.partition, each.offset) for each in found.topic_partitions]

    equal(committed(), [(topic, 0, -1001)])
    member = consumer(topic, group, "eager")
    drain(member, 10)
    member.commit(asynchronous=False)
    described = admin.describe_consumer_groups([group])[group].result(20)
    equal((described.state.name, described.partition_assignor, len(described.members)), ("STABLE", "range", 1))
    equal(described.members[0].assignment.topic_partitions, [partition])
    member.close()
    equal(committed(), [(topic, 0, 10)])

    rewound = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 7)])
    admin.alter_consumer_group_offsets([rewound])[group].result(20)
    equal(committed(), [(topic, 0, 7)])
    member = consumer(topic, group)
    equal(values(drain(member, 3)), ["7", "8", "9"])
    listed = {each.group_id: each.type.name for each in admin.list_consumer_groups().result(20).valid}
    equal(listed[group], "CONSUMER")
    member.close()
    admin.delete_consumer_groups([group])[group].result(20)
    assert group not in {each.group_id for each in admin.list_consumer_groups().result(20).valid}, "it was deleted"


BOOTSTRAP = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
run(
    [(f"{codec} compression", functools.partial(compression, codec)) for codec in CODECS]
    + [(f"{protocol} group", functools.partial(sharing, protocol)) for protocol in PROTOCOLS]
    + [(f"{protocol} static member", functools.partial(static_member, protocol)) for protocol in ("cooperative", "KIP-848")]
    + [(f"transactions, {protocol} group", functools.partial(transactions, protocol)) for protocol in ("eager", "KIP-848")]
    + [("fencing", fencing), ("topics", administers_topics), ("groups", administers_groups)]
)
