package org.rungpt.protocol.nativecalls;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelDelta;

/** One tool call while its pieces arrive. */
final class OpenCall {
    /** How long the arguments of a call may be, in characters. */
    static final int MAX = 1 << 20;

    private final int index;
    private final StringBuilder arguments = new StringBuilder();
    private @Nullable String id;
    private String name = "";
    private int depth;
    private boolean quoted;
    private boolean escaped;
    private boolean closed;
    private boolean tooLong;
    private boolean told;

    OpenCall(int index) {
        this.index = index;
    }

    /**
     * Whether a piece belongs to this call. Some servers give every call the same index, or even the same id; some repeat id and name
     * with every piece.
     *
     * @param isTool whether something is the whole name of a tool that there is
     */
    boolean goesOnWith(ModelDelta.ToolCall piece, Predicate<String> isTool) {
        if (piece.index() != index
                || piece.id() != null && id != null && !piece.id().equals(id)) {
            return false;
        }
        String next = piece.name();
        if (next == null) {
            return true;
        }
        boolean another = !next.equals(name) && isTool.test(name) && isTool.test(next);
        return !isComplete() && !(another && arguments.toString().isBlank());
    }

    /** Whether it says only again what a call before it was. */
    boolean repeats(OpenCall before) {
        return arguments.toString().isBlank()
                && index == before.index
                && name.equals(before.name)
                && (id == null || id.equals(before.id))
                && before.isComplete();
    }

    void add(ModelDelta.ToolCall piece) {
        if (id == null) {
            id = piece.id();
        }
        String more = piece.name();
        // A name comes at once, in pieces, or again with every piece.
        if (more != null && arguments.length() == 0 && !more.equals(name)) {
            name = name.isEmpty() ? more : name + more;
        }
        if (arguments.length() + piece.arguments().length() > MAX) {
            tooLong = true;
        } else {
            arguments.append(piece.arguments());
            follow(piece.arguments());
        }
    }

    private void follow(String more) {
        for (int i = 0; i < more.length(); i++) {
            char c = more.charAt(i);
            if (escaped) {
                escaped = false;
            } else if (quoted) {
                escaped = c == '\\';
                quoted = c != '"';
            } else if (c == '"') {
                quoted = true;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
                closed = depth == 0;
            }
        }
    }

    /** Whether its arguments are an object that is closed. They are followed, not read again with each piece. */
    private boolean isComplete() {
        return closed && depth == 0 && !quoted;
    }

    @Nullable
    String id() {
        return id;
    }

    String name() {
        return name;
    }

    String arguments() {
        return arguments.toString();
    }

    boolean hasArguments() {
        return arguments.length() > 0;
    }

    boolean isTooLong() {
        return tooLong;
    }

    /** Whether this is the first time that it is asked. */
    boolean tellOnce() {
        boolean first = !told;
        told = true;
        return first;
    }
}
