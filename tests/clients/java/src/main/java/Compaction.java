import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** A compacted topic, read once it was cleaned: of each key the last record, where it always was. */
final class Compaction {
    /** Written over and over, so that segments are sealed and something is always dirty. */
    private static final String TICK = "tick";

    private final Kafka kafka;
    private final String topic;
    /** By key, what is not rolled back or deleted. */
    private final Map<String, Kafka.Found> wanted = new LinkedHashMap<>();
    private long records;

    private Compaction(Kafka kafka) {
        this.kafka = kafka;
        topic = "java-compacted-" + kafka.run;
    }

    static void check(Kafka kafka) throws Exception {
        var compaction = new Compaction(kafka);
        compaction.create();
        compaction.write();
        compaction.awaitCleaning();
        compaction.end();
    }

    private void create() throws Exception {
        var settings = Map.of("cleanup.policy", "compact", "segment.ms", "500", "min.cleanable.dirty.ratio", "0.001",
                "delete.retention.ms", "500");
        try (Admin admin = kafka.admin()) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(settings))).all().get();
        }
    }

    private ProducerRecord<byte[], byte[]> record(String key, String value) {
        var headers = List.<Header>of(new RecordHeader("at", Kafka.bytes("" + records)));
        return new ProducerRecord<>(topic, 0, Kafka.SINCE_MS + records++, Kafka.bytes(key), Kafka.bytes(value), headers);
    }

    /** Sends them together and notes what is to be found of them. */
    private void send(Producer<byte[], byte[]> producer, Collection<ProducerRecord<byte[], byte[]>> all)
            throws Exception {
        var sent = new ArrayList<Future<RecordMetadata>>();
        all.forEach(record -> sent.add(producer.send(record)));
        producer.flush();
        int at = 0;
        for (var record : all) {
            var found = Kafka.Found.of(record, sent.get(at++).get().offset());
            wanted.remove(found.key());
            if (found.value() != null) {
                wanted.put(found.key(), found);
            }
        }
    }

    private void write() throws Exception {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            try (var producer = kafka.producer(Map.of("compression.type", codec, "linger.ms", 1000))) {
                var batch = new ArrayList<ProducerRecord<byte[], byte[]>>();
                for (int at = 0; at < 40; at++) {
                    batch.add(record("shared-" + at % 20, codec + " " + at));
                }
                batch.add(record("of " + codec, "stays ".repeat(20)));
                batch.add(record("gone", "for now"));
                send(producer, batch);
                send(producer, List.of(record("gone", null)));
            }
        }
        try (var producer = kafka.producer(Map.of("transactional.id", topic))) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, List.of(record("transaction", "committed"), record("shared-1", "committed")));
            producer.commitTransaction();
            producer.beginTransaction();
            producer.send(record("shared-2", "rolled back")).get();
            producer.abortTransaction();
        }
        try (var producer = kafka.producer(Map.of())) {
            producer.send(new ProducerRecord<>(topic, 0, null, Kafka.bytes("no key"))).get();
            throw new AssertionError("a record without a key was taken");
        } catch (ExecutionException refused) {
            Checks.equal(refused.getCause().getClass(), InvalidRecordException.class);
        }
    }

    private List<Kafka.Found> read(String isolation) throws Exception {
        var partition = List.of(new TopicPartition(topic, 0));
        var found = new ArrayList<Kafka.Found>();
        try (var reader = kafka.consumer(Map.of("isolation.level", isolation))) {
            reader.assign(partition);
            reader.seekToBeginning(partition);
            long end = reader.endOffsets(partition).get(partition.get(0));
            Checks.until(() -> reader.position(partition.get(0)) >= end,
                    () -> reader.poll(Kafka.POLL).forEach(record -> found.add(Kafka.Found.of(record))));
        }
        found.removeIf(record -> record.key().equals(TICK));
        return found;
    }

    private void awaitCleaning() throws Exception {
        var byOffset = new TreeMap<Long, Kafka.Found>();
        wanted.values().forEach(record -> byOffset.put(record.offset(), record));
        var all = List.copyOf(byOffset.values());
        var found = new ArrayList<>(read("read_committed"));
        Checks.equal(found.size() > all.size(), true);
        try (var producer = kafka.producer(Map.of())) {
            Checks.until(() -> found.equals(all), () -> {
                producer.send(record(TICK, "now")).get();
                Thread.sleep(600);
                found.clear();
                found.addAll(read("read_committed"));
            });
        }
        // What was rolled back is gone for those too who do not ask.
        Checks.equal(read("read_uncommitted"), all);
    }

    /** It stays as it is for whoever looks at the files. */
    private void end() throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var never = new AlterConfigOp(new ConfigEntry("min.cleanable.dirty.ratio", "1.0"), AlterConfigOp.OpType.SET);
        try (Admin admin = kafka.admin()) {
            admin.incrementalAlterConfigs(Map.of(resource, List.of(never))).all().get();
        }
    }
}
