package org.rungpt.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.gate.Verdict.Refused;

final class PolicyTest {
    private static final int PORT = 8080;
    private static final String HOST = "127.0.0.1:8080";

    private final Policy policy = new Policy(
            new Credentials() {
                @Override
                public boolean isToken(String candidate) {
                    return candidate.equals("right");
                }

                @Override
                public boolean isSession(String candidate) {
                    return candidate.equals("open");
                }
            },
            1000);

    /** A request that passes, to be spoiled in one point. */
    private static final class Sent {
        String method = "GET";
        String path = "/api/conversations";
        boolean secure;
        String server;
        List<String> hosts = List.of(HOST);
        List<String> origins = List.of();
        String site;
        String mode;
        String type;
        long length = -1;
        boolean chunked;
        List<String> authorizations = List.of();
        List<String> sessions = List.of("open");
        boolean marked = true;

        Facts facts() {
            return new Facts(
                    method,
                    path,
                    secure,
                    PORT,
                    server == null ? (hosts.isEmpty() ? "" : hosts.get(0)) : server,
                    hosts,
                    origins,
                    site,
                    mode,
                    type,
                    length,
                    chunked,
                    authorizations,
                    sessions,
                    marked);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refuses(String what, int status, UnaryOperator<Sent> spoil) {
        Verdict verdict = policy.decide(spoil.apply(new Sent()).facts());
        assertThat(verdict).as(what).isInstanceOf(Refused.class);
        assertThat(((Refused) verdict).status()).as(what).isEqualTo(status);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refusesTheSameWithATokenInPlaceOfTheCookie(String what, int status, UnaryOperator<Sent> spoil) {
        Sent sent = spoil.apply(new Sent());
        if (!sent.sessions.equals(List.of("open")) || !sent.authorizations.isEmpty()) {
            return;
        }
        sent.sessions = List.of();
        sent.authorizations = List.of("Bearer right");
        assertThat(policy.decide(sent.facts())).as(what).isInstanceOf(Refused.class);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/conversations/c1/messages, 67108864, true",
        "/api/conversations/c1/messages, 67108865, false",
        "/api/conversations/c1/branches, 67108864, true",
        "/v1/chat/completions, 67108864, true",
        "/v1/chat/completions, 67108865, false",
        "/api/import, 4294967296, true",
        "/api/conversations/c1/approvals/messages, 1001, false",
        "/api/conversations/c1/messages/x, 1001, false",
        "/api/conversations, 1001, false"
    })
    void takesLargeBodiesWhereFilesAreTaken(String path, long length, boolean taken) {
        var sent = new Sent();
        sent.method = "POST";
        sent.path = path;
        sent.type = "application/json";
        sent.length = length;
        sent.authorizations = List.of("Bearer right");
        Verdict verdict = policy.decide(sent.facts());
        if (taken) {
            assertThat(verdict).isEqualTo(Verdict.PASS);
        } else {
            assertThat(((Refused) verdict).status()).isEqualTo(413);
        }
    }

    static Stream<Arguments> refused() {
        List<Arguments> rows = new ArrayList<>();
        for (String host : List.of(
                "evil.com",
                "evil.com:8080",
                "127.0.0.1.nip.io:8080",
                "localhost.evil.com:8080",
                "localhost.:8080",
                "LOCALHOST:8080",
                "Localhost:8080",
                "127.1:8080",
                "127.0.0.2:8080",
                "0.0.0.0:8080",
                "2130706433:8080",
                "0x7f.1:8080",
                "[::]:8080",
                "[0:0:0:0:0:0:0:1]:8080",
                "::1:8080",
                "127.0.0.1:8081",
                "127.0.0.1",
                "localhost",
                "localhost:",
                "localhost:08080",
                "localhost:8080:8080",
                "localhost:8080 ",
                "localhost:8080,evil.com",
                "user@localhost:8080",
                "127.0.0.1:8080.evil.com",
                "")) {
            rows.add(row("host " + host, 421, s -> {
                s.hosts = List.of(host);
                s.server = HOST;
                return s;
            }));
        }
        rows.add(row("no host", 421, s -> {
            s.hosts = List.of();
            return s;
        }));
        rows.add(row("two hosts", 421, s -> {
            s.hosts = List.of(HOST, "evil.com");
            return s;
        }));
        rows.add(row("the same host twice", 421, s -> {
            s.hosts = List.of(HOST, HOST);
            return s;
        }));
        rows.add(row("absolute target with another host", 400, s -> {
            s.server = "evil.com:80";
            return s;
        }));
        for (String method : List.of("OPTIONS", "TRACE", "CONNECT", "TRACK", "PROPFIND", "get", "POST ", "DEBUG")) {
            rows.add(row("method " + method, 405, s -> {
                s.method = method;
                return s;
            }));
        }
        rows.add(row("POST to a page", 405, s -> {
            s.method = "POST";
            s.path = "/";
            return s;
        }));
        rows.add(row("POST to the login page", 405, s -> {
            s.method = "POST";
            s.path = "/login";
            return s;
        }));
        for (String type : new String[] {
            null,
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/json",
            "application/jsonp",
            "application/json, text/plain",
            "application/json;charset=utf-7",
            "text/plain; application/json",
            ""
        }) {
            rows.add(row("content type " + type, 415, s -> {
                s.method = "POST";
                s.type = type;
                s.length = 10;
                return s;
            }));
        }
        rows.add(row("chunked form", 415, s -> {
            s.method = "POST";
            s.type = "text/plain";
            s.chunked = true;
            return s;
        }));
        rows.add(row("body of unknown length", 411, s -> {
            s.method = "POST";
            s.type = "application/json";
            s.chunked = true;
            return s;
        }));
        rows.add(row("too large a body", 413, s -> {
            s.method = "POST";
            s.type = "application/json";
            s.length = 1001;
            return s;
        }));
        rows.add(row("GET with a body", 400, s -> {
            s.type = "application/json";
            s.length = 2;
            return s;
        }));
        for (String site : List.of("cross-site", "same-site", "none", "", "Same-Origin", "same-origin, none")) {
            rows.add(row("POST from site " + site, 403, s -> {
                s.method = "POST";
                s.site = site;
                return s;
            }));
        }
        for (String site : List.of("cross-site", "same-site")) {
            rows.add(row("navigation from " + site, 403, s -> {
                s.site = site;
                s.mode = "navigate";
                s.path = "/";
                return s;
            }));
        }
        rows.add(row("no-cors read from nowhere", 403, s -> {
            s.site = "none";
            s.mode = "no-cors";
            return s;
        }));
        for (String origin : List.of(
                "https://evil.com",
                "null",
                "http://localhost:8081",
                "http://localhost:8080",
                "http://127.0.0.1:8080.evil.com",
                "http://localhost:8080@evil.com",
                "https://127.0.0.1:8080",
                "http://127.0.0.1:8080/",
                "HTTP://127.0.0.1:8080",
                "127.0.0.1:8080",
                "")) {
            for (String method : List.of("GET", "POST")) {
                rows.add(row(method + " from origin " + origin, 403, s -> {
                    s.method = method;
                    s.origins = List.of(origin);
                    return s;
                }));
            }
        }
        rows.add(row("two origins", 403, s -> {
            s.origins = List.of("http://" + HOST, "http://" + HOST);
            return s;
        }));
        for (String authorization : List.of(
                "Bearer wrong",
                "Bearer",
                "Bearer ",
                "right",
                "Basic right",
                "Bearer RIGHT",
                "Bearer righ",
                "Bearer right2",
                "Bearer right, Bearer right",
                "Token right")) {
            rows.add(row("authorization " + authorization, 401, s -> {
                s.authorizations = List.of(authorization);
                return s;
            }));
        }
        rows.add(row("two authorizations", 401, s -> {
            s.authorizations = List.of("Bearer right", "Bearer right");
            return s;
        }));
        for (List<String> cookies : List.of(List.<String>of(), List.of(""), List.of("closed"), List.of("right"))) {
            rows.add(row("cookies " + cookies, 401, s -> {
                s.sessions = cookies;
                return s;
            }));
        }
        for (String path : List.of(
                "/api",
                "/api/",
                "/api/session",
                "/api/session/codes",
                "/healthz/",
                "/healthz/x",
                "/Login",
                "/login/",
                "/login/../api/conversations",
                "/login/login.js.map",
                "//login",
                "/login;x",
                "/assets/index.js",
                "/system/console",
                "/api/login")) {
            rows.add(row("without credentials " + path, 401, s -> {
                s.path = path;
                s.sessions = List.of();
                return s;
            }));
        }
        for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
            rows.add(row("unmarked " + method, 403, s -> {
                s.method = method;
                s.marked = false;
                return s;
            }));
        }
        rows.add(row("unmarked login", 403, s -> {
            s.method = "POST";
            s.path = "/api/session";
            s.type = "application/json";
            s.length = 10;
            s.marked = false;
            return s;
        }));
        rows.add(row("logout by a stranger", 401, s -> {
            s.method = "DELETE";
            s.path = "/api/session";
            s.sessions = List.of();
            return s;
        }));
        return rows.stream();
    }

    @Test
    void theTableIsLong() {
        assertThat(refused().count()).isGreaterThan(100);
    }

    @Test
    void aCookieDoesNotOpenTheDoorForPrograms() {
        Sent sent = new Sent();
        sent.path = "/v1/models";
        assertThat(((Refused) policy.decide(sent.facts())).status()).isEqualTo(401);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("passed")
    void passes(String what, UnaryOperator<Sent> change) {
        assertThat(policy.decide(change.apply(new Sent()).facts())).as(what).isEqualTo(Verdict.PASS);
    }

    static Stream<Arguments> passed() {
        List<Arguments> rows = new ArrayList<>();
        rows.add(row("a program that knows nothing but the token", s -> {
            s.path = "/v1/chat/completions";
            s.method = "POST";
            s.type = "application/json";
            s.length = 10;
            s.sessions = List.of();
            s.authorizations = List.of("Bearer right");
            s.marked = false;
            return s;
        }));
        for (String host : List.of("localhost:8080", "127.0.0.1:8080", "[::1]:8080")) {
            rows.add(row("own page at " + host, s -> {
                s.hosts = List.of(host);
                s.origins = List.of("http://" + host);
                s.site = "same-origin";
                s.mode = "cors";
                s.method = "POST";
                s.type = "application/json; charset=UTF-8";
                s.length = 1000;
                return s;
            }));
        }
        rows.add(row("typed address", s -> {
            s.path = "/";
            s.site = "none";
            s.mode = "navigate";
            return s;
        }));
        rows.add(row("a program with the token", s -> {
            s.sessions = List.of();
            s.authorizations = List.of("bearer right");
            s.method = "DELETE";
            return s;
        }));
        rows.add(row("a cookie of another path beside ours", s -> {
            s.sessions = List.of("planted", "open");
            return s;
        }));
        rows.add(row("POST without a body", s -> {
            s.method = "POST";
            s.length = 0;
            return s;
        }));
        for (String path : Policy.PUBLIC) {
            rows.add(row("anybody reads " + path, s -> {
                s.path = path;
                s.sessions = List.of();
                return s;
            }));
        }
        rows.add(row("anybody may try a code", s -> {
            s.method = "POST";
            s.path = "/api/session";
            s.type = "application/json";
            s.length = 20;
            s.sessions = List.of();
            return s;
        }));
        return rows.stream();
    }

    @Test
    void aPersonWithoutASessionIsSentToTheLoginPage() {
        Sent home = new Sent();
        home.path = "/";
        home.sessions = List.of();
        assertThat(policy.decide(home.facts())).isEqualTo(Verdict.LOG_IN);
        Sent deep = new Sent();
        deep.path = "/c/123";
        deep.site = "none";
        deep.mode = "navigate";
        deep.sessions = List.of("closed");
        assertThat(policy.decide(deep.facts())).isEqualTo(Verdict.LOG_IN);
    }

    @Property(tries = 2000)
    void nobodyPassesWithAnyOtherHost(@ForAll String host) {
        Sent sent = new Sent();
        sent.hosts = List.of(host);
        sent.server = HOST;
        if (!List.of("localhost:8080", HOST, "[::1]:8080").contains(host)) {
            assertThat(policy.decide(sent.facts())).isInstanceOf(Refused.class);
        }
    }

    @Property(tries = 2000)
    void nothingPassesWithoutCredentialsButWhatIsPublic(@ForAll String path, @ForAll String cookie) {
        Sent sent = new Sent();
        sent.path = "/" + path;
        sent.sessions = List.of(cookie);
        if (!Policy.PUBLIC.contains(sent.path) && !cookie.equals("open")) {
            assertThat(policy.decide(sent.facts())).isNotEqualTo(Verdict.PASS);
        }
    }

    private static Arguments row(String what, int status, UnaryOperator<Sent> change) {
        return Arguments.of(what, status, change);
    }

    private static Arguments row(String what, UnaryOperator<Sent> change) {
        return Arguments.of(what, change);
    }
}
