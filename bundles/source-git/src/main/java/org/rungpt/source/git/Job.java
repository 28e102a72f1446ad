package org.rungpt.source.git;

import java.io.InterruptedIOException;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.eclipse.jgit.lib.ProgressMonitor;
import org.rungpt.api.action.ActionInstaller.Progress;

/** One install or update: tells its progress and ends it when it is cancelled, takes too long or gets too much. */
final class Job implements ProgressMonitor {
    /** More often nobody can read it. */
    private static final long REPORT_NANOS = 100_000_000;

    private final Progress progress;
    private final BooleanSupplier stopped;
    private final Limits limits;
    private final long end;

    private String step = "";
    private int done;
    private int total;
    private long reported;
    private boolean tooMany;

    Job(Progress progress, BooleanSupplier stopped, Limits limits) {
        this.progress = progress;
        this.stopped = stopped;
        this.limits = limits;
        this.end = System.nanoTime() + limits.total().toNanos();
    }

    void step(String name) {
        progress.report(name, -1, -1);
    }

    void step(String name, long count, long of) {
        progress.report(name, count, of);
    }

    /** Whether somebody wants it to end. */
    boolean isStopped() {
        return Thread.currentThread().isInterrupted() || stopped.getAsBoolean();
    }

    boolean isTooLate() {
        return System.nanoTime() - end > 0;
    }

    /** Whether the server announced more objects than an action may have. */
    boolean isTooMany() {
        return tooMany;
    }

    void check() throws InterruptedIOException {
        if (isStopped()) {
            throw new InterruptedIOException("cancelled");
        }
        if (isTooLate()) {
            throw new InterruptedIOException(
                    "took longer than " + limits.total().toMinutes() + " minutes");
        }
    }

    @Override
    public void start(int totalTasks) {}

    @Override
    public void beginTask(String title, int totalWork) {
        boolean remote = title.startsWith("remote:");
        String next = remote ? "the server prepares" : title.toLowerCase(Locale.ROOT);
        done = 0;
        total = totalWork;
        tooMany |= !remote && totalWork > limits.objects();
        if (!next.equals(step)) {
            step = next;
            report();
        }
    }

    @Override
    public void update(int completed) {
        done += completed;
        if (!step.isEmpty() && System.nanoTime() - reported > REPORT_NANOS) {
            report();
        }
    }

    private void report() {
        reported = System.nanoTime();
        progress.report(step, done, total > 0 ? total : -1);
    }

    @Override
    public void endTask() {}

    @Override
    public boolean isCancelled() {
        return tooMany || isStopped() || isTooLate();
    }

    @Override
    public void showDuration(boolean enabled) {}
}
