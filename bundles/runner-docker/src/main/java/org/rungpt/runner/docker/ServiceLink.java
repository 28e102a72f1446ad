package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to the action service of one sandbox: JSON-RPC 2.0, one object a line (docs/action-service.md). Requests may come
 * from any thread. What is heard is handled on the reading thread; anything that the protocol does not allow ends the link.
 */
final class ServiceLink implements Transport.Receiver, AutoCloseable {
    /** A frame to the service may have so many bytes, with its newline. */
    static final int MAX_REQUEST = 4 << 20;

    static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final Logger LOG = LoggerFactory.getLogger(ServiceLink.class);
    private static final int COMPLAINTS = 5;

    /** Hears what the service says by itself. Reading thread; quick. */
    interface Listener {
        void output(ServiceLink link, String call, JsonNode params) throws Violation;

        void finished(ServiceLink link, String call, JsonNode params) throws Violation;

        /** A connection over the network; only proxies tell of any. */
        default void connection(ServiceLink link, String call, JsonNode params) throws Violation {
            throw new Violation("it told of a connection, and it has none");
        }

        /** The link is no more. Once; not after {@link ServiceLink#close()}. */
        void broken(ServiceLink link, String why, boolean violation);
    }

    /** @param heard runs as soon as the answer is there, before the next frame is read */
    private record Pending(CompletableFuture<JsonNode> answer, Runnable heard, long sent) {}

    private final String sandbox;
    private final Listener listener;
    private final StdinQueue stdin = new StdinQueue();
    private final FrameDecoder decoder = new FrameDecoder(this::frame);
    private final String greeting = "hello-" + Instance.newName();
    private final CompletableFuture<JsonNode> greeted = new CompletableFuture<>();
    private final Map<Long, Pending> pending = new HashMap<>();
    private long lastId;
    private boolean ended;
    private @Nullable Closeable attached;
    private int complaints;

    ServiceLink(String sandbox, Listener listener) {
        this.sandbox = sandbox;
        this.listener = listener;
    }

    /** Attaches and says hello. */
    CompletableFuture<JsonNode> open(Transport transport, Duration lease) throws IOException {
        return open(transport, lease, JsonNodeFactory.instance.objectNode());
    }

    /** @param more what else is said with the hello */
    CompletableFuture<JsonNode> open(Transport transport, Duration lease, ObjectNode more) throws IOException {
        Closeable attachment = transport.open(stdin, this);
        synchronized (this) {
            attached = attachment;
            if (ended) {
                closeQuietly(attachment);
            }
        }
        ObjectNode params =
                JsonNodeFactory.instance.objectNode().put("protocol", 1).put("lease", lease.toSeconds());
        params.setAll(more);
        // The line end cuts off whatever half frame a predecessor left.
        stdin.offer(new byte[] {'\n'});
        stdin.offer(line("hello", params, greeting));
        return greeted;
    }

    /** The answer comes on the reading thread; it fails with {@link ServiceError} or {@link LinkBroken}. */
    CompletableFuture<JsonNode> request(String method, ObjectNode params) {
        return request(method, params, () -> {});
    }

    /** @param heard runs on the reading thread when the answer has come, whatever it is, and before anything that follows it */
    CompletableFuture<JsonNode> request(String method, ObjectNode params, Runnable heard) {
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        boolean full;
        synchronized (this) {
            if (ended) {
                answer.completeExceptionally(new LinkBroken("the connection to the sandbox has ended"));
                return answer;
            }
            long id = ++lastId;
            byte[] line = line(method, params, id);
            if (line.length > MAX_REQUEST) {
                answer.completeExceptionally(new IllegalArgumentException("more than 4 MiB"));
                return answer;
            }
            pending.put(id, new Pending(answer, heard, System.nanoTime()));
            full = !stdin.offer(line);
        }
        if (full) {
            end("it does not read what is sent to it", true);
        }
        return answer;
    }

    /** Says something that needs no answer. */
    void send(String method, ObjectNode params) {
        boolean full;
        synchronized (this) {
            full = !ended && !stdin.offer(line(method, params, null));
        }
        if (full) {
            end("it does not read what is sent to it", true);
        }
    }

    /** Whether a request waits longer than this for its answer. */
    synchronized boolean isSilentFor(Duration bound) {
        long now = System.nanoTime();
        return pending.values().stream().anyMatch(request -> now - request.sent() > bound.toNanos());
    }

    synchronized boolean isOpen() {
        return !ended;
    }

    private static byte[] line(String method, ObjectNode params, @Nullable Object id) {
        ObjectNode frame = JsonNodeFactory.instance.objectNode().put("jsonrpc", "2.0");
        if (id instanceof Long number) {
            frame.put("id", number);
        } else if (id instanceof String text) {
            frame.put("id", text);
        }
        frame.put("method", method).set("params", params);
        try {
            byte[] json = JSON.writeValueAsBytes(frame);
            byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
            line[json.length] = '\n';
            return line;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that is no JSON", e);
        }
    }

    @Override
    public void stdout(byte[] bytes) {
        try {
            decoder.accept(bytes);
        } catch (Violation e) {
            end(e.getMessage() == null ? "broken frame" : e.getMessage(), true);
        } catch (RuntimeException e) {
            LOG.warn("A frame of sandbox {} could not be handled", sandbox, e);
            end("a frame of it could not be handled", true);
        }
    }

    @Override
    public void stderr(byte[] bytes) {
        if (complaints < COMPLAINTS) {
            complaints++;
            String text = new String(bytes, 0, Math.min(bytes.length, 500), java.nio.charset.StandardCharsets.UTF_8);
            LOG.info("Sandbox {} says: {}", sandbox, EngineFailures.oneLine(text, 300));
        }
    }

    @Override
    public void closed(@Nullable Throwable failure) {
        end(failure == null ? "the stream ended" : EngineFailures.line(failure), false);
    }

    private void frame(byte[] bytes, int offset, int length) throws Violation {
        synchronized (this) {
            if (ended) {
                return;
            }
        }
        if (!greeted.isDone()) {
            awaitGreeting(bytes, offset, length);
            return;
        }
        JsonNode frame;
        try {
            frame = JSON.readTree(bytes, offset, length);
        } catch (IOException e) {
            throw new Violation("it sent a frame that is no JSON");
        }
        JsonNode method = frame.get("method");
        if (method == null) {
            answered(frame);
            return;
        }
        JsonNode params = frame.path("params");
        JsonNode call = params.get("call");
        switch (method.asText()) {
            case "output" -> listener.output(this, name(call), params);
            case "finished" -> listener.finished(this, name(call), params);
            case "connection" -> listener.connection(this, name(call), params);
            case "ending" -> LOG.debug("Sandbox {} is ending", sandbox);
            default -> throw new Violation("it sent a frame of an unknown method");
        }
    }

    private static String name(@Nullable JsonNode call) throws Violation {
        if (call == null || !call.isTextual()) {
            throw new Violation("it sent output without a call");
        }
        return call.textValue();
    }

    /** Before the answer to our hello there may be halves of frames, and frames for a predecessor. */
    private void awaitGreeting(byte[] bytes, int offset, int length) throws Violation {
        JsonNode frame;
        try {
            frame = JSON.readTree(bytes, offset, length);
        } catch (IOException e) {
            return;
        }
        if (!greeting.equals(frame.path("id").textValue())) {
            return;
        }
        JsonNode result = frame.get("result");
        if (result == null) {
            throw new Violation("it refused to talk: "
                    + ServiceError.of(frame.path("error")).getMessage());
        }
        greeted.complete(result);
    }

    private void answered(JsonNode frame) throws Violation {
        JsonNode id = frame.path("id");
        Pending request;
        synchronized (this) {
            request = id.isIntegralNumber() && id.canConvertToLong() ? pending.remove(id.longValue()) : null;
        }
        if (request == null) {
            JsonNode error = frame.get("error");
            throw new Violation(
                    error == null
                            ? "it answered what nobody asked"
                            : "it complained: " + ServiceError.of(error).getMessage());
        }
        request.heard().run();
        JsonNode result = frame.get("result");
        if (result != null) {
            request.answer().complete(result);
        } else if (frame.path("error").isObject()) {
            request.answer().completeExceptionally(ServiceError.of(frame.path("error")));
        } else {
            request.answer().completeExceptionally(new LinkBroken("an answer without result"));
            throw new Violation("it sent an answer without a result");
        }
    }

    /** Ends the link as if the other side had. */
    void end(String why, boolean violation) {
        if (finish(why)) {
            listener.broken(this, why, violation);
        }
    }

    @Override
    public void close() {
        finish("detached");
    }

    private boolean finish(String why) {
        List<Pending> waiting;
        Closeable attachment;
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            waiting = new ArrayList<>(pending.values());
            pending.clear();
            attachment = attached;
        }
        stdin.close();
        closeQuietly(attachment);
        LinkBroken broken = new LinkBroken(why);
        greeted.completeExceptionally(broken);
        waiting.forEach(request -> request.answer().completeExceptionally(broken));
        return true;
    }

    private static void closeQuietly(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException e) {
                LOG.debug("An attachment did not close", e);
            }
        }
    }
}
