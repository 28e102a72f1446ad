package org.rungpt.itests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A model server on loopback that streams chat completions from a script and remembers what it was asked. */
final class ModelServer implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern NONCE = Pattern.compile("<run-([a-z0-9]{4,16}) ");

    /** What a script says to a request. */
    @FunctionalInterface
    interface Script {
        void answer(Request request, Answer answer) throws IOException, InterruptedException;
    }

    /** A chat completion request as it arrived. */
    record Request(JsonNode body, String authorization) {
        String system() {
            return text(body.at("/messages/0"));
        }

        /** The nonce, read from the system message like a model does. */
        String nonce() {
            Matcher matcher = NONCE.matcher(system());
            if (!matcher.find()) {
                throw new AssertionError("no tag in the system message:\n" + system());
            }
            return matcher.group(1);
        }

        String last() {
            JsonNode messages = body.path("messages");
            return text(messages.get(messages.size() - 1));
        }

        String everything() {
            return body.path("messages").toString();
        }

        /** A tag that calls a task with one string argument. */
        String call(String id, String task, String argument, String value) {
            return "\n<run-" + nonce() + " action=\"" + task + "\" id=\"" + id + "\">\n<arg name=\"" + argument + "\">"
                    + value + "</arg>\n</run-" + nonce() + ">\n";
        }

        private static String text(JsonNode message) {
            JsonNode content = message.path("content");
            return content.isTextual()
                    ? content.textValue()
                    : content.path(0).path("text").asText();
        }
    }

    /** The streamed answer. */
    static final class Answer {
        private final HttpExchange exchange;
        private final OutputStream out;
        private boolean ended;

        private Answer(HttpExchange exchange) throws IOException {
            this.exchange = exchange;
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            this.out = exchange.getResponseBody();
        }

        /** Streams a text in small pieces. */
        Answer text(String text) throws IOException {
            for (int i = 0; i < text.length(); i += 7) {
                ObjectNode chunk = JSON.createObjectNode().put("object", "chat.completion.chunk");
                chunk.putArray("choices")
                        .addObject()
                        .put("index", 0)
                        .putObject("delta")
                        .put("content", text.substring(i, Math.min(text.length(), i + 7)));
                raw("data: " + chunk + "\n\n");
            }
            return this;
        }

        Answer raw(String bytes) throws IOException {
            out.write(bytes.getBytes(StandardCharsets.UTF_8));
            out.flush();
            return this;
        }

        void end() throws IOException {
            ended = true;
            raw("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
            exchange.close();
        }

        /** Breaks the connection off. */
        void drop() {
            ended = true;
            exchange.close();
        }
    }

    final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile Script script;

    ModelServer(Script script) throws IOException {
        this.script = script;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/v1/models", exchange -> {
            byte[] models = "{\"data\":[{\"id\":\"scripted\",\"object\":\"model\"}]}".getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, models.length);
            exchange.getResponseBody().write(models);
            exchange.close();
        });
        server.createContext("/v1/chat/completions", this::complete);
        server.start();
    }

    private void complete(HttpExchange exchange) throws IOException {
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        Request request =
                new Request(JSON.readTree(exchange.getRequestBody()), authorization == null ? "" : authorization);
        Answer answer = new Answer(exchange);
        requests.add(request);
        try {
            script.answer(request, answer);
            if (!answer.ended) {
                answer.end();
            }
        } catch (IOException e) {
            exchange.close(); // the client went away
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.close();
        }
    }

    void script(Script next) {
        script = next;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    Request nextRequest() throws InterruptedException {
        Request request = requests.poll(180, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("the model was not asked within 180 s");
        }
        return request;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
