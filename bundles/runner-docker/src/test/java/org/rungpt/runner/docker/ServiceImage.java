package org.rungpt.runner.docker;

import com.github.dockerjava.api.command.BuildImageResultCallback;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;

/** An image of a small web server on the ports of these tests, made from the base image. */
record ServiceImage(Bench bench, String tag, String id) {
    private static final String PROGRAM = """
            import http.server, os, sys, uuid
            from pathlib import Path
            word = os.environ.get("SAY", "served") + " " + uuid.uuid4().hex
            ports = [int(p) for p in os.environ["PORTS"].split()]
            class Answer(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(word.encode())
                def log_message(self, *args):
                    pass
            import threading
            servers = []
            for port in ports:
                try:
                    servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer))
                except OSError:
                    pass
            if not servers:
                sys.exit("no port")
            for server in servers[1:]:
                threading.Thread(target=server.serve_forever, daemon=True).start()
            servers[0].serve_forever()
            """;

    static ServiceImage build(Bench bench, Path directory) throws Exception {
        return build(bench, directory, "[\"/usr/bin/python3\", \"/serve.py\"]");
    }

    /** @param entryPoint as in a Dockerfile */
    static ServiceImage build(Bench bench, Path directory, String entryPoint) throws Exception {
        Path context = Files.createDirectory(directory.resolve("service-" + UUID.randomUUID()));
        Files.writeString(context.resolve("serve.py"), PROGRAM);
        String base = bench.images().base();
        Files.writeString(
                context.resolve("Dockerfile"),
                "FROM " + base
                        + "\nCOPY serve.py /serve.py\nENV PORTS=\"8123 8124 8125 8200\"\nVOLUME /data\nENTRYPOINT "
                        + entryPoint + "\n");
        String tag = "rungpt-test/service:" + UUID.randomUUID();
        String id;
        try (BuildImageResultCallback built = new BuildImageResultCallback()) {
            id = bench.engine
                    .streams()
                    .buildImageCmd(context.toFile())
                    .withTags(Set.of(tag))
                    .exec(built)
                    .awaitImageId();
        }
        return new ServiceImage(
                bench, tag, bench.docker().inspectImageCmd(id).exec().getId());
    }

    /** By digest: an image that no registry knows has its own. */
    String reference() {
        return "rungpt-test/service@" + id;
    }

    void remove() {
        try (Engine engine = new Engine(Bench.HOST, 2)) {
            engine.control().removeImageCmd(tag).withForce(true).exec();
        }
    }
}
