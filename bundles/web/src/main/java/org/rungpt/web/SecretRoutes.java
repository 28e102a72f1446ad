package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.secret.ActionSecrets;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** The secrets that actions ask for: which there are, and setting them. A value goes in and never comes out. */
final class SecretRoutes {
    private final Services services;

    SecretRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/secrets", this::list)
                .on("PUT", "/actions/{alias}/secrets/{name}", this::put)
                .on("DELETE", "/actions/{alias}/secrets/{name}", this::remove);
    }

    private Answer list(Call call) throws ApiException {
        Set<String> kept = names(services.secrets());
        ObjectNode answer = Json.object();
        ArrayNode secrets = answer.putArray("secrets");
        for (InstalledAction action : services.registry().actions()) {
            for (Manifest.Secret secret : action.manifest().secrets()) {
                ObjectNode node = secrets.addObject()
                        .put("action", action.id().value())
                        .put("alias", action.alias())
                        .put("name", secret.name())
                        .put("env", secret.env())
                        .put("set", kept.remove(ActionSecrets.key(action.id(), secret.name())));
                secret.hosts().forEach(node.putArray("hosts")::add);
                if (secret.help() != null) {
                    node.put("help", secret.help());
                }
            }
        }
        ArrayNode unused = answer.putArray("unused");
        for (String key : kept) {
            ActionSecrets.read(key).ifPresent(left -> unused.addObject()
                    .put("action", left.action().value())
                    .put("name", left.name()));
        }
        return Answer.ok(answer);
    }

    private static Set<String> names(SecretStore store) throws ApiException {
        try {
            return store.names().stream()
                    .filter(key -> ActionSecrets.read(key).isPresent())
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (SecretException e) {
            throw unusable(e);
        }
    }

    private Answer put(Call call) throws ApiException, IOException {
        String key = key(call);
        ObjectNode body = Json.body(call.request(), Set.of("value"));
        @Nullable String value = Json.text(body, "value");
        if (value == null) {
            throw ApiException.invalid("value is missing: the secret itself.");
        }
        Optional<String> problem = ActionSecrets.problem(value);
        if (problem.isPresent()) {
            throw ApiException.invalid("value: " + problem.get() + ".");
        }
        try {
            services.secrets().put(key, value);
        } catch (SecretException e) {
            throw unusable(e);
        }
        return Answer.done();
    }

    private Answer remove(Call call) throws ApiException {
        String key = key(call);
        try {
            services.secrets().remove(key);
        } catch (SecretException e) {
            throw unusable(e);
        }
        return Answer.done();
    }

    private String key(Call call) throws ApiException {
        String alias = call.variable("alias");
        String name = call.variable("name");
        InstalledAction action = services.registry().actions().stream()
                .filter(one -> one.alias().equals(alias))
                .findFirst()
                .orElseThrow(() -> ApiException.notFound("No action of this alias is installed."));
        if (action.manifest().secrets().stream().noneMatch(one -> one.name().equals(name))) {
            throw ApiException.notFound(action.id() + " asks for no secret of this name.");
        }
        return ActionSecrets.key(action.id(), name);
    }

    private static ApiException unusable(SecretException e) {
        return new ApiException(500, "secrets_unusable", String.valueOf(e.getMessage()), null);
    }
}
