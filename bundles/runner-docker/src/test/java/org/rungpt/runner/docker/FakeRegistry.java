package org.rungpt.runner.docker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A registry on 127.0.0.1 with one image of one file, and every trouble that a registry can make. */
final class FakeRegistry implements AutoCloseable {
    enum Trouble {
        NONE,
        MISSING,
        UNAUTHORISED,
        BROKEN,
        SILENT,
        CUT,
        OTHER_CONTENT
    }

    final CountDownLatch asked = new CountDownLatch(1);
    final AtomicInteger requests = new AtomicInteger();
    final List<String> paths = new CopyOnWriteArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Trouble trouble;
    private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
    private final byte[] manifest;
    private final String layer;

    FakeRegistry(Trouble trouble, String architecture, String text) throws Exception {
        this.trouble = trouble;
        byte[] tar = tar(text.getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
            gzip.write(tar);
        }
        layer = add(zipped.toByteArray());
        String config = "{\"architecture\":\"" + architecture
                + "\",\"os\":\"linux\",\"config\":{\"Env\":[\"GREETING=hello\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + digest(tar) + "\"]}}";
        byte[] configuration = config.getBytes(StandardCharsets.UTF_8);
        manifest = ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
                        + "\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"size\":"
                        + configuration.length + ",\"digest\":\"" + add(configuration)
                        + "\"},\"layers\":[{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar.gzip\",\"size\":"
                        + zipped.size() + ",\"digest\":\"" + layer + "\"}]}")
                .getBytes(StandardCharsets.UTF_8);
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    String reference() throws Exception {
        return "127.0.0.1:" + server.getAddress().getPort() + "/test/thing@" + digest(manifest);
    }

    private static byte[] tar(byte[] file) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            TarArchiveEntry entry = new TarArchiveEntry("greeting");
            entry.setSize(file.length);
            entry.setModTime(0L);
            tar.putArchiveEntry(entry);
            tar.write(file);
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    private String add(byte[] blob) throws Exception {
        String digest = digest(blob);
        blobs.put(digest, blob);
        return digest;
    }

    private static String digest(byte[] bytes) throws Exception {
        return "sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.incrementAndGet();
            String path = exchange.getRequestURI().getPath();
            paths.add(path);
            if (path.equals("/v2/")) {
                answer(exchange, 200, "application/json", "{}".getBytes(StandardCharsets.UTF_8));
                return;
            }
            asked.countDown();
            if (path.contains("/manifests/")) {
                manifest(exchange);
            } else {
                blob(exchange, path.substring(path.lastIndexOf('/') + 1));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void manifest(HttpExchange exchange) throws IOException, InterruptedException {
        switch (trouble) {
            case MISSING -> error(exchange, 404, "MANIFEST_UNKNOWN", "manifest unknown");
            case UNAUTHORISED -> error(exchange, 401, "UNAUTHORIZED", "authentication required");
            case BROKEN -> error(exchange, 500, "UNKNOWN", "internal server error");
            case SILENT -> closing.await(2, TimeUnit.MINUTES);
            case OTHER_CONTENT ->
                answer(
                        exchange,
                        200,
                        "application/vnd.docker.distribution.manifest.v2+json",
                        (new String(manifest, StandardCharsets.UTF_8) + " ").getBytes(StandardCharsets.UTF_8));
            default -> answer(exchange, 200, "application/vnd.docker.distribution.manifest.v2+json", manifest);
        }
    }

    private void blob(HttpExchange exchange, String digest) throws IOException {
        byte[] blob = blobs.get(digest);
        if (blob == null) {
            error(exchange, 404, "BLOB_UNKNOWN", "blob unknown");
        } else if (trouble == Trouble.CUT && digest.equals(layer)) {
            exchange.sendResponseHeaders(200, blob.length);
            exchange.getResponseBody().write(blob, 0, blob.length / 2);
        } else {
            answer(exchange, 200, "application/octet-stream", blob);
        }
    }

    private static void error(HttpExchange exchange, int status, String code, String message) throws IOException {
        String json = "{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}]}";
        answer(exchange, status, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, int status, String type, byte[] bytes) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
        if (!head) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
