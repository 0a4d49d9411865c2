import static java.util.Map.entry;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * The Java client against a running broker: {@code Client HOST:PORT}.
 *
 * <p>Sends records with every compression, shares and moves partitions in groups of both protocols,
 * subscribes by pattern, rolls back and commits transactions, and reads what compaction leaves. Ends with 1 at the first thing that
 * is not as it must be.
 */
public final class Client {
    /** The classic protocol's two ways of sharing partitions, and KIP-848. */
    private static final Map<String, Map<String, Object>> PROTOCOLS = Map.ofEntries(
            entry("eager", classic(RangeAssignor.class)),
            entry("cooperative", classic(CooperativeStickyAssignor.class)),
            entry("KIP-848", Map.of("group.protocol", "consumer")));

    private final Kafka kafka;

    private Client(Kafka kafka) {
        this.kafka = kafka;
    }

    private static Map<String, Object> classic(Class<?> assignor) {
        return Map.of("group.protocol", "classic", "partition.assignment.strategy", assignor.getName(),
                "session.timeout.ms", 10_000, "heartbeat.interval.ms", 1_000);
    }

    public static void main(String[] arguments) throws Exception {
        var client = new Client(new Kafka(arguments[0]));
        var checks = new Checks();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            checks.add(codec + " compression", () -> client.compression(codec));
        }
        for (String protocol : PROTOCOLS.keySet()) {
            checks.add(protocol + " group", () -> client.sharing(protocol));
            checks.add(protocol + " static member", () -> client.staticMember(protocol));
            checks.add("transactions, " + protocol + " group", () -> client.transactions(protocol));
        }
        checks.add("patterns", client::patterns);
        checks.add("fencing", client::fencing);
        checks.add("compaction", () -> Compaction.check(client.kafka));
        checks.run(20); // side by side, since they mostly wait for a group to gather
    }

    private Consumer<byte[], byte[]> member(String group, String protocol, Map<String, Object> more) {
        var settings = new HashMap<>(PROTOCOLS.get(protocol));
        settings.put("group.id", group);
        settings.putAll(more);
        return kafka.consumer(settings);
    }

    private void compression(String codec) throws Exception {
        String topic = kafka.create("java-" + kafka.run + "-" + codec, 1);
        var records = Kafka.records(topic);
        kafka.send(records, Map.of("compression.type", codec));
        var partition = new TopicPartition(topic, 0);
        try (var reader = kafka.consumer(Map.of("client.rack", "elsewhere"))) { // where no follower is
            reader.assign(List.of(partition));
            Checks.equal(Kafka.drain(reader, records.size()), Kafka.stored(records));
            reader.seek(partition, 3);
            Checks.equal(Kafka.drain(reader, records.size() - 3), Kafka.stored(records).subList(3, records.size()));
            Checks.equal(reader.endOffsets(List.of(partition)), Map.of(partition, (long) records.size()));
            var after = reader.offsetsForTimes(Map.of(partition, Kafka.SINCE_MS + 4)).get(partition);
            Checks.equal(List.of(after.offset(), after.timestamp()), List.of(4L, Kafka.SINCE_MS + 4));
        }
    }

    /** Two members have two partitions each and see everything once; who comes later goes on from there. */
    private void sharing(String protocol) throws Exception {
        String topic = kafka.create("java-shared-" + protocol + "-" + kafka.run, 4);
        String group = "group-" + topic;
        var members = List.of(member(group, protocol, Map.of()), member(group, protocol, Map.of()));
        for (var member : members) {
            member.subscribe(List.of(topic));
        }
        Checks.until(() -> members.stream().allMatch(member -> member.assignment().size() == 2),
                () -> members.forEach(member -> Checks.equal(member.poll(Kafka.POLL).count(), 0)));
        kafka.send(Kafka.numbered(topic, 0, 90), Map.of());
        var seen = new ArrayList<String>();
        var ends = new TreeMap<Integer, Long>();
        Checks.until(() -> seen.size() >= 90, () -> {
            for (var member : members) {
                for (var record : member.poll(Kafka.POLL)) {
                    Checks.equal(member.assignment().contains(new TopicPartition(topic, record.partition())), true);
                    Checks.equal(record.offset(), ends.getOrDefault(record.partition(), 0L));
                    ends.put(record.partition(), record.offset() + 1);
                    seen.add(Kafka.text(record.value()));
                }
            }
        });
        members.forEach(Consumer::commitSync);
        Checks.equal(seen.stream().map(Integer::valueOf).sorted().map(String::valueOf).toList(),
                Kafka.texts("", 0, 90));
        members.get(1).close();
        var stays = members.get(0);
        Checks.until(() -> stays.assignment().size() == 4,
                () -> Checks.equal(stays.poll(Kafka.POLL).count(), 0));
        var committed = new TreeMap<Integer, Long>();
        stays.committed(stays.assignment()).forEach((partition, offset) -> {
            if (offset != null && offset.offset() > 0) {
                committed.put(partition.partition(), offset.offset());
            }
        });
        Checks.equal(committed, ends);
        stays.close();

        kafka.send(Kafka.numbered(topic, 90, 10), Map.of());
        try (var late = member(group, protocol, Map.of())) {
            late.subscribe(List.of(topic));
            Checks.equal(Kafka.values(Kafka.drain(late, 10)).stream().sorted().toList(), Kafka.texts("", 90, 10));
        }
    }

    /** What moved to a member and from it, counted in partitions. */
    private static final class Moves implements ConsumerRebalanceListener {
        private int count;

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            count += partitions.size();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            count += partitions.size();
        }
    }

    /** A member with a name that comes back has its partitions, and the others keep theirs. */
    private void staticMember(String protocol) throws Exception {
        String topic = kafka.create("java-static-" + protocol + "-" + kafka.run, 2);
        String group = "group-" + topic;
        var moves = new Moves();
        var stays = member(group, protocol, Map.of("group.instance.id", "stays"));
        var goes = member(group, protocol, Map.of("group.instance.id", "goes"));
        stays.subscribe(List.of(topic), moves);
        goes.subscribe(List.of(topic));
        Checks.until(() -> stays.assignment().size() == 1 && goes.assignment().size() == 1, () -> {
            stays.poll(Kafka.POLL);
            goes.poll(Kafka.POLL);
        });
        Set<TopicPartition> before = new HashSet<>(goes.assignment());
        int movesBefore = moves.count;
        goes.close();
        var again = member(group, protocol, Map.of("group.instance.id", "goes"));
        again.subscribe(List.of(topic));
        Checks.until(() -> again.assignment().equals(before), () -> {
            stays.poll(Kafka.POLL);
            again.poll(Kafka.POLL);
        });
        Checks.equal(moves.count, movesBefore);
        try (var admin = kafka.admin()) {
            var described = admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
            var names = described.members().stream().map(member -> member.groupInstanceId().get()).sorted().toList();
            Checks.equal(names, List.of("goes", "stays"));
        }
        stays.close();
        again.close();
    }

    /** What is rolled back is read by nobody who asks for committed records, and is processed again. */
    private void transactions(String protocol) throws Exception {
        String source = kafka.create("java-source-" + protocol + "-" + kafka.run, 1);
        String sink = kafka.create("java-sink-" + protocol + "-" + kafka.run, 1);
        kafka.send(Kafka.numbered(source, 0, 20), Map.of());
        var partition = new TopicPartition(source, 0);
        Map<String, Object> committedInTens = Map.of("isolation.level", "read_committed", "max.poll.records", 10);
        try (var producer = kafka.producer(Map.of("transactional.id", "app-" + sink));
                var reader = member("group-" + source, protocol, committedInTens)) {
            producer.initTransactions();
            reader.subscribe(List.of(source));
            for (String end : List.of("committed", "aborted", "committed")) {
                var batch = Kafka.drain(reader, 10);
                producer.beginTransaction();
                for (var record : batch) {
                    producer.send(new ProducerRecord<>(sink, Kafka.bytes(record.key()),
                            Kafka.bytes(end + "-" + record.value())));
                }
                var after = new OffsetAndMetadata(batch.get(9).offset() + 1);
                producer.sendOffsetsToTransaction(Map.of(partition, after), reader.groupMetadata());
                producer.flush();
                if (end.equals("aborted")) {
                    producer.abortTransaction();
                    reader.seek(partition, batch.get(0).offset());
                } else {
                    producer.commitTransaction();
                }
            }
            Checks.equal(reader.committed(Set.of(partition)), Map.of(partition, new OffsetAndMetadata(20)));
        }
        var committed = Kafka.texts("committed-", 0, 20);
        var everything = new ArrayList<>(committed.subList(0, 10));
        everything.addAll(Kafka.texts("aborted-", 10, 10));
        everything.addAll(committed.subList(10, 20));
        Checks.equal(readAll(sink, "read_committed", 20), committed);
        Checks.equal(readAll(sink, "read_uncommitted", 30), everything);
    }

    private List<String> readAll(String topic, String level, int count) throws Exception {
        try (var reader = kafka.consumer(Map.of("isolation.level", level))) {
            reader.assign(List.of(new TopicPartition(topic, 0)));
            return Kafka.values(Kafka.drain(reader, count));
        }
    }

    /** Topics are found by pattern, those that come later, too: by the client, and by the broker. */
    private void patterns() throws Exception {
        String prefix = "java-pattern-" + kafka.run;
        kafka.create(prefix + "-a", 1);
        kafka.create("not-" + prefix, 1);
        var byClient = member("client-" + prefix, "eager", Map.of("metadata.max.age.ms", 500));
        var byBroker = member("broker-" + prefix, "KIP-848", Map.of());
        byClient.subscribe(Pattern.compile(prefix + "-[ab]"));
        byBroker.subscribe(new SubscriptionPattern(prefix + "-[ab]"));
        var wanted = new HashSet<TopicPartition>();
        for (String topic : List.of(prefix + "-a", prefix + "-b")) {
            if (wanted.add(new TopicPartition(topic, 0)) && wanted.size() == 2) {
                kafka.create(topic, 1);
            }
            for (var member : List.of(byClient, byBroker)) {
                Checks.until(() -> member.assignment().equals(wanted), () -> member.poll(Kafka.POLL));
            }
        }
        byClient.close(Duration.ofSeconds(5));
        byBroker.close(Duration.ofSeconds(5));
    }

    /** Who has a transactional id last shuts out who had it before, whose records are rolled back. */
    private void fencing() throws Exception {
        String topic = kafka.create("java-fenced-" + kafka.run, 1);
        Map<String, Object> settings = Map.of("transactional.id", topic);
        try (var old = kafka.producer(settings); var young = kafka.producer(settings)) {
            old.initTransactions();
            old.beginTransaction();
            old.send(new ProducerRecord<>(topic, Kafka.bytes("of the old one"))).get();
            young.initTransactions();
            try {
                old.commitTransaction();
                throw new AssertionError("the producer that was shut out could commit");
            } catch (ProducerFencedException refusal) {
                young.beginTransaction();
            }
            young.send(new ProducerRecord<>(topic, Kafka.bytes("of the new one")));
            young.commitTransaction();
        }
        Checks.equal(readAll(topic, "read_committed", 1), List.of("of the new one"));
    }
}
