package org.rungpt.model.openai;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;

/**
 * Finds the key of a connection: the stored one, else for the connection {@code openai} {@code OPENAI_API_KEY}, or what is in the file that
 * {@code OPENAI_API_KEY_FILE} names, which is read each time. A key belongs to an
 * origin and is given for no other: the stored one to the origin that it was stored for, the environment's to that of
 * {@code OPENAI_BASE_URL} or to OpenAI.
 */
final class Keys {
    private static final int LONGEST = 16 << 10;

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

    /**
     * A key and where it comes from.
     *
     * @param variable of the environment; null for one that is stored
     */
    record Found(String key, @Nullable String variable) {
        /** What may be shown of it. */
        String hint() {
            return variable != null ? "from " + variable : Redaction.hint(key);
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
                return Optional.of(new Found(stored, null));
            }
        }
        boolean given = settings.name().equals(Settings.ENVIRONMENT_NAME)
                && origin.equals(
                        Settings.defaultBase(settings.name(), environment).origin());
        return given ? fromEnvironment() : Optional.empty();
    }

    private Optional<Found> fromEnvironment() throws ModelException {
        String given = environment.apply(Settings.KEY_VARIABLE);
        if (given != null && !given.isBlank()) {
            return Optional.of(new Found(given.strip(), Settings.KEY_VARIABLE));
        }
        String file = environment.apply(Settings.KEY_FILE_VARIABLE);
        if (file == null || file.isBlank()) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(Path.of(file.strip()))) {
            String key = new String(in.readNBytes(LONGEST + 1), StandardCharsets.UTF_8).strip();
            if (key.isEmpty() || key.length() > LONGEST || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
                throw unreadable(file, "it holds no key", null);
            }
            return Optional.of(new Found(key, Settings.KEY_FILE_VARIABLE));
        } catch (IOException | InvalidPathException e) {
            throw unreadable(file, e.toString(), e);
        }
    }

    private static ModelException unreadable(String file, String why, @Nullable Throwable cause) {
        return new ModelException(
                ModelException.Kind.AUTHENTICATION,
                "The key cannot be read from " + Redaction.plain(file, 200) + ", which " + Settings.KEY_FILE_VARIABLE
                        + " names: " + Redaction.plain(why, 200),
                "Put the key alone into that file, readable for the user who runs RunGPT.",
                cause);
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
