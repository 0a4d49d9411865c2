import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/**
 * What lies on the disk, read by the tools of Apache Kafka and by Apache Kafka itself:
 * {@code Stored HOST:PORT LOG_FOLDER SCRATCH}.
 *
 * <p>The folder is a copy of what the running broker serves. Ends with 1 at the first thing that is
 * read otherwise than the broker serves it.
 */
public final class Stored {
    private final Kafka broker;
    private final Path folder;
    private final DumpLog dump;
    private final Map<String, TopicDescription> topics;

    private Stored(String bootstrap, Path folder) throws Exception {
        broker = new Kafka(bootstrap);
        this.folder = folder;
        dump = new DumpLog(folder);
        try (Admin admin = broker.admin()) {
            var names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
            topics = admin.describeTopics(names).allTopicNames().get();
        }
    }

    public static void main(String[] arguments) throws Exception {
        var stored = new Stored(arguments[0], Path.of(arguments[1]));
        var checks = new Checks();
        checks.add("kafka-dump-log, records", stored::records);
        checks.add("kafka-dump-log, codecs", stored::codecs);
        checks.add("kafka-dump-log, indexes", stored::indexes);
        checks.add("kafka-dump-log, groups and transactions", stored::coordinators);
        checks.add("Apache Kafka on a copy", () -> stored.served(Path.of(arguments[2])));
        checks.run(1);
    }

    /** Those of clients. */
    private List<TopicPartition> partitions() {
        return topics.values().stream()
                .filter(topic -> !topic.isInternal())
                .flatMap(topic -> topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
                .toList();
    }

    private static int size(String text) {
        return text == null ? -1 : text.length();
    }

    private void records() throws Exception {
        var found = dump.records();
        var starts = offsets(broker, OffsetSpec.earliest());
        readAll(broker, "read_uncommitted").forEach((partition, records) -> {
            var wanted = records.stream().map(Stored::outline).toList();
            // What was deleted goes from the disk with its whole segment.
            var kept = found.get(partition.toString()).stream()
                    .filter(outline -> outline.offset() >= starts.get(partition).get(0)).toList();
            Checks.equalLists(partition.toString(), kept, wanted);
        });
        // The broker goes on writing to its own topics: sessions end.
        found.keySet().removeIf(partition -> partition.startsWith("__"));
        Checks.equal(found.keySet(), partitions().stream().map(TopicPartition::toString).collect(Collectors.toSet()));
    }

    private static DumpLog.Outline outline(Kafka.Found record) {
        var headerKeys = record.headers().stream().map(header -> header.substring(0, header.indexOf('=')));
        return new DumpLog.Outline(record.offset(), record.timestamp(), size(record.key()), size(record.value()),
                headerKeys.collect(Collectors.joining(",")));
    }

    private void codecs() throws Exception {
        var found = dump.codecs();
        Checks.equal(found.isEmpty(), false);
        found.forEach((topic, codecs) -> {
            codecs.add("none"); // as some clients leave batches that compression makes no smaller
            var wanted = new TreeSet<>(List.of("none", topic.substring(topic.lastIndexOf('-') + 1)));
            Checks.equal(topic + codecs, topic + wanted);
        });
    }

    private void indexes() throws Exception {
        Checks.equal(dump.indexes() >= 2 * partitions().size(), true);
        long rolledBack = dump.aborted().values().stream().mapToLong(List::size).sum();
        Checks.equal(rolledBack > 0, true);
    }

    private void coordinators() throws Exception {
        var found = dump.decoded("__consumer_offsets-0", "--offsets-decoder");
        for (var group : committed(broker).entrySet()) {
            group.getValue().forEach((partition, offset) -> {
                String key = "{\"type\":\"1\",\"data\":{\"group\":\"%s\",\"topic\":\"%s\",\"partition\":%d}}"
                        .formatted(group.getKey(), partition.topic(), partition.partition());
                String payload = found.getOrDefault(key, "nothing");
                Checks.equal(payload.contains("\"offset\":%d,".formatted(offset.offset())) ? key : payload, key);
            });
        }
        var transactions = dump.decoded("__transaction_state-0", "--transaction-log-decoder");
        try (Admin admin = broker.admin()) {
            for (var transaction : admin.listTransactions().all().get()) {
                String key = "{\"type\":\"0\",\"data\":{\"transactionalId\":\"%s\"}}"
                        .formatted(transaction.transactionalId());
                String payload = transactions.getOrDefault(key, "nothing");
                Checks.equal(payload.contains("\"producerId\":%d,".formatted(transaction.producerId())) ? key : payload,
                        key);
            }
        }
    }

    /** Every record of every partition, in order; {@code isolation} says which are left out. */
    private Map<TopicPartition, List<Kafka.Found>> readAll(Kafka from, String isolation) throws Exception {
        var found = new HashMap<TopicPartition, List<Kafka.Found>>();
        try (var reader = from.consumer(Map.of("isolation.level", isolation))) {
            reader.assign(partitions());
            partitions().forEach(partition -> found.put(partition, new ArrayList<>()));
            var ends = reader.endOffsets(partitions());
            Checks.until(() -> ends.entrySet().stream().allMatch(end -> reader.position(end.getKey()) >= end.getValue()),
                    () -> reader.poll(Kafka.POLL).forEach(record ->
                            found.get(new TopicPartition(record.topic(), record.partition()))
                                    .add(Kafka.Found.of(record))));
        }
        return found;
    }

    private static Map<String, Map<TopicPartition, OffsetAndMetadata>> committed(Kafka from) throws Exception {
        try (Admin admin = from.admin()) {
            var found = new TreeMap<String, Map<TopicPartition, OffsetAndMetadata>>();
            for (var group : admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get()) {
                var offsets = admin.listConsumerGroupOffsets(group.groupId()).partitionsToOffsetAndMetadata().get();
                if (!offsets.isEmpty()) {
                    found.put(group.groupId(), offsets);
                }
            }
            return found;
        }
    }

    /** A real Apache Kafka that is started on a copy of the partitions serves the same. */
    private void served(Path scratch) throws Exception {
        try (var kafka = new ApacheKafka(scratch)) {
            kafka.start();
            var other = new Kafka(kafka.bootstrap);
            createAll(other);
            kafka.stop();
            var all = new ArrayList<>(partitions());
            all.add(new TopicPartition("__consumer_offsets", 0));
            all.add(new TopicPartition("__transaction_state", 0));
            for (TopicPartition partition : all) {
                replace(kafka.logs.resolve(partition.toString()), folder.resolve(partition.toString()));
            }
            for (String checkpoint : List.of("recovery-point", "log-start", "cleaner", "replication")) {
                // We have none of what is replicated: it is all that is there.
                String ours = checkpoint.equals("replication") ? "recovery-point" : checkpoint;
                Files.copy(folder.resolve(ours + "-offset-checkpoint"),
                        kafka.logs.resolve(checkpoint + "-offset-checkpoint"), StandardCopyOption.REPLACE_EXISTING);
            }
            kafka.start();
            compare(other);
            append(other);
            kafka.stop();
            Checks.equal(kafka.complaints().stream().filter(Stored::isUnexpected).toList(), List.of());
        }
    }

    /** Of what it says of logs and coordinators; everything else is its own affair. */
    private static boolean isUnexpected(String complaint) {
        // Our snapshots hold more, under a version that Kafka discards to replay the log.
        boolean isExpected = complaint.contains("Failed to load producer snapshot")
                // A field that 4.4 has added and has a default for.
                || complaint.contains("Size of assignment epochs 0 ");
        return !isExpected && (complaint.contains(" org.apache.kafka.storage.internals.log.")
                || complaint.contains(" org.apache.kafka.coordinator."));
    }

    private void createAll(Kafka other) throws Exception {
        try (Admin from = broker.admin(); Admin to = other.admin()) {
            var resources = topics.keySet().stream()
                    .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
            Map<ConfigResource, Config> configs = from.describeConfigs(resources).all().get();
            var all = new ArrayList<NewTopic>();
            configs.forEach((resource, config) -> {
                var own = config.entries().stream()
                        .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                        .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value));
                int count = topics.get(resource.name()).partitions().size();
                all.add(new NewTopic(resource.name(), count, (short) 1).configs(own));
            });
            to.createTopics(all).all().get();
        }
    }

    /** All is replaced but the file with the topic's id, which Apache Kafka gave out itself. */
    private static void replace(Path theirs, Path ours) throws IOException {
        for (Path file : list(theirs)) {
            if (!file.endsWith("partition.metadata")) {
                Files.delete(file);
            }
        }
        for (Path file : list(ours)) {
            if (!file.endsWith("partition.metadata")) {
                Files.copy(file, theirs.resolve(file.getFileName()));
            }
        }
    }

    private static Collection<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private void compare(Kafka other) throws Exception {
        for (String isolation : List.of("read_uncommitted", "read_committed")) {
            var wanted = readAll(broker, isolation);
            var found = readAll(other, isolation);
            wanted.forEach((partition, records) ->
                    Checks.equalLists(isolation + " " + partition, found.get(partition), records));
        }
        var starts = offsets(broker, OffsetSpec.earliest());
        for (var spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(),
                OffsetSpec.forTimestamp(Kafka.SINCE_MS))) {
            var wanted = offsets(broker, spec);
            offsets(other, spec).forEach((partition, found) -> {
                // Of what was deleted it still finds what has not gone from the disk.
                boolean isDeleted = found.get(0) >= 0 && found.get(0) < starts.get(partition).get(0);
                if (!isDeleted) {
                    String asked = partition + ", " + spec + ": ";
                    Checks.equal(asked + found, asked + wanted.get(partition));
                }
            });
        }
        Checks.equal(committed(other), committed(broker));
    }

    private Map<TopicPartition, List<Long>> offsets(Kafka from, OffsetSpec spec) throws Exception {
        try (Admin admin = from.admin()) {
            var asked = partitions().stream().collect(Collectors.toMap(partition -> partition, partition -> spec));
            return admin.listOffsets(asked).all().get().entrySet().stream().collect(Collectors.toMap(
                    Map.Entry::getKey, offset -> List.of(offset.getValue().offset(), offset.getValue().timestamp())));
        }
    }

    /**
     * It goes on where our log ends. Without idempotence: a cluster that is new gives out producer ids
     * that the records already have.
     */
    private void append(Kafka other) throws Exception {
        var ends = offsets(broker, OffsetSpec.latest());
        try (var producer = other.producer(Map.of("enable.idempotence", false))) {
            for (TopicPartition partition : partitions()) {
                var record = new ProducerRecord<>(partition.topic(), partition.partition(), Kafka.bytes("key"),
                        Kafka.bytes("more"));
                Checks.equal(producer.send(record).get().offset(), ends.get(partition).get(0));
            }
        }
    }
}
