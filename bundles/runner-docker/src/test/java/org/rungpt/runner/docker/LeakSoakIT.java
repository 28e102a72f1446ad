package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.testkit.RecordingObserver;

/** Very many calls leave nothing behind. A tenth of them, unless {@code rungpt.soak} is set. */
@Tag("docker")
final class LeakSoakIT {
    private static final boolean SOAK = Boolean.getBoolean("rungpt.soak");
    private static final int SEQUENTIAL = SOAK ? 1000 : 100;
    private static final int PARALLEL = SOAK ? 200 : 20;
    private static final int AT_A_TIME = 10;
    private static final int OF_A_CONVERSATION = 25;
    private static final int SLACK = 20;

    @TempDir
    Path directory;

    private Bench bench;

    /** What there is of everything that could be left behind. */
    private record Footprint(int containers, int volumes, int networks, int threads, long descriptors, long heap) {
        static Footprint of(Bench bench) throws Exception {
            System.gc();
            UnixOperatingSystemMXBean system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            Runtime runtime = Runtime.getRuntime();
            return new Footprint(
                    bench.containers().size(),
                    bench.volumes().size(),
                    bench.networks().size(),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    system.getOpenFileDescriptorCount(),
                    runtime.totalMemory() - runtime.freeMemory());
        }

        /** What has become more than it may. */
        List<String> leaksSince(Footprint before) {
            List<String> leaks = new ArrayList<>();
            note(leaks, "containers", containers - before.containers, 0);
            note(leaks, "volumes", volumes - before.volumes, 0);
            note(leaks, "networks", networks - before.networks, 0);
            note(leaks, "threads", threads - before.threads, SLACK);
            note(leaks, "descriptors", descriptors - before.descriptors, SLACK);
            note(leaks, "bytes of heap", heap - before.heap, SLACK * Bench.MIB);
            return leaks;
        }

        private static void note(List<String> leaks, String what, long more, long allowed) {
            if (more > allowed) {
                leaks.add(more + " " + what);
            }
        }
    }

    @BeforeEach
    void open() throws Exception {
        bench = new Bench(directory, 0).ready();
    }

    @AfterEach
    void close() throws Exception {
        bench.close();
    }

    private void call(String conversation, int number) throws Exception {
        call(bench, conversation, number);
    }

    private static void call(Bench bench, String conversation, int number) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        assertThat(Bench.await(bench.start(conversation, bench.shell(), "echo " + number, observer))
                        .exit())
                .isZero();
        assertThat(observer.text(org.rungpt.api.runner.CallObserver.Stream.STDOUT))
                .isEqualTo(number + "\n");
    }

    @Test
    @DisplayName("I.104 very many calls, one after the other and ten at a time, leave nothing behind")
    void nothingIsLeft() throws Exception {
        String warm = "warm-" + UUID.randomUUID();
        for (int i = 0; i < OF_A_CONVERSATION; i++) {
            call(warm, i);
        }
        bench.runner().release(warm);
        // The connections and threads that ten at a time need are kept for the next ten: they are no leak, more with
        // each call is.
        manyAtATime(bench, AT_A_TIME);
        Footprint before = Footprint.of(bench);
        long[] times = new long[SEQUENTIAL];
        for (int first = 0; first < SEQUENTIAL; first += OF_A_CONVERSATION) {
            String conversation = "c-" + UUID.randomUUID();
            for (int i = first; i < first + OF_A_CONVERSATION; i++) {
                long began = System.nanoTime();
                call(conversation, i);
                times[i] = System.nanoTime() - began;
            }
            bench.runner().release(conversation);
        }
        Arrays.sort(times);
        assertThat(TimeUnit.NANOSECONDS.toMillis(times[SEQUENTIAL * 95 / 100])).isLessThan(1500);
        manyAtATime(bench, AT_A_TIME);
        assertThat(Footprint.of(bench).leaksSince(before)).isEmpty();
        // What a server has made goes with it.
        bench.runner().close(true);
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.networks()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
    }

    @Test
    @DisplayName("I.104 a runner that goes gives back every thread and every descriptor, those of kept connections too")
    void nothingIsKept() throws Exception {
        // The runner of every test would start threads for work of its own while this one counts.
        bench.runner().close();
        // The first one loads classes and wakes threads of the machine's own.
        aRunnerComesAndGoes("first");
        Set<Thread> known = Thread.getAllStackTraces().keySet();
        Footprint before = Footprint.of(bench);
        aRunnerComesAndGoes("second");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (Footprint after = Footprint.of(bench);
                after.threads > before.threads || after.descriptors > before.descriptors;
                after = Footprint.of(bench)) {
            assertThat(System.nanoTime())
                    .as("%s, and now %s with %s", before, after, threadsSince(known))
                    .isLessThan(deadline);
        }
    }

    private static Set<Thread> threadsSince(Set<Thread> known) {
        Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
        now.removeAll(known);
        return now;
    }

    private void aRunnerComesAndGoes(String name) throws Exception {
        try (Bench another = new Bench(Files.createDirectory(directory.resolve(name)), 0).ready()) {
            manyAtATime(another, 3);
        }
    }

    private static void manyAtATime(Bench bench, int atATime) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(atATime);
        try {
            List<Future<?>> calls = new ArrayList<>();
            for (int worker = 0; worker < atATime; worker++) {
                String conversation = "p-" + UUID.randomUUID();
                calls.add(threads.submit(() -> {
                    for (int i = 0; i < PARALLEL / AT_A_TIME; i++) {
                        call(bench, conversation, i);
                    }
                    bench.runner().release(conversation);
                    return null;
                }));
            }
            for (Future<?> call : calls) {
                call.get(300, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    @DisplayName("I.104 a planted leak of each kind is found")
    void plantedLeaksAreFound() throws Exception {
        Footprint before = Footprint.of(bench);
        assertThat(Footprint.of(bench).leaksSince(before)).isEmpty();

        String container = bench.docker()
                .createContainerCmd(bench.images().base())
                .withNetworkMode("none")
                .withLabels(new Labels(bench.instance()).filter())
                .exec()
                .getId();
        assertThat(Footprint.of(bench).leaksSince(before)).containsExactly("1 containers");
        bench.docker().removeContainerCmd(container).exec();

        String volume = bench.docker()
                .createVolumeCmd()
                .withLabels(new Labels(bench.instance()).filter())
                .exec()
                .getName();
        assertThat(Footprint.of(bench).leaksSince(before)).containsExactly("1 volumes");
        bench.docker().removeVolumeCmd(volume).exec();

        String network = bench.docker()
                .createNetworkCmd()
                .withName(new Labels(bench.instance()).name("leak"))
                .withInternal(true)
                .withLabels(new Labels(bench.instance()).filter())
                .exec()
                .getId();
        assertThat(Footprint.of(bench).leaksSince(before)).containsExactly("1 networks");
        bench.docker().removeNetworkCmd(network).exec();

        CountDownLatch end = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2 * SLACK; i++) {
            Thread thread = new Thread(() -> {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            thread.start();
            threads.add(thread);
        }
        assertThat(Footprint.of(bench).leaksSince(before))
                .hasSize(1)
                .first()
                .asString()
                .endsWith("threads");
        end.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        List<FileChannel> files = new ArrayList<>();
        for (int i = 0; i < 2 * SLACK; i++) {
            files.add(FileChannel.open(Path.of("/dev/null")));
        }
        assertThat(Footprint.of(bench).leaksSince(before))
                .hasSize(1)
                .first()
                .asString()
                .endsWith("descriptors");
        for (FileChannel file : files) {
            file.close();
        }

        byte[] kept = new byte[(int) (2 * SLACK * Bench.MIB)];
        assertThat(Footprint.of(bench).leaksSince(before))
                .hasSize(1)
                .first()
                .asString()
                .endsWith("heap");
        assertThat(kept[kept.length - 1]).isZero();
    }
}
