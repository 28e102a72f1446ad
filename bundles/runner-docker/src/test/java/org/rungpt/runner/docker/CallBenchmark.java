package org.rungpt.runner.docker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.CallObserver;

/**
 * What a warm call of {@code true} costs through the runner, against fork and exec of the same program on the host. Needs Docker
 * and the base image; prints both medians in milliseconds.
 */
public final class CallBenchmark {
    private static final int WARM_UP = 500;
    private static final int ROUNDS = 1000;

    private CallBenchmark() {}

    private interface Round {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory("rungpt-benchmark-");
        // Host and sandbox execute the same: a script that becomes `true`.
        String script = "#!/bin/sh\nexec true\n";
        try (Bench bench = new Bench(directory, 0).ready()) {
            InstalledAction action = bench.actions.action("rungpt/nothing", true, script);
            InstalledTask task = TestActions.task(action, "nothing");
            bench.registry(java.util.List.of(action));
            CallObserver silent = (stream, offset, bytes) -> {};
            String run = action.files().directory().resolve("run").toString();
            double[] host = measure(() -> {
                Process process = new ProcessBuilder(run, "nothing").start();
                process.getOutputStream().close();
                process.waitFor();
            });
            double[] sandbox = measure(() -> Bench.await(bench.start("benchmark", task, "", silent)));
            print("fork and exec on the host", host);
            print("warm call in the sandbox", sandbox);
            System.out.printf(
                    Locale.ROOT, "over the bare program: %.2f ms (median)%n", sandbox[ROUNDS / 2] - host[ROUNDS / 2]);
            bench.runner().release("benchmark");
        }
    }

    private static double[] measure(Round round) throws Exception {
        double[] times = new double[ROUNDS];
        for (int i = -WARM_UP; i < ROUNDS; i++) {
            long before = System.nanoTime();
            round.run();
            if (i >= 0) {
                times[i] = (System.nanoTime() - before) / 1e6;
            }
        }
        Arrays.sort(times);
        return times;
    }

    private static void print(String what, double[] times) {
        System.out.printf(
                Locale.ROOT,
                "%s: median %.2f ms, p95 %.2f ms (%d rounds)%n",
                what,
                times[ROUNDS / 2],
                times[ROUNDS * 95 / 100],
                ROUNDS);
    }
}
