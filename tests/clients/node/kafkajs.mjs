// kafkajs against a running broker: `node kafkajs.mjs HOST:PORT`.
//
// Sends records with every compression, shares partitions in a group, rolls back and commits
// transactions, and administers. It knows the classic group protocol with eager rebalances only, and
// no static members. Exits 1 at the first thing that is not as it must be.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import * as zstd from "@bokuweb/zstd-wasm";
import kafkajs from "kafkajs";
import snappy from "kafkajs-snappy";
import lz4 from "lz4-napi";

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const bootstrap = process.argv[2];
assert.ok(bootstrap, "usage: node kafkajs.mjs HOST:PORT");
const run = randomBytes(4).toString("hex");
const since = Date.now() - 60_000; // what is older than a week is deleted

// Of its own it has gzip alone; the others are plugged in, as its documentation says.
await zstd.init();
CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => lz4.compressFrame(encoder.buffer),
  decompress: async (buffer) => lz4.decompressFrame(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from(zstd.compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(zstd.decompress(buffer)),
});

const kafka = new Kafka({ clientId: "kafkajs", brokers: [bootstrap], logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();

const buffer = (text) => (text === null ? null : Buffer.from(text));
const records = [
  ["plain", "value", { source: "web", version: "1.0" }],
  [null, "no key", {}],
  ["tombstone", null, {}],
  ["", "", { empty: "" }],
  ["größe", "日本", { twice: ["1", "2"] }],
  ["long", "all work and no play ".repeat(4096), {}],
  ["noise", randomBytes(10_000), { 名: randomBytes(256) }],
].map(([key, value, headers], at) => {
  const buffers = (header) => (Array.isArray(header) ? header.map(buffer) : buffer(header));
  headers = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, buffers(header)]));
  return { key: buffer(key), value: buffer(value), headers, timestamp: String(since + at), partition: 0 };
});

async function create(topic, numPartitions = 1) {
  await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }] });
  return topic;
}

async function send(topic, messages, settings = {}) {
  const producer = kafka.producer(settings.idempotent ? { idempotent: true, maxInFlightRequests: 1 } : {});
  await producer.connect();
  const sent = await producer.send({ topic, messages, ...settings, idempotent: undefined });
  await producer.disconnect();
  return sent;
}

async function until(condition) {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, "waited 60 s in vain");
    await sleep(50);
  }
}

/** A member of a group: what it owns, and what it has seen. */
async function join(topic, groupId, settings = {}) {
  const timing = { sessionTimeout: 10_000, heartbeatInterval: 1_000, maxWaitTimeInMs: 500 };
  const consumer = kafka.consumer({ groupId, ...timing, ...settings });
  const member = { consumer, owned: [], seen: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => (member.owned = payload.memberAssignment[topic] ?? []));
  consumer.on(consumer.events.REBALANCING, () => (member.owned = []));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const eachMessage = async ({ partition, message }) => void member.seen.push({ partition, ...message });
  await consumer.run({ autoCommit: false, eachMessage });
  return member;
}

async function read(topic, count, settings) {
  const member = await join(topic, `reads-${topic}-${randomBytes(4).toString("hex")}`, settings);
  await until(() => member.seen.length >= count);
  await member.consumer.disconnect();
  return member.seen;
}

const values = (seen) => seen.map(({ value }) => value.toString());
const sorted = (seen) => values(seen).sort((one, other) => one - other);
const texts = (start, count, prefix = "") => Array.from({ length: count }, (_, at) => `${prefix}${start + at}`);
const numbered = (start, count) => texts(start, count).map((value) => ({ key: `user-${value % 9}`, value }));

async function compression(codec) {
  const topic = await create(`kafkajs-${run}-${codec}`);
  const compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }[codec];
  const [sent] = await send(topic, records, { compression, idempotent: true });
  assert.deepEqual([sent.errorCode, sent.baseOffset], [0, "0"]);
  const seen = (await read(topic, records.length)).map(({ partition, offset, timestamp, key, value, headers }) =>
    ({ key, value, headers: { ...headers }, timestamp, partition, offset }));
  assert.deepEqual(seen, records.map((record, at) => ({ ...record, offset: String(at) })));
}

/** Two members have two partitions each and see everything once; who comes later goes on from there. */
async function sharing() {
  const topic = await create(`kafkajs-shared-${run}`, 4);
  const groupId = `group-${topic}`;
  const members = await Promise.all([join(topic, groupId), join(topic, groupId)]);
  await until(() => members.every(({ owned }) => owned.length === 2));
  await send(topic, numbered(0, 90));
  await until(() => members[0].seen.length + members[1].seen.length >= 90);
  const ends = {};
  for (const { owned, seen } of members) {
    for (const { partition, offset } of seen) {
      assert.ok(owned.includes(partition), `${partition} is not of ${owned}`);
      ends[partition] ??= 0;
      assert.equal(Number(offset), ends[partition]++);
    }
  }
  assert.deepEqual(sorted(members.flatMap(({ seen }) => seen)), texts(0, 90));
  const offsets = Object.entries(ends).map(([partition, end]) =>
    ({ topic, partition: Number(partition), offset: String(end) }));
  for (const { consumer, owned } of members) {
    await consumer.commitOffsets(offsets.filter(({ partition }) => owned.includes(partition)));
  }
  await members[1].consumer.disconnect();
  await until(() => members[0].owned.length === 4);
  await members[0].consumer.disconnect();
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  assert.deepEqual(
    committed.partitions.filter(({ offset }) => offset !== "-1").map(({ partition, offset }) => [partition, offset]),
    offsets.map(({ partition, offset }) => [partition, offset]),
  );

  await send(topic, numbered(90, 10));
  const late = await join(topic, groupId);
  await until(() => late.seen.length >= 10);
  assert.deepEqual(sorted(late.seen), texts(90, 10));
  await late.consumer.disconnect();
}

/** What is rolled back is read by nobody who asks for committed records, and counts for nothing. */
async function transactions() {
  const [source, sink] = [await create(`kafkajs-source-${run}`), await create(`kafkajs-sink-${run}`)];
  const consumerGroupId = `group-${source}`;
  await send(source, numbered(0, 20));
  const seen = await read(source, 20);
  const producer = kafka.producer({ transactionalId: `app-${sink}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const process = async (end, start) => {
    const transaction = await producer.transaction();
    const messages = seen.slice(start, start + 10).map(({ key, value }) => ({ key, value: `${end}-${value}` }));
    await transaction.send({ topic: sink, messages });
    const partitions = [{ partition: 0, offset: String(start + 10) }];
    await transaction.sendOffsets({ consumerGroupId, topics: [{ topic: source, partitions }] });
    await (end === "aborted" ? transaction.abort() : transaction.commit());
  };
  const committed = async () => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: consumerGroupId, topics: [source] });
    return partitions[0].offset;
  };
  await process("committed", 0);
  await until(async () => (await committed()) === "10");
  await process("aborted", 10);
  assert.equal(await committed(), "10");
  await process("committed", 10);
  await until(async () => (await committed()) === "20");
  await producer.disconnect();

  const wanted = texts(0, 20, "committed-");
  assert.deepEqual(values(await read(sink, 20)), wanted);
  const everything = [...wanted.slice(0, 10), ...texts(10, 10, "aborted-"), ...wanted.slice(10)];
  assert.deepEqual(values(await read(sink, 30, { readUncommitted: true })), everything);
}

/** Who has a transactional id last shuts out who had it before. */
async function fencing() {
  const topic = await create(`kafkajs-fenced-${run}`);
  const settings = { transactionalId: topic, idempotent: true, maxInFlightRequests: 1, retry: { retries: 2 } };
  const [old, young] = [kafka.producer(settings), kafka.producer(settings)];
  await old.connect();
  const transaction = await old.transaction();
  await transaction.send({ topic, messages: [{ value: "of the old one" }] });
  await young.connect();
  const next = await young.transaction();
  await assert.rejects(transaction.commit(), { type: "INVALID_PRODUCER_EPOCH" });
  await next.send({ topic, messages: [{ value: "of the new one" }] });
  await next.commit();
  assert.deepEqual(values(await read(topic, 1)), ["of the new one"]);
  await old.disconnect();
  await young.disconnect();
}

async function administersTopics() {
  const topic = await create(`kafkajs-admin-${run}`);
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const configEntries = [{ name: "retention.ms", value: "60000" }];
  await admin.alterConfigs({ resources: [{ ...resource, configEntries }] });
  const configNames = ["retention.ms", "cleanup.policy"];
  const { resources } = await admin.describeConfigs({ resources: [{ ...resource, configNames }] });
  const found = resources[0].configEntries.map(({ configName, configValue, isDefault }) =>
    [configName, configValue, isDefault]);
  assert.deepEqual(found.sort(), [["cleanup.policy", "delete", true], ["retention.ms", "60000", false]]);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  assert.deepEqual(topics[0].partitions.map(({ partitionId }) => partitionId).sort(), [0, 1, 2]);
  const messages = texts(0, 10).map((value, at) =>
    ({ key: "key", value, partition: 1, timestamp: String(since + 10 * at) }));
  await send(topic, messages);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: "4" }] });
  const [{ low, high }] = (await admin.fetchTopicOffsets(topic)).filter(({ partition }) => partition === 1);
  assert.deepEqual([low, high], ["4", "10"]);
  const after = await admin.fetchTopicOffsetsByTimestamp(topic, since + 55);
  assert.equal(after.find(({ partition }) => partition === 1).offset, "6");
  await admin.deleteTopics({ topics: [topic] });
  assert.ok(!(await admin.listTopics()).includes(topic), "a topic that was deleted is listed");
}

async function administersGroups() {
  const topic = await create(`kafkajs-grouped-${run}`);
  const groupId = `group-${topic}`;
  await send(topic, numbered(0, 10));
  const member = await join(topic, groupId);
  await until(() => member.seen.length === 10);
  await member.consumer.commitOffsets([{ topic, partition: 0, offset: "10" }]);
  const { groups: [described] } = await admin.describeGroups([groupId]);
  assert.deepEqual([described.state, described.protocol], ["Stable", "RoundRobinAssigner"]);
  const { assignment } = kafkajs.AssignerProtocol.MemberAssignment.decode(described.members[0].memberAssignment);
  assert.deepEqual({ ...assignment }, { [topic]: [0] });
  await member.consumer.disconnect();
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: "7" }] });
  const late = await join(topic, groupId);
  await until(() => late.seen.length === 3);
  assert.deepEqual(values(late.seen), ["7", "8", "9"]);
  await late.consumer.disconnect();
  await admin.deleteGroups([groupId]);
  const { groups } = await admin.listGroups();
  assert.ok(!groups.some((group) => group.groupId === groupId), "a group that was deleted is listed");
}

const steps = ["none", "gzip", "snappy", "lz4", "zstd"].map((codec) =>
  [`${codec} compression`, () => compression(codec)]);
steps.push(["group", sharing], ["transactions", transactions], ["fencing", fencing]);
steps.push(["topics", administersTopics], ["groups", administersGroups]);
// They mostly wait for a group to gather, so they do it side by side.
await Promise.all(steps.map(async ([title, step]) => {
  await step();
  console.log(`ok ${title}`);
}));
await admin.disconnect();
console.log(`${steps.length} passed`);
