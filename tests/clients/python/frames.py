"""Messages of the stock Python client and of levada-serde, each read by the other:
`frames.py REGISTRY_URL EXAMPLE`.

EXAMPLE is the program `frames` among the examples of serde-lib. Every format is written with the
schema id in front of the payload and in a header. Exits 1 at the first thing that is not as it
must be.
"""

import json
import subprocess
import sys
import uuid

from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
    prefix_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

RUN = uuid.uuid4().hex[:8]
ORDER = {"id": -7, "note": "hello", "lines": [{"sku": "a", "quantity": 1}, {"sku": "ü", "quantity": 300}]}
NOTE = {"note": "nested"}

AVRO = json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "int"},
    {"name": "note", "type": "string"},
    {"name": "lines", "type": {"type": "array", "items": {
        "type": "record", "name": "Line", "fields": [
            {"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}]}}},
]})
JSON_LINE = json.dumps({"type": "object", "properties": {
    "sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}}})
JSON_ORDER = json.dumps({"title": "Order", "type": "object", "properties": {
    "id": {"type": "integer"}, "note": {"type": "string"},
    "lines": {"type": "array", "items": {"$ref": "line.json"}}}})


def field(message, name, number, kind, repeated=False, type_name=None):
    proto = descriptor_pb2.FieldDescriptorProto
    message.field.add(
        name=name, number=number, type=getattr(proto, f"TYPE_{kind}"), type_name=type_name,
        label=proto.LABEL_REPEATED if repeated else proto.LABEL_OPTIONAL,
    )


def message_classes():
    """The classes of `shop.Order` and of `shop.Order.Note` that a compiler would write."""
    line_path = f"shop/{RUN}/line.proto"
    line = descriptor_pb2.FileDescriptorProto(name=line_path, package="shop", syntax="proto3")
    message = line.message_type.add(name="Line")
    field(message, "sku", 1, "STRING")
    field(message, "quantity", 2, "INT32")

    file = descriptor_pb2.FileDescriptorProto(
        name=f"shop/{RUN}/order.proto", package="shop", syntax="proto3", dependency=[line_path]
    )
    field(file.message_type.add(name="Receipt"), "id", 1, "INT32")
    message = file.message_type.add(name="Order")
    field(message, "id", 1, "INT32")
    field(message, "counts", 2, "MESSAGE", repeated=True, type_name=".shop.Order.CountsEntry")
    field(message, "note", 3, "STRING")
    field(message, "lines", 4, "MESSAGE", repeated=True, type_name=".shop.Line")
    entry = message.nested_type.add(name="CountsEntry")
    entry.options.map_entry = True
    field(entry, "key", 1, "STRING")
    field(entry, "value", 2, "INT32")
    field(message.nested_type.add(name="Note"), "note", 1, "STRING")

    pool = descriptor_pool.DescriptorPool()
    pool.Add(line)
    pool.Add(file)
    names = ("shop.Order", "shop.Order.Note")
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names]


def equal(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def example(*arguments, lines=()):
    """What the example prints, a value a line."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ran = subprocess.run([EXAMPLE, URL, *arguments], input=text, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def serializers(client, placing):
    """Of each format: its name, a topic, a serializer and a value."""
    conf = {"schema.id.serializer": placing}
    line = f"line-{RUN}.json"
    client.register_schema(line, Schema(JSON_LINE, "JSON"))
    json_order = Schema(JSON_ORDER, "JSON", [SchemaReference("line.json", line, 1)])
    order, note = message_classes()
    return [
        ("AVRO", AvroSerializer(client, AVRO, conf=conf), ORDER),
        ("JSON", JSONSerializer(json_order, client, conf=conf), ORDER),
        ("PROTOBUF", ProtobufSerializer(order, client, conf), json_format.ParseDict(ORDER, order())),
        ("PROTOBUF", ProtobufSerializer(note, client, conf), note(**NOTE)),
    ]


def written_here(client):
    """The example reads what the Python client writes."""
    frames, wanted = [], []
    for placing in (prefix_schema_id_serializer, header_schema_id_serializer):
        for format, serializer, value in serializers(client, placing):
            topic, headers = f"python-{format}-{RUN}", []
            context = SerializationContext(topic, MessageField.VALUE, headers=headers)
            payload = serializer(value, context)
            header = dict(headers).get("__value_schema_id")
            equal(header is not None, placing is header_schema_id_serializer)
            frames.append({
                "format": format, "topic": topic, "payload": payload.hex(),
                "header": header.hex() if header else None,
            })
            is_dict = isinstance(value, dict)
            wanted.append(value if is_dict else json_format.MessageToDict(value))
    equal(example("read", lines=frames), wanted)
    return len(frames)


def written_there():
    """The Python client reads what the example writes."""
    order, note = message_classes()
    frames = example("write", f"rust-{RUN}")
    equal(len(frames), 8)
    for at, frame in enumerate(frames):
        client = SchemaRegistryClient({"url": URL})
        message = note if at % 4 == 3 else order
        readers = {
            "AVRO": lambda: AvroDeserializer(client),
            "JSON": lambda: JSONDeserializer(None, schema_registry_client=client),
            "PROTOBUF": lambda: ProtobufDeserializer(message, {}, client),
        }
        header = frame["header"]
        equal(header is not None, at >= 4)
        headers = [("__value_schema_id", bytes.fromhex(header))] if header else []
        context = SerializationContext(frame["topic"], MessageField.VALUE, headers=headers)
        value = readers[frame["format"]]()(bytes.fromhex(frame["payload"]), context)
        found = value if isinstance(value, dict) else json_format.MessageToDict(value)
        equal(found, NOTE if message is note else ORDER)
    return len(frames)


def main():
    here = written_here(SchemaRegistryClient({"url": URL}))
    print(f"ok {here} messages of the Python client read by levada-serde", flush=True)
    there = written_there()
    print(f"ok {there} messages of levada-serde read by the Python client", flush=True)
    print(f"{here + there} passed")


URL, EXAMPLE = sys.argv[1:] if len(sys.argv) == 3 else sys.exit(__doc__)
main()
