package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that lead elsewhere, through everything that takes a name. */
@Tag("docker")
class PathTraversalTest {
    private static final String CANARY = "canary-5f0c1d7e";

    /** Written as they go over the wire; each leads to the canary, to the machine's users, or nowhere. */
    private static final List<String> NAMES = List.of(
            "..%2f..%2fetc%2fpasswd",
            "../../../../../../etc/passwd",
            "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "..%252f..%252fetc%252fpasswd",
            "%2fetc%2fpasswd",
            "//etc/passwd",
            "a/../../b",
            "a%2f..%2f..%2fsecret%2fcanary",
            "..;/..;/etc/passwd",
            "..%5c..%5cetc%5cpasswd",
            "C:%5c",
            "%00",
            "x%00.txt",
            "%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
            "%ef%bc%8e%ef%bc%8e%ef%bc%8fetc%ef%bc%8fpasswd",
            "%e2%80%a5%2fetc%2fpasswd",
            ".",
            "..",
            "%20",
            "secret/canary",
            "..%2fsecret%2fcanary",
            "x".repeat(5000));

    @TempDir
    Path data;

    private RunGpt server;
    private String conversation = "";
    private String call = "";

    @BeforeEach
    void aServerWithAConversationThatHoldsAFile() throws Exception {
        server = new RunGpt(data).start();
        Files.writeString(data.resolve("secret/canary"), CANARY);
        conversation = server.conversation();
        server.say(conversation, "/run system.shell command=\"echo mine > $RUNGPT_OUT/a.txt\"");
        List<JsonNode> events = server.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        call = events.stream()
                .filter(RunGpt.type("call.finished"))
                .findFirst()
                .orElseThrow()
                .at("/data/call")
                .asText();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    @DisplayName("A.18 no name leads out of the places that it is for, through any interface that takes one")
    void noNameLeadsOut() throws Exception {
        String own = server.get("/api/conversations/" + conversation + "/artifacts")
                .at("/artifacts/0/artifact")
                .asText();
        assertThat(own).isNotEmpty();
        String one = "/api/conversations/" + conversation;
        List<String> places = List.of(
                "/",
                "/assets/",
                "/login/",
                "/api/",
                "/v1/",
                "/api/conversations/",
                one + "/",
                one + "/artifacts/",
                one + "/artifacts/" + own + "/",
                one + "/messages/@/receipt",
                one + "/calls/@/changes",
                one + "/calls/@/diff",
                one + "/calls/" + call + "/",
                one + "/export?format=",
                "/api/conversations/@/events",
                "/api/conversations/@/artifacts/" + own,
                "/api/connections/@/probe",
                "/api/actions/@/secrets/@");
        List<String> wrong = new ArrayList<>();
        for (String place : places) {
            for (String name : NAMES) {
                String path = place.contains("@") ? place.replace("@", name) : place + name;
                String answer = answer("GET", path);
                int status = Integer.parseInt(answer.substring(9, 12));
                boolean isPage = status == 200 && answer.contains("<title>RunGPT</title>");
                if (answer.contains(CANARY) || answer.contains("root:x:0:0") || answer.contains("\tat ")) {
                    wrong.add(path + " gave what it must not: " + answer);
                } else if (!isPage && (status < 400 || status >= 500) && !leadsToItself(path, status)) {
                    wrong.add(
                            path + " was answered " + answer.lines().findFirst().orElse(""));
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(answer("GET", one + "/artifacts/" + own))
                .startsWith("HTTP/1.1 200")
                .endsWith("mine\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE"})
    @DisplayName(
            "A.18 no name leads out of the places that it is for, when something is to be changed or deleted there")
    void noNameLeadsOutOfWhatIsChanged(String method) throws Exception {
        Path beside = Files.createDirectories(data.resolveSibling(data.getFileName() + "-evil"));
        Path canary = Files.writeString(beside.resolve("canary"), CANARY);
        List<String> places = List.of(
                "/api/conversations/",
                "/api/conversations/@/messages",
                "/api/conversations/@/permissions",
                "/api/conversations/" + conversation + "/artifacts/",
                "/api/conversations/" + conversation + "/calls/@/revert",
                "/api/conversations/" + conversation + "/calls/@/approval",
                "/api/connections/",
                "/api/actions/",
                "/api/actions/@/secrets/@",
                "/api/shares/",
                "/v1/");
        List<String> names = new ArrayList<>(NAMES);
        names.addAll(List.of("..%2f" + beside.getFileName() + "%2fcanary", "../" + beside.getFileName() + "/canary"));
        // They are the place itself, which may well be asked for.
        names.removeAll(List.of(".", "..", "%20"));
        List<String> wrong = new ArrayList<>();
        for (String place : places) {
            for (String name : names) {
                String path = place.contains("@") ? place.replace("@", name) : place + name;
                String answer = answer(method, path);
                int status = Integer.parseInt(answer.substring(9, 12));
                if (status < 400 || status >= 500 || answer.contains(CANARY) || answer.contains("\tat ")) {
                    wrong.add(method + " " + path + " was answered "
                            + answer.lines().findFirst().orElse(""));
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(canary).hasContent(CANARY);
        assertThat(data.resolve("secret/canary")).hasContent(CANARY);
        assertThat(server.get("/api/conversations/" + conversation).path("id").asText())
                .isEqualTo(conversation);
    }

    /** A dot is the place itself, for whoever reads a path as an address. */
    private static boolean leadsToItself(String path, int status) {
        String normal = URI.create(path.replace("%20", "").replace("?format=", "?"))
                .normalize()
                .getPath();
        return status == 200 && (path.endsWith("/.") || path.endsWith("/..")) && !normal.equals(path);
    }

    /** The answer to a request whose path is sent as it is. */
    private String answer(String method, String path) throws IOException {
        URI address = URI.create(server.url());
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((method + " " + path + " HTTP/1.1\r\nHost: " + address.getAuthority()
                                    + "\r\nAuthorization: Bearer " + server.token()
                                    + "\r\nX-RunGPT: 1\r\nConnection: close\r\n"
                                    + (method.equals("GET")
                                            ? "\r\n"
                                            : "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"))
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
