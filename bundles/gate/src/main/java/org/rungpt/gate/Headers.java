package org.rungpt.gate;

import jakarta.servlet.http.HttpServletResponse;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The headers that every answer carries, and those that none may carry. */
final class Headers {
    static final String CSP = "Content-Security-Policy";

    private static final Map<String, String> ALWAYS = new LinkedHashMap<>();

    static {
        ALWAYS.put(
                CSP,
                "default-src 'none'; script-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline';"
                        + " img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:;"
                        + " frame-src 'none'; object-src 'none'; worker-src 'self'; base-uri 'none'; form-action 'self';"
                        + " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types rungpt dompurify");
        ALWAYS.put("X-Content-Type-Options", "nosniff");
        ALWAYS.put("X-Frame-Options", "DENY");
        ALWAYS.put("Referrer-Policy", "no-referrer");
        ALWAYS.put("Cross-Origin-Opener-Policy", "same-origin");
        ALWAYS.put("Cross-Origin-Resource-Policy", "same-origin");
        ALWAYS.put("Cross-Origin-Embedder-Policy", "require-corp");
        ALWAYS.put(
                "Permissions-Policy", "camera=(), microphone=(), geolocation=(), clipboard-read=(), usb=(), serial=()");
    }

    private static final Set<String> NEVER = Set.of("server", "x-powered-by", "set-cookie2");

    private Headers() {}

    static void apply(HttpServletResponse response, boolean api) {
        ALWAYS.forEach(response::setHeader);
        if (api) {
            response.setHeader("Cache-Control", "no-store");
        }
    }

    /** Whether the gate alone decides about it. */
    static boolean isOurs(String name) {
        return ALWAYS.keySet().stream().anyMatch(name::equalsIgnoreCase);
    }

    /** There is no cross-origin sharing here, whatever a bundle thinks. */
    static boolean isForbidden(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.startsWith("access-control-") || NEVER.contains(lower);
    }
}
