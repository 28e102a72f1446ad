package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** How the parts stand, and what is installed. */
final class PlatformRoutes {
    private final Services services;
    private final String version;

    PlatformRoutes(Services services, String version, Router router) {
        this.services = services;
        this.version = version;
        router.on("GET", "/status", this::status).on("GET", "/actions", this::actions);
    }

    private Answer status(Call call) {
        boolean allReady = true;
        ArrayNode parts = Json.array();
        List<StatusSource> sources = services.statusSources().stream()
                .sorted(Comparator.comparing(StatusSource::id))
                .toList();
        for (StatusSource source : sources) {
            Readiness readiness = source.readiness();
            allReady &= readiness.ready();
            ObjectNode part = parts.addObject()
                    .put("id", source.id())
                    .put("title", source.title())
                    .put("ready", readiness.ready())
                    .put("reason", readiness.reason());
            if (readiness.remedy() != null) {
                part.put("remedy", readiness.remedy());
            }
        }
        return Answer.ok(
                Json.object().put("version", version).put("ready", allReady).set("parts", parts));
    }

    private Answer actions(Call call) throws ApiException {
        ActionRegistry registry = services.registry();
        ObjectNode answer = Json.object();
        ArrayNode actions = answer.putArray("actions");
        for (InstalledAction action : registry.actions()) {
            ObjectNode node = actions.addObject()
                    .put("id", action.id().value())
                    .put("alias", action.alias())
                    .put("title", action.manifest().title())
                    .put("version", action.files().version())
                    .put("description", action.manifest().description())
                    .put("builtIn", action.files().builtIn());
            if (action.files().commit() != null) {
                node.put("commit", action.files().commit());
            }
            if (action.manifest().constraints() != null) {
                node.put("constraints", action.manifest().constraints());
            }
            node.set("asks", asks(action.manifest()));
            ArrayNode tasks = node.putArray("tasks");
            for (Task task : action.manifest().tasks()) {
                tasks.addObject()
                        .put("name", task.name())
                        .put("description", task.description())
                        .put("effects", task.effects().name().toLowerCase(Locale.ROOT))
                        .set("parameters", Json.own(task.parameters()));
            }
        }
        ArrayNode rejections = answer.putArray("rejections");
        for (ActionRegistry.Rejection rejection : registry.rejections()) {
            ObjectNode node = rejections
                    .addObject()
                    .put("id", rejection.files().id().value())
                    .put("version", rejection.files().version());
            rejection.problems().forEach(node.putArray("problems")::add);
        }
        return Answer.ok(answer);
    }

    /** What a manifest asks for; the user grants it, or not. */
    private static ObjectNode asks(Manifest manifest) {
        ObjectNode asks = Json.object().put("workspace", manifest.workspace());
        manifest.network().forEach(asks.putArray("network")::add);
        ArrayNode secrets = asks.putArray("secrets");
        for (Manifest.Secret secret : manifest.secrets()) {
            ArrayNode hosts = secrets.addObject().put("name", secret.name()).putArray("hosts");
            secret.hosts().forEach(hosts::add);
        }
        ArrayNode shares = asks.putArray("shares");
        for (Manifest.Share share : manifest.shares()) {
            ObjectNode node = shares.addObject().put("name", share.name()).put("writable", share.writable());
            if (share.why() != null) {
                node.put("why", share.why());
            }
        }
        ArrayNode sidecars = asks.putArray("sidecars");
        manifest.sidecars().forEach(sidecar -> sidecars.add(sidecar.image()));
        return asks;
    }
}
