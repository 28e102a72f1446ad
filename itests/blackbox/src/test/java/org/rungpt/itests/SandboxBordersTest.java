package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What crosses the border between a whole server and its sandboxes: nothing of the host goes in, and only what may comes out. */
@Tag("docker")
class SandboxBordersTest {
    private static final String KEY = "sk-canary-7d1f0a93";
    private static final String CANARY = "host-canary-1b6e44c0";
    private static final long MOST_OUTPUT = 64L << 20;
    /** Of each stream half a MiB from either end, and what is left of the piece that reached it. */
    private static final long MOST_IN_THE_LOG = (1L << 20) + (64 << 10);
    /** Beside the log. */
    private static final long MOST_KEPT = 16L << 20;

    private static final String NOBODY = "nobody known";

    @TempDir
    static Path directory;

    private static ModelServer model;
    private static RunGpt server;
    private static Map<String, String> before;

    @BeforeAll
    static void start() throws Exception {
        model = new ModelServer((request, answer) -> answer.text("unscripted"));
        before = listening();
        server = new RunGpt(directory.resolve("data"))
                .with("OPENAI_BASE_URL", model.url())
                .with("OPENAI_API_KEY", KEY)
                .with("HOST_CANARY", CANARY)
                .with("AWS_SECRET_ACCESS_KEY", CANARY)
                .with("RUNGPT_CANARY", CANARY)
                .start("--model", "openai/scripted");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        model.close();
    }

    /** What a command in the workspace says. */
    private static String output(String conversation, String command) throws Exception {
        long after =
                server.get("/api/conversations/" + conversation).path("lastSeq").asLong();
        server.say(
                conversation,
                "/run system.shell " + ModelServer.JSON.createObjectNode().put("command", command));
        StringBuilder said = new StringBuilder();
        for (JsonNode event : server.eventsUntil(conversation, after, RunGpt.type("turn.finished"))) {
            if (RunGpt.type("call.output").test(event)) {
                said.append(event.at("/data/text").asText());
            }
        }
        return said.toString();
    }

    @Test
    @DisplayName("A.13 no environment of a sandbox holds the server's key or anything of the host's")
    void nothingOfTheHostsEnvironment() throws Exception {
        String own = Files.readString(Path.of("/proc/" + server.pid() + "/environ"));
        assertThat(own).as("the server itself has what is looked for").contains(KEY, CANARY);
        String conversation = server.conversation();
        String look =
                "env; for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ; done 2>/dev/null; cat /proc/[0-9]*/cmdline"
                        + " 2>/dev/null | tr '\\0' '\\n'";
        String said = output(conversation, look);
        assertThat(said).contains("RUNGPT_CALL=").doesNotContain(KEY, CANARY, "OPENAI", "AWS_", "HOST_CANARY");
        // The same look finds what is there.
        assertThat(output(conversation, "export PLANTED=" + CANARY + "; sleep 60 & " + look))
                .contains("PLANTED=" + CANARY);
        // Nor do the engine's records of any container of this server.
        Set<String> containers = new OnTheEngine(server).containers();
        assertThat(containers).isNotEmpty();
        List<String> command = new ArrayList<>(List.of("inspect"));
        command.addAll(containers);
        assertThat(OnTheEngine.docker(command.toArray(String[]::new)))
                .contains("\"Env\"")
                .doesNotContain(KEY, CANARY, "OPENAI");
    }

    @Test
    @DisplayName(
            "A.12 while a program listens in its sandbox, only the server's documented ports are new on the machine")
    void onlyTheDocumentedPorts() throws Exception {
        String conversation = server.conversation();
        server.say(
                conversation,
                "/run system.shell "
                        + ModelServer.JSON
                                .createObjectNode()
                                .put(
                                        "command",
                                        "exec python3 -c 'import socket, time; s = [socket.create_server((a, 48990 + i)) for i,"
                                                + " a in enumerate([\"0.0.0.0\", \"127.0.0.1\"])]; print(\"there\","
                                                + " flush=True); time.sleep(15)'"));
        server.eventsUntil(conversation, 0, RunGpt.type("call.output.delta"));
        Map<String, String> now = listening();
        now.keySet().removeAll(before.keySet());
        // Whatever else starts on this machine just now is a program of its own: neither the server, nor the engine,
        // nor in a container.
        now.values().removeIf(owner -> owner.equals("another"));
        JsonNode told = ModelServer.JSON.readTree(Files.readString(server.data.resolve("server.json")));
        assertThat(now)
                .isEqualTo(Map.of(
                        "127.0.0.1:" + told.path("port").asInt(),
                        "the server",
                        "127.0.0.1:" + told.path("sshPort").asInt(),
                        "the server"));
        server.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        // The look finds what the server or anybody else opens to everybody.
        try (ServerSocket planted = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            assertThat(listening().keySet())
                    .anyMatch(address -> address.endsWith("0.0.0.0:" + planted.getLocalPort())
                            || address.endsWith("::" + planted.getLocalPort()));
        }
    }

    /** Every TCP socket of this machine that listens, and whose it is. */
    private static Map<String, String> listening() throws IOException {
        Map<String, String> owners = new TreeMap<>();
        Map<String, String> addresses = addresses();
        addresses.forEach((socket, address) -> owners.put(address, NOBODY));
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                for (String socket : sockets(process)) {
                    if (addresses.containsKey(socket)) {
                        owners.put(addresses.get(socket), owner(process));
                    }
                }
            }
        }
        // Some were closed before it was looked for who has them.
        Collection<String> still = addresses().values();
        owners.entrySet().removeIf(one -> one.getValue().equals(NOBODY) && !still.contains(one.getKey()));
        return owners;
    }

    /** By socket. */
    private static Map<String, String> addresses() throws IOException {
        Map<String, String> addresses = new TreeMap<>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            for (String line :
                    Files.readAllLines(Path.of(table)).stream().skip(1).toList()) {
                String[] fields = line.strip().split("\\s+");
                if (fields[3].equals("0A")) {
                    addresses.put("socket:[" + fields[9] + "]", address(fields[1]));
                }
            }
        }
        return addresses;
    }

    private static Set<String> sockets(Path process) {
        Set<String> sockets = new TreeSet<>();
        try (Stream<Path> files = Files.list(process.resolve("fd"))) {
            for (Path file : files.toList()) {
                sockets.add(Files.readSymbolicLink(file).toString());
            }
        } catch (IOException e) {
            // It has ended, or is not ours to look at.
        }
        return sockets;
    }

    private static String owner(Path process) throws IOException {
        if (server != null
                && Files.exists(server.data.resolve("server.json"))
                && process.getFileName().toString().equals(Long.toString(server.pid()))) {
            return "the server";
        }
        try {
            boolean contained = Files.readString(process.resolve("cgroup")).contains("docker");
            String name = Files.readString(process.resolve("comm"));
            return contained ? "a container" : name.matches("(?s)(docker|containerd).*") ? "the engine" : "another";
        } catch (IOException e) {
            return "another";
        }
    }

    /** From the kernel's way of writing it: the host's byte order, in hexadecimal. */
    private static String address(String hex) {
        String host = hex.substring(0, hex.indexOf(':'));
        int port = Integer.parseInt(hex.substring(hex.indexOf(':') + 1), 16);
        List<String> parts = new ArrayList<>();
        for (int word = 0; word < host.length(); word += 8) {
            for (int i = word + 6; i >= word; i -= 2) {
                parts.add(Integer.toString(Integer.parseInt(host.substring(i, i + 2), 16)));
            }
        }
        String written = String.join(".", parts);
        if (parts.size() == 4) {
            return written + ":" + port;
        }
        boolean mapped = written.startsWith("0.0.0.0.0.0.0.0.0.0.255.255.");
        return (mapped ? String.join(".", parts.subList(12, 16)) : written.matches("[0.]+") ? ":" : written) + ":"
                + port;
    }

    @Test
    @DisplayName(
            "A.5 a flood is stopped at its cap, what is stored of it is bounded, what is left out is told to the byte, and a reader stays")
    void flood() throws Exception {
        model.requests.clear();
        model.script((request, answer) -> answer.text(
                request.last().contains("<result-") ? "Enough." : request.call("1", "system.shell", "command", "yes")));
        String conversation = server.conversation();
        server.say(conversation, "Say yes.");
        // One connection from the beginning to the end: were it cut, this would fail.
        List<JsonNode> events = server.eventsUntil(conversation, 0, RunGpt.type("call.finished"));
        JsonNode finished = events.get(events.size() - 1).path("data");
        assertThat(finished.path("message").asText()).contains("more than 64 MiB of output (limit)");
        assertThat(finished.path("stdout").asLong()).isEqualTo(MOST_OUTPUT);

        long stored = events.stream()
                .filter(RunGpt.type("call.output"))
                .mapToLong(event -> event.at("/data/text").asText().length())
                .sum();
        assertThat(stored).isBetween(1L, MOST_IN_THE_LOG);
        assertThat(size(server.data.resolve("artifacts"))).isLessThanOrEqualTo(MOST_KEPT);

        // On a slow machine an interim result comes first.
        Pattern all = Pattern.compile("(\\d+) of " + MOST_OUTPUT + " bytes of output are left out");
        String told = model.nextRequest().last();
        Matcher leftOut = all.matcher(told);
        while (!leftOut.find()) {
            told = model.nextRequest().last();
            leftOut = all.matcher(told);
        }
        long shown = told.lines().filter(line -> line.equals("y")).count() * 2;
        assertThat(Long.parseLong(leftOut.group(1)) + shown).as(told).isEqualTo(MOST_OUTPUT);
    }

    private static long size(Path place) throws IOException {
        try (Stream<Path> all = Files.walk(place)) {
            long size = 0;
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
            return size;
        }
    }
}
