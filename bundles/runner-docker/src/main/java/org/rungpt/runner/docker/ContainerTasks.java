package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** The tasks of {@code rungpt/containers}: the model starts, lists and stops further containers beside its workspace. */
final class ContainerTasks implements HostTasks {
    private static final ActionId ACTION = new ActionId("rungpt/containers");
    private static final int MOST = 4;
    private static final int WRONG = 2;

    /** The sandboxes, as soon as the engine is there. */
    interface Where {
        /** The workspace sandbox for a call, ready and held. Blocking. */
        Sandbox workspace(CallSpec spec, RunningStep progress) throws RunnerException;

        Sidecars sidecars() throws RunnerException;
    }

    /** Says what happens. */
    interface RunningStep {
        void step(String text);
    }

    private final Where where;
    private final ExecutorService work;

    ContainerTasks(Where where, ExecutorService work) {
        this.where = where;
        this.work = work;
    }

    @Override
    public ActionId action() {
        return ACTION;
    }

    @Override
    public CallHandle start(CallSpec call, CallObserver observer) throws RunnerException {
        HostCall running = new HostCall(call, observer);
        try {
            running.begin(work);
        } catch (RejectedExecutionException e) {
            throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor", e);
        }
        return running;
    }

    /** What somebody asked for that cannot be; for the model. */
    private static final class Wrong extends Exception {
        private static final long serialVersionUID = 1;

        Wrong(String message) {
            super(message);
        }
    }

    private final class HostCall implements CallHandle {
        private final CallSpec spec;
        private final CallObserver observer;
        private final CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
        private final long begun = System.nanoTime();
        private final long[] bytes = new long[2];
        private volatile @Nullable Future<?> running;
        private volatile boolean cancelled;
        private final AtomicBoolean taken = new AtomicBoolean();
        private volatile String sandbox = "";

        HostCall(CallSpec spec, CallObserver observer) {
            this.spec = spec;
            this.observer = observer;
        }

        void begin(ExecutorService executor) {
            running = executor.submit(this::run);
            if (cancelled) {
                cancel();
            }
        }

        @Override
        public String call() {
            return spec.call();
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (taken.compareAndSet(false, true)) {
                end(null, CallOutcome.Reason.CANCELLED, null);
                return;
            }
            Future<?> now = running;
            if (now != null) {
                now.cancel(true);
            }
        }

        @Override
        public CompletionStage<CallOutcome> outcome() {
            return outcome.minimalCompletionStage();
        }

        @Override
        public void forget() {
            // Nothing of it is kept.
        }

        private void run() {
            if (!taken.compareAndSet(false, true)) {
                return; // it was cancelled before
            }
            try {
                String said = answer();
                say(Stream.STDOUT, said);
                end(0, CallOutcome.Reason.EXITED, null);
            } catch (Wrong e) {
                say(Stream.STDERR, e.getMessage() + "\n");
                end(WRONG, CallOutcome.Reason.EXITED, null);
            } catch (RunnerException e) {
                if (cancelled) {
                    end(null, CallOutcome.Reason.CANCELLED, null);
                } else if (e.kind() == Kind.DETACHED) {
                    outcome.completeExceptionally(e);
                } else {
                    say(Stream.STDERR, e.getMessage() + "\n");
                    end(1, CallOutcome.Reason.EXITED, null);
                }
            } catch (RuntimeException e) {
                if (cancelled) {
                    end(null, CallOutcome.Reason.CANCELLED, null);
                    return;
                }
                outcome.completeExceptionally(
                        EngineFailures.wrap(Kind.SANDBOX, "the containers could not be looked after", e));
            }
        }

        private String answer() throws RunnerException, Wrong {
            JsonNode arguments;
            try {
                arguments = ServiceLink.JSON.readTree(spec.arguments());
            } catch (JsonProcessingException e) {
                throw new Wrong("the arguments are no JSON object");
            }
            Sandbox workspace = where.workspace(spec, observer::progress);
            try {
                sandbox = workspace.id();
                return switch (spec.task().task().name()) {
                    case "start" -> started(workspace, arguments);
                    case "list" -> list(workspace);
                    case "stop" -> stopped(workspace, arguments.path("name").asText());
                    default ->
                        throw new Wrong("there is no task " + spec.task().task().name());
                };
            } finally {
                workspace.release();
            }
        }

        private String started(Sandbox workspace, JsonNode arguments) throws RunnerException, Wrong {
            SidecarSpec wanted = wanted(arguments);
            Sidecars sidecars = where.sidecars();
            check(sidecars, workspace, wanted);
            // Before the turn: it takes its time, and is in nobody's way.
            sidecars.fetch(wanted, observer::progress);
            Lock turn = workspace.sidecars().turn();
            try {
                turn.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RunnerException(Kind.SANDBOX, "starting the container " + wanted.name() + " was stopped", e);
            }
            try {
                // Others may have started one meanwhile.
                check(sidecars, workspace, wanted);
                sidecars.start(workspace, wanted, () -> cancelled, observer::progress);
                if (workspace.isRetired()) {
                    throw new RunnerException(
                            Kind.SANDBOX, "another workspace sandbox took the place of this one meanwhile; try again");
                }
            } finally {
                turn.unlock();
            }
            Integer port = wanted.port();
            return "Started " + wanted.name() + " (" + wanted.image() + ")."
                    + (port == null
                            ? " It runs; it has no port."
                            : " It answers at localhost:" + port + " in the workspace.")
                    + " It ends with the sandbox, or by containers.stop.\n";
        }

        private static void check(Sidecars sidecars, Sandbox workspace, SidecarSpec wanted) throws Wrong {
            List<Sidecars.Found> there = sidecars.beside(workspace.id());
            if (sidecars.running(workspace.id(), wanted.name()).isPresent()) {
                throw new Wrong("a container " + wanted.name() + " runs already; stop it first, or take another name");
            }
            if (there.stream().filter(Sidecars.Found::running).count() >= MOST) {
                throw new Wrong(MOST + " containers run already, which is the limit; stop one first");
            }
        }

        private static SidecarSpec wanted(JsonNode arguments) {
            Map<String, String> environment = new HashMap<>();
            arguments
                    .path("env")
                    .fields()
                    .forEachRemaining(entry ->
                            environment.put(entry.getKey(), entry.getValue().asText()));
            return new SidecarSpec(
                    arguments.path("name").asText(),
                    arguments.path("image").asText(),
                    arguments.hasNonNull("port") ? arguments.get("port").asInt() : null,
                    arguments.path("health").asText(SidecarSpec.TCP),
                    environment,
                    SidecarSpec.Scope.SANDBOX);
        }

        private String list(Sandbox workspace) throws RunnerException {
            StringBuilder text = new StringBuilder();
            for (Sidecars.Found found : where.sidecars().beside(workspace.id())) {
                text.append(found.name())
                        .append(found.running() ? " runs" : " has ended" + why(workspace, found))
                        .append(found.port() == null ? "" : " at localhost:" + found.port())
                        .append(", image ")
                        .append(EngineFailures.oneLine(found.image(), 200))
                        .append(", started ")
                        .append(found.created().truncatedTo(ChronoUnit.SECONDS))
                        .append('\n');
            }
            return text.isEmpty() ? "No containers run beside the workspace.\n" : text.toString();
        }

        private static String why(Sandbox workspace, Sidecars.Found found) {
            String limit = workspace.sidecars().limitOf(found.container());
            return limit == null ? "" : " (" + limit + ")";
        }

        private String stopped(Sandbox workspace, String name) throws RunnerException, Wrong {
            Sidecars sidecars = where.sidecars();
            List<Sidecars.Found> named = sidecars.beside(workspace.id()).stream()
                    .filter(found -> found.name().equals(name))
                    .toList();
            if (named.isEmpty()) {
                throw new Wrong("there is no container " + EngineFailures.oneLine(name, 60)
                        + "; containers.list shows what there is");
            }
            for (Sidecars.Found found : named) {
                sidecars.remove(found.container());
                workspace.sidecars().remove(found.container());
            }
            return "Stopped " + name + "; what was in it is gone.\n";
        }

        private void say(Stream stream, String text) {
            byte[] all = text.getBytes(StandardCharsets.UTF_8);
            bytes[stream.ordinal()] += all.length;
            observer.output(stream, 0, ByteBuffer.wrap(all).asReadOnlyBuffer());
        }

        private void end(@Nullable Integer exit, CallOutcome.Reason reason, @Nullable String message) {
            outcome.complete(new CallOutcome(
                    exit, reason, message, bytes[0], bytes[1], Duration.ofNanos(System.nanoTime() - begun), sandbox));
        }
    }
}
