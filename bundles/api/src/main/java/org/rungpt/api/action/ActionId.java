package org.rungpt.api.action;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The identity of an action, {@code owner/repo} or {@code owner/repo/dir}. Grants and policies bind to it, never to an alias.
 *
 * @param value the whole identity
 */
public record ActionId(String value) implements Comparable<ActionId> {
    private static final Pattern GRAMMAR = Pattern.compile(
            "[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,4}");

    /** @throws IllegalArgumentException if the value is no identity; the message says what one looks like */
    public ActionId {
        Objects.requireNonNull(value, "value");
        if (value.length() > 300 || !GRAMMAR.matcher(value).matches() || hasDotSegment(value)) {
            throw new IllegalArgumentException("no action identity: write owner/repo or owner/repo/dir");
        }
    }

    private static boolean hasDotSegment(String value) {
        for (String segment : value.split("/", -1)) {
            if (segment.equals(".") || segment.equals("..") || segment.equalsIgnoreCase(".git")) {
                return true;
            }
        }
        return false;
    }

    /** The first segment. */
    public String owner() {
        return value.substring(0, value.indexOf('/'));
    }

    /** {@code owner/repo}, without a directory. */
    public String repository() {
        int second = value.indexOf('/', value.indexOf('/') + 1);
        return second < 0 ? value : value.substring(0, second);
    }

    /** The directory inside the repository, or the empty string. */
    public String directory() {
        return value.substring(repository().length()).replaceFirst("^/", "");
    }

    @Override
    public int compareTo(ActionId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
