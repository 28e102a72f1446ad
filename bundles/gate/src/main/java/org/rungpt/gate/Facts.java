package org.rungpt.gate;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the gate knows of a request.
 *
 * @param method as sent
 * @param path decoded, exactly as the whiteboard will look it up
 * @param secure whether it came over TLS
 * @param port the port that the server was reached at
 * @param server host and port as the server understood the request target
 * @param hosts every {@code Host} header
 * @param origins every {@code Origin} header
 * @param fetchSite {@code Sec-Fetch-Site}
 * @param fetchMode {@code Sec-Fetch-Mode}
 * @param contentType {@code Content-Type}
 * @param contentLength of the body; -1 if not told
 * @param chunked whether a body of unknown length follows
 * @param authorizations every {@code Authorization} header
 * @param sessions every value of this server's cookie
 * @param marked whether {@code X-RunGPT: 1} is there
 */
record Facts(
        String method,
        String path,
        boolean secure,
        int port,
        String server,
        List<String> hosts,
        List<String> origins,
        @Nullable String fetchSite,
        @Nullable String fetchMode,
        @Nullable String contentType,
        long contentLength,
        boolean chunked,
        List<String> authorizations,
        List<String> sessions,
        boolean marked) {

    static Facts of(HttpServletRequest request) {
        int port = request.getLocalPort();
        return new Facts(
                request.getMethod(),
                path(request),
                request.isSecure(),
                port,
                request.getServerName() + ":" + request.getServerPort(),
                all(request, "Host"),
                all(request, "Origin"),
                request.getHeader("Sec-Fetch-Site"),
                request.getHeader("Sec-Fetch-Mode"),
                request.getContentType(),
                request.getContentLengthLong(),
                request.getHeader("Transfer-Encoding") != null,
                all(request, "Authorization"),
                cookies(request, cookieName(port)),
                "1".equals(request.getHeader("X-RunGPT")));
    }

    /** Cookies are not bound to a port, so the port is in the name. */
    static String cookieName(int port) {
        return "rungpt_" + port;
    }

    private static String path(HttpServletRequest request) {
        String servlet = request.getServletPath() == null ? "" : request.getServletPath();
        return request.getPathInfo() == null ? servlet : servlet + request.getPathInfo();
    }

    private static List<String> all(HttpServletRequest request, String header) {
        return List.copyOf(Collections.list(request.getHeaders(header)));
    }

    private static List<String> cookies(HttpServletRequest request, String name) {
        List<String> values = new ArrayList<>();
        Cookie[] cookies = request.getCookies();
        if (cookies != null) {
            for (Cookie cookie : cookies) {
                if (cookie.getName().equals(name)) {
                    values.add(cookie.getValue());
                }
            }
        }
        return List.copyOf(values);
    }

    /** Whether a program is answered, not a person. */
    boolean isApi() {
        return path.equals("/api") || path.startsWith("/api/") || isDoor();
    }

    /** Whether it is OpenAI's API, whose clients know nothing of this server's rules but the token. */
    boolean isDoor() {
        return path.equals("/v1") || path.startsWith("/v1/");
    }

    /** Whether it only reads. */
    boolean isSafe() {
        return method.equals("GET") || method.equals("HEAD");
    }

    boolean hasBody() {
        return chunked || contentLength > 0;
    }
}
