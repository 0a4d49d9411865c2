import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.tools.DumpLogSegments;

/** What {@code kafka-dump-log} finds in the files of the partitions. */
final class DumpLog {
    private static final Pattern BATCH = Pattern.compile("baseOffset: (\\d+) lastOffset: (\\d+) .*isControl: (\\w+) "
            + ".*compresscodec: (\\w+) crc: \\d+ isvalid: (\\w+)");
    private static final Pattern RECORD = Pattern.compile("\\| offset: (\\d+) \\w+: (-?\\d+) keySize: (-?\\d+) "
            + "valueSize: (-?\\d+) .*headerKeys: \\[(.*?)\\].*");

    private final Path folder;

    DumpLog(Path folder) {
        this.folder = folder;
    }

    /** A record as the dump shows it, without its contents. */
    record Outline(long offset, long timestamp, int keySize, int valueSize, String headerKeys) {
    }

    /**
     * The outlines of the records of clients, by partition; batches are whole and follow each other, in compacted
     * topics with holes between them.
     */
    Map<String, List<Outline>> records() throws Exception {
        var found = new TreeMap<String, List<Outline>>();
        for (Path file : files(".log")) {
            var outlines = found.computeIfAbsent(file.getParent().getFileName().toString(), name -> new ArrayList<>());
            boolean isControl = false;
            long next = Long.parseLong(file.getFileName().toString().replace(".log", ""));
            for (String line : dump("--deep-iteration", "--files", file.toString()).lines().toList()) {
                Matcher batch = BATCH.matcher(line);
                Matcher record = RECORD.matcher(line);
                if (batch.matches()) {
                    Checks.equal(batch.group(5), "true");
                    boolean isCompacted = file.getParent().getFileName().toString().contains("-compacted-");
                    long offset = Long.parseLong(batch.group(1));
                    Checks.equal(offset == next || isCompacted && offset > next, true);
                    next = Long.parseLong(batch.group(2)) + 1;
                    isControl = batch.group(3).equals("true");
                } else if (record.matches() && !isControl) {
                    outlines.add(new Outline(Long.parseLong(record.group(1)), Long.parseLong(record.group(2)),
                            Integer.parseInt(record.group(3)), Integer.parseInt(record.group(4)), record.group(5)));
                } else if (!record.matches() && !line.startsWith("Dumping ") && !line.startsWith("Log starting ")) {
                    throw new AssertionError("in %s: %s".formatted(file, line));
                }
            }
        }
        return found;
    }

    /** Which codecs the batches of each topic have whose name ends with a codec's. */
    Map<String, Set<String>> codecs() throws Exception {
        var found = new TreeMap<String, Set<String>>();
        for (Path file : files(".log")) {
            String topic = file.getParent().getFileName().toString().replaceFirst("-\\d+$", "");
            if (topic.matches(".*-(none|gzip|snappy|lz4|zstd)")) {
                dump("--files", file.toString()).lines().map(BATCH::matcher).filter(Matcher::matches)
                        .forEach(batch -> found.computeIfAbsent(topic, name -> new TreeSet<>()).add(batch.group(4)));
            }
        }
        return found;
    }

    /** Looks every entry of the indexes up in the log; how many files that were. */
    int indexes() throws Exception {
        var files = files(".index");
        files.addAll(files(".timeindex"));
        String names = files.stream().map(Path::toString).collect(Collectors.joining(","));
        var complaints = dump("--verify-index-only", "--files", names).lines()
                .filter(line -> !line.startsWith("Dumping ") && !line.endsWith(" is empty.")).toList();
        Checks.equal(complaints, List.of());
        return files.size();
    }

    /** The transactions that were rolled back, as the files tell: producer, first and last offset. */
    Map<String, List<String>> aborted() throws Exception {
        var found = new TreeMap<String, List<String>>();
        for (Path file : files(".txnindex")) {
            var lines = dump("--files", file.toString()).lines().filter(line -> line.startsWith("version: 0 "));
            found.put(file.getParent().getFileName().toString(), lines.toList());
        }
        return found;
    }

    /** What was last said of each key, in the words of the decoder. */
    Map<String, String> decoded(String partition, String decoder) throws Exception {
        var pattern = Pattern.compile("\\| offset: .* key: (\\{.*?\\}\\}) payload: (.*)");
        var found = new TreeMap<String, String>();
        for (Path file : files(".log")) {
            if (file.getParent().endsWith(partition)) {
                dump(decoder, "--files", file.toString()).lines().map(pattern::matcher).filter(Matcher::matches)
                        .forEach(record -> found.put(record.group(1), record.group(2)));
            }
        }
        return found;
    }

    private List<Path> files(String extension) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> path.toString().endsWith(extension)).sorted()
                    .collect(Collectors.toCollection(ArrayList::new));
        }
    }

    private static String dump(String... arguments) throws Exception {
        PrintStream before = System.out;
        var printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            DumpLogSegments.main(arguments);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
