package org.rungpt.gate;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.gate.Verdict.Refused;

/**
 * The rules, in their order. Each one alone stops some attack that needs no other: the host list DNS rebinding, the content type and
 * the mark cross-site forms, fetch metadata and origin other sites' scripts, the credentials other users of the machine.
 */
final class Policy {
    /** What anybody on this machine may read: it tells nothing. */
    static final Set<String> PUBLIC = Set.of("/healthz", "/login", "/login/login.js", "/login/login.css");

    static final String SESSION = "/api/session";

    /** Takes whole files of conversations. */
    private static final String IMPORT = "/api/import";

    /** Take messages, which may hold files. */
    private static final Pattern MESSAGES = Pattern.compile("/api/conversations/[^/]+/(?:messages|branches)");

    private static final long LARGEST_FILE = 64L << 20;
    /** Files of conversations are read piece by piece. */
    private static final long LARGEST_IMPORT = 4L << 30;

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");

    private final Credentials credentials;
    private final long largestBody;

    Policy(Credentials credentials, long largestBody) {
        this.credentials = credentials;
        this.largestBody = largestBody;
    }

    Verdict decide(Facts facts) {
        if (facts.hosts().size() != 1 || !isOurs(facts.hosts().get(0), facts)) {
            return new Refused(
                    421,
                    "host",
                    "This server answers only to localhost, 127.0.0.1 and [::1] with its own port.",
                    "Open the address that ./rungpt run printed.");
        }
        if (!facts.server().equals(facts.hosts().get(0)) && !isOurs(facts.server(), facts)) {
            return new Refused(400, "target", "The request target names another host than the Host header.", null);
        }
        if (!METHODS.contains(facts.method()) || !facts.isApi() && !facts.isSafe()) {
            return new Refused(405, "method", "This address does not take that method.", null);
        }
        Verdict body = body(facts);
        if (body instanceof Refused) {
            return body;
        }
        if (!isSameSite(facts) || !isSameOrigin(facts)) {
            return new Refused(
                    403,
                    "cross_site",
                    "Requests that come from other web sites are refused.",
                    "Type the address into the browser yourself.");
        }
        boolean open = facts.isSafe() && PUBLIC.contains(facts.path())
                || facts.method().equals("POST") && facts.path().equals(SESSION);
        if (!open && !isKnown(facts)) {
            return unknown(facts);
        }
        // A cookie alone does not open the door, so no other site can use it.
        if (!facts.isSafe() && !facts.marked() && !facts.isDoor()) {
            return new Refused(
                    403, "unmarked", "A request that changes something needs the header X-RunGPT: 1.", "Send it.");
        }
        return Verdict.PASS;
    }

    private static boolean isOurs(String host, Facts facts) {
        int standard = facts.secure() ? 443 : 80;
        for (String name : List.of("127.0.0.1", "localhost", "[::1]")) {
            if (host.equals(name + ":" + facts.port()) || facts.port() == standard && host.equals(name)) {
                return true;
            }
        }
        return false;
    }

    private Verdict body(Facts facts) {
        if (!facts.hasBody()) {
            return Verdict.PASS;
        }
        if (facts.isSafe()) {
            return new Refused(400, "body", "A request that only reads has no body.", null);
        }
        if (!isJson(facts.contentType())) {
            return new Refused(415, "content_type", "The body must be JSON.", "Send Content-Type: application/json.");
        }
        if (facts.chunked()) {
            return new Refused(411, "length", "The length of the body must be told.", "Send Content-Length.");
        }
        long largest = largest(facts);
        if (facts.contentLength() > largest) {
            return new Refused(
                    413, "too_large", "The body is larger than " + largest + " bytes.", "Send less at a time.");
        }
        return Verdict.PASS;
    }

    private long largest(Facts facts) {
        if (facts.path().equals(IMPORT)) {
            return Math.max(largestBody, LARGEST_IMPORT);
        }
        return facts.isDoor() || MESSAGES.matcher(facts.path()).matches()
                ? Math.max(largestBody, LARGEST_FILE)
                : largestBody;
    }

    private static boolean isJson(@Nullable String contentType) {
        if (contentType == null) {
            return false;
        }
        String normal = contentType.toLowerCase(Locale.ROOT).replaceAll("[\\s\"]", "");
        return normal.equals("application/json") || normal.equals("application/json;charset=utf-8");
    }

    /** Browsers say where a request comes from; other programs do not. */
    private static boolean isSameSite(Facts facts) {
        String site = facts.fetchSite();
        if (site == null || site.equals("same-origin")) {
            return true;
        }
        return site.equals("none")
                && facts.isSafe()
                && (facts.fetchMode() == null || facts.fetchMode().equals("navigate"));
    }

    private static boolean isSameOrigin(Facts facts) {
        String own = (facts.secure() ? "https://" : "http://") + facts.hosts().get(0);
        return facts.origins().isEmpty() || facts.origins().equals(List.of(own));
    }

    private boolean isKnown(Facts facts) {
        if (!facts.authorizations().isEmpty()) {
            // Who sends a token means it: no falling back to the cookie.
            String only =
                    facts.authorizations().size() == 1 ? facts.authorizations().get(0) : "";
            return only.regionMatches(true, 0, "Bearer ", 0, 7)
                    && credentials.isToken(only.substring(7).strip());
        }
        return !facts.isDoor() && facts.sessions().stream().anyMatch(credentials::isSession);
    }

    private static Verdict unknown(Facts facts) {
        boolean person = facts.authorizations().isEmpty()
                && facts.method().equals("GET")
                && !facts.isApi()
                && (facts.path().equals("/") || facts.path().isEmpty() || "navigate".equals(facts.fetchMode()));
        return person
                ? Verdict.LOG_IN
                : new Refused(
                        401,
                        "unauthenticated",
                        "You are not logged in.",
                        "Open /login, or send the token that ./rungpt token prints as Authorization: Bearer TOKEN.");
    }
}
