package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.rungpt.itests.model.FaultyServer.answer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelPassage;
import org.rungpt.itests.model.FaultyServer;

final class PassageTest {
    private static final String ASKED = "{\"model\":\"m\",\"tools\":[{\"x\": 1.50}],\"stream\":true}";

    private FaultyServer server;
    private Connection connection;

    @BeforeEach
    void start() throws Exception {
        server = new FaultyServer();
        connect(Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() throws Exception {
        connection.close();
        server.close();
    }

    private void connect(Duration idle) {
        connection = new Connection(
                new Settings(
                        "local",
                        "Local",
                        BaseUrl.of(server.url()),
                        Map.of("X-Ours", "yes"),
                        "",
                        Duration.ofSeconds(30),
                        new OpenAiClient.Timeouts(Duration.ofSeconds(30), idle, Duration.ofSeconds(60)),
                        ModelFacts.NONE),
                new Keys(MemorySecrets::new, name -> null),
                new Retry(Duration.ofMillis(1), () -> 0.5));
    }

    private CompletableFuture<ModelPassage.Answer> pass() {
        return connection.passage().orElseThrow().pass(ASKED.getBytes(StandardCharsets.UTF_8));
    }

    private ModelPassage.Answer answered() throws Exception {
        return pass().get(20, TimeUnit.SECONDS);
    }

    private static ModelException wrong(CompletableFuture<?> asked) throws Exception {
        try {
            asked.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ModelException) e.getCause();
        }
        throw new AssertionError("it was not refused");
    }

    @Test
    void theRequestAndTheAnswerStayAsTheyAre() throws Exception {
        String events = "event: odd\ndata: {\"choices\": [ {\"delta\":{\"tool_calls\":[]}} ]}\r\n\r\ndata: [DONE]\n\n";
        server.then(exchange -> exchange.head(
                        200, "text/event-stream", "X-Request-Id: r1", "Set-Cookie: a=b", "X-RateLimit-Left: 3")
                .raw(events)
                .end());
        ModelPassage.Answer answer = answered();

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
                .containsOnly(
                        Map.entry("content-type", "text/event-stream"),
                        Map.entry("x-request-id", "r1"),
                        Map.entry("x-ratelimit-left", "3"));
        assertThat(new Read(answer).text()).isEqualTo(events);
        FaultyServer.Request request = server.requests.get(0);
        assertThat(request.line()).startsWith("POST /v1/chat/completions ");
        assertThat(request.body()).isEqualTo(ASKED);
        assertThat(request.headers()).containsEntry("x-ours", "yes").containsEntry("content-type", "application/json");
    }

    @Test
    void anErrorOfTheServerIsTheCallersAndIsNotTriedAgain() throws Exception {
        server.always(answer(429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", "Retry-After: 7"));
        ModelPassage.Answer answer = answered();

        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.headers()).containsEntry("retry-after", "7");
        assertThat(new Read(answer).text()).isEqualTo("{\"error\":{\"code\":\"rate_limit_exceeded\"}}");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void aRefusedKeyAndARedirectAreOurs() throws Exception {
        server.then(answer(401, "{\"error\":{\"message\":\"bad key\"}}"))
                .then(answer(307, "", "Location: http://127.0.0.1:1/"));

        assertThat(wrong(pass()).kind()).isEqualTo(ModelException.Kind.AUTHENTICATION);
        assertThat(wrong(pass()).getMessage()).contains("redirect");
    }

    @Test
    void noServerIsOneLineWithARemedy() throws Exception {
        server.close();
        ModelException error = wrong(pass());

        assertThat(error.kind()).isEqualTo(ModelException.Kind.UNREACHABLE);
        assertThat(error.remedy()).contains("Is the server running?");
    }

    @Test
    void whoGoesClosesTheConnectionBeforeAndWithinTheAnswer() throws Exception {
        var asked = new CountDownLatch(2);
        var closed = new CountDownLatch(2);
        server.then(exchange -> {
            asked.countDown();
            exchange.awaitClosed();
            closed.countDown();
        });
        server.then(exchange -> {
            exchange.events().raw("data: x\n\n");
            asked.countDown();
            exchange.awaitClosed();
            closed.countDown();
        });
        CompletableFuture<ModelPassage.Answer> first = pass();
        CompletableFuture<ModelPassage.Answer> second = pass();
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        var begun = (ModelPassage.Answer) CompletableFuture.anyOf(first, second).get(20, TimeUnit.SECONDS);
        var read = new Read(begun);
        first.cancel(true);
        second.cancel(true);
        read.cancel();

        assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void silenceAndAStoppedConnectionAreTold() throws Exception {
        connection.close();
        connect(Duration.ofMillis(200));
        server.then(exchange -> exchange.events().raw("data: x\n\n").awaitClosed());
        var silent = new Read(answered());
        assertThatThrownBy(silent::text)
                .cause()
                .asInstanceOf(InstanceOfAssertFactories.type(ModelException.class))
                .extracting(ModelException::kind)
                .isEqualTo(ModelException.Kind.IDLE);

        connection.close();
        assertThat(wrong(pass()).kind()).isEqualTo(ModelException.Kind.BACKEND_STOPPED);
    }

    private static final class Read implements Flow.Subscriber<List<ByteBuffer>> {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final CompletableFuture<String> whole = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        Read(ModelPassage.Answer answer) {
            answer.body().subscribe(this);
        }

        String text() throws Exception {
            return whole.get(20, TimeUnit.SECONDS);
        }

        void cancel() {
            subscription.cancel();
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                byte[] some = new byte[buffer.remaining()];
                buffer.get(some);
                bytes.writeBytes(some);
            }
            subscription.request(1);
        }

        @Override
        public void onError(Throwable thrown) {
            whole.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            whole.complete(bytes.toString(StandardCharsets.UTF_8));
        }
    }
}
