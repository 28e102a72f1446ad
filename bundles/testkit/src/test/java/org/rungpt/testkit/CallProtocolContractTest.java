package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelMessage.Role;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;

/** The contract passes what keeps it and finds each promise that is broken. */
final class CallProtocolContractTest {
    private static Supplier<CallProtocol> make;

    static final class Case extends CallProtocolContract {
        @Override
        protected CallProtocol protocol() {
            return make.get();
        }

        @Override
        protected List<ModelDelta> call(String ref, String task, String arguments) {
            return List.of(new ModelDelta.Text("[" + ref + " " + task + " " + arguments + "]"));
        }

        @Override
        protected List<ModelDelta> halfCall(String ref, String task) {
            return List.of(new ModelDelta.Text("[" + ref + " " + task + " {\"pa"));
        }
    }

    @Test
    void passesAProtocolThatKeepsTheContract() {
        make = Brackets::new;
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsABrokenProtocol(String defect, Supplier<CallProtocol> broken, String test) {
        make = broken;
        assertThat(ContractRun.failures(Case.class)).as(defect).contains(test + "()");
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                broken("no id", "hasAnId", Flaw.NO_ID),
                broken("trims text", "passesTextOnAsItIs", Flaw.TRIMS),
                broken("loses arguments", "findsACallWithItsArguments", Flaw.NO_ARGUMENTS),
                broken("looks at each piece alone", "findsTheSameHoweverTheAnswerIsCut", Flaw.FORGETS),
                broken("repairs half calls", "neverRunsWhatIsNotComplete", Flaw.REPAIRS),
                broken("runs any task", "neverRunsATaskThatThereIsNot", Flaw.ANY_TASK),
                broken("does not say what a task takes", "saysWhatATaskTakesWhenAnArgumentIsMissing", Flaw.CURT),
                broken("runs repeated calls", "neverRunsTheSameCallTwice", Flaw.REPEATS),
                broken("searches the reasoning", "neverSearchesTheReasoning", Flaw.MIND_READER),
                broken("goes on behind a cut", "saysNothingBehindACut", Flaw.GOES_ON),
                broken("tells of nothing", "tellsOfEveryTaskWithinTheBudget", Flaw.MUTE),
                broken("ignores the budget", "keepsTheBudgetWithAThousandActions", Flaw.SPENDS),
                broken("leaves calls without a result", "rendersAHistoryThatEveryServerAccepts", Flaw.NO_RESULTS),
                broken("puts roles in a row", "rendersAHistoryThatEveryServerAccepts", Flaw.ROWS));
    }

    private static Arguments broken(String defect, String test, Flaw flaw) {
        return Arguments.of(defect, (Supplier<CallProtocol>) () -> new Brackets(flaw), test);
    }

    private enum Flaw {
        NONE,
        NO_ID,
        TRIMS,
        NO_ARGUMENTS,
        FORGETS,
        REPAIRS,
        ANY_TASK,
        CURT,
        REPEATS,
        MIND_READER,
        GOES_ON,
        MUTE,
        SPENDS,
        NO_RESULTS,
        ROWS
    }

    /** A toy protocol: {@code [ref task json]}; decides everything at the end of the answer. */
    private static final class Brackets implements CallProtocol {
        private static final Pattern CALL =
                Pattern.compile("\\[(\\w+) ([a-z.]+) (\\{[^\\]]*})]|\\[\\w+ [a-z.]+ \\{.*", Pattern.DOTALL);

        private final Flaw flaw;

        Brackets() {
            this(Flaw.NONE);
        }

        Brackets(Flaw flaw) {
            this.flaw = flaw;
        }

        @Override
        public String id() {
            return flaw == Flaw.NO_ID ? "" : "brackets";
        }

        @Override
        public String instructions(String nonce, List<InstalledAction> actions, int budget) {
            var text = new StringBuilder();
            if (flaw != Flaw.MUTE) {
                actions.forEach(action -> action.manifest().tasks().forEach(task -> text.append(task.name())
                        .append(task.parameters())
                        .append('\n')));
            }
            return flaw == Flaw.SPENDS ? text + "x".repeat(budget) : text.substring(0, Math.min(budget, text.length()));
        }

        @Override
        public String changes(
                String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases) {
            return "";
        }

        @Override
        public List<ModelMessage> render(String nonce, List<Message> history) {
            List<ModelMessage> messages = new ArrayList<>();
            for (Message message : history) {
                if (message instanceof Message.User user) {
                    add(messages, Role.USER, user.text());
                } else if (message instanceof Message.Notice notice) {
                    add(messages, Role.USER, notice.text());
                } else if (message instanceof Message.Results results) {
                    results.results().stream().map(CallResult::text).forEach(text -> add(messages, Role.USER, text));
                } else if (message instanceof Message.Assistant assistant) {
                    var text = new StringBuilder();
                    for (Message.Part part : assistant.parts()) {
                        text.append(part instanceof Message.Part.Text words ? words.text() : "call");
                    }
                    add(messages, Role.ASSISTANT, text.toString());
                    if (text.length() > 0 && flaw != Flaw.NO_RESULTS) {
                        add(messages, Role.USER, "cancelled");
                    }
                }
            }
            return messages;
        }

        private void add(List<ModelMessage> messages, Role role, String text) {
            int last = messages.size() - 1;
            if (text.isEmpty()) {
                return;
            }
            if (last >= 0 && messages.get(last).role() == role && flaw != Flaw.ROWS) {
                messages.set(last, ModelMessage.text(role, messages.get(last).text() + "\n" + text));
            } else {
                messages.add(ModelMessage.text(role, text));
            }
        }

        @Override
        public AnswerParser parser(ParserContext context) {
            var answer = new StringBuilder();
            return new AnswerParser() {
                @Override
                public List<Segment> accept(ModelDelta delta) {
                    if (delta instanceof ModelDelta.Reasoning reasoning && flaw != Flaw.MIND_READER) {
                        return List.of(new Segment.Reasoning(reasoning.text()));
                    }
                    answer.append(
                            delta instanceof ModelDelta.Text text
                                    ? text.text()
                                    : ((ModelDelta.Reasoning) delta).text());
                    return flaw == Flaw.FORGETS ? end(FinishReason.STOP) : List.of();
                }

                @Override
                public List<Segment> end(FinishReason reason) {
                    List<Segment> segments = read(context, answer.toString());
                    answer.setLength(0);
                    return segments;
                }
            };
        }

        private List<Segment> read(ParserContext context, String answer) {
            List<Segment> segments = new ArrayList<>();
            Matcher call = CALL.matcher(answer);
            int at = 0;
            while (call.find()) {
                String between = answer.substring(at, call.start());
                if (!segments.isEmpty() && at > 0 && !between.isBlank()) {
                    segments.add(new Segment.Cut("text"));
                    if (flaw != Flaw.GOES_ON) {
                        return segments;
                    }
                }
                text(segments, between);
                segments.add(call(context, call));
                at = call.end();
            }
            text(segments, answer.substring(at));
            return segments;
        }

        private void text(List<Segment> segments, String text) {
            if (!text.isEmpty()) {
                segments.add(new Segment.Text(flaw == Flaw.TRIMS ? text.strip() : text));
            }
        }

        private Segment call(ParserContext context, Matcher call) {
            String raw = call.group();
            if (call.group(1) == null) {
                return flaw == Flaw.REPAIRS
                        ? new Segment.Call(new ParsedCall("1", "files.read", "{}", raw))
                        : new Segment.Malformed(null, null, "it is not complete", raw);
            }
            String ref = call.group(1);
            String task = call.group(2);
            String arguments = flaw == Flaw.NO_ARGUMENTS ? "{}" : call.group(3);
            if (context.usedRef().test(ref) && flaw != Flaw.REPEATS) {
                return new Segment.Text(raw);
            }
            if (context.tasks().apply(task).isEmpty() && flaw != Flaw.ANY_TASK) {
                return new Segment.Malformed(ref, task, "there is no such task", raw);
            }
            if (task.equals("files.read") && !call.group(3).contains("path")) {
                return new Segment.Malformed(ref, task, flaw == Flaw.CURT ? "wrong" : "it takes path and limit", raw);
            }
            return new Segment.Call(new ParsedCall(ref, task, arguments, raw));
        }
    }
}
