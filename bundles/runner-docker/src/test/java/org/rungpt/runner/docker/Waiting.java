package org.rungpt.runner.docker;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks, several times a second, which threads wait for an answer of an engine, and for how long without doing anything. */
final class Waiting implements AutoCloseable {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int EVERY_MILLIS = 20;
    private static final String ASKS = "com.github.dockerjava.zerodep.ZerodepDockerHttpClient";

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Map<Thread, Wait> waits = new HashMap<>();
    private Duration longest = Duration.ZERO;
    private String where = "nobody waited";

    /** @param worked what the thread has had of a processor: who asks one request after the other has more each time */
    private record Wait(long worked, long since) {}

    void watch(Duration time) throws InterruptedException {
        CountDownLatch looks = new CountDownLatch((int) (time.toMillis() / EVERY_MILLIS));
        timer.scheduleAtFixedRate(
                () -> {
                    look();
                    looks.countDown();
                },
                0,
                EVERY_MILLIS,
                TimeUnit.MILLISECONDS);
        looks.await();
    }

    private synchronized void look() {
        Map<Thread, StackTraceElement[]> stacks = Thread.getAllStackTraces();
        waits.keySet().retainAll(stacks.keySet());
        stacks.forEach((thread, stack) -> {
            boolean asks = Arrays.stream(stack)
                    .anyMatch(frame -> frame.getClassName().equals(ASKS)
                            && frame.getMethodName().equals("execute"));
            long worked = THREADS.getThreadCpuTime(thread.getId());
            Wait wait = waits.get(thread);
            if (!asks || wait == null || wait.worked() != worked) {
                waits.put(thread, new Wait(worked, System.nanoTime()));
                return;
            }
            Duration time = Duration.ofNanos(System.nanoTime() - wait.since());
            if (time.compareTo(longest) > 0) {
                longest = time;
                where = thread.getName() + "\n" + Arrays.toString(stack).replace(", ", "\n");
            }
        });
    }

    synchronized Duration longest() {
        return longest;
    }

    /** Who waited longest. */
    synchronized String where() {
        return where;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
