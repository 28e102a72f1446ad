package org.rungpt.api.action;

import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a user types to install an action: {@code owner/repo[/dir][@version]}.
 *
 * @param id the identity
 * @param version a tag, semantic version range, commit or branch; null for the repository's default branch
 */
public record ActionReference(ActionId id, @Nullable String version) {
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9~^>=<*][A-Za-z0-9._/~^>=<*+ -]{0,99}");

    /** @throws IllegalArgumentException if the version is none */
    public ActionReference {
        Objects.requireNonNull(id, "id");
        if (version != null
                && (!VERSION.matcher(version).matches()
                        || version.contains("..")
                        || version.contains("//")
                        || version.endsWith("/"))) {
            throw new IllegalArgumentException("no version: write a tag, version range, commit or branch after @");
        }
    }

    /**
     * Reads a reference before any process or network is touched.
     *
     * @throws IllegalArgumentException if the text is no reference; the message says why
     */
    public static ActionReference parse(String text) {
        int at = text.indexOf('@');
        return at < 0
                ? new ActionReference(new ActionId(text), null)
                : new ActionReference(new ActionId(text.substring(0, at)), text.substring(at + 1));
    }

    @Override
    public String toString() {
        return version == null ? id.value() : id.value() + "@" + version;
    }
}
