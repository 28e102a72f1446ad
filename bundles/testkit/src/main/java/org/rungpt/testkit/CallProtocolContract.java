package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
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

/** What every {@link CallProtocol} does. */
public abstract class CallProtocolContract {
    /** The nonce of the conversation. */
    protected static final String NONCE = "k7f2";

    /** A task that takes a required {@code path} and an optional {@code limit}, and one that takes nothing. */
    protected static final InstalledAction FILES = SampleActions.action(
            "files",
            SampleActions.task(
                    "read",
                    "{\"type\":\"object\",\"required\":[\"path\"],\"properties\":{\"path\":{\"type\":\"string\"},\"limit\":{\"type\":\"integer\"}}}"),
            SampleActions.task("list", "{\"type\":\"object\",\"properties\":{}}"));

    /** The protocol under test. */
    protected abstract CallProtocol protocol();

    /**
     * How a model writes a call in this protocol.
     *
     * @param arguments a JSON object as text
     */
    protected abstract List<ModelDelta> call(String ref, String task, String arguments);

    /** How it writes the beginning of a call, without its end. */
    protected abstract List<ModelDelta> halfCall(String ref, String task);

    private List<Segment> parse(List<ModelDelta> deltas, FinishReason reason) {
        AnswerParser parser = protocol()
                .parser(new ParserContext(
                        NONCE,
                        name -> FILES.manifest().tasks().stream()
                                .map(task -> new InstalledTask(FILES, task))
                                .filter(task -> task.name().equals(name))
                                .findFirst(),
                        "used"::equals));
        List<Segment> segments = new ArrayList<>();
        deltas.forEach(delta -> segments.addAll(parser.accept(delta)));
        segments.addAll(parser.end(reason));
        return segments;
    }

    private static List<ModelDelta> then(List<ModelDelta> first, List<ModelDelta> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    private static List<ModelDelta> text(String text) {
        return List.of(new ModelDelta.Text(text));
    }

    private static List<ParsedCall> calls(List<Segment> segments) {
        List<ParsedCall> calls = new ArrayList<>();
        for (Segment segment : segments) {
            if (segment instanceof Segment.Call call) {
                calls.add(call.call());
            }
        }
        return calls;
    }

    /** The segments with neighbouring texts made one. */
    private static List<String> said(List<Segment> segments) {
        List<String> said = new ArrayList<>();
        var text = new StringBuilder();
        for (Segment segment : segments) {
            if (segment instanceof Segment.Text piece) {
                text.append(piece.text());
            } else {
                if (text.length() > 0) {
                    said.add(text.toString());
                    text.setLength(0);
                }
                said.add(segment.toString());
            }
        }
        if (text.length() > 0) {
            said.add(text.toString());
        }
        return said;
    }

    private static List<ModelDelta> inSingleCharacters(List<ModelDelta> deltas) {
        List<ModelDelta> single = new ArrayList<>();
        for (ModelDelta delta : deltas) {
            if (delta instanceof ModelDelta.Text text) {
                text.text().chars().forEach(c -> single.add(new ModelDelta.Text(Character.toString(c))));
            } else if (delta instanceof ModelDelta.ToolCall call) {
                single.add(new ModelDelta.ToolCall(call.index(), call.id(), call.name(), ""));
                call.arguments()
                        .chars()
                        .forEach(c ->
                                single.add(new ModelDelta.ToolCall(call.index(), null, null, Character.toString(c))));
            } else {
                single.add(delta);
            }
        }
        return single;
    }

    @Test
    void hasAnId() {
        assertThat(protocol().id()).matches("[a-z]+");
    }

    @Test
    void passesTextOnAsItIs() {
        String text = "a < b\n\n```\ncode\n```\n<b>ä\ud83d\ude80</b>\n";

        assertThat(said(parse(text(text), FinishReason.STOP))).containsExactly(text);
    }

    @Test
    void findsACallWithItsArguments() {
        List<Segment> segments = parse(
                then(text("I look.\n"), call("1", "files.read", "{\"path\":\"a b\",\"limit\":3}")), FinishReason.STOP);

        assertThat(calls(segments)).singleElement().satisfies(call -> {
            assertThat(call.ref()).isEqualTo("1");
            assertThat(call.task()).isEqualTo("files.read");
            assertThat(call.arguments()).isEqualTo("{\"path\":\"a b\",\"limit\":3}");
        });
        assertThat(segments).doesNotHaveAnyElementsOfTypes(Segment.Malformed.class, Segment.Cut.class);
    }

    @Test
    void findsTheSameHoweverTheAnswerIsCut() {
        List<ModelDelta> answer = then(text("I look.\n"), call("1", "files.read", "{\"path\":\"a b\",\"limit\":3}"));

        assertThat(said(parse(inSingleCharacters(answer), FinishReason.STOP)))
                .isEqualTo(said(parse(answer, FinishReason.STOP)));
    }

    @Test
    void neverRunsWhatIsNotComplete() {
        for (FinishReason reason : List.of(FinishReason.STOP, FinishReason.LENGTH, FinishReason.CANCELLED)) {
            List<Segment> segments = parse(halfCall("1", "files.read"), reason);

            assertThat(calls(segments)).isEmpty();
            assertThat(segments).hasAtLeastOneElementOfType(Segment.Malformed.class);
        }
    }

    @Test
    void neverRunsATaskThatThereIsNot() {
        List<Segment> segments = parse(call("1", "files.format", "{}"), FinishReason.STOP);

        assertThat(calls(segments)).isEmpty();
        assertThat(segments).hasAtLeastOneElementOfType(Segment.Malformed.class);
    }

    @Test
    void saysWhatATaskTakesWhenAnArgumentIsMissing() {
        List<Segment> segments = parse(call("1", "files.read", "{}"), FinishReason.STOP);

        assertThat(calls(segments)).isEmpty();
        assertThat(segments)
                .filteredOn(Segment.Malformed.class::isInstance)
                .singleElement()
                .satisfies(segment ->
                        assertThat(((Segment.Malformed) segment).problem()).contains("path", "limit"));
    }

    @Test
    void neverRunsTheSameCallTwice() {
        assertThat(calls(parse(call("used", "files.list", "{}"), FinishReason.STOP)))
                .as("a call that can be taken for an earlier one")
                .noneMatch(call -> call.ref().equals("used"));
    }

    @Test
    void neverSearchesTheReasoning() {
        List<ModelDelta> thought = new ArrayList<>();
        for (ModelDelta delta : call("1", "files.list", "{}")) {
            thought.add(
                    new ModelDelta.Reasoning(delta instanceof ModelDelta.Text text ? text.text() : delta.toString()));
        }

        assertThat(parse(thought, FinishReason.STOP)).allMatch(Segment.Reasoning.class::isInstance);
    }

    @Test
    void saysNothingBehindACut() {
        List<Segment> segments = parse(
                then(then(call("1", "files.list", "{}"), text("\nThe result is 42.\n")), call("2", "files.list", "{}")),
                FinishReason.STOP);
        int cut = segments.stream().map(Segment::getClass).toList().indexOf(Segment.Cut.class);

        assertThat(cut < 0 || cut == segments.size() - 1).isTrue();
    }

    @Test
    void tellsOfEveryTaskWithinTheBudget() {
        String instructions = protocol().instructions(NONCE, List.of(FILES), 12_000);
        String all = instructions + protocol().tools(List.of(FILES));

        assertThat(all).contains("read", "list", "path", "limit");
        assertThat(instructions).hasSizeLessThanOrEqualTo(12_000);
        assertThat(protocol().instructions(NONCE, List.of(FILES), 12_000)).isEqualTo(instructions);
    }

    @Test
    void keepsTheBudgetWithAThousandActions() {
        List<InstalledAction> many = Stream.iterate(0, i -> i + 1)
                .limit(1000)
                .map(i -> SampleActions.action("a" + i, SampleActions.task("x", "{\"type\":\"object\"}")))
                .toList();

        assertThat(protocol().instructions(NONCE, many, 12_000)).hasSizeLessThanOrEqualTo(12_000);
    }

    @Test
    void rendersAHistoryThatEveryServerAccepts() {
        ParsedCall done =
                calls(parse(call("1", "files.list", "{}"), FinishReason.STOP)).get(0);
        ParsedCall open =
                calls(parse(call("2", "files.list", "{}"), FinishReason.STOP)).get(0);
        List<ModelMessage> messages = protocol()
                .render(
                        NONCE,
                        List.of(
                                new Message.User("u1", "Look."),
                                new Message.Assistant(
                                        "a1",
                                        List.of(
                                                new Message.Part.Text("I look.\n"),
                                                new Message.Part.Call(done),
                                                new Message.Part.Text("\n"),
                                                new Message.Part.Call(open))),
                                new Message.Results(
                                        "r1",
                                        List.of(new CallResult(
                                                "c1", "1", "files.list", CallStatus.COMPLETED, 0, "canary", 6, null))),
                                new Message.Assistant("a2", List.of()),
                                new Message.Notice("n1", "Something changed."),
                                new Message.User("u2", "And now?")));

        assertThat(messages).isNotEmpty();
        assertThat(messages.get(0).role()).isEqualTo(Role.USER);
        assertThat(messages).noneMatch(message -> message.role() == Role.SYSTEM);
        assertThat(messages).allSatisfy(message -> assertThat(
                        message.text().isBlank() && message.toolCalls().isEmpty())
                .as("nothing in %s", message)
                .isFalse());
        String all = String.join("\n", messages.stream().map(ModelMessage::text).toList());
        assertThat(all).contains("Look.", "I look.", "canary", "Something changed.", "And now?", "cancelled");
        Optional<ModelMessage> last = messages.stream().reduce((a, b) -> b);
        assertThat(last.map(ModelMessage::role)).contains(Role.USER);
        for (int i = 1; i < messages.size(); i++) {
            assertThat(messages.get(i).role() != messages.get(i - 1).role()
                            || messages.get(i).role() == Role.TOOL)
                    .as("roles alternate at %d", i)
                    .isTrue();
        }
        for (ModelMessage message : messages) {
            for (ModelMessage.ToolCall call : message.toolCalls()) {
                assertThat(messages)
                        .as("a result of %s", call.id())
                        .filteredOn(each -> call.id().equals(each.toolCallId()))
                        .hasSize(1);
            }
        }
    }
}
