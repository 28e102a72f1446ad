package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sandbox: its container, the link to its action service, and the calls that run in it. When the link breaks and the
 * container lives, it is attached again and every call goes on from where it was; when the container is gone, its calls end.
 */
final class Sandbox implements ServiceLink.Listener, RunningCall.Control {
    private static final Logger LOG = LoggerFactory.getLogger(Sandbox.class);
    private static final Duration HELLO = Duration.ofSeconds(15);
    private static final Duration SILENCE = Duration.ofSeconds(20);
    /** How long after its time the service may take to end a call: the grace of five seconds, and some. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final int ATTEMPTS = 8;

    private final Means means;
    private final String id;
    private final @Nullable String action;
    private final SortedSet<String> contents;
    private final Instant created;
    private final Consumer<Sandbox> whenGone;
    private final Consumer<RunningCall> elsewhere;
    private final Map<String, RunningCall> calls = new ConcurrentHashMap<>();
    private volatile @Nullable String conversation;
    private volatile @Nullable String volume;
    private volatile @Nullable String container;
    private volatile CompletableFuture<ServiceLink> link = new CompletableFuture<>();
    private volatile long lastUsed = System.nanoTime();
    private volatile long lastLease = System.nanoTime();
    private boolean gone;
    private volatile boolean retired;

    /** @param elsewhere finds another sandbox for a call that has not begun in this one */
    Sandbox(
            Means means,
            String id,
            @Nullable String conversation,
            @Nullable String action,
            SortedSet<String> contents,
            Instant created,
            Consumer<Sandbox> whenGone,
            Consumer<RunningCall> elsewhere) {
        this.means = means;
        this.id = id;
        this.conversation = conversation;
        this.action = action;
        this.contents = contents;
        this.created = created;
        this.whenGone = whenGone;
        this.elsewhere = elsewhere;
    }

    String id() {
        return id;
    }

    @Nullable
    String conversation() {
        return conversation;
    }

    void belongsTo(String owner) {
        conversation = owner;
        lastUsed = System.nanoTime();
    }

    @Nullable
    String action() {
        return action;
    }

    SortedSet<String> contents() {
        return contents;
    }

    @Nullable
    String volume() {
        return volume;
    }

    void volume(@Nullable String name) {
        volume = name;
    }

    Instant created() {
        return created;
    }

    int runningCalls() {
        return calls.size();
    }

    boolean isReady() {
        CompletableFuture<ServiceLink> now = link;
        return now.isDone() && !now.isCompletedExceptionally();
    }

    boolean awaitReady(Duration patience) throws InterruptedException {
        try {
            link.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    Duration idle() {
        return calls.isEmpty() ? Duration.ofNanos(System.nanoTime() - lastUsed) : Duration.ZERO;
    }

    /** Takes no new calls any more and goes after its last one. */
    void retire() {
        retired = true;
        if (calls.isEmpty()) {
            removeIfIdle();
        }
    }

    // Calls

    /** @return false if it takes none any more: take another sandbox */
    boolean start(RunningCall call) {
        if (!take(call)) {
            return false;
        }
        link.whenComplete((service, failure) -> {
            if (service != null) {
                invoke(call, service);
            }
        });
        return true;
    }

    private synchronized boolean take(RunningCall call) {
        if (gone) {
            return false;
        }
        lastUsed = System.nanoTime();
        if (calls.putIfAbsent(call.call(), call) != null) {
            call.fail(new RunnerException(Kind.SANDBOX, "call " + call.call() + " runs already"));
            return true;
        }
        call.belongsTo(this);
        return true;
    }

    private void invoke(RunningCall call, ServiceLink service) {
        CallSpec spec = call.spec();
        if (spec != null && call.begin(service)) {
            invoke(call, spec, service, false);
        }
    }

    /** @param again whether nobody knows if the first attempt got through; the service runs a call once only */
    private void invoke(RunningCall call, CallSpec spec, ServiceLink service, boolean again) {
        ObjectNode params;
        try {
            params = parameters(spec);
        } catch (JsonProcessingException e) {
            call.fail(new RunnerException(Kind.SANDBOX, "the arguments are no JSON object", e));
            return;
        }
        service.request("invoke", params).whenComplete((answer, failure) -> {
            if (failure == null) {
                started(call, service);
            } else if (failure instanceof ServiceError error) {
                if (again && error.type().equals("duplicate-call")) {
                    resume(call, service, call.position());
                } else {
                    refused(call, error);
                }
            } else if (failure instanceof LinkBroken) {
                rejoinLater(call);
            } else {
                call.fail(new RunnerException(Kind.LIMIT, "the arguments are too large: 4 MiB at most", failure));
            }
        });
    }

    private static void started(RunningCall call, ServiceLink service) {
        call.confirm();
        if (call.isCancelled()) {
            sendCancel(call, service, 5);
        }
    }

    private static ObjectNode parameters(CallSpec spec) throws JsonProcessingException {
        JsonNode arguments = ServiceLink.JSON.readTree(spec.arguments());
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        params.put("call", spec.call());
        params.put("action", spec.task().action().id().value());
        params.put("task", spec.task().task().name());
        params.set("arguments", arguments);
        params.put("timeout", seconds(spec.limits().total()));
        params.put("idleTimeout", seconds(spec.limits().idle()));
        params.put("outputLimit", Math.max(0, Math.min(1L << 30, spec.limits().output())));
        params.put("credit", RunningCall.WINDOW);
        if (!spec.environment().isEmpty()) {
            ObjectNode environment = params.putObject("environment");
            spec.environment().forEach(environment::put);
        }
        return params;
    }

    private static double seconds(Duration time) {
        return Math.max(0.001, Math.min(86_400, time.toMillis() / 1000.0));
    }

    private void refused(RunningCall call, ServiceError error) {
        String what = "the sandbox refused the call: " + EngineFailures.line(error);
        switch (error.type()) {
            // A program that cannot be executed is the action's fault; shells say 126 as well.
            case "cannot-start" -> call.endWith(Reason.EXITED, 126, EngineFailures.line(error), id);
            case "too-many-calls" -> call.fail(new RunnerException(Kind.LIMIT, what, error));
            default -> call.fail(new RunnerException(Kind.SANDBOX, what, error));
        }
    }

    /** Takes up a call that was started before. @return whether the sandbox knows it */
    CompletableFuture<Boolean> resume(RunningCall call) {
        if (!take(call) || call.isFailed()) {
            return CompletableFuture.completedFuture(false);
        }
        return link.thenCompose(service -> rejoin(call, service)).whenComplete((known, failure) -> {
            if (failure != null || !known) {
                calls.remove(call.call(), call);
            }
        });
    }

    private void rejoinLater(RunningCall call) {
        link.whenComplete((service, failure) -> {
            if (service != null) {
                rejoin(call, service);
            }
        });
    }

    private CompletableFuture<Boolean> rejoin(RunningCall call, ServiceLink service) {
        RunningCall.Position from = call.join(service);
        if (from == null) {
            return CompletableFuture.completedFuture(true);
        }
        return resume(call, service, from);
    }

    private CompletableFuture<Boolean> resume(RunningCall call, ServiceLink service, RunningCall.Position from) {
        ObjectNode params = naming(call)
                .put("stdout", from.stdout())
                .put("stderr", from.stderr())
                .put("credit", from.credit());
        return service.request("resume", params).handle((answer, failure) -> {
            if (failure == null) {
                started(call, service);
                return true;
            }
            if (failure instanceof LinkBroken) {
                rejoinLater(call);
                return true;
            }
            CallSpec spec = call.spec();
            if (spec != null && !call.isConfirmed()) {
                // The link broke under the request: it never arrived.
                invoke(call, spec, service, true);
                return true;
            }
            call.endWith(Reason.SANDBOX_LOST, null, "the sandbox does not know the call any more", id);
            return false;
        });
    }

    private static ObjectNode naming(RunningCall call) {
        return JsonNodeFactory.instance.objectNode().put("call", call.call());
    }

    private @Nullable ServiceLink service() {
        CompletableFuture<ServiceLink> now = link;
        return now.isDone() && !now.isCompletedExceptionally() ? now.getNow(null) : null;
    }

    private void say(String method, ObjectNode params) {
        ServiceLink service = service();
        if (service != null) {
            service.send(method, params);
        }
    }

    @Override
    public void credit(RunningCall call, int bytes) {
        say("credit", naming(call).put("bytes", bytes));
    }

    @Override
    public void cancel(RunningCall call) {
        ServiceLink service = service();
        if (service != null) {
            sendCancel(call, service, 5);
        }
    }

    private static void sendCancel(RunningCall call, ServiceLink service, int grace) {
        service.send("cancel", naming(call).put("grace", grace));
    }

    @Override
    public void ended(RunningCall call) {
        lastUsed = System.nanoTime();
        boolean known = calls.remove(call.call(), call);
        if (known && call.hasBegun() && !isGone()) {
            say("forget", naming(call));
        }
        if (retired && calls.isEmpty()) {
            removeIfIdle();
        }
    }

    void progress(String step) {
        calls.values().forEach(call -> call.progress(step));
    }

    // What the service says

    @Override
    public void output(ServiceLink service, String call, JsonNode params) throws Violation {
        RunningCall known = calls.get(call);
        if (known == null) {
            throw new Violation("it sent output of an unknown call");
        }
        known.output(service, params);
    }

    @Override
    public void finished(ServiceLink service, String call, JsonNode params) throws Violation {
        RunningCall known = calls.get(call);
        if (known == null) {
            throw new Violation("it ended an unknown call");
        }
        known.finished(service, params, means.outcomes(), id);
    }

    @Override
    public void broken(ServiceLink service, String why, boolean violation) {
        if (violation) {
            LOG.warn("Sandbox {} is ended: {}", id, why);
            lose(Reason.SANDBOX_LOST, "the sandbox was ended because it broke the protocol: " + why);
            return;
        }
        synchronized (this) {
            if (gone) {
                return;
            }
            if (link.isDone()) {
                link = new CompletableFuture<>();
            } else {
                // It broke while it was being attached: whoever attaches knows.
                return;
            }
        }
        LOG.debug("The link to sandbox {} broke: {}", id, why);
        execute(this::recover);
    }

    // Its container

    void container(String containerId) {
        container = containerId;
    }

    boolean hasContainer() {
        return container != null;
    }

    /** Attaches for the first time. Blocking. */
    void attach() throws RunnerException {
        String target = container;
        if (target == null) {
            throw new IllegalStateException("no container");
        }
        try {
            connect(target);
        } catch (IOException e) {
            throw new RunnerException(Kind.SANDBOX, "the sandbox does not answer: " + EngineFailures.line(e), e);
        }
    }

    private void connect(String target) throws IOException {
        ServiceLink service = new ServiceLink(id, this);
        boolean kept = false;
        try {
            service.open(
                            new DockerTransport(means.engine().streams(), target),
                            means.settings().lease())
                    .get(HELLO.toMillis(), TimeUnit.MILLISECONDS);
            lastLease = System.nanoTime();
            synchronized (this) {
                if (gone) {
                    return;
                }
            }
            for (RunningCall call : calls.values()) {
                rejoin(call, service);
            }
            kept = true;
            link.complete(service);
            if (!service.isOpen()) {
                broken(service, "it broke right away", false);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException(EngineFailures.line(e.getCause() == null ? e : e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("no answer in " + HELLO.toSeconds() + " s", e);
        } finally {
            if (!kept) {
                service.close();
            }
        }
    }

    /** Attaches to a container that a predecessor left. Blocking; if it has ended, the calls that wait go elsewhere. */
    void adopt() {
        recover();
    }

    private void recover() {
        String target = container;
        if (target == null) {
            return;
        }
        String last = "";
        try {
            for (int attempt = 1; attempt <= ATTEMPTS && !isGone(); attempt++) {
                try {
                    ContainerState state = means.engine()
                            .control()
                            .inspectContainerCmd(target)
                            .exec()
                            .getState();
                    if (!Boolean.TRUE.equals(state.getRunning())) {
                        explainEnd(state);
                        return;
                    }
                    connect(target);
                    return;
                } catch (NotFoundException e) {
                    lose(Reason.SANDBOX_LOST, "the sandbox was removed by somebody else");
                    return;
                } catch (IOException | RuntimeException e) {
                    last = EngineFailures.line(e);
                    means.watch().suspect();
                }
                TimeUnit.MILLISECONDS.sleep(100L * attempt);
                if (!means.watch().isUp()) {
                    // As long as nobody can tell, the calls wait; their own time limits what that costs.
                    attempt = 0;
                    means.watch().await(Duration.ofSeconds(5));
                    failOverdueCalls();
                }
            }
            lose(Reason.SANDBOX_LOST, "the sandbox does not answer: " + last);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void explainEnd(ContainerState state) {
        Long exit = state.getExitCodeLong();
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            lose(Reason.RESOURCE_LIMIT, means.outcomes().outOfMemory() + "; the sandbox ended");
        } else {
            lose(Reason.SANDBOX_LOST, "the sandbox ended" + (exit == null ? "" : " (exit code " + exit + ")"));
        }
    }

    private void failOverdueCalls() {
        for (RunningCall call : calls.values()) {
            if (call.isOverdue(PATIENCE)) {
                call.fail(new RunnerException(
                        Kind.UNAVAILABLE, "Docker is away, and with it the sandbox in which the call ran"));
            }
        }
    }

    /** Every few seconds: renews the lease and looks whether the service keeps its promises. */
    void tick() {
        ServiceLink service = service();
        if (service == null || isGone()) {
            return;
        }
        if (service.isSilentFor(SILENCE)) {
            service.end("no answer for " + SILENCE.toSeconds() + " s", false);
            return;
        }
        for (RunningCall call : calls.values()) {
            if (call.isOverdue(PATIENCE)) {
                LOG.warn("Sandbox {} is ended: it lets a call run beyond its time", id);
                call.endWith(Reason.TIMEOUT, null, "its time was up, and the sandbox did not end it", id);
                lose(Reason.SANDBOX_LOST, "the sandbox was ended because it let another call run beyond its time");
                return;
            }
        }
        if (System.nanoTime() - lastLease > means.settings().lease().toNanos() / 3) {
            lastLease = System.nanoTime();
            service.request(
                    "lease",
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("seconds", means.settings().lease().toSeconds()));
        }
    }

    // Its end

    synchronized boolean isGone() {
        return gone;
    }

    /** It could not be made. */
    void failed(RunnerException reason) {
        if (leave()) {
            calls.values().forEach(call -> call.fail(reason));
            link.completeExceptionally(new CompletionException(reason));
            removeContainer();
        }
    }

    /** It ended, or has to. */
    void lose(Reason reason, String message) {
        if (leave()) {
            closeLink(message);
            for (RunningCall call : calls.values()) {
                if (call.mayMove()) {
                    calls.remove(call.call());
                    execute(() -> elsewhere.accept(call));
                } else {
                    call.endWith(reason, null, message, id);
                }
            }
            removeContainer();
        }
    }

    /** @return whether it was idle and is gone now */
    boolean removeIfIdle() {
        synchronized (this) {
            if (gone || !calls.isEmpty()) {
                return false;
            }
            gone = true;
        }
        whenGone.accept(this);
        closeLink("removed");
        removeContainer();
        return true;
    }

    /**
     * The runner goes; the container and its calls stay.
     *
     * @return the container if no call runs in it, so that it may be removed; else null
     */
    @Nullable
    String detach() {
        boolean idle;
        synchronized (this) {
            gone = true;
            idle = calls.isEmpty();
        }
        RunnerException reason =
                new RunnerException(Kind.DETACHED, "the runner went; another one goes on with the call");
        // Calls first: what still comes over the link is for the successor.
        calls.values().forEach(call -> call.fail(reason));
        closeLink("detached");
        return idle ? container : null;
    }

    private boolean leave() {
        synchronized (this) {
            if (gone) {
                return false;
            }
            gone = true;
        }
        whenGone.accept(this);
        return true;
    }

    private void closeLink(String why) {
        ServiceLink service = service();
        if (service != null) {
            service.close();
        } else {
            link.completeExceptionally(new LinkBroken(why));
        }
    }

    private void removeContainer() {
        String target = container;
        if (target != null) {
            execute(() -> removeNow(target));
        }
    }

    private void removeNow(String target) {
        try {
            means.engine().control().removeContainerCmd(target).withForce(true).exec();
        } catch (NotFoundException e) {
            LOG.debug("Sandbox {} was removed already", id);
        } catch (RuntimeException e) {
            // The sweep finds it, or its lease ends it.
            LOG.warn("Sandbox {} could not be removed: {}", id, EngineFailures.line(e));
            means.watch().suspect();
        }
    }

    /** Removes it whatever it does. Blocking. */
    void destroy() {
        leave();
        closeLink("deleted");
        calls.values().forEach(call -> call.endWith(Reason.SANDBOX_LOST, null, "the conversation was deleted", id));
        String target = container;
        if (target != null) {
            removeNow(target);
        }
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
