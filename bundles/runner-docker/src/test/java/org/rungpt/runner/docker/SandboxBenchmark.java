package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;

/**
 * What a call costs: through the runner, beside {@code docker exec}, {@code docker run} and the bare program on the host, in one run.
 * Then the first call of a conversation, what the undo journal costs, and a flood of output. Needs Docker, its command and the base
 * image; prints Markdown.
 */
public final class SandboxBenchmark {
    private static final int WARM_UP = 200;
    private static final int ROUNDS = 1000;
    private static final int SLOW_ROUNDS = 100;
    private static final int SLOWEST_ROUNDS = 20;
    private static final int FIRST_CALLS = 30;
    /** As short as a model thinks at least. */
    private static final long THINKING_MILLIS = 300;

    private static final int JOURNAL_ROUNDS = 40;

    private static final Map<String, List<String>> PROGRAMS = programs();
    private static final CallObserver SILENT = (stream, offset, bytes) -> {};

    private final Bench bench;
    private final InstalledAction action;

    private interface Round {
        void run() throws Exception;
    }

    private SandboxBenchmark(Bench bench) throws Exception {
        this.bench = bench;
        List<String> names = List.of("true", "looks", "echo", "python", "flood", "fill", "write");
        InstalledAction made = bench.actions.action("rungpt/measured", true, """
                #!/bin/sh
                case $1 in
                true | looks) exec true ;;
                echo) exec sh -c 'echo hi' ;;
                python) exec /usr/bin/python3 -c pass ;;
                flood) exec yes ;;
                fill) for i in $(seq 5000); do mkdir -p "d$((i / 100))"; echo "file $i" > "d$((i / 100))/f$i"; done ;;
                write) date +%N > d7/f700 ;;
                esac
                """, "manifest.json", manifest(names));
        List<Task> tasks = names.stream()
                .map(name -> task(name, name.equals("looks") ? Effects.READ : Effects.WRITE))
                .toList();
        Manifest manifest = made.manifest();
        this.action = new InstalledAction(
                made.files(),
                made.alias(),
                new Manifest(
                        manifest.name(),
                        manifest.title(),
                        manifest.version(),
                        manifest.description(),
                        null,
                        tasks,
                        manifest.packages(),
                        manifest.image(),
                        false,
                        List.of(),
                        List.of(),
                        List.of(),
                        manifest.resources(),
                        List.of(),
                        manifest.json()));
        bench.registry(List.of(action));
    }

    private static Map<String, List<String>> programs() {
        Map<String, List<String>> programs = new LinkedHashMap<>();
        programs.put("true", List.of("true"));
        programs.put("echo", List.of("sh", "-c", "echo hi"));
        programs.put("python", List.of("/usr/bin/python3", "-c", "pass"));
        return programs;
    }

    /** What the service in the sandbox knows of it. */
    private static String manifest(List<String> tasks) {
        return tasks.stream()
                .map(name -> "{\"name\": \"" + name + "\", \"description\": \"x\"}")
                .collect(Collectors.joining(
                        ", ",
                        "{\"schema\": 1, \"name\": \"measured\", \"title\": \"x\", \"version\": \"1\", \"description\": \"x\", \"tasks\": [",
                        "]}"));
    }

    private static Task task(String name, Effects effects) {
        return new Task(
                name,
                "x",
                "{\"type\": \"object\"}",
                List.of(),
                effects,
                false,
                false,
                Duration.ofMinutes(5),
                Task.Output.TEXT);
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory("rungpt-benchmark-");
        try (Bench bench = new Bench(directory, 0).ready()) {
            SandboxBenchmark benchmark = new SandboxBenchmark(bench);
            benchmark.calls();
            benchmark.journal();
            benchmark.firstCalls();
            benchmark.flood();
            for (String conversation : List.of("benchmark", "journal", "flood")) {
                bench.runner().release(conversation);
            }
        }
    }

    private void call(String conversation, String task) throws Exception {
        Bench.await(bench.start(conversation, TestActions.task(action, task), "", SILENT));
    }

    // One program, five ways

    private void calls() throws Exception {
        System.out.println(
                "| median of each, ms | on the host | call through `api` | over the host | `docker exec`, API |"
                        + " `docker exec`, command | `docker run --rm` | call against `docker exec` (API) |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (Map.Entry<String, List<String>> program : PROGRAMS.entrySet()) {
            List<String> words = program.getValue();
            call("benchmark", program.getKey());
            String container = bench.containerOf("benchmark");
            String image = bench.docker().inspectContainerCmd(container).exec().getImageId();
            double host = median(measure(WARM_UP, ROUNDS, () -> process(words)));
            double call = median(measure(WARM_UP, ROUNDS, () -> call("benchmark", program.getKey())));
            double api = median(measure(5, SLOW_ROUNDS, () -> execByApi(container, words)));
            double command =
                    median(measure(2, SLOW_ROUNDS, () -> process(and(List.of("docker", "exec", container), words))));
            double run = median(measure(
                    1,
                    SLOWEST_ROUNDS,
                    () -> process(and(
                            List.of("docker", "run", "--rm", "--network", "none", "--entrypoint", words.get(0), image),
                            words.subList(1, words.size())))));
            System.out.printf(
                    Locale.ROOT,
                    "| `%s` | %.2f | **%.2f** | **%.2f** | %.1f | %.1f | %.0f | **%.0f ×** faster |%n",
                    String.join(" ", words),
                    host,
                    call,
                    call - host,
                    api,
                    command,
                    run,
                    api / call);
        }
        System.out.println();
    }

    private static List<String> and(List<String> first, List<String> rest) {
        List<String> all = new ArrayList<>(first);
        all.addAll(rest);
        return all;
    }

    private static void process(List<String> words) throws Exception {
        Process process = new ProcessBuilder(words)
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .start();
        byte[] said = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new IllegalStateException(words + ": " + new String(said, StandardCharsets.UTF_8));
        }
    }

    private void execByApi(String container, List<String> words) throws Exception {
        String exec = bench.docker()
                .execCreateCmd(container)
                .withCmd(words.toArray(String[]::new))
                .withAttachStdout(true)
                .withAttachStderr(true)
                .exec()
                .getId();
        bench.engine
                .streams()
                .execStartCmd(exec)
                .exec(new ResultCallback.Adapter<Frame>())
                .awaitCompletion(30, TimeUnit.SECONDS);
        bench.docker().inspectExecCmd(exec).exec().getExitCodeLong();
    }

    // The journal

    /** Calls alternate, so that all see the same machine; the model thinks in between. */
    private void journal() throws Exception {
        call("journal", "fill");
        double[][] times = new double[5][JOURNAL_ROUNDS];
        for (int i = -20; i < JOURNAL_ROUNDS; i++) {
            double[] round = {
                afterThought("looks"), afterThought("true"), afterThought("write"), afterThought("true"), atOnce("true")
            };
            for (int kind = 0; i >= 0 && kind < times.length; kind++) {
                times[kind][i] = round[kind];
            }
        }
        double looks = median(times[0]);
        System.out.println(
                "| a call in a workspace of 5,000 files | median, ms | 95 % below, ms | for the journal, ms |");
        System.out.println("|---|---|---|---|");
        row("`true`, of a task that only reads (no journal)", times[0], looks);
        row("`true`, of a task that may write and changes nothing", times[1], looks);
        row("a script that writes one file", times[2], looks);
        row("`true`, after a call that wrote one file", times[3], looks);
        row("`true`, at once after the call before, which is still being looked at", times[4], looks);
        System.out.printf("%nThe model thinks %d ms between calls, except before the last one.%n%n", THINKING_MILLIS);
    }

    private double afterThought(String task) throws Exception {
        TimeUnit.MILLISECONDS.sleep(THINKING_MILLIS);
        return atOnce(task);
    }

    private double atOnce(String task) throws Exception {
        return time(() -> call("journal", task));
    }

    private static void row(String what, double[] times, double without) {
        double median = median(times);
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "| %s | %.2f | %.2f | **%.2f** |%n",
                what,
                median,
                sorted[sorted.length * 95 / 100],
                median - without);
    }

    // The pool

    private void firstCalls() throws Exception {
        bench.pool(1);
        bench.swap();
        bench.ready();
        double[] times = new double[FIRST_CALLS];
        for (int i = -3; i < FIRST_CALLS; i++) {
            String conversation = "first-" + (i + 3);
            bench.awaitPool();
            TimeUnit.MILLISECONDS.sleep(500); // the engine is done with what it did for the pool
            double took = time(() -> call(conversation, "echo"));
            if (i >= 0) {
                times[i] = took;
            }
            bench.runner().release(conversation);
        }
        bench.pool(0);
        bench.swap();
        bench.ready();
        double[] without = new double[5];
        for (int i = 0; i < without.length; i++) {
            String conversation = "made-" + i;
            without[i] = time(() -> call(conversation, "echo"));
            bench.runner().release(conversation);
        }
        System.out.println("| first call of a new conversation, `sh -c 'echo hi'` | median, ms | slowest, ms |");
        System.out.println("|---|---|---|");
        System.out.printf(
                Locale.ROOT,
                "| from the pool (%d conversations) | **%.1f** | %.1f |%n",
                FIRST_CALLS,
                median(times),
                Arrays.stream(times).max().orElse(0));
        System.out.printf(
                Locale.ROOT,
                "| without a pool (%d) | %.0f | %.0f |%n%n",
                without.length,
                median(without),
                Arrays.stream(without).max().orElse(0));
    }

    // A flood

    private void flood() throws Exception {
        call("flood", "true");
        AtomicLong received = new AtomicLong();
        long before = live();
        long[] most = {before};
        long begun = System.nanoTime();
        var handle = bench.start(
                Bench.newCall(),
                "flood",
                TestActions.task(action, "flood"),
                "",
                (stream, offset, bytes) -> received.addAndGet(bytes.remaining()),
                Bench.limits(60, 60, 64 * Bench.MIB));
        while (!handle.outcome().toCompletableFuture().isDone()) {
            most[0] = Math.max(most[0], live());
            TimeUnit.MILLISECONDS.sleep(5);
        }
        CallOutcome outcome = Bench.await(handle);
        System.out.println("| `yes`, until it is stopped | |");
        System.out.println("|---|---|");
        System.out.printf(Locale.ROOT, "| output that came | %.1f MiB |%n", received.get() / (double) Bench.MIB);
        System.out.printf(Locale.ROOT, "| time | %.1f s |%n", (System.nanoTime() - begun) / 1e9);
        System.out.printf(
                Locale.ROOT,
                "| heap in use, at most, over what was before | **%.1f MiB** |%n",
                (most[0] - before) / (double) Bench.MIB);
        System.out.printf("| how it ended | %s: %s |%n", outcome.reason(), outcome.message());
    }

    /** Bytes that are still needed. */
    @SuppressWarnings("ExplicitGC") // or what is garbage already would count
    private static long live() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static double time(Round round) throws Exception {
        long before = System.nanoTime();
        round.run();
        return (System.nanoTime() - before) / 1e6;
    }

    private static double[] measure(int warmUp, int rounds, Round round) throws Exception {
        double[] times = new double[rounds];
        for (int i = -warmUp; i < rounds; i++) {
            double took = time(round);
            if (i >= 0) {
                times[i] = took;
            }
        }
        return times;
    }

    private static double median(double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
