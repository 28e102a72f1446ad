package org.rungpt.runner.docker;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox is for.
 *
 * @param action identity of the third-party action whose calls it runs; null for a workspace sandbox
 * @param contents the actions in it, each {@code identity@hash}, and the base image if it was told
 * @param border what of the outside it sees
 * @param bounds what it may use up
 */
record Purpose(@Nullable String action, SortedSet<String> contents, Border border, Bounds bounds) {
    boolean isWorkspace() {
        return action == null;
    }

    /**
     * Under this key its conversation has one sandbox at a time. A workspace sandbox has the same one for ever: another border or
     * other contents replace it. An action has one for each of its versions and borders.
     */
    String key(String conversation) {
        return isWorkspace()
                ? "workspace " + conversation
                : "action " + String.join(" ", contents) + " " + border.text() + " " + conversation;
    }

    /** Whether a sandbox of this purpose does for the other one too. */
    boolean serves(Purpose other) {
        return border.equals(other.border()) && contents.containsAll(other.contents());
    }
}
