package org.rungpt.api.secret;

import java.util.Optional;
import org.rungpt.api.action.ActionId;

/** How the secrets of actions are named in the {@link SecretStore}: {@code action/<identity>/<name in the manifest>}. */
public final class ActionSecrets {
    /** Shorter values cannot be told from ordinary output and so cannot be masked; nobody may set them. In characters. */
    public static final int SHORTEST = 8;

    /** Longer values do not fit into an environment variable with the rest. In characters. */
    public static final int LONGEST = 16_384;

    private static final String PREFIX = "action/";

    private ActionSecrets() {}

    /**
     * A secret of an action.
     *
     * @param action whose it is
     * @param name its name in the manifest
     */
    public record Name(ActionId action, String name) {}

    /** What it is called in the store. */
    public static String key(ActionId action, String name) {
        return PREFIX + action.value() + "/" + name;
    }

    /** What a name in the store stands for; empty if it is no action's secret. */
    public static Optional<Name> read(String key) {
        int end = key.lastIndexOf('/');
        if (!key.startsWith(PREFIX) || end <= PREFIX.length()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Name(new ActionId(key.substring(PREFIX.length(), end)), key.substring(end + 1)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Why a value cannot be a secret; empty if it can. Says nothing about what the value is.
     */
    public static Optional<String> problem(String value) {
        if (value.length() < SHORTEST) {
            return Optional.of("a secret has at least " + SHORTEST
                    + " characters: a shorter one could not be told from ordinary output and masked");
        }
        if (value.length() > LONGEST) {
            return Optional.of("a secret has at most " + LONGEST + " characters");
        }
        if (value.indexOf('\0') >= 0) {
            return Optional.of("a secret has no NUL character");
        }
        return value.isBlank() ? Optional.of("a secret is not blank") : Optional.empty();
    }
}
