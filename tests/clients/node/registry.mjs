// The stock clients of Node against a running registry: `node registry.mjs REGISTRY_URL`.
//
// Each registers, evolves, is refused, reads back and sends records in every format it knows; the
// one that can deletes, and sends records with CEL rules and encrypted fields. Exits 1 at the first
// thing that is not as it must be.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { create, createFileRegistry, createMutableRegistry } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import confluent from "@confluentinc/schemaregistry";
import kafkajs from "@kafkajs/confluent-schema-registry";

const url = process.argv[2];
assert.ok(url, "usage: node registry.mjs REGISTRY_URL");
const run = randomBytes(4).toString("hex");

const avro = (...fields) => JSON.stringify({ type: "record", name: "Order", namespace: "shop", fields });
const jsonSchema = (properties) => JSON.stringify({ type: "object", additionalProperties: false, properties });
const proto = (...fields) => `syntax = "proto3";\npackage shop;\nmessage Order {\n  ${fields.join("\n  ")}\n}\n`;

const id = { name: "id", type: "string" };
const note = { name: "note", type: "string", default: "" };
// Of each format: a version, one that may follow it, one that may not.
const histories = {
  AVRO: [avro(id), avro(id, note), avro({ name: "id", type: "long" })],
  JSON: [
    jsonSchema({ id: { type: "string" } }),
    jsonSchema({ id: { type: "string" }, note: { type: "string" } }),
    jsonSchema({ id: { type: "integer" } }),
  ],
  PROTOBUF: [proto("string id = 1;"), proto("string id = 1;", "string note = 2;"), proto("int64 id = 1;")],
};
const record = { id: "1", note: "hello" };

// @kafkajs/confluent-schema-registry

async function kafkajsHistory(type) {
  const registry = new kafkajs.SchemaRegistry({ host: url });
  const subject = `kafkajs-${type}-${run}`;
  const [first, second, broken] = histories[type].map((schema) => ({ type, schema }));
  const one = await registry.register(first, { subject });
  const two = await registry.register(second, { subject });
  assert.notEqual(one.id, two.id);
  assert.equal(await registry.getLatestSchemaId(subject), two.id);
  assert.equal(await registry.getRegistryId(subject, 1), one.id);
  assert.equal(await registry.getRegistryIdBySchema(subject, first), one.id);
  await assert.rejects(registry.register(broken, { subject }), /incompatible/);

  const frame = await registry.encode(two.id, record);
  assert.deepEqual([frame[0], frame.readUInt32BE(1)], [0, two.id]);
  const fresh = new kafkajs.SchemaRegistry({ host: url });
  assert.deepEqual({ ...(await fresh.decode(frame)) }, record);
}

// @confluentinc/schemaregistry

const client = () => new confluent.SchemaRegistryClient({ baseURLs: [url] });

async function refused(status, code, promise) {
  const error = await promise.then(() => assert.fail(`nothing was refused, wanted ${code}`), (found) => found);
  assert.deepEqual([error.status, error.errorCode], [status, code], error.message);
}

async function history(schemaType) {
  const registry = client();
  const subject = `confluent-${schemaType}-${run}`;
  const [first, second, broken] = histories[schemaType].map((schema) => ({ schema, schemaType }));
  await refused(404, 40401, registry.getLatestSchemaMetadata(subject));
  const one = await registry.register(subject, first);
  assert.ok(await registry.testSubjectCompatibility(subject, second));
  const two = await registry.register(subject, second);
  assert.notEqual(one, two);
  assert.ok(!(await registry.testSubjectCompatibility(subject, broken)));
  await refused(409, 40901, registry.register(subject, broken));
  await refused(422, 42201, registry.register(subject, { schema: "{", schemaType }));

  const fresh = client();
  const latest = await fresh.getLatestSchemaMetadata(subject);
  assert.deepEqual([latest.version, latest.id], [2, two]);
  assert.deepEqual(await fresh.getAllVersions(subject), [1, 2]);
  assert.equal((await fresh.getSchemaMetadata(subject, 1)).id, one);
  assert.equal(await fresh.getVersion(subject, first), 1);
  assert.ok((await fresh.getAllSubjects()).includes(subject));
  await fresh.updateCompatibility(subject, confluent.Compatibility.NONE);
  assert.equal(await fresh.getCompatibility(subject), "NONE");

  assert.equal(await fresh.deleteSubjectVersion(subject, 2), 2);
  assert.deepEqual(await fresh.deleteSubject(subject), [1]);
  await refused(404, 40401, client().getLatestSchemaMetadata(subject));
  assert.deepEqual(await fresh.deleteSubject(subject, true), [1, 2]);
}

// The type of `Order` that a compiler would write.
function orderType() {
  const field = (name, number) => ({
    name,
    number,
    jsonName: name,
    type: FieldDescriptorProto_Type.STRING,
    label: FieldDescriptorProto_Label.OPTIONAL,
  });
  const file = create(FileDescriptorProtoSchema, {
    name: "order.proto",
    package: "shop",
    syntax: "proto3",
    messageType: [{ name: "Order", field: [field("id", 1), field("note", 2)] }],
  });
  return createFileRegistry(file, () => undefined).getMessage("shop.Order");
}

const order = orderType();
const message = (schemaType, fields) => (schemaType === "PROTOBUF" ? create(order, fields) : fields);
const plain = (value) => ({ id: value.id, note: value.note });

// A serializer and a deserializer, each with a client of its own; with rules those of what is
// registered already.
function codec(schemaType, hasRules) {
  const secret = { ruleConfig: { secret: "a secret of the producers and consumers" } };
  const writing = hasRules ? { useLatestVersion: true, ...secret } : { autoRegisterSchemas: true };
  const reading = hasRules ? { useLatestVersion: true, ...secret } : {};
  const value = confluent.SerdeType.VALUE;
  switch (schemaType) {
    case "AVRO":
      return [
        new confluent.AvroSerializer(client(), value, writing),
        new confluent.AvroDeserializer(client(), value, reading),
      ];
    case "JSON":
      return [
        new confluent.JsonSerializer(client(), value, writing),
        new confluent.JsonDeserializer(client(), value, reading),
      ];
    default: {
      const serializer = new confluent.ProtobufSerializer(client(), value, {
        ...writing,
        registry: createMutableRegistry(order),
      });
      return [serializer, new confluent.ProtobufDeserializer(client(), value, reading)];
    }
  }
}

// What one serializer writes, a deserializer with a client of its own reads. The serializers of
// Avro and JSON take the schema that is registered.
async function serializers(schemaType) {
  const topic = `confluent-plain-${schemaType}-${run}`;
  if (schemaType !== "PROTOBUF") {
    await client().register(`${topic}-value`, { schema: histories[schemaType][1], schemaType });
  }
  const [serializer, deserializer] = codec(schemaType, schemaType !== "PROTOBUF");
  const frame = await serializer.serialize(topic, message(schemaType, record));
  const latest = await client().getLatestSchemaMetadata(`${topic}-value`);
  assert.deepEqual([frame[0], frame.readUInt32BE(1)], [0, latest.id]);
  assert.deepEqual(plain(await deserializer.deserialize(topic, frame)), record);
}

async function register(schemaType, topic, domainRules) {
  const path = { AVRO: "shop.Order.note", JSON: "$.note", PROTOBUF: "shop.Order.note" }[schemaType];
  const metadata = { tags: { [path]: ["PII"] }, properties: { owner: "shop" } };
  const schema = { schema: histories[schemaType][1], schemaType, metadata, ruleSet: { domainRules } };
  await client().register(`${topic}-value`, schema);
}

// A condition refuses a record, a transform changes the tagged field of another.
async function cel(schemaType) {
  const topic = `confluent-cel-${schemaType}-${run}`;
  await register(schemaType, topic, [
    { name: "is-there", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "message.id != 'none'" },
    {
      name: "shout",
      kind: "TRANSFORM",
      mode: "WRITE",
      type: "CEL_FIELD",
      tags: ["PII"],
      expr: "typeName == 'STRING' ; value + '!'",
    },
  ]);
  const [serializer, deserializer] = codec(schemaType, true);
  const frame = await serializer.serialize(topic, message(schemaType, { ...record }));
  assert.deepEqual(plain(await deserializer.deserialize(topic, frame)), { id: "1", note: "hello!" });
  // This client's conditions do not see into Protobuf messages, and let every one pass.
  if (schemaType !== "PROTOBUF") {
    await assert.rejects(serializer.serialize(topic, { id: "none", note: "hello" }));
  }
}

// A field is unreadable on the wire and readable with the keys.
async function encryption(schemaType) {
  const topic = `confluent-encrypt-${schemaType}-${run}`;
  const params = {
    "encrypt.kek.name": `kek-${topic}`,
    "encrypt.kms.type": "local-kms",
    "encrypt.kms.key.id": "key",
  };
  const rule = { name: "hide", kind: "TRANSFORM", mode: "WRITEREAD", type: "ENCRYPT", tags: ["PII"], params };
  await register(schemaType, topic, [rule]);
  const [serializer] = codec(schemaType, true);
  const [, deserializer] = codec(schemaType, true);
  const frame = await serializer.serialize(topic, message(schemaType, { id: "1", note: "my secret note" }));
  assert.ok(!frame.includes("my secret note"), "the note stands in the frame as it is");
  assert.deepEqual(plain(await deserializer.deserialize(topic, frame)), { id: "1", note: "my secret note" });
}

confluent.RuleRegistry.registerRuleExecutor(new confluent.CelExecutor());
confluent.RuleRegistry.registerRuleExecutor(new confluent.CelFieldExecutor());
confluent.LocalKmsDriver.register();
confluent.FieldEncryptionExecutor.register();

const steps = [];
for (const type of Object.keys(histories)) {
  steps.push([`kafkajs ${type}`, () => kafkajsHistory(type)]);
  steps.push([`confluent ${type} history`, () => history(type)]);
  steps.push([`confluent ${type} serializers`, () => serializers(type)]);
  steps.push([`confluent ${type} CEL rules`, () => cel(type)]);
  steps.push([`confluent ${type} encrypted fields`, () => encryption(type)]);
}
for (const [name, step] of steps) {
  await step();
  console.log(`ok ${name}`);
}
console.log(`${steps.length} passed`);
