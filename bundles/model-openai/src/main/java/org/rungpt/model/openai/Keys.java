package org.rungpt.model.openai;

import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;

/**
 * Finds the key of a connection: the stored one, else {@code OPENAI_API_KEY} for the connection {@code openai}. A key belongs to an
 * origin and is given for no other: the stored one to the origin that it was stored for, the environment's to that of
 * {@code OPENAI_BASE_URL} or to OpenAI.
 */
final class Keys {
    private final Supplier<@Nullable SecretStore> secrets;
    private final UnaryOperator<@Nullable String> environment;

    Keys(Supplier<@Nullable SecretStore> secrets, UnaryOperator<@Nullable String> environment) {
        this.secrets = secrets;
        this.environment = environment;
    }

    /** The name of a connection's key in the secret store. */
    static String secret(String connection) {
        return "connection/" + connection + "/key";
    }

    /** A key and where it comes from. */
    record Found(String key, boolean fromEnvironment) {
        /** What may be shown of it. */
        String hint() {
            return fromEnvironment ? "from " + Settings.KEY_VARIABLE : Redaction.hint(key);
        }

        @Override
        public String toString() {
            return hint();
        }
    }

    Optional<Found> find(Settings settings) throws ModelException {
        String origin = settings.base().origin();
        if (settings.keyOrigin().isEmpty() || settings.keyOrigin().equals(origin)) {
            String stored = stored(settings.name());
            if (stored != null) {
                return Optional.of(new Found(stored, false));
            }
        }
        String given = environment.apply(Settings.KEY_VARIABLE);
        if (settings.name().equals(Settings.ENVIRONMENT_NAME)
                && given != null
                && !given.isBlank()
                && origin.equals(
                        Settings.defaultBase(settings.name(), environment).origin())) {
            return Optional.of(new Found(given.strip(), true));
        }
        return Optional.empty();
    }

    private @Nullable String stored(String name) throws ModelException {
        SecretStore store = secrets.get();
        if (store == null) {
            return null;
        }
        try {
            return store.get(secret(name))
                    .map(String::strip)
                    .filter(key -> !key.isEmpty())
                    .orElse(null);
        } catch (SecretException e) {
            throw new ModelException(
                    ModelException.Kind.AUTHENTICATION,
                    "The key of the connection " + name + " cannot be read: " + Redaction.plain(e.getMessage(), 200),
                    "Paste it again in Settings, connection " + name + ".",
                    e);
        }
    }
}
