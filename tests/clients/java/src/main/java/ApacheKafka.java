import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real Apache Kafka of one node, as a process with a folder of its own. */
final class ApacheKafka implements AutoCloseable {
    final Path logs;
    final String bootstrap;
    private final Path settings;
    private final Path output;
    private Process process;

    ApacheKafka(Path folder) throws Exception {
        logs = Files.createDirectories(folder.resolve("log"));
        settings = folder.resolve("server.properties");
        output = folder.resolve("output");
        int[] ports = freePorts();
        bootstrap = "127.0.0.1:" + ports[0];
        String controller = "127.0.0.1:" + ports[1];
        Files.writeString(settings, """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@%s
                listeners=PLAINTEXT://%s,CONTROLLER://%s
                controller.listener.names=CONTROLLER
                log.dirs=%s
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=1
                transaction.state.log.replication.factor=1
                transaction.state.log.num.partitions=1
                transaction.state.log.min.isr=1
                """.formatted(controller, bootstrap, controller, logs));
        var formatting = java("kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", settings.toString());
        Checks.equal(formatting.waitFor(), 0);
    }

    private static int[] freePorts() throws IOException {
        try (var one = new ServerSocket(0); var other = new ServerSocket(0)) {
            return new int[] {one.getLocalPort(), other.getLocalPort()};
        }
    }

    private Process java(String... words) throws IOException {
        var command = new ArrayList<>(List.of("java", "-Xmx512m", "-cp", System.getProperty("java.class.path"),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        command.addAll(List.of(words));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    void start() throws IOException {
        process = java("kafka.Kafka", settings.toString());
    }

    /** What it complained about since it was started. */
    List<String> complaints() throws IOException {
        return Files.readAllLines(output);
    }

    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("Apache Kafka did not stop");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
