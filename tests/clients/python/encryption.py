"""Encryption rules of the stock Python client and of levada-serde, each reading what the other
writes: `encryption.py REGISTRY_URL EXAMPLE`.

EXAMPLE is the program `encrypted` among the examples of serde-lib. Both get their keys from the DEK
registry and wrap them with the local KMS, and in turns one makes the keys that the other uses.
Exits 1 at the first thing that is not as it must be.
"""

import base64
import copy
import itertools
import json
import subprocess
import sys
import time
import uuid

from confluent_kafka.schema_registry import (
    Metadata,
    MetadataProperties,
    MetadataTags,
    Rule,
    RuleKind,
    RuleMode,
    RuleParams,
    RuleSet,
    Schema,
    SchemaRegistryClient,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.encryption.dek_registry.dek_registry_client import (
    DekRegistryClient,
)
from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import (
    EncryptionExecutor,
    FieldEncryptionExecutor,
)
from confluent_kafka.schema_registry.rules.encryption.localkms.local_driver import LocalKmsDriver
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

RUN = uuid.uuid4().hex[:8]
SECRET = "mysecret"
DAY_MS = 24 * 60 * 60 * 1000
VALUES = [
    {"note": "hello", "labels": ["a", "ü", ""], "seal": base64.b64encode(bytes(range(256))).decode()},
    {"note": "", "labels": [], "seal": ""},
]
TAGS = {"confluent:tags": ["PII"]}
AVRO = json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "note", "type": "string", **TAGS},
    {"name": "labels", "type": {"type": "array", "items": "string"}, **TAGS},
    {"name": "seal", "type": "bytes", **TAGS}]})
JSON = json.dumps({"title": "Order", "type": "object", "properties": {
    "note": {"type": "string", **TAGS},
    "labels": {"type": "array", "items": {"type": "string"}, **TAGS},
    "seal": {"type": "string", **TAGS}}})
PROTO = """syntax = "proto3"; package shop;
message Order { string note = 1; repeated string labels = 2; bytes seal = 3; }"""


def message_class():
    """The class of `shop.Order` that a compiler would write."""
    proto = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="shop/order.proto", package="shop", syntax="proto3")
    message = file.message_type.add(name="Order")
    message.field.add(name="note", number=1, type=proto.TYPE_STRING, label=proto.LABEL_OPTIONAL)
    message.field.add(name="labels", number=2, type=proto.TYPE_STRING, label=proto.LABEL_REPEATED)
    message.field.add(name="seal", number=3, type=proto.TYPE_BYTES, label=proto.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


ORDER = message_class()


class Clock:
    """A clock that can be put forward."""

    days = 0

    def now(self):
        return int(time.time() * 1000) + self.days * DAY_MS


class Case:
    """One topic: a format, a rule, and what its keys are used with."""

    def __init__(self, format, rule_type, algorithm, days, shared):
        self.format, self.days, self.shared = format, days, shared
        kind = "shared" if shared else f"{days}-days"
        self.topic = f"{rule_type}-{algorithm}-{kind}-{format}-{RUN}".lower().replace("_", "-")
        self.kek = self.topic
        params = {
            "encrypt.kek.name": self.kek,
            "encrypt.kms.type": "local-kms",
            "encrypt.kms.key.id": "any",
            "encrypt.dek.algorithm": algorithm,
        }
        if days:
            params["encrypt.dek.expiry.days"] = str(days)
        is_of_fields = rule_type == "ENCRYPT"
        rule = Rule("secret", None, RuleKind.TRANSFORM, RuleMode.WRITEREAD, rule_type,
                    ["PII"] if is_of_fields else None, RuleParams(params), None, None, None, False)
        rules = RuleSet(None, [rule], None) if is_of_fields else RuleSet(None, None, [rule])
        metadata = None
        if format == "PROTOBUF":
            tags = {f"**.{name}": ["PII"] for name in ("note", "labels", "seal")}
            metadata = Metadata(MetadataTags(tags), MetadataProperties({}), None)
        text = {"AVRO": AVRO, "JSON": JSON, "PROTOBUF": PROTO}[format]
        # A client that has registered a Protobuf schema cannot read messages of it.
        registering = SchemaRegistryClient({"url": URL})
        registering.register_schema(f"{self.topic}-value", Schema(text, format, [], metadata, rules))
        self.client = SchemaRegistryClient({"url": URL})
        if shared:
            keys = DekRegistryClient({"url": URL})
            keys.register_kek(self.kek, "local-kms", "any", True, {"secret": SECRET})
        self.clock = Clock()
        self.registry = RuleRegistry()
        for executor in (EncryptionExecutor(self.clock), FieldEncryptionExecutor(self.clock)):
            self.registry.register_executor(executor)
        self.context = SerializationContext(self.topic, MessageField.VALUE)

    def settings(self):
        rule_conf = {} if self.shared else {"secret": SECRET}
        return {"rule_conf": rule_conf, "rule_registry": self.registry}

    def write(self, value):
        conf = {"auto.register.schemas": False, "use.latest.version": True}
        value = copy.deepcopy(value)  # the rules change it
        bytes_value = {**value, "seal": base64.b64decode(value["seal"])}
        match self.format:
            case "AVRO":
                writer, value = AvroSerializer(self.client, None, conf=conf, **self.settings()), bytes_value
            case "JSON":
                writer = JSONSerializer(None, self.client, conf=conf, **self.settings())
            case "PROTOBUF":
                writer, value = ProtobufSerializer(ORDER, self.client, conf, **self.settings()), ORDER(**bytes_value)
        return writer(value, self.context)

    def read(self, payload):
        match self.format:
            case "AVRO":
                value = AvroDeserializer(self.client, **self.settings())(payload, self.context)
                return {**value, "seal": base64.b64encode(value["seal"]).decode()}
            case "JSON":
                reader = JSONDeserializer(None, schema_registry_client=self.client, **self.settings())
                return reader(payload, self.context)
            case "PROTOBUF":
                reader = ProtobufDeserializer(ORDER, {}, self.client, **self.settings())
                value = reader(payload, self.context)
                return json_format.MessageToDict(value, always_print_fields_with_no_presence=True)

    def example(self, *arguments, lines):
        """What the example prints, a value a line."""
        secret = "" if self.shared else SECRET
        command = [EXAMPLE, URL, self.topic, self.format, secret, *arguments]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        ran = subprocess.run(command, input=text, capture_output=True, text=True)
        assert ran.returncode == 0, f"{self.topic}: {ran.stderr}"
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def written_here(self, days):
        self.clock.days = days
        payloads = [self.write(value) for value in VALUES]
        read = self.example("read", "0", lines=[payload.hex() for payload in payloads])
        equal(self.topic, read, VALUES)
        return payloads

    def written_there(self, days):
        self.clock.days = 0
        written = self.example("write", str(days), lines=VALUES)
        payloads = [bytes.fromhex(payload) for payload in written]
        for payload, value in zip(payloads, VALUES, strict=True):
            equal(self.topic, self.read(payload), value)
        return payloads


def equal(topic, found, wanted):
    assert found == wanted, f"{topic}: found {found!r}, wanted {wanted!r}"


def versions(format, payloads):
    """The versions of the key that payloads were encrypted with: they follow a zero behind the id
    of the schema and, in Protobuf, the message index."""
    start = 7 if format == "PROTOBUF" else 6
    return [int.from_bytes(payload[start:start + 4]) for payload in payloads]


def run(case, at, rule_type, algorithm):
    turns = [case.written_here, case.written_there]
    if at % 2:
        turns.reverse()
    first, second = turns[0](0), turns[1](0)
    if algorithm == "AES256_SIV" and case.format != "JSON":
        # JSON texts of equal values may differ.
        equal(case.topic, first, second)
    if case.days:
        first, second = turns[0](case.days + 1), turns[1](3 * case.days)
        if rule_type == "ENCRYPT_PAYLOAD":
            first, second = versions(case.format, first), versions(case.format, second)
            assert 1 < min(first) and max(first) < min(second), (first, second)
    print(f"ok {case.topic}", flush=True)


def main():
    LocalKmsDriver.register()
    cases = itertools.product(
        ("AVRO", "JSON", "PROTOBUF"),
        ("ENCRYPT", "ENCRYPT_PAYLOAD"),
        (("AES128_GCM", 0, False), ("AES256_GCM", 0, False), ("AES256_GCM", 1, False),
         ("AES256_SIV", 0, False), ("AES256_SIV", 2, False), ("AES256_GCM", 0, True)),
    )
    count = 0
    for format, rule_type, (algorithm, days, shared) in cases:
        run(Case(format, rule_type, algorithm, days, shared), count, rule_type, algorithm)
        count += 1
    print(f"{count} passed")


URL, EXAMPLE = sys.argv[1:] if len(sys.argv) == 3 else sys.exit(__doc__)
main()
