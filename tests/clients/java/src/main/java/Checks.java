import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/** Steps that must succeed, and how they compare what they find. */
final class Checks {
    private static final long PATIENCE_MS = 60_000;

    private final List<Step> steps = new ArrayList<>();

    interface Act {
        void run() throws Exception;
    }

    private record Step(String title, Act act) {
    }

    void add(String title, Act act) {
        steps.add(new Step(title, act));
    }

    /** Runs the steps by as many threads; ends the program with 1 at the first that fails. */
    void run(int threads) throws InterruptedException {
        var pool = Executors.newFixedThreadPool(threads);
        var done = new ExecutorCompletionService<String>(pool);
        for (Step step : steps) {
            done.submit(() -> {
                try {
                    step.act.run();
                } catch (Throwable failure) {
                    throw new IllegalStateException(step.title, failure);
                }
                return step.title;
            });
        }
        for (int count = 0; count < steps.size(); count++) {
            Future<String> next = done.take();
            try {
                System.out.println("ok " + next.get());
            } catch (ExecutionException failure) {
                failure.getCause().printStackTrace(System.out);
                System.out.println("FAIL " + failure.getCause().getMessage());
                Runtime.getRuntime().halt(1);
            }
        }
        pool.shutdown();
        System.out.println(steps.size() + " passed");
    }

    static void equal(Object found, Object wanted) {
        if (!Objects.equals(found, wanted)) {
            throw new AssertionError("found %.2000s, wanted %.2000s".formatted(found, wanted));
        }
    }

    /** Compares lists that are too long to be shown as a whole. */
    static void equalLists(String title, List<?> found, List<?> wanted) {
        for (int at = 0; at < Math.min(found.size(), wanted.size()); at++) {
            if (!found.get(at).equals(wanted.get(at))) {
                throw new AssertionError("%s, at %d: found %.2000s, wanted %.2000s"
                        .formatted(title, at, found.get(at), wanted.get(at)));
            }
        }
        equal(title + ": " + found.size(), title + ": " + wanted.size());
    }

    /** Acts until the condition holds; what takes too long has failed. */
    static void until(BooleanSupplier condition, Act act) throws Exception {
        long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited " + PATIENCE_MS + " ms in vain");
            }
            act.run();
        }
    }
}
