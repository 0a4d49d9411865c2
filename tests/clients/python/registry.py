"""The stock Python client against a running registry: `registry.py REGISTRY_URL`.

Registers, evolves, is refused, reads back and deletes in every format, and sends records through
the three serializers with CEL rules and with fields and payloads encrypted. Exits 1 at the first
thing that is not as it must be.
"""

import functools
import json
import sys
import uuid

from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Metadata,
    MetadataProperties,
    MetadataTags,
    Rule,
    RuleKind,
    RuleMode,
    RuleParams,
    RuleSet,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.schema_registry.rules.cel.cel_executor import CelExecutor
from confluent_kafka.schema_registry.rules.cel.cel_field_executor import CelFieldExecutor
from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import (
    EncryptionExecutor,
    FieldEncryptionExecutor,
)
from confluent_kafka.schema_registry.rules.encryption.localkms.local_driver import LocalKmsDriver
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

RUN = uuid.uuid4().hex[:8]
SECRET = {"secret": "a secret of the producers and consumers"}


def avro(*fields, **more):
    return json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [*fields], **more})


def json_schema(**properties):
    return json.dumps({"type": "object", "additionalProperties": False, "properties": properties})


def proto(*fields, imports=""):
    return f'syntax = "proto3";\npackage shop;\n{imports}message Order {{\n  ' + "\n  ".join(fields) + "\n}\n"


ID, NOTE = {"name": "id", "type": "string"}, {"name": "note", "type": "string", "default": ""}
# Of each format: a version, one that may follow it, one that may not.
HISTORIES = {
    "AVRO": (avro(ID), avro(ID, NOTE), avro({"name": "id", "type": "long"})),
    "JSON": (
        json_schema(id={"type": "string"}),
        json_schema(id={"type": "string"}, note={"type": "string"}),
        json_schema(id={"type": "integer"}),
    ),
    "PROTOBUF": (
        proto("string id = 1;"),
        proto("string id = 1;", "string note = 2;"),
        proto("int64 id = 1;"),
    ),
}


def equal(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def refused(status, code, act):
    try:
        act()
    except SchemaRegistryError as error:
        return equal((error.http_status_code, error.error_code), (status, code))
    raise AssertionError(f"nothing was refused, wanted {status} with code {code}")


def history(client, kind):
    """Registers, evolves, is refused, reads back and deletes."""
    first, second, broken = (Schema(text, kind) for text in HISTORIES[kind])
    subject = f"history-{kind}-{RUN}"
    refused(404, 40401, lambda: client.get_latest_version(subject))
    id_1 = client.register_schema(subject, first)
    equal(client.register_schema(subject, first), id_1)
    assert client.test_compatibility(subject, second)
    id_2 = client.register_schema(subject, second)
    assert id_1 != id_2, "two schemas with one id"
    assert not client.test_compatibility(subject, broken)
    refused(409, 40901, lambda: client.register_schema(subject, broken))
    refused(422, 42201, lambda: client.register_schema(subject, Schema("{", kind)))

    latest = client.get_latest_version(subject)
    equal((latest.version, latest.schema_id, latest.subject), (2, id_2, subject))
    equal(client.get_versions(subject), [1, 2])
    equal(client.get_version(subject, 1).schema_id, id_1)
    equal(client.lookup_schema(subject, first).version, 1)
    fresh = SchemaRegistryClient({"url": URL})
    equal((fresh.get_schema(id_1).schema_type or "AVRO"), kind)
    equal(fresh.get_schema_by_guid(latest.guid).schema_str, latest.schema.schema_str)
    assert subject in client.get_subjects()

    client.set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel.NONE))
    equal(client.get_config(subject).compatibility_level.value, "NONE")
    equal(client.get_version(subject, client_version(client, subject, broken)).version, 3)
    client.delete_config(subject)

    equal(client.delete_version(subject, 3), 3)
    refused(404, 40402, lambda: fresh.get_version(subject, 3))
    equal(client.delete_subject(subject), [1, 2])
    refused(404, 40401, lambda: fresh.get_latest_version(subject))
    equal(client.delete_subject(subject, permanent=True), [1, 2, 3])
    assert subject not in client.get_subjects(deleted=True)


def client_version(client, subject, schema):
    return client.register_schema_full_response(subject, schema).version


def references(client):
    """An Avro schema that names a type of another subject."""
    base = Schema(json.dumps({"type": "enum", "name": "shop.State", "symbols": ["NEW", "SENT"]}), "AVRO")
    subject = f"state-{RUN}"
    client.register_schema(subject, base)
    reference = SchemaReference(name="shop.State", subject=subject, version=1)
    order = Schema(avro(ID, {"name": "state", "type": "State"}), "AVRO", [reference])
    client.register_schema(f"referring-{RUN}", order)
    refused(422, 42206, lambda: client.delete_subject(subject))


@functools.cache
def message_class():
    """The class of `Order` that a compiler would write."""
    name = f"order_{RUN}.proto"
    file = descriptor_pb2.FileDescriptorProto(name=name, package="shop", syntax="proto3")
    message = file.message_type.add(name="Order")
    for number, field in enumerate(("id", "note"), start=1):
        message.field.add(
            name=field,
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
            json_name=field,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


def codec(kind, has_rules=False):
    """A serializer and a deserializer; with rules those of what is registered already.

    Their client is a new one: a client that has seen a schema as text gives them the text, where
    those of Protobuf need a descriptor.
    """
    client = SchemaRegistryClient({"url": URL})
    conf = {"auto.register.schemas": False, "use.latest.version": True} if has_rules else {}
    deserializing = {"use.latest.version": True} if has_rules else {}
    text = HISTORIES[kind][1]
    if kind == "AVRO":
        writer = AvroSerializer(client, text, conf=conf, rule_conf=SECRET)
        reader = AvroDeserializer(client, conf=deserializing, rule_conf=SECRET)
    elif kind == "JSON":
        writer = JSONSerializer(text, client, conf=conf, rule_conf=SECRET)
        reader = JSONDeserializer(
            None, schema_registry_client=client, conf=deserializing, rule_conf=SECRET
        )
    else:
        order = message_class()
        writer = ProtobufSerializer(order, client, conf=conf, rule_conf=SECRET)
        reader = ProtobufDeserializer(
            order, conf=deserializing, schema_registry_client=client, rule_conf=SECRET
        )
    return writer, reader


def record(kind, **fields):
    return message_class()(**fields) if kind == "PROTOBUF" else fields


def plain(value):
    return value if isinstance(value, dict) else {"id": value.id, "note": value.note}


def serializers(client, kind):
    """What one serializer writes, a deserializer with a client of its own reads."""
    topic = f"plain-{kind}-{RUN}"
    context = SerializationContext(topic, MessageField.VALUE)
    writer, _ = codec(kind)
    frame = writer(record(kind, id="1", note="hello"), context)
    equal(frame[0], 0)
    equal(int.from_bytes(frame[1:5], "big"), client.get_latest_version(f"{topic}-value").schema_id)
    _, reader = codec(kind)
    equal(plain(reader(frame, context)), {"id": "1", "note": "hello"})


def rule(name, kind, mode, type_, expr=None, tags=None, params=None):
    params = RuleParams(params) if params else None
    return Rule(name, None, kind, mode, type_, tags, params, expr, None, None, False)


def register(client, kind, topic, domain=None, encoding=None):
    path = {"AVRO": "shop.Order.note", "JSON": "$.note", "PROTOBUF": "shop.Order.note"}[kind]
    metadata = Metadata(MetadataTags({path: ["PII"]}), MetadataProperties({"owner": "shop"}), None)
    rules = RuleSet(None, domain, encoding)
    schema = Schema(HISTORIES[kind][1], kind, metadata=metadata, rule_set=rules)
    client.register_schema(f"{topic}-value", schema)
    stored = client.get_latest_version(f"{topic}-value").schema
    equal(stored.metadata.properties.properties, {"owner": "shop"})


def cel(client, kind):
    """A condition refuses a record, a transform changes the tagged field of another."""
    topic = f"cel-{kind}-{RUN}"
    context = SerializationContext(topic, MessageField.VALUE)
    register(client, kind, topic, domain=[
        rule("has-id", RuleKind.CONDITION, RuleMode.WRITE, "CEL", "message.id != ''"),
        rule("shout", RuleKind.TRANSFORM, RuleMode.WRITE, "CEL_FIELD",
             "typeName == 'STRING' ; value + '!'", tags=["PII"]),
    ])
    writer, reader = codec(kind, has_rules=True)
    frame = writer(record(kind, id="1", note="hello"), context)
    equal(plain(reader(frame, context)), {"id": "1", "note": "hello!"})
    try:
        writer(record(kind, id="", note="hello"), context)
    except SerializationError:
        return
    raise AssertionError("the condition let an empty id pass")


def encryption(client, kind, whole):
    """A field, or the whole payload, is unreadable on the wire and readable with the keys."""
    topic = f"encrypt-{'payload' if whole else 'field'}-{kind}-{RUN}"
    context = SerializationContext(topic, MessageField.VALUE)
    params = {"encrypt.kek.name": f"kek-{topic}", "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": "key"}
    rules = (RuleKind.TRANSFORM, RuleMode.WRITEREAD)
    if whole:
        register(client, kind, topic, encoding=[rule("hide", *rules, "ENCRYPT_PAYLOAD", params=params)])
    else:
        register(client, kind, topic, domain=[rule("hide", *rules, "ENCRYPT", tags=["PII"], params=params)])
    writer, reader = codec(kind, has_rules=True)
    frame = writer(record(kind, id="1", note="my secret note"), context)
    assert b"my secret note" not in frame, "the note stands in the frame as it is"
    equal(plain(reader(frame, context)), {"id": "1", "note": "my secret note"})
    _, fresh = codec(kind, has_rules=True)
    equal(plain(fresh(frame, context)), {"id": "1", "note": "my secret note"})


def main():
    LocalKmsDriver.register()
    for executor in (CelExecutor, CelFieldExecutor, EncryptionExecutor, FieldEncryptionExecutor):
        executor.register()
    client = SchemaRegistryClient({"url": URL})
    steps = [("references", lambda: references(client))]
    for kind in HISTORIES:
        steps += [
            (f"{kind} history", lambda kind=kind: history(client, kind)),
            (f"{kind} serializers", lambda kind=kind: serializers(client, kind)),
            (f"{kind} CEL rules", lambda kind=kind: cel(client, kind)),
            (f"{kind} encrypted fields", lambda kind=kind: encryption(client, kind, whole=False)),
            (f"{kind} encrypted payloads", lambda kind=kind: encryption(client, kind, whole=True)),
        ]
    for name, step in steps:
        step()
        print(f"ok {name}", flush=True)
    print(f"{len(steps)} passed")


URL = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
main()
