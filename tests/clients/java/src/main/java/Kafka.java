import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One broker, and what a program sends it and reads from it. */
final class Kafka {
    /** What is older than a week is deleted. */
    static final long SINCE_MS = System.currentTimeMillis() - 60_000;
    static final Duration POLL = Duration.ofMillis(100);

    final String bootstrap;
    /** Of this run's own, so that it can be run again on the same broker. */
    final String run = UUID.randomUUID().toString().substring(0, 8);

    Kafka(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** A record as it is found: two are equal when all of it is. */
    record Found(int partition, long offset, long timestamp, String key, String value, List<String> headers) {
        static Found of(ConsumerRecord<byte[], byte[]> record) {
            return new Found(record.partition(), record.offset(), record.timestamp(), text(record.key()),
                    text(record.value()), headers(record.headers()));
        }

        static Found of(ProducerRecord<byte[], byte[]> record, long offset) {
            return new Found(record.partition(), offset, record.timestamp(), text(record.key()),
                    text(record.value()), headers(record.headers()));
        }

        private static List<String> headers(Iterable<Header> headers) {
            return StreamSupport.stream(headers.spliterator(), false)
                    .map(header -> header.key() + "=" + text(header.value()))
                    .toList();
        }
    }

    /** Every byte is a letter of its own, and no bytes at all are something else than none. */
    static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    Map<String, Object> settings(Map<String, Object> more) {
        var settings = new HashMap<String, Object>(more);
        settings.put("bootstrap.servers", bootstrap);
        return settings;
    }

    Admin admin() {
        return Admin.create(settings(Map.of()));
    }

    String create(String topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
        return topic;
    }

    Producer<byte[], byte[]> producer(Map<String, Object> more) {
        return new KafkaProducer<>(settings(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    Consumer<byte[], byte[]> consumer(Map<String, Object> more) {
        var settings = settings(more);
        settings.putIfAbsent("auto.offset.reset", "earliest");
        settings.putIfAbsent("enable.auto.commit", false);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    void send(Collection<ProducerRecord<byte[], byte[]>> records, Map<String, Object> more) throws Exception {
        var settings = new HashMap<>(more);
        settings.putIfAbsent("linger.ms", 50);
        try (var producer = producer(settings)) {
            var sent = new ArrayList<Future<?>>();
            records.forEach(record -> sent.add(producer.send(record)));
            for (Future<?> each : sent) {
                each.get();
            }
        }
    }

    /** Everything that may be empty or missing, what compresses and what does not. */
    static List<ProducerRecord<byte[], byte[]>> records(String topic) {
        byte[] noise = new byte[10_000];
        new Random(1).nextBytes(noise);
        Object[][] contents = {
            {"plain", bytes("value"), header("source", "web"), header("version", "1.0")},
            {null, bytes("no key")},
            {"tombstone", null},
            {"", new byte[0], header("empty", ""), header("absent", null)},
            {"größe", bytes("日本"), header("twice", "1"), header("twice", "2"), header("名", "日本")},
            {"long", bytes("all work and no play ".repeat(4096))},
            {"noise", noise, header("seed", "1")},
        };
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (Object[] content : contents) {
            var headers = Arrays.stream(content).skip(2).map(Header.class::cast).toList();
            records.add(new ProducerRecord<>(topic, 0, SINCE_MS + records.size(), bytes((String) content[0]),
                    (byte[]) content[1], headers));
        }
        return records;
    }

    private static Header header(String key, String value) {
        return new RecordHeader(key, bytes(value));
    }

    static List<Found> stored(List<ProducerRecord<byte[], byte[]>> records) {
        return IntStream.range(0, records.size()).mapToObj(at -> Found.of(records.get(at), at)).toList();
    }

    static List<ProducerRecord<byte[], byte[]>> numbered(String topic, int since, int count) {
        return IntStream.range(since, since + count)
                .mapToObj(at -> new ProducerRecord<>(topic, bytes("user-" + at % 9), bytes("" + at)))
                .toList();
    }

    /** As many records as are wanted, or more if they come together. */
    static List<Found> drain(Consumer<byte[], byte[]> consumer, int count) throws Exception {
        var found = new ArrayList<Found>();
        Checks.until(() -> found.size() >= count,
                () -> consumer.poll(POLL).forEach(record -> found.add(Found.of(record))));
        return found;
    }

    static List<String> values(Collection<Found> found) {
        return found.stream().map(Found::value).toList();
    }

    static List<String> texts(String prefix, int since, int count) {
        return IntStream.range(since, since + count).mapToObj(at -> prefix + at).toList();
    }
}
