"""What schemathesis must know of the registry: which server errors are meant, and which schemas,
subjects and keys there are, so that half of what it makes up meets something that exists."""

import json
import os
import urllib.error
import urllib.request
import zlib

import schemathesis

URL = os.environ["LEVADA_URL"]
# A KMS that this server has no access to.
MEANT = {50070}
RECORD = '{"type":"record","name":"R","fields":[{"name":"id","type":"long"%s}%s]}'
SCHEMAS = [
    ("AVRO", '"string"'),
    ("AVRO", RECORD % ("", "")),
    ("AVRO", RECORD % (',"confluent:tags":["PII"]', ',{"name":"s","type":"string","default":""}')),
    ("AVRO", '{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}'),
    ("JSON", '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}'),
    ("JSON", "true"),
    ("PROTOBUF", 'syntax = "proto3"; message M { int64 id = 1; M inner = 2; }'),
]
NAMES = {
    "subject": ["orders", ":.other:orders", "alias", "orders-value"],
    "context": [".other"],
    "version": [1, 2, "latest"],
    "id": [1, 2, 3],
    "name": ["shared", "unshared"],
    "resource": ["r1"],
}


def send(method, path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), method=method)
    request.add_header("content-type", "application/json")
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        # 409: an earlier run against the same server has made it.
        if error.code != 409:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from error


def seed():
    for subject in NAMES["subject"]:
        send("PUT", f"/config/{subject}", {"compatibility": "NONE"})
        for schema_type, schema in SCHEMAS:
            body = {"schemaType": schema_type, "schema": schema}
            send("POST", f"/subjects/{subject}/versions", body)
        send("DELETE", f"/config/{subject}", {})
    send("PUT", "/config/alias", {"alias": "orders"})
    kms = {"kmsType": "local-kms", "kmsKeyId": "k", "kmsProps": {"secret": "s"}}
    send("POST", "/dek-registry/v1/keks", {"name": "shared", "shared": True, **kms})
    send("POST", "/dek-registry/v1/keks", {"name": "unshared", **kms})
    for kek, material in [("shared", {}), ("unshared", {"encryptedKeyMaterial": "AAAA"})]:
        send("POST", f"/dek-registry/v1/keks/{kek}/deks/orders", material)
    resource = {"resourceName": "n", "resourceNamespace": "ns", "resourceId": "r1"}
    weak = [{"subject": "orders-value", "associationType": "value", "lifecycle": "WEAK"}]
    send("POST", "/associations", {**resource, "associations": weak})


def choice(value, known):
    """One of `known` for every other value, always the same for the same one."""
    number = zlib.crc32(repr(value).encode())
    return known[number // 2 % len(known)] if number % 2 else value


@schemathesis.hook
def before_load_schema(context, raw_schema):
    seed()


@schemathesis.hook
def map_path_parameters(context, parameters):
    for name, value in (parameters or {}).items():
        if name in NAMES:
            parameters[name] = choice(value, NAMES[name])
    return parameters


@schemathesis.hook
def map_body(context, body):
    if context.operation.path == "/mode" and isinstance(body, dict) and body.get("mode"):
        # Any other mode of the whole registry would refuse nearly all that comes after.
        body["mode"] = "READWRITE"
    for request in registrations(body):
        own = (request.get("schemaType"), request["schema"])
        request["schemaType"], request["schema"] = choice(own, SCHEMAS)
    return body


def registrations(value):
    """Every object below `value` that holds the text of a schema."""
    if isinstance(value, dict):
        if isinstance(value.get("schema"), str):
            yield value
        for member in value.values():
            yield from registrations(member)
    elif isinstance(value, list):
        for item in value:
            yield from registrations(item)


@schemathesis.check
def only_meant_server_errors(context, response, case):
    if response.status_code >= 500:
        code = json.loads(response.content)["error_code"]
        assert code in MEANT, f"error {code}: {response.text}"
