package org.rungpt.chat;

import java.util.List;

/** What the model is told when the user has brought files back. */
final class Reverts {
    private static final int NAMED = 20;

    private Reverts() {}

    static String notice(List<String> files) {
        String names = String.join(", ", files.subList(0, Math.min(NAMED, files.size())));
        String more = files.size() > NAMED ? " and " + (files.size() - NAMED) + " more" : "";
        return "The user reverted changes that a call of yours had made in /workspace. These are as before again: "
                + names + more + ". Look at them before you rely on what you know of them.";
    }
}
