package org.rungpt.protocol.nativecalls;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelMessage.Role;

/**
 * Renders a neutral history for a model that calls tools. Servers refuse a call without exactly one result right behind it: what was
 * stopped, denied or damaged gets one too, and a result that comes later goes in a user's message. Calls of other protocols become
 * tool calls like any other.
 */
final class History {
    private final String nonce;
    private final List<ModelMessage> messages = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
    private final Set<CallResult> told = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<String, Integer> ids = new HashMap<>();
    /** Where the results of a ref are, in order. */
    private final Map<String, List<Place>> places = new HashMap<>();

    private Role role = Role.USER;
    /** How many of the model's messages were rendered. */
    private int answers;

    /** @param answers how many of the model's messages stand before it */
    private record Place(int message, int answers, CallResult result) {}

    private History(String nonce, List<Message> history) {
        this.nonce = nonce;
        int answers = 0;
        for (int i = 0; i < history.size(); i++) {
            if (history.get(i) instanceof Message.Assistant) {
                answers++;
            } else if (history.get(i) instanceof Message.Results results) {
                for (CallResult result : results.results()) {
                    places.computeIfAbsent(result.ref(), ref -> new ArrayList<>(1))
                            .add(new Place(i, answers, result));
                }
            }
        }
    }

    static List<ModelMessage> render(String nonce, List<Message> history) {
        var rendering = new History(nonce, history);
        for (int i = 0; i < history.size(); i++) {
            rendering.add(history.get(i), i);
        }
        rendering.close();
        List<ModelMessage> messages = rendering.messages;
        if (!messages.isEmpty() && messages.get(messages.size() - 1).role() == Role.ASSISTANT) {
            rendering.say(Role.USER, rendering.notice("Your answer broke off here. Go on."));
            rendering.close();
        }
        return List.copyOf(messages);
    }

    private void add(Message message, int at) {
        if (message instanceof Message.User user) {
            say(Role.USER, user.text());
        } else if (message instanceof Message.Notice notice) {
            say(Role.USER, notice(notice.text()));
        } else if (message instanceof Message.Results results) {
            results.results().stream()
                    .filter(result -> !told.contains(result))
                    .forEach(result -> say(Role.USER, late(result)));
        } else if (message instanceof Message.Assistant assistant) {
            answers++;
            assistant(assistant, at);
        }
    }

    private void assistant(Message.Assistant assistant, int at) {
        var text = new StringBuilder();
        List<Written> calls = new ArrayList<>();
        for (Message.Part part : assistant.parts()) {
            if (part instanceof Message.Part.Text words) {
                text.append(words.text());
            } else if (part instanceof Message.Part.Call call) {
                calls.add(written(call.call()));
            } else if (part instanceof Message.Part.Malformed broken) {
                Written written = Written.read(broken.raw());
                if (written == null) {
                    text.append(broken.raw(), 0, Math.min(4096, broken.raw().length()));
                } else {
                    calls.add(written);
                }
            }
        }
        if (calls.isEmpty()) {
            say(Role.ASSISTANT, text.toString());
            return;
        }
        close();
        List<ModelMessage.ToolCall> toolCalls = new ArrayList<>();
        List<ModelMessage> results = new ArrayList<>();
        for (Written call : calls) {
            String id = id(call.ref());
            toolCalls.add(new ModelMessage.ToolCall(id, call.name(), call.readableArguments()));
            results.add(new ModelMessage(Role.TOOL, List.of(new ContentPart.Text(result(call, at))), List.of(), id));
        }
        List<ContentPart> content = text.toString().isBlank()
                ? List.of()
                : List.of(new ContentPart.Text(text.toString().strip()));
        ModelMessage last = messages.isEmpty() ? null : messages.get(messages.size() - 1);
        if (last != null && last.role() == Role.ASSISTANT) {
            // Two answers in a row are one.
            messages.remove(messages.size() - 1);
            List<ContentPart> both = new ArrayList<>(last.content());
            if (!content.isEmpty()) {
                both.add(new ContentPart.Text("\n\n" + text.toString().strip()));
            }
            content = both;
        }
        messages.add(new ModelMessage(Role.ASSISTANT, content, toolCalls, null));
        messages.addAll(results);
        role = Role.TOOL;
    }

    private static Written written(ParsedCall call) {
        Written own = Written.read(call.raw());
        return own == null
                ? new Written(call.ref(), Names.harmless(Names.tool(call.task())), call.arguments())
                : new Written(own.ref(), Names.harmless(own.name()), own.arguments());
    }

    /** What stands right behind the call: its result if it is in the next message of results, else why there is none. */
    private String result(Written call, int at) {
        for (Place place : places.getOrDefault(call.ref(), List.of())) {
            if (place.message() > at && !told.contains(place.result())) {
                if (place.answers() > answers) {
                    return "[working] The result comes later.";
                }
                told.add(place.result());
                return text(place.result());
            }
        }
        return "[" + CallStatus.CANCELLED.wire() + "] It did not run to its end.";
    }

    private static String text(CallResult result) {
        var text = new StringBuilder("[").append(result.status().wire());
        if (result.exit() != null) {
            text.append(", exit code ").append(result.exit());
        }
        if (result.bytes() > 0) {
            text.append(", ").append(result.bytes()).append(" bytes");
        }
        text.append(']');
        if (result.note() != null) {
            text.append(' ').append(result.note());
        }
        return text.append('\n').append(result.text()).toString().strip();
    }

    private String late(CallResult result) {
        String body = text(result).replace("result-" + nonce, "result-****").replace("notice-" + nonce, "notice-****");
        return "<result-" + nonce + " tool=\"" + Names.harmless(Names.tool(result.task())) + "\">\n" + body
                + "\n</result-" + nonce + ">";
    }

    /** No two calls of a request have the same id, whatever the history holds. */
    private String id(String ref) {
        int before = ids.merge(ref, 1, Integer::sum);
        return Names.id(before == 1 ? ref : ref + "\n" + before);
    }

    private String notice(String text) {
        return "<notice-" + nonce + ">\n" + text + "\n</notice-" + nonce + ">";
    }

    private void say(Role who, @Nullable String text) {
        if (text == null || text.isBlank()) {
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
