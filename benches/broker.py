#!/usr/bin/env python3
"""Speed and size of levada's broker beside Apache Kafka: the tables of BENCHMARKS.md, "The broker".

    benches/broker.py run                    every cell, some 15 minutes
    benches/broker.py run --cells '^100 B'   those whose name matches
    benches/broker.py table                  what was measured so far, as Markdown

Builds what it needs. Nothing else should run meanwhile. All brokers of a cell take turns, round after
round, each on a folder of its own under --work; the middle round counts. Results are appended to
target/bench-broker.jsonl, and a later one of the same cell wins. Java, Maven, cargo and Python are
all it needs. BENCH_NO_BUILD=1 takes the programs that are there.
"""
import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import broker_tables
from brokers import (ROOT, RELEASE, TARGET, ApacheKafka, Bare, BareSynced, Levada, LevadaAlone, RabbitMq,
                     Redis, build, kafka_version, words)

RESULTS = TARGET / "bench-broker.jsonl"
LOAD = RELEASE / "levada-load"
MESSAGES = {100: 1_000_000, 1024: 200_000}  # a round
WARM_MESSAGES = 1_000_000
LATENCY_SECONDS = 5  # of which the first is not counted
SYNCED_SHARE = 10  # of the messages of a round, for brokers that take them one by one
IN_FLIGHT = 500  # messages that those are sent before they must answer
PARTITIONS_A_TOPIC, TOPICS, GROUPS = 100, 100, 500
SPARSE_SEGMENTS = 100  # of 1 MiB; then each as long as 1 GiB


def load(broker, command, *more, topic="load", partitions=1):
    """Runs the load generator; answers what it measured."""
    line = [LOAD, "--bootstrap", broker.bootstrap, "--pid", broker.pid, "--topic", topic,
            "--partitions", partitions, command, *more]
    done = subprocess.run(words(line), check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def settle():
    """What others have left to write must not be written now; nor may memory full of their files
    make the kernel look for pages, which root alone can prevent."""
    os.sync()
    if os.geteuid() == 0:
        Path("/proc/sys/vm/drop_caches").write_text("1")


def started(kinds, work):
    brokers = [kind(work) for kind in kinds]
    for broker in brokers:
        broker.start()
    return brokers


class Throughput:
    """Produce at one size, count of partitions, codec and acks; with acks=all also consume."""

    def __init__(self, size, partitions, codec, acks):
        self.size, self.partitions, self.codec, self.acks = size, partitions, codec, acks
        self.name = f"{size} B, {partitions} p, {codec}, acks={acks}"

    def run(self, brokers, rounds):
        """Brokers are kept between cells: a Java process is only fair once it is warm."""
        rows = {broker.name: {"produce": [], "consume": []} for broker in brokers}
        for number in range(rounds):
            for broker in brokers:
                self.round(broker, rows[broker.name], f"load-{number}")
        return {name: {what: middle(measured) for what, measured in row.items() if measured}
                for name, row in rows.items()}

    def round(self, broker, row, topic):
        at = {"topic": topic, "partitions": self.partitions}
        messages = MESSAGES[self.size]
        load(broker, "create", **at)
        settle()
        row["produce"].append(load(broker, "produce", "--messages", messages, "--size", self.size,
                                   "--acks", self.acks, "--codec", self.codec, **at))
        if self.acks == "all":
            row["consume"].append(load(broker, "consume", "--messages", messages, **at))
        load(broker, "delete", **at)


def middle(rounds):
    """The middle round by time, and the spread of all of them."""
    ordered = sorted(rounds, key=lambda one: one["seconds"])
    chosen = dict(ordered[len(ordered) // 2])
    chosen["rates"] = [one["messages"] / one["seconds"] for one in ordered]
    if all(one["cpu_seconds"] is not None for one in ordered):
        chosen["cpu_us"] = statistics.median(
            one["cpu_seconds"] / one["messages"] * 1e6 for one in ordered)
    return chosen


class Latency:
    """End to end at a steady rate."""

    def __init__(self, rate):
        self.rate = rate
        self.name = f"latency, {rate} a second"

    def run(self, brokers, rounds):
        rows = {broker.name: [] for broker in brokers}
        # The first round is for the Java process: single messages are another path than batches.
        for number in range(rounds + 1):
            for broker in brokers:
                topic = f"latency-{number}"
                load(broker, "create", topic=topic)
                rows[broker.name].append(load(broker, "latency", "--rate", self.rate, "--seconds",
                                              LATENCY_SECONDS, topic=topic))
                load(broker, "delete", topic=topic)
        return {name: {key: statistics.median(one[key] for one in measured)
                       for key in ["p50_ms", "p99_ms"]}
                for name, [_, *measured] in rows.items()}


class Synced:
    """Produce with a sync before every answer, beside those that do not speak Kafka and have load
    generators of their own."""

    def __init__(self, size):
        self.size = size
        self.name = f"synced, {size} B"

    def run(self, brokers, rounds):
        rows = {broker.name: [] for broker in brokers}
        for number in range(rounds):
            for broker in brokers:
                settle()
                rows[broker.name].append(self.round(broker, f"synced-{number}"))
        return {name: {"produce": middle(measured)} for name, measured in rows.items()}

    def round(self, broker, topic):
        messages = MESSAGES[self.size] // SYNCED_SHARE
        if broker.speaks_kafka:
            load(broker, "create", topic=topic)
            measured = load(broker, "produce", "--messages", messages, "--size", self.size, "--acks", "all",
                            topic=topic)
            load(broker, "delete", topic=topic)
            return measured
        before = broker.cpu_seconds()
        seconds = broker.append(messages, self.size, IN_FLIGHT)
        return {"messages": messages, "seconds": seconds, "cpu_seconds": broker.cpu_seconds() - before}


class StartUp:
    """Seconds from the start of the process to its first answer, and memory when idle."""

    name = "start-up"

    def run(self, work, rounds):
        rows = {}
        for kind in [Levada, LevadaAlone, ApacheKafka]:
            broker = kind(work)
            seconds, memory = [], []
            for _ in range(rounds):
                seconds.append(broker.start())
                time.sleep(3)
                memory.append(broker.rss_mib())
                broker.stop()
            shutil.rmtree(broker.folder)
            rows[broker.name] = {"ready_ms": [one * 1000 for one in seconds], "idle_mib": memory}
        return rows


class Scale:
    """10,000 partitions and 500 groups, and the start after a clean stop."""

    name = "scale"

    def run(self, work, _rounds):
        broker = LevadaAlone(work)
        row = {"empty_ready_ms": broker.start() * 1000}
        load(broker, "create", topic="latency")
        row["empty"] = self.latency(broker)
        row["filled"] = self.held(broker)
        stopping = time.monotonic()
        broker.stop()
        row["stop_ms"] = (time.monotonic() - stopping) * 1000
        row["ready_ms"] = broker.start() * 1000
        row["again_rss_mib"], row["again"] = broker.rss_mib(), self.latency(broker)
        stopping = time.monotonic()
        broker.stop()
        row["again_stop_ms"] = (time.monotonic() - stopping) * 1000
        shutil.rmtree(broker.folder)
        return {broker.name: row}

    def latency(self, broker):
        return load(broker, "latency", "--seconds", LATENCY_SECONDS, topic="latency")

    def held(self, broker):
        """Latency while the groups are there, with what they came to."""
        line = [LOAD, "--bootstrap", broker.bootstrap, "--pid", broker.pid, "--partitions",
                PARTITIONS_A_TOPIC, "scale", "--topics", TOPICS, "--groups", GROUPS]
        clients = subprocess.Popen(words(line), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        told = clients.stdout.readline()
        if not told:
            raise SystemExit("the groups did not come up")
        time.sleep(2)
        row = {**json.loads(told), "latency": self.latency(broker), "rss_mib": broker.rss_mib()}
        # Not by the end of their input: to leave 500 groups takes longer than all the rest.
        clients.kill()
        clients.wait()
        return row


class Sparse:
    """The start after a clean stop with 100 MiB of segments, and the same files 100 GiB long."""

    name = "long log"

    def run(self, work, rounds):
        broker = LevadaAlone(work)
        broker.start()
        load(broker, "create", "--config", f"segment.bytes={1 << 20}")
        load(broker, "produce", "--messages", SPARSE_SEGMENTS * 1024, "--size", 1024)
        broker.stop()
        segments = sorted(broker.folder.glob("data/load-0/*.log"))
        row = {"segments": len(segments), "short_ms": self.starts(broker, rounds)}
        for segment in segments[:-1]:
            stretch(segment, 1 << 30)
        row["bytes"] = sum(segment.stat().st_size for segment in segments)
        row["long_ms"] = self.starts(broker, rounds)
        shutil.rmtree(broker.folder)
        return {broker.name: row}

    def starts(self, broker, rounds):
        seconds = []
        for _ in range(rounds):
            seconds.append(broker.start() * 1000)
            broker.stop()
        return seconds


def stretch(segment, size):
    """Makes the last batch of a sealed segment so long that the file has `size` bytes, mostly a hole."""
    with open(segment, "r+b") as file:
        position, end = 0, file.seek(0, os.SEEK_END)
        while True:
            file.seek(position + 8)
            length = int.from_bytes(file.read(4), "big")
            if position + 12 + length >= end:
                break
            position += 12 + length
        file.seek(position + 8)
        file.write((size - position - 12).to_bytes(4, "big"))
        file.truncate(size)


def cells():
    """Every cell, grouped by the brokers that take turns in it."""
    shapes = [(size, partitions, codec) for size in MESSAGES for partitions in [1, 12]
              for codec in ["none", "lz4"]]
    yield [LevadaAlone, ApacheKafka, Bare], [Throughput(*shape, "1") for shape in shapes]
    yield [LevadaAlone, ApacheKafka, BareSynced], [
        *(Throughput(*shape, "all") for shape in shapes), Latency(1000), Latency(200)]
    yield [LevadaAlone, Redis, RabbitMq], [Synced(size) for size in MESSAGES]
    yield None, [StartUp(), Scale(), Sparse()]


def warm(broker):
    load(broker, "create", topic="warm")
    load(broker, "produce", "--messages", WARM_MESSAGES, topic="warm")
    load(broker, "consume", "--messages", WARM_MESSAGES, topic="warm")
    load(broker, "delete", topic="warm")


def run(asked):
    if "BENCH_NO_BUILD" not in os.environ:
        build()
    revision = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout.strip()
    about = {"commit": revision, "kafka": kafka_version(), "machine": f"{os.cpu_count()} cores, {platform.release()}"}
    for kinds, group in cells():
        chosen = [cell for cell in group if re.search(asked.cells, cell.name)]
        if not chosen:
            continue
        work = Path(tempfile.mkdtemp(prefix="bench-broker-", dir=asked.work))
        try:
            brokers = started(kinds or [], work)
            for broker in brokers:
                if broker.speaks_kafka:
                    warm(broker)
            for cell in chosen:
                rows = cell.run(brokers if kinds else work, asked.rounds)
                keep({"cell": cell.name, **about, "brokers": rows})
            for broker in brokers:
                broker.remove()
        finally:
            shutil.rmtree(work, ignore_errors=True)


def keep(result):
    with open(RESULTS, "a") as results:
        results.write(json.dumps(result) + "\n")
    print(json.dumps(result), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--cells", default="", help="a regular expression on their names")
    running.add_argument("--rounds", type=int, default=3)
    running.add_argument("--work", default=TARGET, help="where the brokers' folders are made")
    commands.add_parser("table")
    asked = parser.parse_args()
    if asked.command == "run":
        run(asked)
    print(broker_tables.markdown(RESULTS))


if __name__ == "__main__":
    main()
