package org.rungpt.model.openai;

import java.util.function.Consumer;
import org.rungpt.api.model.ModelDelta;

/**
 * Keeps reasoning apart that a server leaves in the text: an answer that begins with {@code <think>} reasons until {@code </think>}.
 * Anywhere else the tag is text. Only what may still become a tag is held back.
 */
final class ThinkTags {
    private static final String OPEN = "<think>";
    private static final String CLOSE = "</think>";

    private enum State {
        BEGINNING,
        THINKING,
        BEHIND,
        TEXT
    }

    private final Consumer<ModelDelta> out;
    private final StringBuilder held = new StringBuilder();
    private State state = State.BEGINNING;

    ThinkTags(Consumer<ModelDelta> out) {
        this.out = out;
    }

    void text(String text) {
        if (state == State.TEXT) {
            out.accept(new ModelDelta.Text(text));
            return;
        }
        held.append(text);
        boolean more = true;
        while (more && held.length() > 0) {
            more = switch (state) {
                case BEGINNING -> beginning();
                case THINKING -> thinking();
                case BEHIND -> behind();
                case TEXT -> {
                    tell(held.length());
                    yield false;
                }
            };
        }
    }

    private boolean beginning() {
        int at = blanks();
        String rest = held.substring(at);
        if (rest.startsWith(OPEN)) {
            held.delete(0, at + OPEN.length());
            state = State.THINKING;
            return true;
        }
        if (OPEN.startsWith(rest)) {
            return false;
        }
        state = State.TEXT;
        return true;
    }

    private boolean thinking() {
        int close = held.indexOf(CLOSE);
        int end = close;
        if (close < 0) {
            end = held.length();
            for (int length = Math.min(CLOSE.length() - 1, held.length()); length > 0; length--) {
                if (CLOSE.startsWith(held.substring(held.length() - length))) {
                    end = held.length() - length;
                    break;
                }
            }
        }
        if (end > 0) {
            out.accept(new ModelDelta.Reasoning(held.substring(0, end)));
            held.delete(0, end);
        }
        if (close < 0) {
            return false;
        }
        held.delete(0, CLOSE.length());
        state = State.BEHIND;
        return true;
    }

    /** The blank lines between the reasoning and the answer belong to neither. */
    private boolean behind() {
        held.delete(0, blanks());
        if (held.length() > 0) {
            state = State.TEXT;
        }
        return held.length() > 0;
    }

    private int blanks() {
        int at = 0;
        while (at < held.length() && Character.isWhitespace(held.charAt(at))) {
            at++;
        }
        return at;
    }

    private void tell(int length) {
        out.accept(new ModelDelta.Text(held.substring(0, length)));
        held.delete(0, length);
    }

    /** The answer has ended. */
    void end() {
        if (held.length() > 0 && state == State.THINKING) {
            out.accept(new ModelDelta.Reasoning(held.toString()));
        } else if (held.length() > 0 && state != State.BEHIND) {
            out.accept(new ModelDelta.Text(held.toString()));
        }
        held.setLength(0);
    }
}
