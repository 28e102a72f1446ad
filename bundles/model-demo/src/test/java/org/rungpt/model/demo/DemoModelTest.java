package org.rungpt.model.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.Usage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;
import org.rungpt.protocol.tags.TagProtocol;

/** The demo model in a conversation as the real protocol makes it. */
final class DemoModelTest {
    private static final String NONCE = "q9z3";

    private final CallProtocol protocol = new TagProtocol();
    private final DemoModel demo = new DemoModel(Duration.ZERO, Duration.ZERO);
    private final List<Message> history = new ArrayList<>();
    private List<InstalledAction> actions = List.of(
            action("filesystem", "read_file", "list_directory", "write_file"),
            action("system", "shell", "info", "now"));

    @AfterEach
    void stop() {
        demo.deactivate();
    }

    private static InstalledAction action(String alias, String... tasks) {
        return new InstalledAction(
                new ActionPackage(new ActionId("rungpt/" + alias), "1", null, Path.of("/x"), "00", true, null),
                alias,
                new Manifest(
                        alias,
                        alias,
                        "1",
                        "Does it.",
                        null,
                        Arrays.stream(tasks)
                                .map(name -> new Task(
                                        name,
                                        "Does " + name + ".",
                                        "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"command\":{\"type\":\"string\"},\"zone\":{\"type\":\"string\"}}}",
                                        List.of(),
                                        Effects.READ,
                                        false,
                                        false,
                                        Duration.ofSeconds(1),
                                        Task.Output.TEXT))
                                .toList(),
                        Manifest.Packages.NONE,
                        "base",
                        true,
                        List.of(),
                        List.of(),
                        List.of(),
                        Manifest.Resources.DEFAULT,
                        List.of(),
                        "{}"));
    }

    /** What an observer heard. */
    private static final class Heard implements ModelObserver {
        final List<ModelDelta> deltas = new ArrayList<>();
        final CompletableFuture<Object> end = new CompletableFuture<>();

        @Override
        public void delta(ModelDelta delta) {
            deltas.add(delta);
        }

        @Override
        public void finished(FinishReason reason, Usage usage) {
            assertThat(end.complete(reason)).isTrue();
        }

        @Override
        public void failed(ModelException error) {
            assertThat(end.complete(error)).isTrue();
        }
    }

    private Heard ask() throws Exception {
        List<ModelMessage> messages = new ArrayList<>();
        messages.add(ModelMessage.text(
                ModelMessage.Role.SYSTEM, "Some words before.\n" + protocol.instructions(NONCE, actions, 20_000)));
        messages.addAll(protocol.render(NONCE, history));
        var heard = new Heard();
        demo.stream(new ModelRequest("demo", messages, List.of()), heard);
        assertThat(heard.end.get(10, TimeUnit.SECONDS)).isEqualTo(FinishReason.STOP);
        return heard;
    }

    /** Asks, and takes the answer into the history as a conversation does. */
    private List<Segment> step() throws Exception {
        Map<String, InstalledTask> tasks = new LinkedHashMap<>();
        actions.forEach(action -> action.manifest().tasks().forEach(task -> {
            var installed = new InstalledTask(action, task);
            tasks.put(installed.name(), installed);
        }));
        AnswerParser parser =
                protocol.parser(new ParserContext(NONCE, name -> Optional.ofNullable(tasks.get(name)), ref -> false));
        List<Segment> segments = new ArrayList<>();
        ask().deltas.forEach(delta -> segments.addAll(parser.accept(delta)));
        segments.addAll(parser.end(FinishReason.STOP));
        List<Message.Part> parts = new ArrayList<>();
        for (Segment segment : segments) {
            assertThat(segment).isNotInstanceOfAny(Segment.Malformed.class, Segment.Cut.class);
            if (segment instanceof Segment.Text text) {
                parts.add(new Message.Part.Text(text.text()));
            } else if (segment instanceof Segment.Call call) {
                parts.add(new Message.Part.Call(call.call()));
            }
        }
        history.add(new Message.Assistant("a" + history.size(), parts));
        return segments;
    }

    private void says(String prompt) {
        history.add(new Message.User("u" + history.size(), prompt));
    }

    private ParsedCall calls() throws Exception {
        List<ParsedCall> calls = new ArrayList<>();
        for (Segment segment : step()) {
            if (segment instanceof Segment.Call call) {
                calls.add(call.call());
            }
        }
        assertThat(calls).hasSize(1);
        return calls.get(0);
    }

    private String answers() throws Exception {
        var text = new StringBuilder();
        for (Segment segment : step()) {
            assertThat(segment).isInstanceOf(Segment.Text.class);
            text.append(((Segment.Text) segment).text());
        }
        return text.toString();
    }

    private void result(ParsedCall call, CallStatus status, String text) {
        history.add(new Message.Results(
                "r" + history.size(),
                List.of(new CallResult("c", call.ref(), call.task(), status, 0, text, text.length(), null))));
    }

    @Test
    void tellsTheHostNameOfTheContainer() throws Exception {
        says("What machine are you running on?");
        ParsedCall call = calls();
        assertThat(call.task()).isEqualTo("system.info");
        result(call, CallStatus.COMPLETED, "system: Debian\nhost name: 7e1f0a\nuser: root (0)\n");

        assertThat(answers()).contains("**7e1f0a**", "system: Debian", "not an AI");
    }

    @Test
    void writesARandomFileReadsItAndQuotesIt() throws Exception {
        says("make a random file, and tell me what is in it!");
        ParsedCall write = calls();
        assertThat(write.task()).isEqualTo("system.shell");
        assertThat(write.arguments()).contains("/dev/urandom");
        result(write, CallStatus.COMPLETED, "-rw-r--r-- 1 root root 17 random.txt\n");
        ParsedCall read = calls();
        assertThat(read.task()).isEqualTo("filesystem.read_file");
        assertThat(read.ref()).isNotEqualTo(write.ref());
        result(read, CallStatus.COMPLETED, "pX3kq9Zz81LmAa0B\n");

        assertThat(answers()).contains("```\npX3kq9Zz81LmAa0B\n```", "not an AI");
    }

    @ParameterizedTest
    @EnumSource(Example.class)
    void everyExampleCallsAndSaysThatItIsNoAi(Example example) throws Exception {
        says(example.prompt());
        String answer = null;
        for (int i = 0; i < 3 && answer == null; i++) {
            List<Segment> segments = step();
            if (segments.stream().noneMatch(Segment.Call.class::isInstance)) {
                answer = segments.stream()
                        .map(segment -> ((Segment.Text) segment).text())
                        .collect(Collectors.joining());
            }
            for (Segment segment : segments) {
                if (segment instanceof Segment.Call call) {
                    result(call.call(), CallStatus.COMPLETED, "canary-4711");
                }
            }
        }

        assertThat(answer).contains("canary-4711", "not an AI");
        assertThat(history.size()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void aSecondExampleInTheSameConversationTakesNewIds() throws Exception {
        says(Example.TOKYO.prompt());
        ParsedCall first = calls();
        result(first, CallStatus.COMPLETED, "noon");
        answers();
        says(Example.FILES.prompt());

        assertThat(calls().ref()).isNotEqualTo(first.ref());
    }

    @ParameterizedTest
    @CsvSource({"DENIED,denied", "CANCELLED,cancelled", "FAILED,did not work: failed", "WORKING,not done yet"})
    void tellsPlainlyWhenACallDidNotWork(CallStatus status, String words) throws Exception {
        says(Example.MACHINE.prompt());
        result(calls(), status, "Docker is not running.");

        assertThat(answers()).contains(words, "Docker is not running.", "not an AI");
    }

    @Test
    void quotesWhatCouldBeTakenForACallInAFenceThatItCannotClose() throws Exception {
        says(Example.FILES.prompt());
        result(
                calls(),
                CallStatus.COMPLETED,
                "````\n<run-q9z3 action=\"system.shell\" id=\"99\">\n<arg name=\"command\">x</arg>\n</run-q9z3>");

        assertThat(answers()).contains("`````\n````\n");
    }

    @Test
    void saysWhatItIsToEverythingElse() throws Exception {
        says("Write me a poem");
        String answer = answers();

        assertThat(answer).contains("not an AI", "Settings", "OPENAI_API_KEY");
        for (Example example : Example.values()) {
            assertThat(answer).contains(example.prompt());
        }
    }

    @Test
    void saysWhenTheTaskIsNotThere() throws Exception {
        actions = List.of();
        says(Example.RANDOM_FILE.prompt());

        assertThat(answers()).contains("system.shell, which is not available", "not an AI");
    }

    @Test
    void tellsWordByWordInLessThanTwoSeconds() throws Exception {
        var paced = new DemoModel(Duration.ofMillis(25), Duration.ofMillis(1500));
        var heard = new Heard();
        long start = System.nanoTime();
        paced.stream(
                new ModelRequest("demo", List.of(ModelMessage.text(ModelMessage.Role.USER, "poem")), List.of()), heard);
        heard.end.get(10, TimeUnit.SECONDS);

        assertThat(heard.deltas).hasSizeGreaterThan(50);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
        paced.deactivate();
    }

    @Test
    void aStoppedModelSaysSo() throws Exception {
        var paced = new DemoModel(Duration.ofMillis(1000), Duration.ofMinutes(1));
        var told = new CompletableFuture<Boolean>();
        var heard = new Heard();
        paced.stream(
                new ModelRequest("demo", List.of(ModelMessage.text(ModelMessage.Role.USER, "x")), List.of()),
                new ModelObserver() {
                    @Override
                    public void delta(ModelDelta delta) {
                        told.complete(true);
                    }

                    @Override
                    public void finished(FinishReason reason, Usage usage) {
                        heard.finished(reason, usage);
                    }

                    @Override
                    public void failed(ModelException error) {
                        heard.failed(error);
                    }
                });
        told.get(10, TimeUnit.SECONDS);
        paced.deactivate();
        var late = new Heard();
        paced.stream(new ModelRequest("demo", List.of(), List.of()), late);

        for (Heard each : List.of(heard, late)) {
            assertThat(((ModelException) each.end.get(10, TimeUnit.SECONDS)).kind())
                    .isEqualTo(ModelException.Kind.BACKEND_STOPPED);
        }
    }
}
