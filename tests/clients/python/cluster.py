"""One program on levada's broker and on an Apache Kafka cluster of three nodes that loses a leader:
`cluster.py HOST:PORT REGISTRY CLASS_PATH LEDGER`.

LEDGER is the built example of levada-serde. It writes 100,000 payments with an idempotent producer
while a consumer group reads them, first on the broker at HOST:PORT, then on a cluster of its own whose
first partition's leader is killed in the middle. No payment may be missing or there twice. Exits 1 at
the first thing that is not as it must be.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from records import RUN, equal, until

COUNT = 100_000
KILLED_AT = 30_000
NODES = (1, 2, 3)
PARTITIONS = 6
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
TOPIC = f"payments-{RUN}"
JVM = ("java", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")
SETTINGS = """process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/log
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
group.initial.rebalance.delay.ms=0
"""


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Cluster:
    """Nodes that are brokers and controllers at once."""

    def __init__(self, folder):
        ports, controllers = free_ports(len(NODES)), free_ports(len(NODES))
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in zip(NODES, controllers))
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.processes = {}
        for node, port, controller in zip(NODES, ports, controllers):
            own = folder / str(node)
            own.mkdir()
            settings = own / "server.properties"
            settings.write_text(SETTINGS.format(
                node=node, voters=voters, port=port, controller=controller, folder=own))
            java = [*JVM, "-cp", CLASS_PATH]
            subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", settings],
                           check=True, capture_output=True)
            with open(own / "output", "wb") as output:
                self.processes[node] = subprocess.Popen([*java, "kafka.Kafka", settings], stdout=output,
                                                        stderr=output)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def brokers(self):
        try:
            return len(self.admin.list_topics(timeout=10).brokers)
        except KafkaException:
            return 0

    def leader(self):
        """Of the first partition; -1 while it has none."""
        partitions = self.admin.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
        return partitions[0].leader if 0 in partitions else -1

    def kill(self, node):
        self.processes[node].send_signal(signal.SIGKILL)
        self.processes[node].wait()

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def ledger(command, bootstrap):
    words = [LEDGER, command, "--bootstrap", bootstrap, "--registry", REGISTRY, "--topic", TOPIC, "--count", str(COUNT)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines_of(process):
    """What is left to be printed, once the program has ended well."""
    printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, f"{process.args} ended with {process.returncode}: {printed}{errors}"
    return printed.splitlines()


def books_balance(bootstrap, in_the_middle):
    audit, pay = ledger("audit", bootstrap), ledger("pay", bootstrap)
    try:
        while (line := pay.stdout.readline()) != f"delivered {KILLED_AT}\n":
            assert line, f"the payer has ended: {pay.communicate()}"
        in_the_middle()
        equal(lines_of(pay)[-1], f"delivered {COUNT} payments")
        equal(lines_of(audit)[-1], f"read {COUNT} payments, 0 missing, 0 doubled")
    finally:
        for process in (audit, pay):
            process.kill()


def on_levada():
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    admin.create_topics([NewTopic(TOPIC, PARTITIONS)])[TOPIC].result()
    books_balance(BOOTSTRAP, lambda: None)


def on_a_cluster(folder):
    cluster = Cluster(folder)
    try:
        until(lambda: cluster.brokers() == len(NODES))
        cluster.admin.create_topics([NewTopic(TOPIC, PARTITIONS, len(NODES))])[TOPIC].result()
        until(lambda: cluster.leader() in NODES)
        killed = cluster.leader()
        books_balance(cluster.bootstrap, lambda: cluster.kill(killed))
        until(lambda: cluster.leader() in set(NODES) - {killed})
        equal(cluster.processes[killed].returncode, -signal.SIGKILL)
    finally:
        cluster.end()
    return killed


def main():
    started = time.monotonic()
    on_levada()
    with tempfile.TemporaryDirectory() as folder:
        killed = on_a_cluster(Path(folder))
    print(f"cluster: {COUNT:,} payments on levada, and as many on three nodes of which {killed} was killed at "
          f"{KILLED_AT:,}: none missing, none doubled; {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    BOOTSTRAP, REGISTRY, CLASS_PATH, LEDGER = sys.argv[1:]
    main()
