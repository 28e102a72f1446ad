package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;

/** Frames from a sandbox are hostile: what the protocol does not allow ends the link, whatever it is, and costs no memory. */
final class ServiceLinkTest {
    private static final Settings SETTINGS = new Settings(
            Path.of("data"), "unix:///x", null, 512 << 20, 2, 256, 0, Duration.ofMinutes(1), Duration.ofMinutes(5), 10);

    private final FakeService service = new FakeService();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final StringBuilder observed = new StringBuilder();
    private RunningCall call;
    private ServiceLink link;

    private final ServiceLink.Listener listener = new ServiceLink.Listener() {
        @Override
        public void output(ServiceLink from, String id, JsonNode params) throws Violation {
            if (!id.equals(call.call())) {
                throw new Violation("unknown call");
            }
            call.output(from, params);
        }

        @Override
        public void finished(ServiceLink from, String id, JsonNode params) throws Violation {
            call.finished(from, params, Bounds.of(SETTINGS), false, "box");
        }

        @Override
        public void broken(ServiceLink from, String why, boolean violation) {
            ends.add((violation ? "violation: " : "end: ") + why);
        }
    };

    @BeforeEach
    void open() throws Exception {
        CallObserver observer = (stream, offset, bytes) -> {
            await(gate);
            synchronized (observed) {
                observed.append(offset)
                        .append(stream == CallObserver.Stream.STDOUT ? "<" : "!")
                        .append(text(bytes));
            }
        };
        call = new RunningCall("c1", null, 0, 0, observer, executor);
        link = new ServiceLink("box", listener);
        CompletableFuture<JsonNode> greeted = link.open(service, Duration.ofSeconds(60));
        service.greet();
        assertThat(greeted.get(10, TimeUnit.SECONDS).path("protocol").asInt()).isEqualTo(1);
        call.belongsTo(new RunningCall.Control() {
            @Override
            public void credit(RunningCall of, int bytes) {
                link.send("credit", JsonNodeFactory.instance.objectNode().put("bytes", bytes));
            }

            @Override
            public void cancel(RunningCall of) {}

            @Override
            public ServiceLink service() {
                return link;
            }

            @Override
            public boolean isDetached() {
                return false;
            }

            @Override
            public void done(RunningCall of) {}

            @Override
            public void forget(RunningCall of) {}
        });
        assertThat(call.join(link)).isEqualTo(new CallOutput.Position(0, 0, CallOutput.WINDOW));
        service.say(output("stdout", 7, "for whoever watched before"));
        call.hear(link);
    }

    @AfterEach
    void close() {
        gate.countDown();
        link.close();
        executor.shutdownNow();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String text(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return new String(copy, java.nio.charset.StandardCharsets.UTF_8);
    }

    private static String output(String stream, long offset, String text) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"" + stream
                + "\",\"offset\":" + offset + ",\"text\":\"" + text + "\"}}\n";
    }

    private static String finished(String fields) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"finished\",\"params\":{\"call\":\"c1\"," + fields + "}}\n";
    }

    @Test
    void anHonestCall() throws Exception {
        gate.countDown();
        service.say(output("stdout", 0, "ä") + output("stderr", 0, "e") + output("stdout", 2, "b"));
        service.say(
                "{\"jsonrpc\":\"2.0\",\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":3,"
                        + "\"base64\":\"" + Base64.getEncoder().encodeToString(new byte[] {'z'}) + "\"}}\n");
        service.say(finished("\"exit\":0,\"signal\":null,\"reason\":null,\"limits\":[],\"stdout\":4,\"stderr\":1,"
                + "\"dropped\":0,\"duration\":0.5,\"files\":false"));
        CallOutcome outcome = call.outcome().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(outcome).isEqualTo(new CallOutcome(0, Reason.EXITED, null, 4, 1, Duration.ofMillis(500), "box"));
        assertThat(observed.toString()).contains("ä").contains("0!e").endsWith("z");
        assertThat(ends).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no json\n",
                "[]\n",
                "{}\n",
                "{} {}\n",
                "\"text\"\n",
                "\u0000\n",
                "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"result\":{}}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999999,\"result\":{}}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse\"}}\n",
                "{\"method\":\"invented\",\"params\":{}}\n",
                "{\"method\":\"output\"}\n",
                "{\"method\":\"output\",\"params\":{\"call\":7}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c2\",\"stream\":\"stdout\",\"offset\":0,\"text\":\"x\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdin\",\"offset\":0,\"text\":\"x\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":1,\"text\":\"x\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":-1,\"text\":\"x\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":0.0,\"text\":\"x\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":0,\"text\":\"\"}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":0}}\n",
                "{\"method\":\"output\",\"params\":{\"call\":\"c1\",\"stream\":\"stdout\",\"offset\":0,\"base64\":\"***\"}}\n",
                "{\"method\":\"finished\",\"params\":{\"call\":\"c1\",\"exit\":0,\"stdout\":5,\"stderr\":0,\"duration\":0}}\n",
                "{\"method\":\"finished\",\"params\":{\"call\":\"c1\",\"exit\":256,\"signal\":null,\"stdout\":0,\"stderr\":0,"
                        + "\"duration\":0}}\n",
                "{\"method\":\"finished\",\"params\":{\"call\":\"c1\",\"exit\":0,\"signal\":null,\"stdout\":0,\"stderr\":0,"
                        + "\"duration\":-1}}\n",
                "{\"method\":\"finished\",\"params\":{\"call\":\"c1\",\"exit\":0,\"signal\":null,\"stdout\":0,\"stderr\":0,"
                        + "\"duration\":0,\"reason\":\"because\"}}\n"
            })
    void whatIsNotAllowedEndsTheLink(String frame) throws Exception {
        service.say(frame);
        assertThat(ends.poll(10, TimeUnit.SECONDS)).startsWith("violation: ");
        assertThat(service.closed.await(10, TimeUnit.SECONDS)).isTrue();
        service.say(frame);
        assertThat(ends).isEmpty();
    }

    @Test
    void deepNestingEndsTheLinkAndNotTheStack() throws Exception {
        service.say("[".repeat(500_000) + "\n");
        assertThat(ends.poll(10, TimeUnit.SECONDS)).startsWith("violation: ");
    }

    @Test
    void outputBeyondTheCreditEndsTheLink() throws Exception {
        String piece = "x".repeat(64 << 10);
        for (int i = 0; i < 4; i++) {
            service.say(output("stdout", (long) i << 16, piece));
        }
        assertThat(ends).isEmpty();
        service.say(output("stdout", 4L << 16, "x"));
        assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo("violation: it sent more output than it may");
    }

    @Test
    void aPieceOfMoreThan64KiBEndsTheLink() throws Exception {
        service.say(output("stdout", 0, "x".repeat((64 << 10) + 1)));
        assertThat(ends.poll(10, TimeUnit.SECONDS)).startsWith("violation: ");
    }

    @Test
    void creditIsGrantedAsTheObserverGetsOn() throws Exception {
        String piece = "x".repeat(64 << 10);
        for (int i = 0; i < 4; i++) {
            service.say(output("stdout", (long) i << 16, piece));
        }
        assertThat(service.heard).isEmpty();
        gate.countDown();
        int granted = 0;
        while (granted < CallOutput.WINDOW) {
            JsonNode credit = service.next();
            assertThat(credit.path("method").asText()).isEqualTo("credit");
            granted += credit.path("params").path("bytes").asInt();
        }
        assertThat(granted).isEqualTo(CallOutput.WINDOW);
        service.say(output("stdout", 4L << 16, piece));
        assertThat(ends).isEmpty();
    }

    @Test
    void manySmallPiecesCostLittle() {
        // The worst that credit allows: bytes that alternate between the streams while nobody looks.
        StringBuilder frames = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            frames.append(output("stdout", i, "o")).append(output("stderr", i, "e"));
        }
        service.say(frames.toString());
        assertThat(ends).isEmpty();
        gate.countDown();
        service.say(finished("\"exit\":0,\"signal\":null,\"stdout\":20000,\"stderr\":20000,\"duration\":1"));
        assertThat(call.outcome().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(60));
    }

    @Test
    void requestsGetTheirAnswersAndErrors() throws Exception {
        ObjectNode none = JsonNodeFactory.instance.objectNode();
        CompletableFuture<JsonNode> good = link.request("ping", none);
        CompletableFuture<JsonNode> bad = link.request("ping", none);
        long first = service.next().path("id").asLong();
        long second = service.next().path("id").asLong();
        service.say("{\"id\":" + second
                + ",\"error\":{\"code\":-32022,\"message\":\"no\\u001b[0m such\",\"data\":{\"type\":"
                + "\"unknown-call\"}}}\n");
        service.say("{\"id\":" + first + ",\"result\":{\"x\":1}}\n");
        assertThat(good.get(10, TimeUnit.SECONDS).path("x").asInt()).isEqualTo(1);
        assertThat(bad)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(ServiceError.class)
                .withMessage("no?[0m such");
    }

    @Test
    void theEndOfTheStreamFailsWhatWaits() throws Exception {
        CompletableFuture<JsonNode> waiting = link.request("ping", JsonNodeFactory.instance.objectNode());
        assertThat(link.isSilentFor(Duration.ofSeconds(20))).isFalse();
        assertThat(link.isSilentFor(Duration.ofNanos(-1))).isTrue();
        service.end();
        assertThat(waiting).isCompletedExceptionally();
        assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo("end: the stream ended");
        assertThat(link.request("ping", JsonNodeFactory.instance.objectNode())).isCompletedExceptionally();
    }

    @Test
    void tooLargeARequestIsNotSent() {
        ObjectNode big = JsonNodeFactory.instance.objectNode().put("text", "x".repeat(ServiceLink.MAX_REQUEST));
        assertThat(link.request("invoke", big)).isCompletedExceptionally();
        assertThat(service.heard).isEmpty();
        assertThat(link.isOpen()).isTrue();
    }
}
