package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import org.rungpt.api.chat.Message;

/** An answer that has begun and not ended, as the log tells it. */
final class AnswerState {
    final String id;
    private final List<Message.Part> parts = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private boolean anything;
    int calls;
    int mostRepeats;

    AnswerState(String id) {
        this.id = id;
    }

    void text(String channel, String piece) {
        anything = true;
        if (channel.equals("answer")) {
            text.append(piece);
        }
    }

    void call(CallState call) {
        endText();
        anything = true;
        calls++;
        mostRepeats = Math.max(mostRepeats, call.repeats);
        parts.add(call.problem == null ? new Message.Part.Call(call.parsed()) : new Message.Part.Malformed(call.raw));
    }

    private void endText() {
        if (!text.isEmpty()) {
            parts.add(new Message.Part.Text(text.toString()));
            text.setLength(0);
        }
    }

    /** Whether nothing of it has arrived. */
    boolean isEmpty() {
        return !anything;
    }

    /** The message for the history; without parts if it says nothing. */
    Message.Assistant message() {
        endText();
        boolean blank = parts.stream()
                .allMatch(part ->
                        part instanceof Message.Part.Text words && words.text().isBlank());
        return new Message.Assistant(id, blank ? List.of() : parts);
    }
}
