package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.secret.ActionSecrets;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secrets that calls are given: only those that the action declares, and masked in all that comes out. While a call runs, its
 * secrets are kept in the store, so that a successor who takes the call up can mask them as well, even if they have changed
 * meanwhile; a successor who cannot know them withholds the output.
 */
final class CallSecrets {
    private static final Logger LOG = LoggerFactory.getLogger(CallSecrets.class);
    private static final String PREFIX = "call/";
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 50;

    private final Supplier<@Nullable SecretStore> stores;

    CallSecrets(Supplier<@Nullable SecretStore> stores) {
        this.stores = stores;
    }

    /** What stands between a call that is to be started and its observer. */
    MaskedCall starting(CallSpec spec, CallObserver observer) throws RunnerException {
        InstalledAction action = spec.task().action();
        Map<String, String> given = spec.grants().secrets();
        check(action, given);
        if (given.isEmpty()) {
            return new MaskedCall(Mask.NONE, false, observer);
        }
        Mask mask = Mask.of(given.values());
        if (mask.hidesEverything()) {
            throw new RunnerException(
                    Kind.GRANT,
                    "A secret of " + action.id() + " is too short to be masked in the output: it needs at least "
                            + ActionSecrets.SHORTEST
                            + " characters that are no spaces. Set another one by rungpt:secret"
                            + " set.");
        }
        boolean events = spec.task().task().output() == Task.Output.EVENTS;
        keep(spec.call(), events, given.values());
        return new MaskedCall(mask, events, observer);
    }

    /** The hosts that the secrets of a call are meant for: it can be granted no others. */
    static List<String> hosts(@Nullable CallSpec spec) {
        if (spec == null) {
            return List.of();
        }
        Map<String, String> given = spec.grants().secrets();
        return spec.task().action().manifest().secrets().stream()
                .filter(secret -> given.containsKey(secret.env()))
                .flatMap(secret -> secret.hosts().stream())
                .distinct()
                .toList();
    }

    private static void check(InstalledAction action, Map<String, String> given) throws RunnerException {
        if (action.files().builtIn()) {
            if (!given.isEmpty()) {
                throw new RunnerException(
                        Kind.GRANT, "Built-in actions get no secrets: everything in the workspace could read them.");
            }
            return;
        }
        Set<String> declared =
                action.manifest().secrets().stream().map(Manifest.Secret::env).collect(Collectors.toSet());
        for (String env : given.keySet()) {
            if (!declared.contains(env)) {
                throw new RunnerException(
                        Kind.GRANT, action.id() + " does not declare a secret for " + env + " and so does not get it.");
            }
        }
        for (Manifest.Secret secret : action.manifest().secrets()) {
            if (!given.containsKey(secret.env())) {
                String help = secret.help();
                throw new RunnerException(
                        Kind.GRANT,
                        action.id() + " needs the secret " + secret.name() + ", which it was not given"
                                + (help == null ? "" : " (" + EngineFailures.oneLine(help, 200) + ")")
                                + ": set it by rungpt:secret set " + action.id() + " " + secret.name()
                                + ", and allow it when you are asked, or by rungpt:grants.");
            }
        }
    }

    private void keep(String call, boolean events, Collection<String> values) throws RunnerException {
        SecretStore store = stores.get();
        if (store == null) {
            throw new RunnerException(
                    Kind.GRANT, "The store of secrets is not there: start the bundle org.rungpt.secrets.");
        }
        ObjectNode all = JsonNodeFactory.instance.objectNode().put("events", events);
        ArrayNode array = all.putArray("values");
        values.forEach(array::add);
        try {
            store.put(PREFIX + call, all.toString());
        } catch (SecretException | RuntimeException e) {
            throw new RunnerException(
                    Kind.GRANT, "The secrets of the call cannot be kept while it runs: " + EngineFailures.line(e), e);
        }
    }

    /** What stands between a call that a predecessor started and its observer. May wait for the store. */
    MaskedCall resumed(String call, Purpose where, CallObserver observer) {
        // Calls in a workspace sandbox never have any.
        return where.isWorkspace() ? new MaskedCall(Mask.NONE, false, observer) : known(call, observer);
    }

    private MaskedCall known(String call, CallObserver observer) {
        try {
            SecretStore store = await();
            Optional<String> kept = store == null ? Optional.empty() : store.get(PREFIX + call);
            if (kept.isPresent()) {
                JsonNode all = ServiceLink.JSON.readTree(kept.get());
                return new MaskedCall(Mask.of(values(all)), all.path("events").asBoolean(), observer);
            }
            return new MaskedCall(store == null ? Mask.EVERYTHING : Mask.NONE, false, observer);
        } catch (SecretException | JsonProcessingException | RuntimeException e) {
            LOG.warn("The output of call {} is withheld: its secrets cannot be read", call);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new MaskedCall(Mask.EVERYTHING, false, observer);
    }

    private static List<String> values(JsonNode all) {
        List<String> values = new ArrayList<>();
        // Earlier versions kept nothing else.
        for (JsonNode value : all.isArray() ? all : all.path("values")) {
            values.add(value.asText());
        }
        return values;
    }

    /** The store may be on its way as the runner itself just was. */
    private @Nullable SecretStore await() throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        SecretStore store = stores.get();
        while (store == null && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            store = stores.get();
        }
        return store;
    }

    /** The call as its caller sees it; its secrets are forgotten with it: until then its output may be told again. */
    CallHandle handle(CallHandle call, MaskedCall masked) {
        CallHandle seen = masked.handle(call, () -> forget(call.call()));
        if (seen != call) {
            var unused = seen.outcome().whenComplete((outcome, failure) -> {
                if (outcome == null && !MaskedCall.isDetached(failure)) {
                    forget(call.call());
                }
            });
        }
        return seen;
    }

    /** Nobody runs the call any more. */
    void forget(String call) {
        SecretStore store = stores.get();
        try {
            if (store != null && store.names().contains(PREFIX + call)) {
                store.remove(PREFIX + call);
            }
        } catch (SecretException | RuntimeException e) {
            LOG.debug("The secrets of call {} stay in the store: {}", call, EngineFailures.line(e));
        }
    }
}
