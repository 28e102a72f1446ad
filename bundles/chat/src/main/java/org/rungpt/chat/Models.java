package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;

/** Which models there are to talk to. Any thread. */
final class Models {
    private static final String SETTING = "defaultModel";
    private static final String DEMO = "demo";
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Services services;
    private final Supplier<Optional<String>> configured;

    /** @param configured the default model that whoever started RunGPT chose */
    Models(Services services, Supplier<Optional<String>> configured) {
        this.services = services;
        this.configured = configured;
    }

    /** The model that new conversations get: the user's choice, what was configured, the first that is ready, the demo. */
    Optional<String> defaultModel() {
        Optional<String> wish = setting().or(configured).filter(Models::isName);
        return wish.filter(model -> isThere(ModelName.parse(model).connection()))
                .or(() -> firstReady(false))
                .or(() -> firstReady(true))
                .or(() -> wish);
    }

    private Optional<String> setting() {
        try {
            Optional<Settings> settings = services.settings.await((Settings) null, PATIENCE);
            return settings.isEmpty()
                    ? Optional.empty()
                    : settings.get().get(SETTING).map(json -> Json.parse(json).asText());
        } catch (StoreException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Optional<String> firstReady(boolean demo) {
        return services.connections.all().stream()
                .filter(connection -> connection.name().equals(DEMO) == demo
                        && connection.readiness().ready()
                        && !connection.models().isEmpty())
                .map(connection ->
                        connection.name() + "/" + connection.models().get(0).id())
                .findFirst();
    }

    private boolean isThere(String connection) {
        return services.connection(connection, null).isPresent();
    }

    /** What is known of a model; null if nothing is. */
    static @Nullable ModelInfo info(ModelConnection connection, String model) {
        return connection.models().stream()
                .filter(one -> one.id().equals(model))
                .findFirst()
                .orElse(null);
    }

    private static boolean isName(String model) {
        try {
            ModelName.parse(model);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The protocol that the model's connection wants for new conversations, if it is there. */
    Optional<String> protocol(String model) {
        return services.connection(ModelName.parse(model).connection(), null)
                .flatMap(ModelConnection::protocol)
                .filter(id -> services.protocol(id).isPresent());
    }

    /** @return the model if its connection is there and lists it; if no list is known, the server will say */
    String check(String model) throws ChatException {
        ModelName name;
        try {
            name = ModelName.parse(model);
        } catch (IllegalArgumentException e) {
            throw new ChatException(ChatException.Kind.INVALID, String.valueOf(e.getMessage()), e);
        }
        Optional<ModelConnection> connection =
                services.connections.await(candidate -> candidate.name().equals(name.connection()), PATIENCE);
        if (connection.isEmpty()) {
            throw new ChatException(
                    ChatException.Kind.NOT_FOUND, "there is no connection " + name.connection() + ": set it up first");
        }
        List<String> known =
                connection.get().models().stream().map(ModelInfo::id).toList();
        if (!known.isEmpty() && !known.contains(name.model())) {
            throw new ChatException(
                    ChatException.Kind.NOT_FOUND,
                    "there is no model " + Visible.cut(name.model(), 80) + " at " + name.connection() + "; "
                            + NearNames.hint(name.model(), known));
        }
        return name.toString();
    }

    void setDefault(@Nullable String model) throws ChatException {
        String name = model == null ? null : check(model);
        Optional<Settings> settings = services.settings.await((Settings) null, PATIENCE);
        try {
            if (settings.isEmpty()) {
                throw new StoreException(
                        StoreException.Kind.UNAVAILABLE, "the settings are away: try again in a moment");
            }
            if (name == null) {
                settings.get().remove(SETTING);
            } else {
                settings.get()
                        .put(SETTING, JsonNodeFactory.instance.textNode(name).toString());
            }
        } catch (StoreException e) {
            throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        }
    }
}
