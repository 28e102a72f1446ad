package org.rungpt.protocol.tags;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
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

    private final String nonce;
    private final List<ModelMessage> messages = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
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
            results.results().forEach(result -> say(Role.USER, result(result)));
        } else if (message instanceof Message.Assistant assistant) {
            assistant(assistant, answered, resultsFollow);
        }
    }

    private void assistant(Message.Assistant assistant, Predicate<String> answered, boolean resultsFollow) {
        var text = new StringBuilder();
        List<ParsedCall> calls = new ArrayList<>();
        boolean malformed = false;
        for (Message.Part part : assistant.parts()) {
            if (part instanceof Message.Part.Text words) {
                text.append(words.text());
            } else if (part instanceof Message.Part.Call call) {
                ownLine(text);
                text.append(written(call.call()));
                calls.add(call.call());
            } else if (part instanceof Message.Part.Malformed broken) {
                malformed = true;
                // What another protocol could not read is no text of the answer.
                String raw = broken.raw().startsWith("{\"tool_call\":") ? "" : broken.raw();
                text.append(
                        raw.length() <= MAX_MALFORMED
                                ? raw
                                : raw.substring(0, MAX_MALFORMED) + "\n[" + (raw.length() - MAX_MALFORMED)
                                        + " more characters left out]");
            }
        }
        say(Role.ASSISTANT, text.toString());
        for (ParsedCall call : calls) {
            if (!answered.test(call.ref())) {
                say(
                        Role.USER,
                        result(new CallResult(
                                call.ref(),
                                call.ref(),
                                call.task(),
                                CallStatus.CANCELLED,
                                null,
                                "It did not run to its end.",
                                0,
                                null)));
            }
        }
        if (malformed && !resultsFollow) {
            say(Role.USER, notice("The malformed call above did not run."));
        }
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

    private String result(CallResult result) {
        var text = new StringBuilder("<result-").append(nonce);
        attribute(text, "id", result.ref());
        attribute(text, "task", result.task());
        attribute(text, "status", result.status().wire());
        if (result.exit() != null) {
            attribute(text, "exit", result.exit().toString());
        }
        String output = masked(result.text());
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
        if (open.length() > 0) {
            open.append("\n\n");
        }
        open.append(text);
    }

    private void close() {
        if (open.length() > 0) {
            messages.add(ModelMessage.text(role, open.toString()));
            open.setLength(0);
        }
    }
}
