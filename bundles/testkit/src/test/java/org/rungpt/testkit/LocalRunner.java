package org.rungpt.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.api.status.Readiness;

/** Keeps the contract with programs on this machine, without any sandbox, and breaks one promise of it on demand. */
final class LocalRunner implements ActionRunner, AutoCloseable {
    /** A promise to break. */
    enum Defect {
        NONE,
        UNREADY,
        NO_EXIT_CODE,
        MIXES_STREAMS,
        LOSES_BYTES,
        OUTPUT_AT_THE_END,
        ONE_WORKSPACE,
        NO_ENVIRONMENT,
        NO_CANCEL,
        POLITE_CANCEL,
        NO_TIMEOUT,
        NO_IDLE_TIMEOUT,
        NO_OUTPUT_LIMIT,
        ONE_AT_A_TIME,
        DIES_WITH_OBSERVER,
        RUNS_TWICE,
        HANDS_NOTHING_OVER,
        TELLS_NOBODY_OF_THE_HANDOVER,
        FORGETS_AT_ONCE,
        NEVER_FORGETS,
        KNOWS_EVERYTHING,
        KEEPS_FILES
    }

    private final Path root;
    private final Defect defect;
    private final ExecutorService threads;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    private final Map<String, Path> workspaces = new ConcurrentHashMap<>();
    private final Set<String> deleted = ConcurrentHashMap.newKeySet();
    private final Set<Run> running = ConcurrentHashMap.newKeySet();
    private final Map<String, Run> calls = new ConcurrentHashMap<>();

    LocalRunner(Path root, Defect defect) {
        this.root = root;
        this.defect = defect;
        this.threads = Executors.newCachedThreadPool();
    }

    @Override
    public Readiness readiness() {
        return defect == Defect.UNREADY ? Readiness.unready("no", null) : Readiness.ready("local");
    }

    @Override
    public CallHandle start(CallSpec call, CallObserver observer) throws RunnerException {
        Run run = new Run(call);
        Run.Watch watch = run.new Watch(observer);
        run.watch = watch;
        if (deleted.contains(call.conversation())) {
            watch.outcome.completeExceptionally(
                    new RunnerException(RunnerException.Kind.CANCELLED, "the conversation was deleted"));
            return watch;
        }
        boolean known = calls.putIfAbsent(call.call(), run) != null;
        if (known && defect != Defect.RUNS_TWICE) {
            watch.outcome.completeExceptionally(new RunnerException(RunnerException.Kind.SANDBOX, "it ran already"));
            return watch;
        }
        if (defect == Defect.ONE_AT_A_TIME) {
            timer.execute(run::run);
        } else {
            threads.execute(run::run);
        }
        return watch;
    }

    private final class Run {
        private final CallSpec spec;
        private final ByteArrayOutputStream[] recorded = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
        private Watch watch;
        private CallOutcome ended;
        private final AtomicReference<Reason> reason = new AtomicReference<>();
        private final AtomicLong[] sizes = {new AtomicLong(), new AtomicLong()};
        private volatile long lastOutput = System.nanoTime();
        private volatile Process process;

        Run(CallSpec spec) {
            this.spec = spec;
        }

        /** Whoever sees it. */
        final class Watch implements CallHandle {
            private final CallObserver observer;
            private final CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
            private boolean failed;

            Watch(CallObserver observer) {
                this.observer = observer;
            }

            @Override
            public String call() {
                return spec.call();
            }

            @Override
            public void cancel() {
                if (defect != Defect.NO_CANCEL) {
                    stop(Reason.CANCELLED);
                }
            }

            @Override
            public CompletionStage<CallOutcome> outcome() {
                return outcome;
            }

            @Override
            public void forget() {
                if (defect != Defect.NEVER_FORGETS) {
                    calls.remove(spec.call());
                }
            }
        }

        synchronized Watch handOver(CallObserver observer, long stdout, long stderr) {
            if (ended == null && defect != Defect.TELLS_NOBODY_OF_THE_HANDOVER) {
                watch.outcome.completeExceptionally(
                        new RunnerException(RunnerException.Kind.DETACHED, "somebody else watches it"));
            }
            watch = new Watch(observer);
            replay(CallObserver.Stream.STDOUT, stdout);
            replay(CallObserver.Stream.STDERR, stderr);
            if (ended != null) {
                watch.outcome.complete(ended);
            }
            return watch;
        }

        private void replay(CallObserver.Stream stream, long from) {
            byte[] all = recorded[stream.ordinal()].toByteArray();
            if (all.length > from) {
                watch.observer.output(
                        stream,
                        from,
                        ByteBuffer.wrap(all, (int) from, all.length - (int) from)
                                .slice()
                                .asReadOnlyBuffer());
            }
        }

        void run() {
            long begun = System.nanoTime();
            try {
                String key = defect == Defect.ONE_WORKSPACE ? "all" : spec.conversation();
                Path workspace = workspaces.computeIfAbsent(key, this::newWorkspace);
                String command = spec.arguments()
                        .replaceAll("^\\{\"command\": \"", "")
                        .replaceAll("\"}$", "")
                        .replace("\\n", "\n")
                        .replace("\\\"", "\"")
                        .replace("\\\\", "\\");
                ProcessBuilder builder =
                        new ProcessBuilder("setsid", "sh", "-c", command).directory(workspace.toFile());
                if (defect != Defect.NO_ENVIRONMENT) {
                    builder.environment().putAll(spec.environment());
                }
                process = builder.start();
                running.add(this);
                process.getOutputStream().close();
                if (defect != Defect.NO_TIMEOUT) {
                    timer.schedule(
                            () -> stop(Reason.TIMEOUT), spec.limits().total().toMillis(), TimeUnit.MILLISECONDS);
                }
                if (defect != Defect.NO_IDLE_TIMEOUT) {
                    timer.schedule(this::checkIdle, spec.limits().idle().toMillis(), TimeUnit.MILLISECONDS);
                }
                CompletableFuture<Void> errors = CompletableFuture.runAsync(
                        () -> pump(
                                process.getErrorStream(),
                                defect == Defect.MIXES_STREAMS
                                        ? CallObserver.Stream.STDOUT
                                        : CallObserver.Stream.STDERR),
                        threads);
                pump(process.getInputStream(), CallObserver.Stream.STDOUT);
                errors.join();
                int exit = process.waitFor();
                running.remove(this);
                end(exit, Duration.ofNanos(System.nanoTime() - begun));
            } catch (IOException | InterruptedException | RuntimeException e) {
                watch.outcome.completeExceptionally(new RunnerException(RunnerException.Kind.SANDBOX, "failed", e));
            }
        }

        private Path newWorkspace(String key) {
            try {
                return Files.createTempDirectory(root, "workspace-");
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private void pump(InputStream in, CallObserver.Stream stream) {
            byte[] buffer = new byte[16 << 10];
            try (in) {
                ByteArrayOutputStream late = new ByteArrayOutputStream();
                int count;
                while ((count = in.read(buffer)) > 0) {
                    lastOutput = System.nanoTime();
                    if (defect == Defect.OUTPUT_AT_THE_END) {
                        late.write(buffer, 0, count);
                    } else {
                        give(stream, buffer, count);
                    }
                }
                if (late.size() > 0) {
                    give(stream, late.toByteArray(), late.size());
                }
            } catch (IOException e) {
                // The program was ended.
            }
        }

        private synchronized void give(CallObserver.Stream stream, byte[] bytes, int read) {
            AtomicLong size = sizes[stream.ordinal()];
            long room = spec.limits().output() - sizes[0].get() - sizes[1].get();
            int count = defect == Defect.NO_OUTPUT_LIMIT ? read : (int) Math.min(room, read);
            if (count > 0) {
                recorded[stream.ordinal()].write(bytes, 0, count);
            }
            if (count > 0 && !watch.failed) {
                int told = defect == Defect.LOSES_BYTES && count > 4096 ? count - 1 : count;
                try {
                    watch.observer.output(
                            stream, size.get(), ByteBuffer.wrap(bytes, 0, told).asReadOnlyBuffer());
                } catch (IllegalStateException e) {
                    if (defect == Defect.DIES_WITH_OBSERVER) {
                        // Told as lost even if the program was quicker.
                        reason.compareAndSet(null, Reason.SANDBOX_LOST);
                    }
                    watch.failed = true;
                }
            }
            size.addAndGet(Math.max(0, count));
            if (count < read
                    || defect == Defect.NO_OUTPUT_LIMIT
                            && size.get() > 3 * spec.limits().output()) {
                stop(Reason.OUTPUT_LIMIT);
            }
        }

        private void checkIdle() {
            long rest = spec.limits().idle().toNanos() - (System.nanoTime() - lastOutput);
            if (rest <= 0) {
                idle = true; // first: the end tells it
                stop(Reason.TIMEOUT);
            } else if (process.isAlive()) {
                timer.schedule(this::checkIdle, rest, TimeUnit.NANOSECONDS);
            }
        }

        private volatile boolean idle;

        private void stop(Reason why) {
            Process running = process;
            if (running != null && running.isAlive() && reason.compareAndSet(null, why)) {
                signal("TERM");
                if (defect != Defect.POLITE_CANCEL) {
                    timer.schedule(() -> signal("KILL"), why == Reason.CANCELLED ? 1000 : 0, TimeUnit.MILLISECONDS);
                }
            }
        }

        private void signal(String name) {
            try {
                new ProcessBuilder("kill", "-" + name, "--", "-" + process.pid())
                        .start()
                        .waitFor();
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void end(int exit, Duration duration) {
            Reason why = reason.get();
            CallSpec.Limits limits = spec.limits();
            String message = why == Reason.TIMEOUT
                    ? idle
                            ? "stopped after " + limits.idle().toSeconds() + " s without any output"
                            : "stopped after " + limits.total().toSeconds() + " s"
                    : why == Reason.OUTPUT_LIMIT ? "more than " + (limits.output() >> 20) + " MiB of output" : null;
            Integer code = why != null ? null : defect == Defect.NO_EXIT_CODE ? 0 : exit;
            synchronized (this) {
                ended = new CallOutcome(
                        code,
                        why == null ? Reason.EXITED : why,
                        message,
                        sizes[0].get(),
                        sizes[1].get(),
                        duration,
                        "local");
                if (defect == Defect.FORGETS_AT_ONCE) {
                    calls.remove(spec.call());
                }
                watch.outcome.complete(ended);
            }
        }
    }

    @Override
    public Optional<CallHandle> resume(
            String conversation, String call, long stdoutOffset, long stderrOffset, CallObserver observer) {
        if (defect == Defect.KNOWS_EVERYTHING) {
            return Optional.of(new Run(null).new Watch(observer));
        }
        Run run = calls.get(call);
        if (run == null || defect == Defect.HANDS_NOTHING_OVER && running.contains(run)) {
            return Optional.empty();
        }
        return Optional.of(run.handOver(observer, stdoutOffset, stderrOffset));
    }

    @Override
    public void warm(String conversation) {}

    @Override
    public void prepare(InstalledAction action, CallObserver observer) {}

    @Override
    public void release(String conversation) {
        if (defect == Defect.KEEPS_FILES) {
            return;
        }
        deleted.add(conversation);
        Path workspace = workspaces.remove(conversation);
        if (workspace != null) {
            try (Stream<Path> files = Files.walk(workspace)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public List<SandboxInfo> sandboxes() {
        return workspaces.keySet().stream()
                .map(conversation -> new SandboxInfo(conversation, conversation, null, Instant.EPOCH, 0))
                .toList();
    }

    @Override
    public void close() {
        running.forEach(run -> run.signal("KILL"));
        threads.shutdownNow();
        timer.shutdownNow();
    }
}
