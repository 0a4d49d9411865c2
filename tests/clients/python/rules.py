"""Rules of schemas, run by the stock Python client and by levada-serde, each reading what the other
wrote: `rules.py REGISTRY_URL EXAMPLE`.

EXAMPLE is the program `rules` among the examples of serde-lib. Of every format a first version has
rules in CEL on fields and on the message, and a second one, which calls a field by another name,
migration rules in JSONata; another subject has constraints inside its schema, of which both must find
the same broken. Exits 1 at the first thing that is not as it must be.
"""

import json
import subprocess
import sys
import uuid

from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Rule,
    RuleKind,
    RuleMode,
    RuleParams,
    RuleSet,
    Schema,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.schema_registry.rules.cel.cel_executor import CelExecutor
from confluent_kafka.schema_registry.rules.cel.cel_field_executor import CelFieldExecutor
from confluent_kafka.schema_registry.rules.jsonata.jsonata_executor import JsonataExecutor
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

RUN = uuid.uuid4().hex[:8]
FORMATS = ("AVRO", "JSON", "PROTOBUF")
CHECKED = []


def rule(name, kind, mode, type, expr, tags=None):
    return Rule(name, None, kind, mode, type, tags, RuleParams({}), expr, None, None, False)


def order(note_name):
    """A value; the text stands under this name."""
    return {"id": 7, note_name: "n", "price": 1.5, "lines": [{"sku": "ü", "count": 2}]}


def schema(format, note_name):
    tagged = {"confluent:tags": ["PII"]}
    if format == "AVRO":
        return json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [
            {"name": "id", "type": "int"},
            {"name": note_name, "type": "string", **tagged},
            {"name": "price", "type": "double"},
            {"name": "lines", "type": {"type": "array", "items": {
                "type": "record", "name": "Line", "fields": [
                    {"name": "sku", "type": "string", **tagged},
                    {"name": "count", "type": "int"}]}}}]})
    if format == "JSON":
        return json.dumps({"title": "Order", "type": "object", "properties": {
            "id": {"type": "integer"},
            note_name: {"type": "string", **tagged},
            "price": {"type": "number"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {
                "sku": {"type": "string", **tagged}, "count": {"type": "integer"}}}}}})
    meta = '[(confluent.field_meta).tags = "PII"]'
    return f"""syntax = "proto3";
        package shop;
        import "confluent/meta.proto";
        message Order {{
          int32 id = 1;
          string {note_name} = 2 {meta};
          double price = 3;
          repeated Line lines = 4;
        }}
        message Line {{ string sku = 1 {meta}; int32 count = 2; }}"""


def field_rules():
    return [
        rule("mark", RuleKind.TRANSFORM, RuleMode.WRITE, "CEL_FIELD",
             "typeName == 'STRING' && name != 'none' ; value + '-' + name", ["PII"]),
        rule("cheap", RuleKind.CONDITION, RuleMode.WRITEREAD, "CEL",
             "message.price < 10.0 && message.lines.all(l, l.sku.endsWith('sku'))"),
    ]


def migrations():
    return [
        rule("up", RuleKind.TRANSFORM, RuleMode.UPGRADE, "JSONATA",
             "$merge([$sift($, function($v, $k) {$k != 'note'}), {'text': note}])"),
        rule("down", RuleKind.TRANSFORM, RuleMode.DOWNGRADE, "JSONATA",
             "$merge([$sift($, function($v, $k) {$k != 'text'}), {'note': text}])"),
    ]


def message_class(note_name, optional=False):
    """The class of `shop.Order` that a compiler would write."""
    proto = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{RUN}/{note_name}{optional}.proto", package="shop", syntax="proto3"
    )

    def field(message, name, number, kind, **more):
        label = more.pop("label", proto.LABEL_OPTIONAL)
        message.field.add(
            name=name, number=number, type=getattr(proto, f"TYPE_{kind}"), label=label, **more
        )

    message = file.message_type.add(name="Order")
    field(message, "id", 1, "INT32")
    if optional:
        message.oneof_decl.add(name="_note")
        field(message, note_name, 2, "STRING", proto3_optional=True, oneof_index=0)
    else:
        field(message, note_name, 2, "STRING")
    field(message, "price", 3, "DOUBLE")
    field(message, "lines", 4, "MESSAGE", label=proto.LABEL_REPEATED, type_name=".shop.Line")
    line = file.message_type.add(name="Line")
    field(line, "sku", 1, "STRING")
    field(line, "count", 2, "INT32")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


def equal(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"
    CHECKED.append(wanted)


def example(action, lines):
    """What the example prints, a value a line."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ran = subprocess.run([EXAMPLE, URL, action], input=text, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def context(format):
    return SerializationContext(f"rules-{RUN}-{format}", MessageField.VALUE)


def write_here(format, value):
    """A payload of the Python client, with the latest version; None where a rule is against it."""
    client = SchemaRegistryClient({"url": URL})
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    try:
        if format == "AVRO":
            return AvroSerializer(client, conf=conf)(value, context(format))
        if format == "JSON":
            return JSONSerializer(None, client, conf=conf)(value, context(format))
        message = json_format.ParseDict(value, message_class("note")())
        return ProtobufSerializer(type(message), client, conf)(message, context(format))
    except SerializationError:
        return None


def read_here(format, payload, note_name):
    """A value as the latest version has it."""
    client = SchemaRegistryClient({"url": URL})
    conf = {"use.latest.version": True}
    if format == "AVRO":
        return AvroDeserializer(client, conf=conf)(payload, context(format))
    if format == "JSON":
        reader = JSONDeserializer(None, schema_registry_client=client, conf=conf)
        return reader(payload, context(format))
    reader = ProtobufDeserializer(message_class(note_name), conf, client)
    return json_format.MessageToDict(reader(payload, context(format)))


def marked(note_name):
    """What the first version's rules make of a value, under a name of the text."""
    value = order(note_name)
    value[note_name] = "n-note"
    value["lines"][0]["sku"] = "ü-sku"
    return value


def register(client, format, note_name, rules):
    client.register_schema(
        f"rules-{RUN}-{format}-value", Schema(schema(format, note_name), format, [], None, rules)
    )


def constrained(format):
    """A schema of orders that carries rules itself."""
    def rules(name, expr, **more):
        return {"confluent:rules": [{"name": name, "expr": expr, **more}]}
    few = ("few", "this.size() < 3")
    long = ("long", "this.size() > 1")
    positive = ("positive", "this > 0 ? '' : 'id is ' + string(this)")
    dear = ("dear", "this.lines.size() == 0 || this.price > 0.0")
    if format == "AVRO":
        line = {"type": "record", "name": "Line", "fields": [
            {"name": "sku", "type": "string", **rules(*long)}, {"name": "count", "type": "int"}]}
        return json.dumps({"type": "record", "name": "Order", "namespace": "shop",
            **rules(*dear, doc="lines cost something"), "fields": [
                {"name": "id", "type": "int", **rules(*positive)},
                {"name": "note", "type": ["null", "string"], **rules("said", "this != ''")},
                {"name": "price", "type": "double"},
                {"name": "lines", "type": {"type": "array", "items": line}, **rules(*few)}]})
    if format == "JSON":
        line = {"type": "object", "properties": {
            "sku": {"type": "string", **rules(*long)}, "count": {"type": "integer"}}}
        return json.dumps({"title": "Order", "type": "object",
            **rules(*dear, doc="lines cost something"), "properties": {
                "id": {"type": "integer", **rules(*positive)},
                "note": {"type": ["null", "string"], **rules("said", "this != ''")},
                "price": {"type": "number"},
                "lines": {"type": "array", "items": {"$ref": "#/definitions/line"}, **rules(*few)}},
            "definitions": {"line": line}})
    def option(name, expr):
        return f'(confluent.field_meta).rules = {{ name: "{name}" expr: "{expr}" }}'
    return f"""syntax = "proto3";
        package shop;
        import "confluent/meta.proto";
        message Order {{
          option (confluent.message_meta).rules = {{
            name: "{dear[0]}" doc: "lines cost something" expr: "{dear[1]}" }};
          int32 id = 1 [{option(*positive)}];
          optional string note = 2 [{option("said", "this != ''")}];
          double price = 3;
          repeated Line lines = 4 [{option(*few)}];
        }}
        message Line {{ string sku = 1 [{option(*long)}]; int32 count = 2; }}"""


def broken_here(format, value):
    """What the Python client finds broken of a value, in the order of the text."""
    client = SchemaRegistryClient({"url": URL})
    conf = {"auto.register.schemas": False, "use.latest.version": True,
            "validation.rules.execution": "BEFORE_DOMAIN_RULES"}
    context = SerializationContext(f"constrained-{RUN}-{format}", MessageField.VALUE)
    try:
        if format == "AVRO":
            AvroSerializer(client, conf=conf)(value, context)
        elif format == "JSON":
            JSONSerializer(None, client, conf=conf)(value, context)
        else:
            kept = {name: member for name, member in value.items() if member is not None}
            message = json_format.ParseDict(kept, message_class("note", optional=True)())
            ProtobufSerializer(type(message), client, conf)(message, context)
    except SerializationError as error:
        return sorted(line.removeprefix("  - ") for line in str(error).splitlines()[1:])
    return []


def constraints(client):
    values = [
        order("note"),
        {**order("note"), "note": None},
        {**order("note"), "note": "", "id": -1},
        {"id": 0, "note": "n", "price": 0.0, "lines": [
            {"sku": sku, "count": 1} for sku in ("ab", "c", "d")]},
    ]
    found = 0
    for format in FORMATS:
        subject = f"constrained-{RUN}-{format}-value"
        client.register_schema(subject, Schema(constrained(format), format))
        for value in values:
            line = {"format": format, "topic": f"constrained-{RUN}-{format}"}
            kept = {n: m for n, m in value.items() if m is not None or format != "PROTOBUF"}
            there, = example("write", [{**line, "value": kept}])
            wanted = broken_here(format, value)
            equal(sorted(there) if isinstance(there, list) else [], wanted)
            found += len(wanted)
    assert found > 0
    print(f"ok {len(FORMATS)} formats, {found} constraints found broken by both", flush=True)


def main():
    for executor in (CelExecutor, CelFieldExecutor, JsonataExecutor):
        executor.register()
    client = SchemaRegistryClient({"url": URL})
    payloads, there = {}, {}
    too_dear = {**order("note"), "price": 10.5}
    for format in FORMATS:
        subject = f"rules-{RUN}-{format}-value"
        client.set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel.NONE))
        register(client, format, "note", RuleSet([], field_rules()))
        payloads[format] = write_here(format, order("note"))
        equal(write_here(format, too_dear), None)
        line = {"format": format, "topic": f"rules-{RUN}-{format}"}
        written, refused = example(
            "write", [{**line, "value": order("note")}, {**line, "value": too_dear}]
        )
        equal(refused, "cheap")
        there[format] = bytes.fromhex(written)
        if format == "AVRO":
            equal(there[format], payloads[format])
        equal(read_here(format, there[format], "note"), marked("note"))
        read, = example("read", [{**line, "payload": payloads[format].hex()}])
        equal(read, marked("note"))
    print(f"ok {len(FORMATS)} formats written with CEL rules by both, read by the other", flush=True)

    for format in FORMATS:
        register(client, format, "text", RuleSet(migrations(), []))
        wanted = marked("text")
        wanted["text"] = "n-note"
        equal(read_here(format, there[format], "text"), wanted)
        line = {"format": format, "topic": f"rules-{RUN}-{format}"}
        read, = example("read", [{**line, "payload": payloads[format].hex()}])
        equal(read, wanted)
    print(f"ok {len(FORMATS)} formats brought to the next version by both", flush=True)
    constraints(client)
    print(f"{len(CHECKED)} passed")


URL, EXAMPLE = sys.argv[1:] if len(sys.argv) == 3 else sys.exit(__doc__)
main()
