package org.rungpt.runner.docker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/**
 * Work that is done once, however many wait for it. Who waits can be interrupted; the work is interrupted when nobody waits any
 * more. Any thread.
 */
final class SharedWork {
    /** The work. It ends soon after an interrupt. */
    interface Task {
        String run(Consumer<String> progress) throws RunnerException;
    }

    private static final class Job {
        final CompletableFuture<String> result = new CompletableFuture<>();
        final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
        int waiting;
        volatile String last = "";

        @Nullable
        FutureTask<?> run;

        void progress(String step) {
            last = step;
            listeners.forEach(listener -> listener.accept(step));
        }
    }

    private final Executor executor;
    private final Map<String, Job> jobs = new HashMap<>();

    SharedWork(Executor executor) {
        this.executor = executor;
    }

    String get(String key, Consumer<String> progress, Task task) throws RunnerException {
        Job job = join(key, progress, task);
        try {
            return job.result.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.CANCELLED, "stopped while waiting for an image", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RunnerException failure) {
                throw new RunnerException(failure.kind(), String.valueOf(failure.getMessage()), failure);
            }
            throw new RunnerException(Kind.IMAGE, EngineFailures.line(e.getCause() == null ? e : e.getCause()), e);
        } finally {
            leave(key, job, progress);
        }
    }

    private Job join(String key, Consumer<String> progress, Task task) throws RunnerException {
        Job job;
        synchronized (jobs) {
            job = jobs.get(key);
            if (job != null) {
                job.waiting++;
                job.listeners.add(progress);
            } else {
                job = new Job();
                job.waiting = 1;
                job.listeners.add(progress);
                Job made = job;
                FutureTask<Void> run = new FutureTask<>(() -> run(made, task), null);
                job.run = run;
                jobs.put(key, job);
                try {
                    executor.execute(run);
                } catch (RejectedExecutionException e) {
                    jobs.remove(key);
                    throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor", e);
                }
                return job;
            }
        }
        if (!job.last.isEmpty()) {
            progress.accept(job.last);
        }
        return job;
    }

    private static void run(Job job, Task task) {
        try {
            job.result.complete(task.run(job::progress));
        } catch (RunnerException | RuntimeException e) {
            job.result.completeExceptionally(e);
        }
    }

    private void leave(String key, Job job, Consumer<String> progress) {
        synchronized (jobs) {
            job.listeners.remove(progress);
            FutureTask<?> run = job.run;
            if (--job.waiting == 0) {
                jobs.remove(key, job);
                if (!job.result.isDone() && run != null) {
                    run.cancel(true);
                    job.result.completeExceptionally(
                            new RunnerException(Kind.CANCELLED, "nobody waits for the image any more"));
                }
            }
        }
    }
}
