package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final Pattern PLACE = Pattern.compile("\\{([a-z]+)}");

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

    /** A request that takes names: where they stand in its address, and its method. */
    private record Route(String method, String path, List<String> query) {}

    /** Of the server's own description. */
    private List<Route> routes() throws IOException {
        List<Route> routes = new ArrayList<>();
        Pattern path = Pattern.compile("  (/\\S+):");
        Pattern method = Pattern.compile("    (get|post|put|patch|delete):");
        Pattern query = Pattern.compile(".*\\{ name: ([a-z]+), in: query.*");
        String at = "";
        List<String> common = List.of();
        List<String> own = new ArrayList<>();
        for (String line : answer("GET", "/api/openapi.yaml").split("\n")) {
            Matcher next = path.matcher(line);
            if (line.startsWith("components:")) {
                break;
            } else if (next.matches()) {
                at = next.group(1);
                own = new ArrayList<>();
                common = own;
            } else if ((next = method.matcher(line)).matches()) {
                own = new ArrayList<>(common);
                routes.add(new Route(next.group(1).toUpperCase(Locale.ROOT), at, own));
            } else if ((next = query.matcher(line)).matches()) {
                own.add(next.group(1));
            }
        }
        return routes;
    }

    @Test
    @DisplayName("A.18 no name leads out of the places that it is for, in any place of any route that is described")
    void everyRoute() throws Exception {
        String one = "/api/conversations/" + conversation;
        Map<String, String> own = new TreeMap<>(Map.of(
                "id",
                conversation,
                "call",
                call,
                "artifact",
                server.get(one + "/artifacts").at("/artifacts/0/artifact").asText(),
                "message",
                server.eventsUntil(conversation, 0, RunGpt.type("turn.finished")).stream()
                        .filter(RunGpt.type("message.user"))
                        .findFirst()
                        .orElseThrow()
                        .at("/data/message")
                        .asText(),
                "name",
                "demo",
                "alias",
                "system"));
        List<Route> routes = routes();
        assertThat(routes).hasSizeGreaterThan(50);
        // They are the place itself, which may well be asked for.
        List<String> names = NAMES.stream()
                .filter(name -> !List.of(".", "..", "%20").contains(name))
                .toList();
        List<String> wrong = new ArrayList<>();
        Set<String> taken = new TreeSet<>();
        for (Route route : routes) {
            Matcher places = PLACE.matcher(route.path());
            while (places.find()) {
                taken.add(places.group(1));
                for (String name : names) {
                    String before = filled(route.path().substring(0, places.start()), own);
                    String path = before + name + filled(route.path().substring(places.end()), own);
                    String answer = answer(route.method(), path);
                    if (!answer.startsWith("HTTP/1.1 4") || gives(answer)) {
                        wrong.add(route.method() + " " + path + " was answered "
                                + answer.lines().findFirst().orElse(""));
                    }
                }
            }
            for (String parameter : route.query()) {
                for (String name : NAMES) {
                    String path = filled(route.path(), own) + "?" + parameter + "=" + name;
                    String answer = route.method().equals("GET") ? answer("GET", path) : "HTTP/1.1 4";
                    // Words to search for may be any.
                    if (!answer.matches("(?s)HTTP/1.1 [24].*") || gives(answer)) {
                        wrong.add(path + " was answered "
                                + answer.lines().findFirst().orElse(""));
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(taken).isEqualTo(own.keySet());
        assertThat(server.get(one).path("id").asText()).isEqualTo(conversation);
    }

    private static String filled(String path, Map<String, String> own) {
        return PLACE.matcher(path).replaceAll(place -> Objects.requireNonNull(own.get(place.group(1)), path));
    }

    private static boolean gives(String answer) {
        return answer.contains(CANARY) || answer.contains("root:x:0:0") || answer.contains("\tat ");
    }

    @Test
    @DisplayName("A.18 no name leads out of the places that it is for, from the body of a request either")
    void fromBodies() throws Exception {
        String one = "/api/conversations/" + conversation;
        List<List<String>> places = List.of(
                List.of("POST", "/api/session", "{\"code\": \"@\"}"),
                List.of("POST", "/api/conversations", "{\"protocol\": \"@\"}"),
                List.of("PATCH", one, "{\"protocol\": \"@\"}"),
                List.of("POST", one + "/branches", "{\"message\": \"@\"}"),
                List.of("POST", one + "/messages", "{\"text\": \"x\", \"id\": \"@\"}"),
                List.of("POST", one + "/messages", "{\"text\": \"\", \"attachments\": [{\"artifact\": \"@\"}]}"),
                List.of("POST", one + "/calls/" + call + "/approval", "{\"decision\": \"allow\", \"approval\": \"@\"}"),
                List.of(
                        "PUT",
                        one + "/grants",
                        "{\"workspace\": {\"shares\": [{\"name\": \"@\", \"source\": \"/srv\"}]}}"),
                List.of(
                        "PUT",
                        one + "/grants",
                        "{\"workspace\": {\"shares\": [{\"name\": \"a\", \"source\": \"@\"}]}}"),
                List.of(
                        "PUT",
                        "/api/grants",
                        "{\"workspace\": {\"shares\": [{\"name\": \"a\", \"source\": \"" + data + "/@\"}]}}"),
                List.of("PUT", one + "/grants", "{\"workspace\": {\"network\": [\"@\"]}}"),
                List.of("PUT", one + "/grants", "{\"actions\": [{\"action\": \"acme/@/..\", \"contentHash\": \"@\"}]}"),
                List.of("PUT", one + "/policy", "{\"approvals\": [\"@\"]}"),
                List.of("PUT", "/api/connections/other", "{\"kind\": \"@\"}"),
                List.of("POST", "/api/import", "{\"format\": \"@\"}"));
        List<String> wrong = new ArrayList<>();
        for (List<String> place : places) {
            for (String name : NAMES) {
                for (String written : List.of(name, URLDecoder.decode(name, StandardCharsets.UTF_8))) {
                    String text = new ObjectMapper().writeValueAsString(written);
                    String body = place.get(2).replace("@", text.substring(1, text.length() - 1));
                    String answer = answer(place.get(0), place.get(1), body);
                    if (!answer.startsWith("HTTP/1.1 4") || gives(answer)) {
                        wrong.add(place.get(0) + " " + place.get(1) + " " + body + " was answered " + answer);
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(data.resolve("secret/canary")).hasContent(CANARY);
        assertThat(server.get(one + "/grants").toString()).doesNotContain("source");
    }

    @Test
    @DisplayName("A.18 the name of a file that comes in is told as it is, and leads nowhere")
    void namesOfFiles() throws Exception {
        String target = server.conversation();
        for (String name :
                List.of("../../secret/canary", "/etc/passwd", "..\\\\secret", "a/../../b", "x".repeat(200))) {
            String answer = answer(
                    "POST",
                    "/api/conversations/" + target + "/messages",
                    "{\"text\": \"\", \"attachments\": [{\"name\": \"" + name + "\", \"data\": \"bWluZQ==\"}]}");
            assertThat(answer).matches("(?s)HTTP/1.1 (202|400).*").doesNotContain(CANARY);
        }
        for (JsonNode artifact :
                server.get("/api/conversations/" + target + "/artifacts").path("artifacts")) {
            assertThat(answer(
                            "GET",
                            "/api/conversations/" + target + "/artifacts/"
                                    + artifact.path("artifact").asText()))
                    .startsWith("HTTP/1.1 200")
                    .endsWith("mine")
                    .doesNotContain("filename=\"/")
                    .doesNotContainPattern("filename=\"?\\.\\.");
        }
        assertThat(data.resolve("secret/canary")).hasContent(CANARY);
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
        return answer(method, path, method.equals("GET") ? "" : "{}");
    }

    private String answer(String method, String path, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        URI address = URI.create(server.url());
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream()
                    .write((method + " " + path + " HTTP/1.1\r\nHost: " + address.getAuthority()
                                    + "\r\nAuthorization: Bearer " + server.token()
                                    + "\r\nX-RunGPT: 1\r\nConnection: close\r\n"
                                    + (body.isEmpty()
                                            ? "\r\n"
                                            : "Content-Type: application/json\r\nContent-Length: " + bytes.length
                                                    + "\r\n\r\n"))
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(bytes);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
