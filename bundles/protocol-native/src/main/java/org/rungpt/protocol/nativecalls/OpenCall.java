package org.rungpt.protocol.nativecalls;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.protocol.common.Json;

/** One tool call while its pieces arrive. */
final class OpenCall {
    /** How long the arguments of a call may be, in characters. */
    static final int MAX = 1 << 20;

    private final int index;
    private final StringBuilder arguments = new StringBuilder();
    private @Nullable String id;
    private String name = "";
    private boolean tooLong;
    private boolean told;

    OpenCall(int index) {
        this.index = index;
    }

    /** Whether a piece belongs to this call. Some servers give every call the same index and tell them apart by id alone. */
    boolean goesOnWith(ModelDelta.ToolCall piece) {
        return piece.index() == index
                && (piece.id() == null || id == null || piece.id().equals(id))
                && !(piece.id() == null && piece.name() != null && isComplete());
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
        }
    }

    private boolean isComplete() {
        int end = arguments.length() - 1;
        while (end >= 0 && Character.isWhitespace(arguments.charAt(end))) {
            end--;
        }
        if (end < 0 || arguments.charAt(end) != '}') {
            return false;
        }
        try {
            return Json.MAPPER.readTree(arguments.toString()).isObject();
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            return false;
        }
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
