package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;

/** A small protocol: a line {@code @call REF TASK JSON} is a call, {@code @bad …} a damaged one, words after a call cut the answer. */
final class LineProtocol implements CallProtocol {
    @Override
    public String id() {
        return "tags";
    }

    @Override
    public String instructions(String nonce, List<InstalledAction> actions, int budget) {
        return "nonce " + nonce + " actions " + names(actions);
    }

    @Override
    public String changes(
            String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases) {
        return "added " + names(added) + " changed " + names(changed) + " removed " + removedAliases;
    }

    private static String names(List<InstalledAction> actions) {
        return actions.stream()
                .map(action -> action.alias() + "@" + action.files().version())
                .toList()
                .toString();
    }

    @Override
    public List<ModelMessage> render(String nonce, List<Message> history) {
        History.check(history);
        var messages = new ArrayList<ModelMessage>();
        for (Message message : history) {
            if (message instanceof Message.User user) {
                messages.add(ModelMessage.text(ModelMessage.Role.USER, user.text()));
            } else if (message instanceof Message.Notice notice) {
                messages.add(ModelMessage.text(ModelMessage.Role.USER, "NOTICE " + notice.text()));
            } else if (message instanceof Message.Results results) {
                messages.add(ModelMessage.text(
                        ModelMessage.Role.USER,
                        results.results().stream().map(LineProtocol::line).collect(Collectors.joining("\n"))));
            } else if (message instanceof Message.Assistant assistant) {
                messages.add(ModelMessage.text(
                        ModelMessage.Role.ASSISTANT,
                        assistant.parts().stream().map(LineProtocol::part).collect(Collectors.joining())));
            }
        }
        return messages;
    }

    private static String line(CallResult result) {
        return "RESULT " + result.ref() + " " + result.status().wire() + " " + result.text()
                + (result.note() == null ? "" : " NOTE " + result.note());
    }

    private static String part(Message.Part part) {
        if (part instanceof Message.Part.Text text) {
            return text.text();
        }
        return part instanceof Message.Part.Call call ? call.call().raw() : ((Message.Part.Malformed) part).raw();
    }

    @Override
    public AnswerParser parser(ParserContext context) {
        return new Parser(context);
    }

    private static final class Parser implements AnswerParser {
        private final ParserContext context;
        private final StringBuilder line = new StringBuilder();
        private boolean called;
        private boolean lineShown;

        Parser(ParserContext context) {
            this.context = context;
        }

        @Override
        public List<Segment> accept(ModelDelta delta) {
            var found = new ArrayList<Segment>();
            if (delta instanceof ModelDelta.Reasoning reasoning) {
                found.add(new Segment.Reasoning(reasoning.text()));
            } else if (delta instanceof ModelDelta.Text text) {
                for (String piece : text.text().split("(?<=\n)")) {
                    take(piece, found);
                }
            }
            return found;
        }

        private void take(String piece, List<Segment> found) {
            line.append(piece);
            boolean whole = piece.endsWith("\n");
            if (!lineShown && line.charAt(0) == '@') {
                if (whole) {
                    directive(line.toString(), found);
                    line.setLength(0);
                }
                return;
            }
            if (called && !line.toString().isBlank()) {
                found.add(new Segment.Cut("an invented result"));
                return;
            }
            found.add(new Segment.Text(line.toString()));
            line.setLength(0);
            lineShown = !whole;
        }

        private void directive(String text, List<Segment> found) {
            String[] words = text.strip().split(" ", 4);
            if (words[0].equals("@call")
                    && words.length == 4
                    && !context.usedRef().test(words[1])) {
                called = true;
                found.add(new Segment.CallOpened(words[1], words[2]));
                found.add(new Segment.Call(new ParsedCall(words[1], words[2], words[3], text)));
            } else if (words[0].equals("@call")) {
                found.add(new Segment.Text(text));
            } else {
                found.add(new Segment.Malformed(null, null, "write @call REF TASK JSON", text));
            }
        }

        @Override
        public List<Segment> end(FinishReason reason) {
            if (line.isEmpty()) {
                return List.of();
            }
            String rest = line.toString();
            line.setLength(0);
            return rest.charAt(0) == '@' && !lineShown
                    ? List.of(new Segment.Malformed(null, null, "the call is not closed", rest))
                    : List.of(new Segment.Text(rest));
        }
    }
}
