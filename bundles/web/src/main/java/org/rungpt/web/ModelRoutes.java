package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.model.ConnectionSettings;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelConnections;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;
import org.rungpt.api.status.Readiness;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** Models, the connections to their servers, and the default model. */
final class ModelRoutes {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");
    private static final Set<String> CONNECTION_FIELDS = Set.of(
            "kind",
            "baseUrl",
            "headers",
            "key",
            "models",
            "contextTokens",
            "prices",
            "images",
            "files",
            "audio",
            "protocol");
    private static final int FIRST_LOOK_SECONDS = 3;
    private static final int LOOK_SECONDS = 5;
    private static final int REFRESH_SECONDS = 30;

    private final Services services;

    ModelRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/models", this::models)
                .on("GET", "/settings", this::settings)
                .on("PATCH", "/settings", this::changeSettings)
                .on("GET", "/connections", this::connections)
                .on("POST", "/connections/look", this::look)
                .on("PUT", "/connections/{name}", this::save)
                .on("DELETE", "/connections/{name}", this::remove)
                .on("DELETE", "/connections/{name}/key", this::removeKey)
                .on("POST", "/connections/{name}/refresh", this::refresh);
    }

    private Answer models(Call call) throws ApiException {
        ArrayNode models = Json.array();
        for (ModelConnection connection : services.connections()) {
            addModels(models, connection, known(connection));
        }
        ObjectNode answer = Json.object();
        answer.put("default", services.conversations().defaultModel().orElse(null));
        answer.set("models", models);
        return Answer.ok(answer);
    }

    /** A ready connection that was never asked is asked now, but nobody waits long for it. */
    private static List<ModelInfo> known(ModelConnection connection) {
        List<ModelInfo> models = connection.models();
        if (models.isEmpty() && connection.readiness().ready()) {
            try {
                return connection.refresh().toCompletableFuture().get(FIRST_LOOK_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                return List.of();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return models;
    }

    private static void addModels(ArrayNode models, ModelConnection connection, List<ModelInfo> known) {
        Readiness readiness = connection.readiness();
        for (ModelInfo model : known) {
            ObjectNode node = models.addObject()
                    .put("id", connection.name() + "/" + model.id())
                    .put("title", model.title())
                    .put("connection", connection.name())
                    .put("ready", readiness.ready())
                    .put("reason", readiness.reason())
                    .put("images", model.takes().images())
                    .put("files", model.takes().files())
                    .put("audio", model.takes().audio())
                    .put("contextTokens", model.contextTokens());
            node.set("prices", prices(model.prices()));
        }
    }

    private static JsonNode prices(@Nullable Prices prices) {
        return prices == null
                ? NullNode.getInstance()
                : Json.object()
                        .put("input", prices.input())
                        .put("output", prices.output())
                        .put("cachedInput", prices.cachedInput());
    }

    private Answer settings(Call call) throws ApiException {
        return Answer.ok(Json.object()
                .put("defaultModel", services.conversations().defaultModel().orElse(null)));
    }

    private Answer changeSettings(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("defaultModel"));
        if (body.has("defaultModel")) {
            String model = Json.text(body, "defaultModel");
            try {
                services.conversations().setDefaultModel(model);
            } catch (ChatException e) {
                throw ApiException.of(e);
            }
        }
        return settings(call);
    }

    private Answer connections(Call call) {
        ArrayNode connections = Json.array();
        for (ModelConnections kind : services.connectionKinds()) {
            for (ConnectionSettings settings : kind.connections()) {
                Optional<ModelConnection> live = services.connection(settings.name());
                Readiness readiness =
                        live.map(ModelConnection::readiness).orElse(Readiness.unready("It is being set up.", null));
                ObjectNode node = connections
                        .addObject()
                        .put("name", settings.name())
                        .put("kind", settings.kind())
                        .put("title", live.map(ModelConnection::title).orElse(settings.name()))
                        .put("baseUrl", settings.baseUrl())
                        .put("ready", readiness.ready())
                        .put("reason", readiness.reason());
                if (readiness.remedy() != null) {
                    node.put("remedy", readiness.remedy());
                }
                if (settings.keyHint() != null) {
                    node.put("keyHint", settings.keyHint());
                }
                ArrayNode models = node.putArray("models");
                settings.models().forEach(models::add);
                node.put("contextTokens", settings.contextTokens())
                        .put("images", settings.takes().images())
                        .put("files", settings.takes().files())
                        .put("audio", settings.takes().audio())
                        .put("protocol", settings.protocol())
                        .set("prices", prices(settings.prices()));
                ObjectNode headers = node.putObject("headers");
                new TreeMap<>(settings.headers()).forEach(headers::put);
            }
        }
        return Answer.ok(Json.object().set("connections", connections));
    }

    private Answer save(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), CONNECTION_FIELDS);
        String kind = Json.requiredText(body, "kind");
        ModelConnections connections = services.connectionKinds().stream()
                .filter(it -> it.kind().equals(kind))
                .findFirst()
                .orElseThrow(() -> ApiException.invalid("No installed bundle makes connections of this kind."));
        try {
            connections.save(
                    new ConnectionSettings(
                            name(call),
                            kind,
                            Json.requiredText(body, "baseUrl"),
                            headers(body),
                            null,
                            models(body),
                            contextTokens(body),
                            prices(body),
                            new Inputs(flag(body, "images"), flag(body, "files"), flag(body, "audio")),
                            Json.text(body, "protocol")),
                    Json.text(body, "key"));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(String.valueOf(e.getMessage()));
        } catch (IllegalStateException e) {
            throw ApiException.unavailable(String.valueOf(e.getMessage()));
        }
        services.awaitConnection(name(call));
        return Answer.done();
    }

    private static List<String> models(ObjectNode body) throws ApiException {
        List<String> models = new ArrayList<>();
        JsonNode written = body.path("models");
        if (!written.isMissingNode() && !written.isNull() && !written.isArray()) {
            throw ApiException.invalid("\"models\" must be a list of strings.");
        }
        for (JsonNode model : written) {
            if (!model.isTextual()) {
                throw ApiException.invalid("\"models\" must be a list of strings.");
            }
            models.add(model.textValue());
        }
        return models;
    }

    private static @Nullable Integer contextTokens(ObjectNode body) throws ApiException {
        JsonNode written = body.path("contextTokens");
        if (written.isMissingNode() || written.isNull()) {
            return null;
        }
        if (!written.isIntegralNumber() || !written.canConvertToInt()) {
            throw ApiException.invalid("\"contextTokens\" must be a whole number.");
        }
        return written.intValue();
    }

    private static @Nullable Prices prices(ObjectNode body) throws ApiException {
        JsonNode written = body.path("prices");
        if (written.isMissingNode() || written.isNull()) {
            return null;
        }
        JsonNode cached = written.path("cachedInput");
        if (!written.path("input").isNumber()
                || !written.path("output").isNumber()
                || !(cached.isMissingNode() || cached.isNull() || cached.isNumber())) {
            throw ApiException.invalid(
                    "\"prices\" must hold \"input\" and \"output\", and may hold \"cachedInput\": US dollars for a"
                            + " million tokens.");
        }
        try {
            return new Prices(
                    written.path("input").doubleValue(),
                    written.path("output").doubleValue(),
                    cached.isNumber() ? cached.doubleValue() : null);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("\"prices\": " + e.getMessage() + ".");
        }
    }

    private static @Nullable Boolean flag(ObjectNode body, String field) throws ApiException {
        JsonNode written = body.path(field);
        if (!written.isMissingNode() && !written.isNull() && !written.isBoolean()) {
            throw ApiException.invalid("\"" + field + "\" must be true, false or null.");
        }
        return written.isBoolean() ? Boolean.valueOf(written.booleanValue()) : null;
    }

    /** Looks for servers on this machine, then tells of every connection. */
    private Answer look(Call call) throws ApiException {
        try {
            CompletableFuture.allOf(services.connectionKinds().stream()
                            .map(kind -> kind.look().toCompletableFuture())
                            .toArray(CompletableFuture[]::new))
                    .get(LOOK_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // What was found until now is told.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return connections(call);
    }

    private static Map<String, String> headers(ObjectNode body) throws ApiException {
        Map<String, String> headers = new TreeMap<>();
        JsonNode node = body.path("headers");
        for (var fields = node.fields(); fields.hasNext(); ) {
            var field = fields.next();
            if (!field.getValue().isTextual()) {
                throw ApiException.invalid("\"headers\" must hold strings.");
            }
            headers.put(field.getKey(), field.getValue().textValue());
        }
        return headers;
    }

    private Answer remove(Call call) throws ApiException {
        String name = name(call);
        services.connectionKinds().forEach(kind -> kind.remove(name));
        return Answer.done();
    }

    private Answer removeKey(Call call) throws ApiException {
        String name = name(call);
        for (ModelConnections kind : services.connectionKinds()) {
            for (ConnectionSettings settings : kind.connections()) {
                if (settings.name().equals(name)) {
                    kind.save(settings, "");
                    return Answer.done();
                }
            }
        }
        throw ApiException.notFound("There is no such connection.");
    }

    private Answer refresh(Call call) throws ApiException {
        ModelConnection connection = services.connection(name(call))
                .orElseThrow(() -> ApiException.notFound("There is no such connection."));
        ArrayNode models = Json.array();
        try {
            addModels(
                    models,
                    connection,
                    connection.refresh().toCompletableFuture().get(REFRESH_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ModelException error) {
                throw new ApiException(502, "model_server", String.valueOf(error.getMessage()), error.remedy());
            }
            throw new ApiException(502, "model_server", "The model server could not be asked.", null);
        } catch (TimeoutException e) {
            throw new ApiException(
                    502, "model_server", "The model server did not answer within 30 seconds.", "Check the base URL.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("The server is stopping.");
        }
        return Answer.ok(Json.object().set("models", models));
    }

    private static String name(Call call) throws ApiException {
        String name = call.variable("name");
        if (!NAME.matcher(name).matches()) {
            throw ApiException.invalid(
                    "A connection's name is 1 to 31 lower-case letters, digits and -, and begins with a letter.");
        }
        return name;
    }
}
