package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rungpt.itests.model.FaultyServer.answer;
import static org.rungpt.itests.model.FaultyServer.finish;
import static org.rungpt.itests.model.FaultyServer.says;
import static org.rungpt.itests.model.FaultyServer.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.itests.model.FaultyServer;

/** The whole product and a model server that does everything wrong: one question is one question, its answer says what happened. */
@Tag("docker")
class ModelFaultsTest {
    private static final String DONE = finish("stop") + "data: [DONE]\n\n";

    /**
     * What the server does and what becomes of it.
     *
     * @param answers to the requests, in order; the last one to all others
     * @param requests how often the server is asked
     * @param kind of the error; empty if there is none
     * @param said what is kept of the answer
     */
    record Fault(String name, List<FaultyServer.Answer> answers, int requests, String kind, String said) {
        @Override
        public String toString() {
            return name;
        }
    }

    @TempDir
    static Path data;

    static FaultyServer model;
    static RunGpt rungpt;
    static final Queue<FaultyServer.Answer> answers = new ConcurrentLinkedQueue<>();
    static final AtomicInteger asked = new AtomicInteger();

    @BeforeAll
    static void start() throws Exception {
        model = new FaultyServer().always(exchange -> {
            if (exchange.request.line().startsWith("GET ")) {
                answer(200, "{\"data\":[{\"id\":\"scripted\"}]}").write(exchange);
                return;
            }
            asked.incrementAndGet();
            FaultyServer.Answer next = answers.size() > 1 ? answers.poll() : answers.peek();
            if (next != null) {
                next.write(exchange);
            }
        });
        rungpt = new RunGpt(data.resolve("data"))
                .with("OPENAI_BASE_URL", model.url())
                .with("OPENAI_API_KEY", "sk-canary-0123456789")
                .start("--model", "openai/scripted");
    }

    @AfterAll
    static void stop() throws Exception {
        rungpt.close();
        model.close();
    }

    private static Fault fault(String name, int requests, String kind, String said, FaultyServer.Answer... answers) {
        return new Fault(name, List.of(answers), requests, kind, said);
    }

    private static FaultyServer.Answer events(String... raw) {
        return exchange -> {
            exchange.events();
            for (String piece : raw) {
                exchange.raw(piece);
            }
            exchange.end();
        };
    }

    private static FaultyServer.Answer billing(String code) {
        return answer(
                429,
                "{\"error\":{\"message\":\"No money.\",\"type\":\"insufficient_quota\",\"code\":\"" + code + "\"}}",
                "Retry-After: 1");
    }

    static Stream<Fault> faults() {
        String limited = "{\"error\":{\"message\":\"Slow down.\",\"code\":\"rate_limit_exceeded\"}}";
        return Stream.of(
                fault("G.74 429 with Retry-After", 2, "", "ok", answer(429, limited, "Retry-After: 1"), says("ok")),
                fault(
                        "G.74 429 with retry-after-ms",
                        2,
                        "",
                        "ok",
                        answer(429, limited, "retry-after-ms: 20"),
                        says("ok")),
                fault("G.74 429 for an hour", 1, "rate_limited", "", answer(429, limited, "Retry-After: 3600")),
                fault("G.74 429 for ever", 3, "rate_limited", "", answer(429, limited, "retry-after-ms: 5")),
                fault("G.75 no credit", 1, "billing", "", billing("credit_balance_exhausted")),
                fault("G.75 limit of the organization", 1, "billing", "", billing("organization_spend_limit_exceeded")),
                fault("G.75 limit of the project", 1, "billing", "", billing("project_spend_limit_exceeded")),
                fault("G.75 usage of the organization", 1, "billing", "", billing("organization_usage_limit_exceeded")),
                fault(
                        "G.76 401",
                        1,
                        "authentication",
                        "",
                        answer(401, "{\"error\":{\"message\":\"sk-canary-0123456789 is wrong\"}}")),
                fault("G.76 404", 1, "not_found", "", answer(404, "{\"error\":{\"code\":\"model_not_found\"}}")),
                fault(
                        "G.77 502 and 503, then an answer",
                        3,
                        "",
                        "ok",
                        answer(502, "<html>"),
                        answer(503, "{}"),
                        says("ok")),
                fault(
                        "G.79 a reset before the first word",
                        2,
                        "",
                        "ok",
                        exchange -> exchange.events().reset(),
                        says("ok")),
                fault("G.79 an end after some words", 1, "dropped", "half an", events(text("half "), text("an"))),
                fault("G.79 an end in the middle of a character", 1, "dropped", "half", exchange -> exchange.events()
                        .raw(text("half"))
                        .raw("data: {\"choices\":[{\"delta\":{\"content\":\"")
                        .raw(new byte[] {(byte) 0xe2, (byte) 0x82})
                        .end()),
                fault("G.79 a truncated chunk", 1, "dropped", "half", exchange -> exchange.chunked()
                        .chunk(text("half"))
                        .raw("ff\r\ndata: ")
                        .end()),
                fault("G.80 a drip", 1, "", "slow", exchange -> {
                    exchange.events();
                    for (byte b : (text("slow") + DONE).getBytes(StandardCharsets.UTF_8)) {
                        exchange.raw(new byte[] {b});
                        exchange.pause(10);
                    }
                    exchange.end();
                }),
                fault(
                        "G.81 D.49 line ends of every kind, comments, unknown fields and events",
                        1,
                        "",
                        "ab",
                        events(
                                "\uFEFF: hello\r\n\r\nevent: execute\ndata: {\"x\":\"<script>\"}\n\nid: 1\nid: 1\nretry: 5\nfoo\n",
                                "data:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\r",
                                "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"b\"}}]}\n\ndata: null\n\n",
                                DONE)),
                fault("G.81 no JSON", 1, "malformed", "a", events(text("a"), "data: {broken\n\n", DONE)),
                fault("G.81 a page with 200", 1, "malformed", "", answer(200, "<html>welcome</html>")),
                fault("G.81 plain text with 200", 1, "malformed", "", exchange -> exchange.head(200, "text/plain")
                        .raw("hello")
                        .end()),
                fault("G.81 a line of 10 MB", 1, "malformed", "", exchange -> {
                    exchange.events();
                    String part = "x".repeat(1 << 20);
                    exchange.raw("data: ");
                    for (int i = 0; i < 40; i++) {
                        exchange.raw(part);
                    }
                    exchange.end();
                }),
                fault(
                        "G.81 an error in the stream",
                        1,
                        "server",
                        "a",
                        events(text("a"), "data: {\"error\":{\"message\":\"oops\",\"type\":\"server_error\"}}\n\n")));
    }

    @ParameterizedTest
    @MethodSource("faults")
    @DisplayName("G.74 to G.81 one message stays one message, one answer says what happened")
    void aFault(Fault fault) throws Exception {
        answers.clear();
        answers.addAll(fault.answers());
        asked.set(0);
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Go.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));

        assertThat(events).filteredOn(RunGpt.type("message.user")).hasSize(1);
        List<JsonNode> finished =
                events.stream().filter(RunGpt.type("message.finished")).toList();
        assertThat(finished).hasSize(1);
        assertThat(finished.get(0).at("/data/error/kind").asText()).isEqualTo(fault.kind());
        assertThat(RunGpt.answerText(events)).isEqualTo(fault.said());
        assertThat(asked.get()).as("requests").isEqualTo(fault.requests());
        assertThat(events.toString()).doesNotContain("canary");
        if (!fault.kind().isEmpty()) {
            JsonNode error = finished.get(0).at("/data/error");
            assertThat(error.path("message").asText()).isNotBlank().doesNotContain("\n", "<html");
            assertThat(events.get(events.size() - 1).at("/data/reason").asText())
                    .isEqualTo("error");
        }
    }

    @Test
    @DisplayName("G.79 a call that the stream breaks off in never runs")
    void halfACallNeverRuns() throws Exception {
        answers.clear();
        answers.add(exchange -> {
            var nonce = Pattern.compile("<run-([a-z0-9]{4,16}) ").matcher(exchange.request.body());
            assertThat(nonce.find()).isTrue();
            exchange.events()
                    .raw(text("<run-" + nonce.group(1)
                            + " action=\"system.shell\" id=\"1\">\n<arg name=\"command\">touch ran"))
                    .reset();
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Go.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(events).noneMatch(RunGpt.type("call.started"));
    }

    @Test
    @DisplayName("G.80 G.83 Stop ends a silent server's answer within a second and keeps what was said")
    void stopEndsASilentStream() throws Exception {
        var closed = new CountDownLatch(1);
        answers.clear();
        answers.add(exchange -> {
            exchange.events().raw(text("first words"));
            exchange.awaitClosed();
            closed.countDown();
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Go.");
        rungpt.eventsUntil(conversation, 0, RunGpt.type("message.text"));
        long begin = System.nanoTime();
        rungpt.post("/api/conversations/" + conversation + "/stop", ModelServer.JSON.createObjectNode());
        assertThat(closed.await(60, TimeUnit.SECONDS)).as("closed").isTrue();
        assertThat(System.nanoTime() - begin).as("within a second").isLessThan(TimeUnit.SECONDS.toNanos(1));
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(RunGpt.answerText(events)).isEqualTo("first words");
        assertThat(events.get(events.size() - 1).at("/data/reason").asText()).isEqualTo("stopped");
    }

    @Test
    @DisplayName("G.82 an answer that never ends is cut at its limit, with a note, and the server stays")
    void aHugeAnswerIsCut() throws Exception {
        answers.clear();
        answers.add(exchange -> {
            exchange.events();
            String delta = text("0123456789abcdef".repeat(64)).repeat(16);
            for (int i = 0; i < 4_000; i++) {
                exchange.raw(delta);
            }
            exchange.raw(DONE).end();
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Go.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(RunGpt.answerText(events).length()).isBetween(1 << 20, 16 << 20);
        JsonNode finished = events.stream()
                .filter(RunGpt.type("message.finished"))
                .findFirst()
                .orElseThrow()
                .path("data");
        assertThat(finished.path("reason").asText()).isIn("cut", "length");
        assertThat(finished.toString()).contains("long");
    }
}
