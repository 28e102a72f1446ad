package org.rungpt.protocol.tags;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelMessage.Role;
import org.rungpt.protocol.common.Words;

/**
 * Renders a neutral history for a model. Results and notices go in user messages, because not every server takes a system message in
 * the middle; messages of the same role are merged, because not every server takes two in a row; a call without a result gets
 * {@code cancelled}; the last word is never the model's own.
 */
final class History {
    private static final int MAX_MALFORMED = 4096;

    /** How it was written for this nonce. */
    private record Written(String nonce, String text) {}

    /**
     * Of what is in use: each request repeats all that was before it. The same text is also the same object, by which its length in
     * tokens and its form in JSON are known.
     */
    private static final Map<Object, Written> KNOWN = Collections.synchronizedMap(new WeakHashMap<>());

    private final String nonce;
    private final List<ModelMessage> messages = new ArrayList<>();
    /** What the message that is being put together says. */
    private final List<String> open = new ArrayList<>();

    private Role role = Role.USER;

    private History(String nonce) {
        this.nonce = nonce;
    }

    static List<ModelMessage> render(String nonce, List<Message> history) {
        var rendering = new History(nonce);
        Map<String, Integer> answered = new HashMap<>();
        for (int i = 0; i < history.size(); i++) {
            if (history.get(i) instanceof Message.Results results) {
                for (CallResult result : results.results()) {
                    answered.put(result.ref(), i);
                }
            }
        }
        for (int i = 0; i < history.size(); i++) {
            int at = i;
            rendering.add(
                    history.get(i),
                    ref -> answered.getOrDefault(ref, -1) > at,
                    i + 1 < history.size() && history.get(i + 1) instanceof Message.Results);
        }
        rendering.close();
        if (rendering.role == Role.ASSISTANT && !rendering.messages.isEmpty()) {
            rendering.say(Role.USER, rendering.notice("Your answer broke off here. Go on."));
            rendering.close();
        }
        return List.copyOf(rendering.messages);
    }

    private void add(Message message, Predicate<String> answered, boolean resultsFollow) {
        if (message instanceof Message.User user) {
            say(Role.USER, user.text());
        } else if (message instanceof Message.Notice notice) {
            say(Role.USER, notice(notice.text()));
        } else if (message instanceof Message.Results results) {
            results.results().forEach(result -> say(Role.USER, once(result, () -> written(result))));
        } else if (message instanceof Message.Assistant assistant) {
            assistant(assistant, answered, resultsFollow);
        }
    }

    private void assistant(Message.Assistant assistant, Predicate<String> answered, boolean resultsFollow) {
        say(Role.ASSISTANT, once(assistant, () -> written(assistant)));
        boolean malformed = false;
        for (Message.Part part : assistant.parts()) {
            malformed |= part instanceof Message.Part.Malformed;
            if (part instanceof Message.Part.Call call
                    && !answered.test(call.call().ref())) {
                say(Role.USER, unanswered(call.call()));
            }
        }
        if (malformed && !resultsFollow) {
            say(Role.USER, notice("The malformed call above did not run."));
        }
    }

    private String unanswered(ParsedCall call) {
        return written(new CallResult(
                call.ref(),
                call.ref(),
                call.task(),
                CallStatus.CANCELLED,
                null,
                "It did not run to its end.",
                0,
                null));
    }

    private String once(Object what, Supplier<String> writing) {
        Written known = KNOWN.get(what);
        if (known == null || !known.nonce().equals(nonce)) {
            known = new Written(nonce, writing.get());
            KNOWN.put(what, known);
        }
        return known.text();
    }

    private String written(Message.Assistant assistant) {
        var text = new StringBuilder();
        for (Message.Part part : assistant.parts()) {
            if (part instanceof Message.Part.Text words) {
                text.append(words.text());
            } else if (part instanceof Message.Part.Call call) {
                ownLine(text);
                text.append(written(call.call()));
            } else if (part instanceof Message.Part.Malformed broken) {
                // What another protocol could not read is no text of the answer.
                String raw = broken.raw().startsWith("{\"tool_call\":") ? "" : broken.raw();
                text.append(
                        raw.length() <= MAX_MALFORMED
                                ? raw
                                : raw.substring(0, MAX_MALFORMED) + "\n[" + (raw.length() - MAX_MALFORMED)
                                        + " more characters left out]");
            }
        }
        return text.toString();
    }

    /** A call of another protocol is told as the tag that it would have been: a model imitates what it reads. */
    private String written(ParsedCall call) {
        return call.raw().startsWith("<run-")
                ? call.raw()
                : "<run-" + nonce + " action=\"" + call.task() + "\" id=\"" + call.ref() + "\">" + call.arguments()
                        + "</run-" + nonce + ">\n";
    }

    /** A call begins at a line start, whoever wrote it: another protocol may have stored it without. */
    private static void ownLine(StringBuilder text) {
        int at = text.length();
        while (at > 0 && text.charAt(at - 1) == ' ') {
            at--;
        }
        if (at > 0 && (text.charAt(at - 1) != '\n' || text.length() - at > 3)) {
            text.append('\n');
        }
    }

    private String written(CallResult result) {
        var text = new StringBuilder("<result-").append(nonce);
        attribute(text, "id", result.ref());
        attribute(text, "task", result.task());
        attribute(text, "status", result.status().wire());
        if (result.exit() != null) {
            attribute(text, "exit", result.exit().toString());
        }
        // Why a call is wrong shows how it is right.
        String output = result.status() == CallStatus.INVALID ? result.text() : masked(result.text());
        attribute(text, "bytes", Long.toString(result.bytes()));
        attribute(text, "shown", Integer.toString(result.text().getBytes(StandardCharsets.UTF_8).length));
        if (result.note() != null) {
            attribute(text, "note", masked(result.note()));
        }
        text.append(">\n").append(output);
        if (!output.isEmpty() && !output.endsWith("\n")) {
            text.append('\n');
        }
        return text.append("</result-").append(nonce).append('>').toString();
    }

    private static void attribute(StringBuilder text, String name, String value) {
        text.append(' ').append(name).append("=\"");
        text.append(Words.oneLine(value, 500)
                        .replace('"', '\'')
                        .replace('<', '‹')
                        .replace('>', '›'))
                .append('"');
    }

    /** What a program wrote can hold this conversation's tags. A model that repeats them must not call by that. */
    private String masked(String output) {
        return output.replace("run-" + nonce, "run-****")
                .replace("result-" + nonce, "result-****")
                .replace("notice-" + nonce, "notice-****");
    }

    private String notice(String text) {
        return "<notice-" + nonce + ">\n" + text + "\n</notice-" + nonce + ">";
    }

    private void say(Role who, String text) {
        if (text.isBlank()) {
            return;
        }
        if (who != role) {
            close();
            role = who;
        }
        open.add(text);
    }

    private void close() {
        if (!open.isEmpty()) {
            messages.add(ModelMessage.text(role, open.size() == 1 ? open.get(0) : String.join("\n\n", open)));
            open.clear();
        }
    }
}
