package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** What is said about calls to the action service of one sandbox. A call that is said twice runs once: the service sees to that. */
final class CallPort {
    private static final int GRACE_SECONDS = 5;
    /** More than a service keeps. */
    private static final int MOST_CALLS = 4096;

    private final String sandbox;
    private final SandboxLink link;
    private final Mirrors mirrors;
    private final Bounds bounds;
    private final Supplier<Map<String, String>> environment;

    CallPort(
            String sandbox,
            SandboxLink link,
            Bounds bounds,
            Mirrors mirrors,
            Supplier<Map<String, String>> environment) {
        this.sandbox = sandbox;
        this.bounds = bounds;
        this.mirrors = mirrors;
        this.environment = environment;
        this.link = link;
    }

    /** Starts the call as soon as the service is there. */
    void invoke(RunningCall call) {
        link.whenReady(service -> {
            CallSpec spec = call.spec();
            if (spec != null && call.begin(service)) {
                invoke(call, spec, service, false);
            }
        });
    }

    /** @param again whether nobody knows if the first attempt got through */
    private void invoke(RunningCall call, CallSpec spec, ServiceLink service, boolean again) {
        ObjectNode params;
        try {
            params = parameters(spec);
            addEgress(params, call.egress());
            addMissing(params, environment.get());
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
            cancel(call, service);
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
        params.put("credit", CallOutput.WINDOW);
        if (!spec.environment().isEmpty() || !spec.grants().secrets().isEmpty()) {
            ObjectNode environment = params.putObject("environment");
            spec.environment().forEach(environment::put);
            spec.grants().secrets().forEach(environment::put);
        }
        List<String> only = CallSecrets.hosts(spec);
        if (!only.isEmpty()) {
            only.forEach(params.putArray("only")::add);
        }
        return params;
    }

    private void addEgress(ObjectNode params, @Nullable String token) {
        if (token != null) {
            params.put("egress", token);
            addMissing(params, mirrors.environment());
        }
    }

    /** What the call brings itself wins. */
    private static void addMissing(ObjectNode params, Map<String, String> variables) {
        if (!variables.isEmpty()) {
            ObjectNode environment = params.withObject("environment");
            variables.forEach((name, value) -> {
                if (!environment.has(name)) {
                    environment.put(name, value);
                }
            });
        }
    }

    private static double seconds(Duration time) {
        return Math.max(0.001, Math.min(86_400, time.toMillis() / 1000.0));
    }

    private void refused(RunningCall call, ServiceError error) {
        String what = "the sandbox refused the call: " + EngineFailures.line(error);
        switch (error.type()) {
            // A program that cannot be executed is the action's fault; shells say 126 as well.
            case "cannot-start" -> call.endWith(Reason.EXITED, 126, EngineFailures.line(error), sandbox);
            case "too-many-processes" ->
                call.endWith(
                        Reason.RESOURCE_LIMIT,
                        null,
                        "the program could not be started: " + Outcomes.tooManyProcesses(bounds),
                        sandbox);
            case "too-many-calls" -> call.fail(new RunnerException(Kind.LIMIT, what, error));
            default -> call.fail(new RunnerException(Kind.SANDBOX, what, error));
        }
    }

    /** Goes on with a call as soon as the service is there. */
    void rejoinLater(RunningCall call) {
        link.whenReady(service -> rejoin(call, service));
    }

    /** Goes on with a call over a new link. @return whether the sandbox knows it */
    CompletableFuture<Boolean> rejoin(RunningCall call, ServiceLink service) {
        CallOutput.Position from = call.join(service);
        if (from != null) {
            resume(call, service, from);
        }
        // Else whoever noticed the link first has asked.
        return call.known();
    }

    private void resume(RunningCall call, ServiceLink service, CallOutput.Position from) {
        ObjectNode params = naming(call)
                .put("stdout", from.stdout())
                .put("stderr", from.stderr())
                .put("credit", from.credit());
        service.request("resume", params, () -> call.hear(service)).whenComplete((answer, failure) -> {
            CallSpec spec = call.spec();
            if (failure == null) {
                started(call, service);
                call.known().complete(true);
            } else if (failure instanceof LinkBroken) {
                rejoinLater(call);
            } else if (spec != null && !call.isConfirmed()) {
                // The link broke under the request: it never arrived.
                invoke(call, spec, service, true);
                call.known().complete(true);
            } else {
                call.endWith(Reason.SANDBOX_LOST, null, "the sandbox does not know the call any more", sandbox);
                call.known().complete(false);
            }
        });
    }

    void credit(RunningCall call, int bytes) {
        say("credit", naming(call).put("bytes", bytes));
    }

    void cancel(RunningCall call) {
        ServiceLink service = link.service();
        if (service != null) {
            cancel(call, service);
        }
    }

    private static void cancel(RunningCall call, ServiceLink service) {
        // Who has hit a limit of the sandbox gets no time to go further beyond it.
        service.send("cancel", naming(call).put("grace", call.isStopped() ? 0 : GRACE_SECONDS));
    }

    /** Ends every process in the sandbox that is not its own. */
    void purge() {
        say("purge", JsonNodeFactory.instance.objectNode());
    }

    /** All of it was observed and kept: the service need not keep it. */
    void forget(String call) {
        say("forget", naming(call));
    }

    /** Nobody wants to know of it any more. */
    void discard(String call) {
        say("cancel", naming(call).put("grace", GRACE_SECONDS).put("discard", true));
    }

    /** Which calls the service has, running ones and ended ones. Comes on the reading thread. */
    static CompletableFuture<List<String>> calls(ServiceLink service) {
        return service.request("calls", JsonNodeFactory.instance.objectNode()).thenApply(answer -> {
            List<String> calls = new ArrayList<>();
            for (JsonNode call : answer.path("calls")) {
                if (calls.size() < MOST_CALLS) {
                    calls.add(call.path("call").asText());
                }
            }
            return calls;
        });
    }

    private static ObjectNode naming(RunningCall call) {
        return naming(call.call());
    }

    private static ObjectNode naming(String call) {
        return JsonNodeFactory.instance.objectNode().put("call", call);
    }

    private void say(String method, ObjectNode params) {
        ServiceLink service = link.service();
        if (service != null) {
            service.send(method, params);
        }
    }
}
