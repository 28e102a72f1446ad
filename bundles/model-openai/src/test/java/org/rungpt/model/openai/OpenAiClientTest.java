package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rungpt.itests.model.FaultyServer.answer;
import static org.rungpt.itests.model.FaultyServer.finish;
import static org.rungpt.itests.model.FaultyServer.says;
import static org.rungpt.itests.model.FaultyServer.text;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelException.Kind;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Sampling;
import org.rungpt.api.model.Usage;
import org.rungpt.itests.model.FaultyServer;

/** Against a real server on loopback, with the faults that real servers have. */
final class OpenAiClientTest {
    private static final String KEY = "sk-CANARY-0123456789abcdefghij0123456789abcdefghij";
    private static final OpenAiClient.Timeouts PATIENT =
            new OpenAiClient.Timeouts(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60));
    private static final ModelRequest REQUEST = new ModelRequest(
            "some-model",
            List.of(
                    ModelMessage.text(ModelMessage.Role.SYSTEM, "You are."),
                    ModelMessage.text(ModelMessage.Role.USER, "Say ä.")),
            List.of());

    private FaultyServer server;
    private OpenAiClient client;
    private final Heard heard = new Heard();

    @BeforeEach
    void start() throws Exception {
        server = new FaultyServer();
        client = client(server.url(), PATIENT);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    private static OpenAiClient client(String url, OpenAiClient.Timeouts timeouts) {
        return client("openai", url, timeouts);
    }

    private static OpenAiClient client(String name, String url, OpenAiClient.Timeouts timeouts) {
        return new OpenAiClient(
                name,
                () -> new OpenAiClient.Server(BaseUrl.of(url), Map.of("X-Title", "RunGPT"), () -> KEY, timeouts),
                Duration.ofSeconds(30),
                new Retry(Duration.ofMillis(1), () -> 0.5));
    }

    private void ask() {
        client.stream(REQUEST, heard);
    }

    private void impatient(Duration firstByte, Duration idle, Duration total) {
        client.close();
        client = client(server.url(), new OpenAiClient.Timeouts(firstByte, idle, total));
    }

    @Test
    void streamsTextWithItsUsage() throws Exception {
        server.then(says("Hel", "lo ä\ud83d\ude80"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
        assertThat(heard.deltas).containsExactly(new ModelDelta.Text("Hel"), new ModelDelta.Text("lo ä\ud83d\ude80"));
        assertThat(heard.usage).isEqualTo(new Usage(7, 2, false));
    }

    @Test
    void asksAsChatCompletionServersExpect() throws Exception {
        server.then(says("x"));
        client.stream(
                new ModelRequest(
                        "m",
                        List.of(
                                new ModelMessage(
                                        ModelMessage.Role.USER,
                                        List.of(
                                                new ContentPart.Text("see"),
                                                new ContentPart.Image("image/png", "QUJD")),
                                        List.of(),
                                        null),
                                new ModelMessage(
                                        ModelMessage.Role.ASSISTANT,
                                        List.of(),
                                        List.of(new ModelMessage.ToolCall("c1", "f", "{\"a\":1}")),
                                        null),
                                new ModelMessage(
                                        ModelMessage.Role.TOOL, List.of(new ContentPart.Text("r")), List.of(), "c1")),
                        List.of(new ModelRequest.Tool("f", "does", "{\"type\":\"object\"}", true)),
                        Sampling.atMost(100)),
                heard);
        heard.finish();

        FaultyServer.Request request = server.requests.get(0);
        assertThat(request.line()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
        assertThat(request.headers())
                .containsEntry("authorization", "Bearer " + KEY)
                .containsEntry("x-title", "RunGPT")
                .containsEntry("content-type", "application/json")
                .doesNotContainKey("upgrade");
        assertThat(Json.MAPPER.readTree(request.body())).isEqualTo(Json.MAPPER.readTree("""
                                {"model":"m","messages":[
                                {"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},
                                {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"a\\":1}"}}]},
                                {"role":"tool","content":"r","tool_call_id":"c1"}],
                                "stream":true,"stream_options":{"include_usage":true},"max_tokens":100,
                                "tools":[{"type":"function","function":{"name":"f","description":"does","parameters":{"type":"object"},"strict":true}}]}"""));
    }

    @Test
    void keepsReasoningAndToolCallsApart() throws Exception {
        server.then(exchange -> exchange.events()
                .raw(
                        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\"}}]}\n\n")
                .raw("data: {\"choices\":[{\"delta\":{\"reasoning\":\"so\",\"content\":\"a\"}}]}\n\n")
                .raw("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other choice\"}}]}\n\n")
                .raw(
                        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n")
                .raw(
                        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n")
                .raw("data: [DONE]\n\n"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.TOOL_CALLS);
        assertThat(heard.deltas)
                .containsExactly(
                        new ModelDelta.Reasoning("hm"),
                        new ModelDelta.Reasoning("so"),
                        new ModelDelta.Text("a"),
                        new ModelDelta.ToolCall(1, "c", "f", ""),
                        new ModelDelta.ToolCall(1, null, null, "{}"));
    }

    @ParameterizedTest
    @CsvSource({"stop,STOP", "length,LENGTH", "content_filter,CONTENT_FILTER", "tool_calls,TOOL_CALLS", "eos,STOP"})
    void tellsWhyItEnded(String reason, FinishReason expected) throws Exception {
        server.then(
                exchange -> exchange.events().raw(text("a")).raw(finish(reason)).raw("data: [DONE]\n\n"));
        ask();

        assertThat(heard.finish()).isEqualTo(expected);
    }

    @Test
    void aSecondRequestUsesTheSameConnection() throws Exception {
        String said = text("x") + finish("stop") + "data: [DONE]\n\n";
        // At once: for the end of the body nobody waits for long when all was said.
        server.always(exchange -> exchange.raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(said.length()) + "\r\n" + said
                + "\r\n0\r\n\r\n"));
        ask();
        heard.finish();
        var second = new Heard();
        client.stream(REQUEST, second);
        second.finish();

        assertThat(server.requests).hasSize(2);
        assertThat(server.connections.get()).isEqualTo(1);
    }

    @Test
    @DisplayName("G.74 waits as long as the server asks, then tries again")
    void waitsAsLongAsTheServerAsksAndTriesAgain() throws Exception {
        server.then(answer(429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", "retry-after-ms: 40"))
                .then(says("ok"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
        assertThat(heard.text()).isEqualTo("ok");
        assertThat(heard.waits).singleElement().satisfies(wait -> assertThat(wait)
                .isGreaterThanOrEqualTo(Duration.ofMillis(40))
                .isLessThan(Duration.ofMillis(100)));
    }

    @Test
    @DisplayName("G.74 tries three times at most")
    void triesThreeTimesAtMost() throws Exception {
        server.always(answer(429, "{\"error\":{\"code\":\"slow_down\"}}"));
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(server.requests).hasSize(3);
    }

    @Test
    @DisplayName("G.74 who asks for more than a minute is not waited for: the time is told")
    void doesNotWaitLongerThanAMinuteButSaysHowLong() throws Exception {
        server.then(answer(429, "{}", "Retry-After: 3600"));
        ask();

        assertThat(heard.error()).hasMessageContaining("60 minutes");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    @DisplayName("G.74 cancel works while waiting")
    void cancelWorksWhileWaiting() throws Exception {
        server.then(answer(429, "{}", "Retry-After: 30"));
        ModelStream stream = client.stream(REQUEST, heard);
        assertThat(heard.waiting.await(20, TimeUnit.SECONDS)).isTrue();
        stream.cancel();

        assertThat(heard.finish()).isEqualTo(FinishReason.CANCELLED);
        assertThat(server.requests).hasSize(1);
    }

    @DisplayName("G.75 never retries without credit")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "credit_balance_exhausted",
                "organization_spend_limit_exceeded",
                "project_spend_limit_exceeded",
                "organization_usage_limit_exceeded",
                "insufficient_quota"
            })
    void neverRetriesWithoutCredit(String code) throws Exception {
        server.then(answer(
                429,
                "{\"error\":{\"message\":\"You exceeded it.\",\"type\":\"insufficient_quota\",\"code\":\"" + code
                        + "\"}}",
                "Retry-After: 1"));
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.BILLING);
        assertThat(heard.error().remedy()).contains("billing");
        assertThat(heard.waits).isEmpty();
    }

    @DisplayName("G.76 E.57 points to the settings and never shows the key")
    @ParameterizedTest
    @CsvSource({"401,AUTHENTICATION", "403,AUTHENTICATION", "404,NOT_FOUND"})
    void pointsToSettingsAndNeverShowsTheKey(int status, Kind kind) throws Exception {
        server.then(answer(
                status,
                "{\"error\":{\"message\":\"Incorrect API key provided: " + KEY
                        + ", sk-other123456. \\u0007\\n\",\"code\":null}}"));
        ask();
        ModelException error = heard.error();

        assertThat(error.kind()).isEqualTo(kind);
        assertThat(error.remedy()).contains("in Settings, connection openai");
        assertThat(error.getMessage())
                .contains("Incorrect API key provided: …")
                .doesNotContain(KEY, "sk-other", "\n", "\u0007");
        assertThat(server.requests).hasSize(1);
    }

    @DisplayName("G.76 names a model that is not there")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"The model does not exist\",\"code\":\"model_not_found\"}}",
                "{\"error\":\"model 'some-model' not found, try pulling it first\"}"
            })
    void namesAModelThatIsNotThere(String body) throws Exception {
        server.then(answer(404, body));
        ask();

        assertThat(heard.error()).hasMessageContaining("There is no model some-model");
        assertThat(heard.error().kind()).isEqualTo(Kind.NOT_FOUND);
        assertThat(heard.error().remedy()).isEqualTo("Choose another model.");
    }

    @DisplayName("G.77 recovers from a failing server")
    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504, 520, 529})
    void recoversFromAFailingServer(int status) throws Exception {
        server.then(answer(status, "<html>bad gateway</html>"))
                .then(answer(status, "{\"error\":{\"code\":\"server_is_overloaded\"}}"))
                .then(says("ok"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
        assertThat(heard.text()).isEqualTo("ok");
        assertThat(heard.waits).hasSize(2);
        assertThat(heard.waits.get(1)).isGreaterThan(heard.waits.get(0));
    }

    @DisplayName("G.78 knows a conversation that is too long")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}",
                "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\"}}",
                "{\"error\":{\"message\":\"the request exceeds the available context size\"}}"
            })
    void knowsAConversationThatIsTooLong(String body) throws Exception {
        server.then(answer(400, body));
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.CONTEXT_LENGTH);
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void aBadRequestIsNotRepeated() throws Exception {
        server.then(answer(400, "{\"error\":{\"message\":\"temperature is wrong\"}}"));
        ask();

        assertThat(heard.error()).hasMessageContaining("temperature is wrong");
        assertThat(heard.error().kind()).isEqualTo(Kind.BAD_REQUEST);
        assertThat(server.requests).hasSize(1);
    }

    @DisplayName("G.79 a drop keeps what came and is not replayed")
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aDropKeepsWhatCameAndIsNotReplayed(int deltas) throws Exception {
        server.always(exchange -> {
            exchange.events();
            for (int i = 0; i < deltas; i++) {
                exchange.raw(text("piece "));
            }
            heard.awaitFirst();
            exchange.reset();
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.DROPPED);
        assertThat(heard.text()).startsWith("piece ");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    @DisplayName("G.79 an end without [DONE] is a drop")
    void anEndWithoutDoneIsADrop() throws Exception {
        server.then(exchange -> exchange.events()
                .raw(text("a") + "data: {\"choices\":[{\"delta\":{\"cont")
                .end());
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.DROPPED);
        assertThat(heard.text()).isEqualTo("a");
    }

    @Test
    @DisplayName("G.79 a truncated chunk is a drop")
    void aTruncatedChunkIsADrop() throws Exception {
        server.then(exchange -> {
            exchange.chunked().chunk(text("a")).raw("ff\r\ndata: {\"choi");
            exchange.raw(new byte[] {(byte) 0xc3}).end();
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.DROPPED);
        assertThat(heard.text()).isEqualTo("a");
    }

    @Test
    @DisplayName("G.79 a drop before the first delta is tried again, after it never")
    void aDropBeforeTheFirstDeltaIsTriedAgain() throws Exception {
        server.then(FaultyServer.Exchange::reset)
                .then(exchange -> exchange.events().raw(": thinking\n\n").end())
                .then(says("ok"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
        assertThat(heard.text()).isEqualTo("ok");
        assertThat(server.requests).hasSize(3);
    }

    @Test
    void anAnswerThatSaidItIsDoneIsCompleteWithoutDone() throws Exception {
        server.then(
                exchange -> exchange.events().raw(text("a")).raw(finish("stop")).end());
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aDoneWithoutABlankLineIsEnough() throws Exception {
        server.then(exchange ->
                exchange.events().raw(text("a")).raw("data: [DONE]\n").end());
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
    }

    @Test
    @DisplayName("G.80 silence ends the answer")
    void silenceEndsTheAnswer() throws Exception {
        impatient(Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofSeconds(30));
        var closed = new CompletableFuture<Boolean>();
        server.then(exchange -> {
            // In one piece: a silence between the head and the text would be one too.
            exchange.raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + text("a"));
            exchange.awaitClosed();
            closed.complete(true);
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.IDLE);
        assertThat(heard.text()).isEqualTo("a");
        assertThat(closed.get(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @DisplayName("G.80 silence is borne for a minute unless somebody says otherwise")
    void silenceIsBorneForAMinute() throws Exception {
        assertThat(ConnectionConfig.class.getMethod("idleTimeoutSeconds").getDefaultValue())
                .isEqualTo(60);
    }

    @Test
    @DisplayName("G.80 a server that never answers is given up")
    void aServerThatNeverAnswersIsGivenUp() throws Exception {
        impatient(Duration.ofMillis(100), Duration.ofSeconds(30), Duration.ofSeconds(30));
        server.then(FaultyServer.Exchange::awaitClosed);
        ask();

        assertThat(heard.error()).hasMessageContaining("No answer came");
        assertThat(heard.error().kind()).isEqualTo(Kind.IDLE);
    }

    @Test
    @DisplayName("G.80 a drip that never ends is ended")
    void aDripThatNeverEndsIsEnded() throws Exception {
        impatient(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMillis(300));
        var more = new CountDownLatch(1);
        server.then(exchange -> {
            exchange.events();
            while (!more.await(10, TimeUnit.MILLISECONDS)) {
                exchange.raw(": drip\n\n");
            }
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.IDLE);
        more.countDown();
    }

    @Test
    @DisplayName("G.80 G.83 cancel closes the connection to the server")
    void cancelClosesTheConnectionToTheServer() throws Exception {
        var closed = new CompletableFuture<Boolean>();
        server.then(exchange -> {
            exchange.events().raw(text("a"));
            exchange.awaitClosed();
            closed.complete(true);
        });
        ModelStream stream = client.stream(REQUEST, heard);
        heard.awaitFirst();
        stream.cancel();
        stream.cancel();

        assertThat(heard.finish()).isEqualTo(FinishReason.CANCELLED);
        assertThat(closed.get(1, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void cancelBeforeTheAnswerBeginsClosesTheConnection() throws Exception {
        var arrived = new CountDownLatch(1);
        var closed = new CompletableFuture<Boolean>();
        server.then(exchange -> {
            arrived.countDown();
            exchange.awaitClosed();
            closed.complete(true);
        });
        ModelStream stream = client.stream(REQUEST, heard);
        assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
        stream.cancel();

        assertThat(heard.finish()).isEqualTo(FinishReason.CANCELLED);
        assertThat(closed.get(1, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void canBeCancelledFromInsideADelta() throws Exception {
        server.then(exchange -> {
            exchange.events();
            for (int i = 0; i < 1000; i++) {
                exchange.raw(text("a"));
            }
            exchange.awaitClosed();
        });
        var stream = new CompletableFuture<ModelStream>();
        var cutting = new Heard() {
            @Override
            public void delta(ModelDelta delta) {
                super.delta(delta);
                stream.join().cancel();
            }
        };
        stream.complete(client.stream(REQUEST, cutting));

        assertThat(cutting.finish()).isEqualTo(FinishReason.CANCELLED);
        assertThat(cutting.deltas).hasSize(1);
    }

    @Test
    @DisplayName("G.81 reads whatever the standard allows")
    void readsWhateverTheStandardAllows() throws Exception {
        server.then(exchange -> exchange.head(200, "text/event-stream; charset=utf-8")
                .raw(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF})
                .raw(": comment\r\n\r\nretry: 5\rid: 1\rid: 1\rfoo: bar\r")
                .raw("data:{\"choices\":[{\"delta\":\r\ndata: {\"content\":\"a\"}}],\"new\":1}\r\n\r\n")
                .raw("data: null\n\n")
                .raw("event: execute\ndata: alert(1)\n\n")
                .raw("event: message\n" + text("b"))
                .raw(finish("stop"))
                .raw("data:[DONE]\r\r"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
        assertThat(heard.text()).isEqualTo("ab");
    }

    @Test
    @DisplayName("G.81 an event that is no JSON is a clear error")
    void anEventThatIsNoJsonIsAClearError() throws Exception {
        server.then(exchange -> exchange.events().raw(text("a")).raw("data: {broken\n\n"));
        ask();

        assertThat(heard.error()).hasMessageContaining("an event that is no JSON: {broken");
        assertThat(heard.text()).isEqualTo("a");
    }

    @Test
    @DisplayName("G.81 a line without end is cut off")
    void aLineWithoutEndIsCutOff() throws Exception {
        server.then(exchange -> {
            exchange.events().raw(text("a") + "data: ");
            byte[] junk = new byte[64 * 1024];
            java.util.Arrays.fill(junk, (byte) 'x');
            for (int i = 0; i < 160; i++) {
                exchange.raw(junk);
            }
        });
        ask();

        assertThat(heard.error()).hasMessageContaining("a line of more than 1048576 bytes");
    }

    @Test
    @DisplayName("G.81 an HTML page is no answer")
    void anHtmlPageIsNoAnswer() throws Exception {
        server.then(answer(200, "<!DOCTYPE html><html><script>alert(1)</script></html>"));
        ask();

        assertThat(heard.error())
                .hasMessageContaining("answers with an HTML page")
                .hasMessageNotContaining("script");
        assertThat(heard.error().kind()).isEqualTo(Kind.MALFORMED);
        assertThat(server.requests).hasSize(1);
    }

    @Test
    @DisplayName("G.81 what nobody asked to compress is no answer")
    void whatNobodyAskedToCompressIsNoAnswer() throws Exception {
        server.then(exchange -> {
            exchange.head(200, "text/event-stream", "Content-Encoding: gzip")
                    .raw(new byte[] {31, -117, 8, 0})
                    .end();
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.MALFORMED);
    }

    @Test
    void takesAWholeCompletionOfAServerThatDoesNotStream() throws Exception {
        server.then(
                answer(
                        200,
                        "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"whole\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}"));
        ask();

        assertThat(heard.finish()).isEqualTo(FinishReason.LENGTH);
        assertThat(heard.text()).isEqualTo("whole");
        assertThat(heard.usage).isEqualTo(new Usage(1, 2, false));
    }

    @Test
    void anErrorInTheStreamIsAnError() throws Exception {
        String overloaded = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n";
        server.then(exchange -> exchange.events().raw(overloaded).end())
                .then(exchange ->
                        exchange.events().raw(text("a")).raw(overloaded).end());
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.SERVER);
        assertThat(heard.text()).isEqualTo("a");
        assertThat(server.requests).hasSize(2);
    }

    @Test
    @DisplayName("G.82 passes on a long answer piece by piece")
    void passesOnALongAnswerPieceByPiece() throws Exception {
        int thousands = Boolean.getBoolean("rungpt.soak") ? 2000 : 200;
        server.then(exchange -> {
            exchange.events();
            String thousand = text("x").repeat(1000);
            for (int i = 0; i < thousands; i++) {
                exchange.raw(thousand);
            }
            exchange.raw(finish("stop") + "data: [DONE]\n\n").end();
        });
        var counting = new Heard() {
            int count;

            @Override
            public void delta(ModelDelta delta) {
                count++;
            }
        };
        client.stream(REQUEST, counting);

        assertThat(counting.finish()).isEqualTo(FinishReason.STOP);
        assertThat(counting.count).isEqualTo(thousands * 1000);
    }

    @Test
    @DisplayName("G.82 a whole completion of 50 MB is refused, not kept")
    void aWholeCompletionThatIsHugeIsRefused() throws Exception {
        server.then(exchange -> {
            exchange.head(200, "application/json")
                    .raw("{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
            String part = "x".repeat(1 << 20);
            for (int i = 0; i < 50; i++) {
                exchange.raw(part);
            }
            exchange.raw("\"},\"finish_reason\":\"stop\"}]}").end();
        });
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.MALFORMED);
        assertThat(heard.text()).isEmpty();
    }

    @Test
    void doesNotSendAgainWhatAServerRefusesToUnderstand() throws Exception {
        server.then(answer(400, "{\"error\":{\"message\":\"Unrecognized request argument: stream_options\"}}"))
                .then(says("a"))
                .then(says("b"));
        ask();
        heard.finish();
        var second = new Heard();
        client.stream(REQUEST, second);
        second.finish();

        assertThat(server.requests)
                .extracting(each -> each.body().contains("stream_options"))
                .containsExactly(true, false, false);
        assertThat(heard.waits).isEmpty();
    }

    @Test
    void triesBothNamesOfTheLengthLimitAndThenGivesUp() throws Exception {
        server.always(answer(
                400, "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' or 'max_completion_tokens'\"}}"));
        client.stream(new ModelRequest("m", REQUEST.messages(), List.of(), Sampling.atMost(5)), heard);

        assertThat(heard.error().kind()).isEqualTo(Kind.BAD_REQUEST);
        assertThat(server.requests)
                .extracting(each -> each.body().contains("\"max_tokens\""))
                .containsExactly(true, false, true);
    }

    @Test
    @DisplayName("E.60 never follows a redirect: the key goes to the configured origin only")
    void neverFollowsARedirect() throws Exception {
        try (var elsewhere = new FaultyServer()) {
            elsewhere.always(says("stolen"));
            server.then(exchange -> {
                exchange.head(307, "text/plain", "Location: " + elsewhere.url() + "/chat/completions")
                        .end();
            });
            ask();

            assertThat(heard.error()).hasMessageContaining("redirect to " + elsewhere.url());
            assertThat(elsewhere.requests).isEmpty();
        }
    }

    @Test
    void aServerThatIsNotThereIsUnreachable() throws Exception {
        client.close();
        // A port that nobody else gets and where nobody listens.
        try (var taken = new Socket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            client = client("http://127.0.0.1:" + taken.getLocalPort() + "/v1", PATIENT);
            ask();

            assertThat(heard.error().kind()).isEqualTo(Kind.UNREACHABLE);
        }
        assertThat(heard.error().remedy()).contains("Is the server running?");
        assertThat(heard.waits).isEmpty();
    }

    @Test
    void aKeyThatIsNoneIsNotSent() throws Exception {
        client.close();
        client = new OpenAiClient(
                "openai",
                () -> new OpenAiClient.Server(BaseUrl.of(server.url()), Map.of(), () -> "sk-a\nb: c", PATIENT),
                Duration.ofSeconds(30),
                new Retry(Duration.ofMillis(1), () -> 0.5));
        ask();

        assertThat(heard.error().kind()).isEqualTo(Kind.AUTHENTICATION);
        assertThat(heard.error().getMessage()).doesNotContain("sk-a");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void stoppingEndsEveryStreamAndClosesItsConnection() throws Exception {
        var closed = new CountDownLatch(3);
        server.always(exchange -> {
            exchange.events().raw(text("a"));
            exchange.awaitClosed();
            closed.countDown();
        });
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            var one = new Heard();
            all.add(one);
            client.stream(REQUEST, one);
            one.awaitFirst();
        }
        client.close();
        client.stream(REQUEST, heard);

        for (Heard one : all) {
            assertThat(one.error().kind()).isEqualTo(Kind.BACKEND_STOPPED);
        }
        assertThat(heard.error().kind()).isEqualTo(Kind.BACKEND_STOPPED);
        assertThat(closed.await(1, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aHundredStreamsNeedNoThreadEach() throws Exception {
        // By its name its threads are known from those of others that are ending.
        client.close();
        client = client("many", server.url(), PATIENT);
        var all = new CountDownLatch(100);
        server.always(exchange -> {
            exchange.events().raw(text("a"));
            all.countDown();
            all.await();
            exchange.raw(text("b") + finish("stop") + "data: [DONE]\n\n").end();
        });
        List<Heard> streams = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            var one = new Heard();
            streams.add(one);
            client.stream(REQUEST, one);
        }
        for (Heard one : streams) {
            assertThat(one.finish()).isEqualTo(FinishReason.STOP);
            assertThat(one.text()).isEqualTo("ab");
        }
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("model-many-"))
                .count();
        assertThat(threads)
                .isLessThanOrEqualTo(Math.max(4, 2 * Runtime.getRuntime().availableProcessors()) + 1L);
    }

    @Test
    void listsModels() throws Exception {
        server.then(
                answer(200, "{\"data\":[{\"id\":\"b\",\"context_length\":4096},{\"id\":\"whisper\",\"name\":\"W\"}]}"));

        assertThat(client.models().toCompletableFuture().get(20, TimeUnit.SECONDS))
                .extracting(model -> model.id() + " " + model.title() + " " + model.contextTokens())
                .containsExactly("b b 4096", "whisper W null");
        assertThat(server.requests.get(0).line()).isEqualTo("GET /v1/models HTTP/1.1");
    }
}
