package org.rungpt.protocol.tags;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The opening tag of a call: {@code <run-NONCE action="alias.task" id="1">}, on one line; attributes in any order, in double or
 * single quotes.
 *
 * @param ref the id; null if there is none to be read
 * @param task the task; null if there is none to be read
 * @param empty whether the tag closes itself
 * @param problem what is wrong; null if it is good
 */
record CallHeader(
        @Nullable String ref,
        @Nullable String task,
        boolean empty,
        @Nullable String problem) {
    private static final Pattern REF = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    /**
     * @param text the tag from {@code <} to {@code >}, or to where it broke off
     * @param from where the attributes begin
     */
    static CallHeader parse(String text, int from) {
        String ref = null;
        String task = null;
        int at = from;
        int end = text.length();
        while (true) {
            at = skipBlanks(text, at);
            if (at >= end || text.charAt(at) == '\n') {
                return bad(text, ref, task, "its opening tag does not end with > on the same line");
            }
            if (text.charAt(at) == '>') {
                return checked(text, ref, task, false);
            }
            if (text.startsWith("/>", at)) {
                return checked(text, ref, task, true);
            }
            int equals = at;
            while (equals < end && Character.isLetterOrDigit(text.charAt(equals))) {
                equals++;
            }
            String name = text.substring(at, equals);
            equals = skipBlanks(text, equals);
            int quote = equals < end && text.charAt(equals) == '=' ? skipBlanks(text, equals + 1) : end;
            if (name.isEmpty() || quote >= end || (text.charAt(quote) != '"' && text.charAt(quote) != '\'')) {
                return bad(
                        text,
                        ref,
                        task,
                        "its opening tag has something else than attributes of the form name=\"value\"");
            }
            int close = text.indexOf(text.charAt(quote), quote + 1);
            if (close < 0) {
                return bad(text, ref, task, "a quote in its opening tag is not closed");
            }
            String value = text.substring(quote + 1, close);
            if (name.equals("action") && task == null) {
                task = value;
            } else if (name.equals("id") && ref == null) {
                ref = value;
            } else if (name.equals("action") || name.equals("id")) {
                return bad(text, ref, task, "its opening tag has the attribute " + name + " twice");
            } else {
                return bad(text, ref, task, "its opening tag has an attribute other than action and id");
            }
            at = close + 1;
        }
    }

    private static CallHeader checked(String text, @Nullable String ref, @Nullable String task, boolean empty) {
        if (task == null || task.isEmpty()) {
            return bad(text, ref, null, "its opening tag lacks the attribute action");
        }
        if (ref == null) {
            return bad(text, null, task, "its opening tag lacks the attribute id");
        }
        if (!REF.matcher(ref).matches()) {
            return bad(text, null, task, "its id is not made of 1 to 64 letters, digits, dots, dashes or underscores");
        }
        return new CallHeader(ref, task, empty, null);
    }

    private static CallHeader bad(String text, @Nullable String ref, @Nullable String task, String problem) {
        boolean readable = ref != null && REF.matcher(ref).matches();
        return new CallHeader(readable ? ref : null, task, text.endsWith("/>"), problem);
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t' || text.charAt(at) == '\r')) {
            at++;
        }
        return at;
    }
}
