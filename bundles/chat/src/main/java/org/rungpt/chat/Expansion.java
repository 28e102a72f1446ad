package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;

/** A user's message with calls in it, or with what only looks like some, until the outputs stand in their places. */
final class Expansion {
    final String message;
    final String text;
    /** Whether the message is nothing but a call: then no model is asked. */
    final boolean run;

    final List<UserCalls.UserCall> wanted;
    /** Where characters stand that are left out. */
    private final List<Integer> escapes;

    final List<CallState> calls = new ArrayList<>();

    Expansion(String message, String text, boolean run, List<UserCalls.UserCall> wanted, List<Integer> escapes) {
        this.message = message;
        this.text = text;
        this.run = run;
        this.wanted = wanted;
        this.escapes = escapes;
    }

    /** Whether the model is told something else than what the user wrote. */
    boolean isNeeded() {
        return !wanted.isEmpty() || !escapes.isEmpty();
    }

    /** What the model is told instead of what the user wrote. */
    String expanded(int bound) {
        var expanded = new StringBuilder();
        int from = 0;
        for (int i = 0; i < calls.size(); i++) {
            UserCalls.UserCall wish = wanted.get(i);
            CallResult result = calls.get(i).result(bound);
            if (run) {
                expanded.append("The user ran ")
                        .append(wish.task())
                        .append(' ')
                        .append(wish.arguments())
                        .append(" (")
                        .append(result.status().wire())
                        .append(result.exit() == null ? "" : ", exit code " + result.exit())
                        .append(result.note() == null ? "" : "; " + result.note())
                        .append("):\n")
                        .append(result.text());
                return expanded.toString();
            }
            append(expanded, from, wish.start());
            expanded.append(result.status() == CallStatus.COMPLETED ? output(result) : failure(wish, result));
            from = wish.end();
        }
        append(expanded, from, text.length());
        return expanded.toString();
    }

    private void append(StringBuilder expanded, int from, int to) {
        int at = from;
        for (int escape : escapes) {
            if (escape >= at && escape < to) {
                expanded.append(text, at, escape);
                at = escape + 1;
            }
        }
        expanded.append(text, at, to);
    }

    private static String output(CallResult result) {
        String text = result.text();
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    private static String failure(UserCalls.UserCall wish, CallResult result) {
        String why = result.text().strip().replaceAll("\\s+", " ");
        if (why.isEmpty() && result.note() != null) {
            why = result.note();
        }
        return "[" + wish.task() + " " + result.status().wire()
                + (result.exit() == null ? "" : " with exit code " + result.exit())
                + (why.isEmpty() ? "" : ": " + why.substring(0, Math.min(500, why.length()))) + "]";
    }
}
