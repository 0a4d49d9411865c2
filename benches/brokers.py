"""The brokers that benches/broker.py compares: how each is started on a folder of its own, and stopped."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
RELEASE = TARGET / "release"
KAFKA_JARS = TARGET / "kafka-jars"
RABBITMQ_JARS = TARGET / "rabbitmq-jars"
HOST = "127.0.0.1"
PATIENCE = 60  # seconds until a broker must answer
# ApiVersions in version 0 with correlation id 1 and no client id: every broker answers it.
HELLO = bytes.fromhex("0000000a 0012 0000 00000001 ffff".replace(" ", ""))

# The defaults of Kafka's own start script, but for the log files of its collector.
KAFKA_FLAGS = ["-server", "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
               "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent",
               "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
KAFKA_SETTINGS = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.segment.delete.delay.ms=1000
group.initial.rebalance.delay.ms=0
"""


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers(port, hello):
    """Whether something that knows the request listens there."""
    try:
        with socket.create_connection((HOST, port), timeout=PATIENCE) as peer:
            peer.sendall(hello)
            return len(peer.recv(4)) == 4
    except OSError:
        return False


class Broker:
    """A broker on a folder that it keeps over restarts."""

    name = ""
    speaks_kafka = True
    hello = HELLO

    def __init__(self, work):
        self.folder = work / self.name.replace(" ", "-")
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    @property
    def bootstrap(self):
        return f"{HOST}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def command(self):
        raise NotImplementedError

    def start(self):
        """Starts it; answers the seconds until it answered a request."""
        command = self.command()
        output = open(self.folder / "output", "ab")
        started = time.monotonic()
        self.process = subprocess.Popen(words(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        output.close()
        while not answers(self.port, self.hello):
            if self.process.poll() is not None or time.monotonic() - started > PATIENCE:
                raise SystemExit(f"{self.name} does not start: see {self.folder}/output")
            time.sleep(0.001)
        return time.monotonic() - started

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def cpu_seconds(self):
        """Of the whole process since it began, in ticks of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"{self.name} has ended: see {self.folder}/output")


class Levada(Broker):
    name = "levada"

    def command(self):
        return [RELEASE / "levada", "serve", "--data-dir", self.folder / "data",
                "--registry-listen", f"{HOST}:0", "--kafka-listen", self.bootstrap]


class LevadaAlone(Broker):
    """levada's broker without its registry."""

    name = "levada, broker alone"

    def command(self):
        return [RELEASE / "levada-broker-alone", self.folder / "data", self.bootstrap]


class ApacheKafka(Broker):
    """One node of KRaft with Kafka's defaults: nothing is synced before an answer."""

    name = "Apache Kafka"

    def __init__(self, work):
        super().__init__(work)
        settings = KAFKA_SETTINGS.format(
            host=HOST, port=self.port, controller=free_port(), folder=self.folder)
        (self.folder / "server.properties").write_text(settings)
        subprocess.run([*self.java(), "kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw",
                        "-c", self.folder / "server.properties"], check=True, capture_output=True)

    def java(self):
        return ["java", *KAFKA_FLAGS, "-cp", f"{KAFKA_JARS}/*"]

    def command(self):
        return [*self.java(), "kafka.Kafka", self.folder / "server.properties"]


class Bare(Broker):
    """The bare broker, without any sync."""

    name = "bare"
    words = ()

    def command(self):
        return [RELEASE / "levada-bare-broker", self.folder, self.bootstrap, *self.words]


class BareSynced(Bare):
    """The bare broker with an fdatasync before every answer."""

    name = "bare, synced"
    words = ("fsync",)


class Redis(Broker):
    """Redis Streams with an fsync before the answers to whatever came at once."""

    name = "Redis Streams, synced"
    speaks_kafka = False
    hello = b"PING\r\n"

    def command(self):
        return ["redis-server", "--port", self.port, "--bind", HOST, "--dir", self.folder, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always"]

    def append(self, messages, size, pipelined):
        """XADD of values of `size` bytes over one connection, `pipelined` at a time; seconds it took."""
        started = time.monotonic()
        subprocess.run(words(["redis-benchmark", "-h", HOST, "-p", self.port, "-c", 1, "-n", messages, "-P",
                              pipelined, "-q", "XADD", "load", "*", "v", "x" * size]),
                       check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started


class RabbitMq(Broker):
    """A durable queue of persistent messages: what is confirmed was synced."""

    name = "RabbitMQ, confirmed"
    speaks_kafka = False
    hello = b"AMQP\x00\x00\x09\x01"

    def __init__(self, work):
        super().__init__(work)
        (self.folder / "plugins").write_text("[].")
        self.names = free_port()
        self.environment = {
            "HOME": self.folder, "RABBITMQ_NODENAME": f"bench{self.port}@localhost",
            "RABBITMQ_NODE_PORT": self.port, "RABBITMQ_NODE_IP_ADDRESS": HOST, "RABBITMQ_DIST_PORT": free_port(),
            "RABBITMQ_MNESIA_BASE": self.folder / "data", "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins", "RABBITMQ_PID_FILE": self.folder / "pid",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": self.folder / "none",
            "ERL_EPMD_ADDRESS": HOST, "ERL_EPMD_PORT": self.names}

    def command(self):
        # Not the one on PATH, which wants to be the user rabbitmq.
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return ["env", *settings, "/usr/lib/rabbitmq/bin/rabbitmq-server"]

    @property
    def pid(self):
        """Not that of the script that starts it."""
        return int((self.folder / "pid").read_text())

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)
        subprocess.run(words(["epmd", "-port", self.names, "-kill"]), stdout=subprocess.DEVNULL, check=True)

    def append(self, messages, size, in_flight):
        """Publishes over one channel, `in_flight` at a time unconfirmed; seconds it took."""
        line = ["java", "-cp", f"{RABBITMQ_JARS}/*", "com.rabbitmq.perf.PerfTest",
                "--uri", f"amqp://guest:guest@{HOST}:{self.port}", "--producers", 1, "--consumers", 0,
                "--flag", "persistent", "--auto-delete", "false", "--queue", f"load-{size}",
                "--size", size, "--confirm", in_flight, "--pmessages", messages]
        done = subprocess.run(words(line), check=True, stdout=subprocess.PIPE, text=True)
        # Without the start of its virtual machine.
        return messages / float(re.search(r"sending rate avg: (\d+)", done.stdout).group(1))


def words(command):
    return [str(word) for word in command]


def build():
    """Everything that is started here, in the build that users get."""
    # One after the other: together they would be built with each other's features.
    for package in ["levada-cli", "levada-bench-load"]:
        subprocess.run(["cargo", "build", "-q", "--release", "--locked", "-p", package], cwd=ROOT, check=True)
    for pom, jars in [("tests/clients/java", KAFKA_JARS), ("benches/rabbitmq", RABBITMQ_JARS)]:
        if not jars.is_dir():
            subprocess.run(["mvn", "-q", "-B", "-f", ROOT / pom / "pom.xml", "dependency:copy-dependencies",
                            f"-DoutputDirectory={jars}"], check=True)


def kafka_version():
    jar = next(KAFKA_JARS.glob("kafka_*.jar"))
    return jar.stem.rsplit("-", 1)[1]
