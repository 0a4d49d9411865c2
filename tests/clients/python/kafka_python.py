"""kafka-python, the client that is Python alone, against a running broker: `kafka_python.py HOST:PORT`.

Sends records with every compression, shares and moves partitions in groups, rolls back and commits
transactions, and administers. It knows the classic group protocol only. Exits 1 at the first thing
that is not as it must be.
"""

import functools
import os
import sys
import threading
import traceback

from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.admin import ConfigResource, OffsetSpec
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import ProducerFencedError
from records import CODECS, RECORDS, RUN, SINCE_MS, as_stored, equal, run, until

# It sends no header without a value.
RECORDS = [(key, value, [header for header in headers if header[1] is not None]) for key, value, headers in RECORDS]
STORED = as_stored(RECORDS)
ASSIGNORS = {"eager": RangePartitionAssignor, "cooperative": CooperativeStickyAssignor}


def admin():
    return KafkaAdminClient(bootstrap_servers=BOOTSTRAP)


def create(topic, partitions=1):
    with_admin = admin()
    with_admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
    with_admin.close()
    return topic


def consumer(topic, group=None, protocol="eager", moved=None, **settings):
    """A member of the group, which tells `moved` which partitions it gets and gives up."""

    class Listener(ConsumerRebalanceListener):
        on_partitions_assigned = on_partitions_revoked = staticmethod(moved or (lambda _: None))

    made = KafkaConsumer(
        bootstrap_servers=BOOTSTRAP,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=1_000,
        partition_assignment_strategy=[ASSIGNORS[protocol]],
        **settings,
    )
    made.subscribe([topic], listener=Listener())
    return made


def send(topic, records, **settings):
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, linger_ms=50, **settings)
    sent = [
        producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=more[0] if more else None)
        for key, value, headers, *more in records
    ]
    offsets = [each.get(60).offset for each in sent]
    producer.close()
    return offsets


def numbered(since, count):
    return [(f"user-{at % 9}".encode(), str(at).encode(), []) for at in range(since, since + count)]


def drain(member, count):
    """As many records and no more: what comes after them is not polled."""
    seen = []

    def poll():
        for records in member.poll(1_000, max_records=count - len(seen)).values():
            seen.extend(records)

    until(lambda: len(seen) >= count, poll)
    return seen


def stored(record):
    return (record.offset, record.timestamp, record.key, record.value, list(record.headers))


def values(records):
    return [record.value.decode() for record in records]


def compression(codec):
    """What comes back is what was sent, with `codec`, in order; a second reading finds the same."""
    topic = create(f"kafka-python-{RUN}-{codec}")
    records = [(*record, SINCE_MS + at) for at, record in enumerate(RECORDS)]
    kind = None if codec == "none" else codec
    equal(send(topic, records, compression_type=kind), list(range(len(RECORDS))))
    partition = TopicPartition(topic, 0)
    reader = consumer(topic, f"reads-{topic}")
    equal([stored(record) for record in drain(reader, len(RECORDS))], STORED)
    reader.seek(partition, 3)
    equal([stored(record) for record in drain(reader, len(RECORDS) - 3)], STORED[3:])
    equal((reader.beginning_offsets([partition]), reader.end_offsets([partition])), ({partition: 0}, {partition: 7}))
    equal(reader.offsets_for_times({partition: SINCE_MS + 4})[partition][:2], (4, SINCE_MS + 4))
    reader.close()


class Member:
    """A member of a group that polls in a thread of its own: one that waits for another's turn to
    poll gives up joining when its time is over, and starts a rebalance anew."""

    def __init__(self, topic, group, protocol, **settings):
        self.consumer = consumer(topic, group, protocol, **settings)
        self.owned, self.seen = set(), []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.poll)
        self.thread.start()

    def poll(self):
        try:
            while not self.stopping.is_set():
                for records in self.consumer.poll(1_000).values():
                    self.seen.extend(records)
                self.owned = set(self.consumer.assignment())
        except Exception:
            traceback.print_exc()
            os._exit(1)

    def stop(self):
        """Polls no more; it is a member as long as its session lasts."""
        self.stopping.set()
        self.thread.join()
        return self.consumer


def sharing(protocol):
    """Two members get two partitions each, and everything once; who comes later goes on from there."""
    topic = create(f"kafka-python-shared-{protocol}-{RUN}", 4)
    group = f"group-{topic}"
    one, two = (Member(topic, group, protocol) for _ in range(2))
    until(lambda: (len(one.owned), len(two.owned)) == (2, 2))
    send(topic, numbered(0, 90))
    until(lambda: len(one.seen) + len(two.seen) >= 90)
    ends = {}
    for member in (two, one):
        stopped = member.stop()
        for record in member.seen:
            partition = TopicPartition(topic, record.partition)
            assert partition in member.owned, (partition, member.owned)
            equal(record.offset, ends.get(partition, 0))
            ends[partition] = record.offset + 1
        stopped.commit()
    equal(sorted(int(value) for value in values(one.seen + two.seen)), list(range(90)))
    committed = {partition: stopped.committed(partition) for partition in ends}
    equal(committed, ends)
    two.consumer.close()
    until(lambda: len(stopped.assignment()) == 4, lambda: equal(stopped.poll(1_000), {}))
    stopped.close()

    send(topic, numbered(90, 10))
    late = consumer(topic, group, protocol)
    equal(sorted(int(value) for value in values(drain(late, 10))), list(range(90, 100)))
    late.close()


def static_member():
    """A member with a name that comes back has its partitions, and the others keep theirs."""
    topic = create(f"kafka-python-static-{RUN}", 2)
    named = functools.partial(Member, topic, f"group-{topic}", "cooperative")
    moves = []
    stays, goes = named(group_instance_id="stays", moved=moves.extend), named(group_instance_id="goes")
    until(lambda: (len(stays.owned), len(goes.owned)) == (1, 1))
    before, moves[:] = goes.owned, []
    goes.stop().close()
    again = named(group_instance_id="goes")
    until(lambda: again.owned == before)
    equal(moves, [])
    by_hand = admin()
    described = by_hand.describe_groups([f"group-{topic}"])[f"group-{topic}"]
    equal(sorted(member["group_instance_id"] for member in described["members"]), ["goes", "stays"])
    by_hand.close()
    stays.stop().close()
    again.stop().close()


def transactions():
    """What is rolled back is read by nobody who asks for committed records, and is processed again."""
    source, sink = create(f"kafka-python-source-{RUN}"), create(f"kafka-python-sink-{RUN}")
    send(source, numbered(0, 20))
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=f"app-{sink}")
    producer.init_transactions()
    partition = TopicPartition(source, 0)
    reader = consumer(source, f"group-{source}", isolation_level="read_committed")

    def process(end):
        batch = drain(reader, 10)
        producer.begin_transaction()
        for record in batch:
            producer.send(sink, key=record.key, value=f"{end}-{record.value.decode()}".encode())
        after = {partition: OffsetAndMetadata(batch[-1].offset + 1, "", -1)}
        producer.send_offsets_to_transaction(after, reader.group_metadata())
        if end == "aborted":
            producer.flush()
            producer.abort_transaction()
            reader.seek(partition, batch[0].offset)
        else:
            producer.commit_transaction()

    process("committed")
    process("aborted")
    process("committed")
    equal(reader.committed(partition), 20)
    reader.close()
    producer.close()
    committed = [f"committed-{at}" for at in range(20)]
    for level, wanted in {
        "read_committed": committed,
        "read_uncommitted": committed[:10] + [f"aborted-{at}" for at in range(10, 20)] + committed[10:],
    }.items():
        check = consumer(sink, isolation_level=level)
        equal(values(drain(check, len(wanted))), wanted)
        check.close()


def fencing():
    """Who has a transactional id last shuts out who had it before, whose records are rolled back."""
    topic = create(f"kafka-python-fenced-{RUN}")
    old, new = (KafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=topic) for _ in range(2))
    old.init_transactions()
    old.begin_transaction()
    old.send(topic, value=b"of the old one").get(60)
    new.init_transactions()
    try:
        old.commit_transaction()
    except ProducerFencedError:
        old.close()
    else:
        raise AssertionError("the producer that was shut out could commit")
    new.begin_transaction()
    new.send(topic, value=b"of the new one")
    new.commit_transaction()
    new.close()
    check = consumer(topic, isolation_level="read_committed")
    equal(values(drain(check, 1)), ["of the new one"])
    check.close()


def administers_topics():
    topic, by_hand = create(f"kafka-python-admin-{RUN}"), admin()
    changes = {"retention.ms": "60000", "cleanup.policy": ("append", "compact")}
    by_hand.alter_configs([ConfigResource("topic", topic, changes)])
    found = by_hand.describe_configs([ConfigResource("topic", topic)])["topic"][topic]
    equal({key: config["value"] for key, config in found.items()},
          {"retention.ms": "60000", "cleanup.policy": "delete,compact"})
    by_hand.create_partitions({topic: 3})
    partitions = by_hand.describe_topics([topic])[0]["partitions"]
    equal(sorted(each["partition_index"] for each in partitions), [0, 1, 2])
    producer, partition = KafkaProducer(bootstrap_servers=BOOTSTRAP), TopicPartition(topic, 1)
    for at in range(10):
        producer.send(topic, key=b"key", value=b"%d" % at, partition=1, timestamp_ms=SINCE_MS + 10 * at)
    producer.close()
    equal(by_hand.delete_records({partition: 4})[partition]["low_watermark"], 4)
    specs = (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP, SINCE_MS + 55)
    offsets = [by_hand.list_partition_offsets({partition: spec})[partition].offset for spec in specs]
    equal(offsets, [4, 10, 9, 6])
    by_hand.delete_topics([topic])
    assert topic not in by_hand.list_topics(), "a topic that was deleted is listed"
    by_hand.close()


def administers_groups():
    topic, by_hand = create(f"kafka-python-grouped-{RUN}"), admin()
    group, partition = f"group-{topic}", TopicPartition(topic, 0)
    send(topic, numbered(0, 10))
    member = consumer(topic, group)
    drain(member, 10)
    member.commit()
    described = by_hand.describe_groups([group])[group]
    equal((described["group_state"], described["protocol_data"]), ("Stable", "range"))
    member.close()
    committed = lambda: by_hand.list_group_offsets({group: [partition]})[group][partition].offset
    equal(committed(), 10)
    by_hand.alter_group_offsets(group, {partition: OffsetAndMetadata(7, "by hand", -1)})
    equal(committed(), 7)
    member = consumer(topic, group)
    equal(values(drain(member, 3)), ["7", "8", "9"])
    member.close()
    listed = lambda: {each["group_id"]: each["group_state"] for each in by_hand.list_groups()}
    equal(listed()[group], "Empty")
    by_hand.delete_groups([group])
    assert group not in listed(), "a group that was deleted is listed"
    by_hand.close()


BOOTSTRAP = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
run(
    [(f"{codec} compression", functools.partial(compression, codec)) for codec in CODECS]
    + [(f"{protocol} group", functools.partial(sharing, protocol)) for protocol in ASSIGNORS]
    + [("static member", static_member), ("transactions", transactions), ("fencing", fencing)]
    + [("topics", administers_topics), ("groups", administers_groups)],
    at_once=6,  # it computes much itself, and gives up connecting after 10 s
)
