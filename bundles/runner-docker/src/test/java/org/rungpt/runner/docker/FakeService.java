package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The other side of a link, which says whatever a test lets it say. */
final class FakeService implements Transport {
    private static final ObjectMapper JSON = new ObjectMapper();

    final LinkedBlockingQueue<JsonNode> heard = new LinkedBlockingQueue<>();
    final CountDownLatch closed = new CountDownLatch(1);
    private Receiver receiver;

    @Override
    public Closeable open(InputStream stdin, Receiver to) {
        receiver = to;
        Thread reader = new Thread(() -> read(stdin), "fake-service");
        reader.setDaemon(true);
        reader.start();
        return closed::countDown;
    }

    private void read(InputStream stdin) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stdin, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    heard.add(JSON.readTree(line));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    JsonNode next() throws InterruptedException {
        JsonNode frame = heard.poll(10, TimeUnit.SECONDS);
        if (frame == null) {
            throw new AssertionError("nothing was sent");
        }
        return frame;
    }

    void say(String text) {
        receiver.stdout(text.getBytes(StandardCharsets.UTF_8));
    }

    void greet() throws InterruptedException {
        JsonNode hello = next();
        say("half a frame of before\n{\"id\":1,\"result\":{}}\n{\"jsonrpc\":\"2.0\",\"id\":" + hello.get("id")
                + ",\"result\":{\"protocol\":1}}\n");
    }

    void end() {
        receiver.closed(null);
    }
}
