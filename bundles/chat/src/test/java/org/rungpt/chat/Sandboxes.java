package org.rungpt.chat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.api.status.Readiness;

/** What outlives a runner in these tests: programs with their output, each started at most once. */
final class Sandboxes {
    /** A program that runs or ran. */
    static final class Program {
        final CallSpec spec;
        private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        private long stderr;
        private CallOutcome outcome;
        private Runner.Handle watcher;
        private boolean cancelled;
        private boolean deaf;

        Program(CallSpec spec) {
            this.spec = spec;
        }

        synchronized Program print(String text) {
            return print(text.getBytes(StandardCharsets.UTF_8));
        }

        synchronized Program print(byte[] bytes) {
            long offset = stdout.size();
            stdout.writeBytes(bytes);
            if (watcher != null) {
                watcher.observer.output(
                        CallObserver.Stream.STDOUT,
                        offset,
                        ByteBuffer.wrap(bytes).asReadOnlyBuffer());
            }
            return this;
        }

        synchronized Program complain(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            watcher.observer.output(
                    CallObserver.Stream.STDERR, stderr, ByteBuffer.wrap(bytes).asReadOnlyBuffer());
            stderr += bytes.length;
            return this;
        }

        /** Leaves a file in its out directory. */
        synchronized Program leave(String name, byte[] content) throws IOException {
            watcher.observer.artifact(name, content.length, new ByteArrayInputStream(content));
            return this;
        }

        synchronized void connect(String host, boolean allowed) {
            watcher.observer.connection(
                    new CallConnection(1, Instant.now(), host, 443, allowed, null, 10, 20, Duration.ofMillis(1)));
        }

        synchronized void exit(int code) {
            end(code, CallOutcome.Reason.EXITED);
        }

        synchronized void end(Integer code, CallOutcome.Reason reason) {
            end(code, reason, null);
        }

        synchronized void end(Integer code, CallOutcome.Reason reason, String message) {
            if (outcome == null) {
                outcome =
                        new CallOutcome(code, reason, message, stdout.size(), stderr, Duration.ofMillis(1), "sandbox");
                if (watcher != null) {
                    watcher.future.complete(outcome);
                }
            }
        }

        /** It does not end when it is told to. */
        synchronized Program deafen() {
            deaf = true;
            return this;
        }

        synchronized boolean isCancelled() {
            return cancelled;
        }

        private synchronized void watch(Runner.Handle handle, long offset) {
            leave();
            watcher = handle;
            byte[] all = stdout.toByteArray();
            if (all.length > offset) {
                handle.observer.output(
                        CallObserver.Stream.STDOUT,
                        offset,
                        ByteBuffer.wrap(all, (int) offset, all.length - (int) offset)
                                .slice()
                                .asReadOnlyBuffer());
            }
            if (outcome != null) {
                handle.future.complete(outcome);
            }
        }

        private synchronized void leave() {
            if (watcher != null) {
                Runner.Handle gone = watcher;
                watcher = null;
                gone.future.completeExceptionally(
                        new RunnerException(RunnerException.Kind.DETACHED, "this runner goes"));
            }
        }
    }

    final Map<String, Program> programs = new ConcurrentHashMap<>();
    final List<String> started = java.util.Collections.synchronizedList(new ArrayList<>());
    /** Calls whose end was said to be durable. */
    final List<String> forgotten = java.util.Collections.synchronizedList(new ArrayList<>());

    final List<String> released = java.util.Collections.synchronizedList(new ArrayList<>());
    final LinkedBlockingQueue<Program> starts = new LinkedBlockingQueue<>();
    /** What a program does when it starts. */
    volatile Consumer<Program> behaviour =
            program -> program.print("ran " + program.spec.arguments() + "\n").exit(0);

    Program next() throws InterruptedException {
        Program program = starts.poll(25, TimeUnit.SECONDS);
        if (program == null) {
            throw new AssertionError("no program was started");
        }
        return program;
    }

    Runner runner() {
        return new Runner();
    }

    /** One life of a runner. */
    final class Runner implements ActionRunner {
        volatile RunnerException refusal;
        /** Before it refuses. */
        volatile Runnable atRefusal = () -> {};

        volatile RuntimeException defect;
        /** Why it lets nothing go. */
        volatile RunnerException kept;

        volatile boolean gone;
        /** Calls that come wait for an image. */
        volatile boolean building;

        private final LinkedBlockingQueue<Handle> waiting = new LinkedBlockingQueue<>();

        @Override
        public Readiness readiness() {
            return Readiness.ready("here");
        }

        /** Goes; programs run on. */
        void detach() {
            gone = true;
            programs.values().forEach(Program::leave);
            waiting.forEach(handle -> handle.future.completeExceptionally(
                    new RunnerException(RunnerException.Kind.NOT_BEGUN, "this runner goes, and the call never began")));
        }

        /** Waits until a call waits for its image. */
        void awaitWaiting() throws InterruptedException {
            Handle handle = waiting.poll(25, TimeUnit.SECONDS);
            if (handle == null) {
                throw new AssertionError("no call waits");
            }
            waiting.add(handle);
        }

        private void check() throws RunnerException {
            if (gone) {
                throw new RunnerException(RunnerException.Kind.DETACHED, "this runner goes");
            }
            if (refusal != null) {
                atRefusal.run();
                throw refusal;
            }
            if (defect != null) {
                throw defect;
            }
        }

        @Override
        public CallHandle start(CallSpec call, CallObserver observer) throws RunnerException {
            check();
            var program = new Program(call);
            if (building) {
                var handle = new Handle(program, observer);
                waiting.add(handle);
                return handle;
            }
            started.add(call.call());
            if (programs.putIfAbsent(call.call(), program) != null) {
                throw new AssertionError("started twice: " + call);
            }
            var handle = new Handle(program, observer);
            program.watch(handle, 0);
            behaviour.accept(program);
            starts.add(program);
            return handle;
        }

        @Override
        public Optional<CallHandle> resume(
                String conversation, String call, long stdoutOffset, long stderrOffset, CallObserver observer)
                throws RunnerException {
            check();
            Program program = programs.get(call);
            if (program == null || !program.spec.conversation().equals(conversation)) {
                return Optional.empty();
            }
            var handle = new Handle(program, observer);
            program.watch(handle, stdoutOffset);
            return Optional.of(handle);
        }

        @Override
        public void warm(String conversation) {}

        @Override
        public void prepare(InstalledAction action, CallObserver observer) {}

        @Override
        public void release(String conversation) throws RunnerException {
            if (kept != null) {
                throw kept;
            }
            released.add(conversation);
        }

        @Override
        public List<SandboxInfo> sandboxes() {
            return List.of();
        }

        final class Handle implements CallHandle {
            private final Program program;
            private final CallObserver observer;
            private final CompletableFuture<CallOutcome> future = new CompletableFuture<>();

            Handle(Program program, CallObserver observer) {
                this.program = program;
                this.observer = observer;
            }

            @Override
            public String call() {
                return program.spec.call();
            }

            @Override
            public void cancel() {
                synchronized (program) {
                    program.cancelled = true;
                    if (!program.deaf) {
                        program.end(null, CallOutcome.Reason.CANCELLED);
                    }
                }
            }

            @Override
            public CompletionStage<CallOutcome> outcome() {
                return future;
            }

            @Override
            public void forget() {
                forgotten.add(call());
            }
        }
    }
}
