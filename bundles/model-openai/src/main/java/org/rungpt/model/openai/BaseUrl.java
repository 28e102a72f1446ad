package org.rungpt.model.openai;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where a server's API is, for example {@code https://api.openai.com/v1}. */
record BaseUrl(URI uri) {
    static final String OPENAI = "https://api.openai.com/v1";

    BaseUrl {
        Objects.requireNonNull(uri, "uri");
    }

    /** @throws IllegalArgumentException if it is no absolute http or https URL, or has a user, query or fragment; one line */
    static BaseUrl of(String text) {
        String trimmed = text.strip();
        while (trimmed.endsWith("/")) {
            trimmed = trimmed.substring(0, trimmed.length() - 1);
        }
        URI uri;
        try {
            uri = new URI(trimmed);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("baseUrl: no URL: " + Redaction.plain(e.getReason(), 100), e);
        }
        String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        Addresses.refuseWritten(authority.substring(authority.lastIndexOf('@') + 1));
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if ((!scheme.equals("http") && !scheme.equals("https")) || uri.getHost() == null) {
            throw new IllegalArgumentException("baseUrl: write an absolute URL such as " + OPENAI);
        }
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("baseUrl: write it without user, query and fragment, such as " + OPENAI);
        }
        return new BaseUrl(uri);
    }

    URI resolve(String path) {
        return URI.create(uri + path);
    }

    /** Scheme, host and port: what a key belongs to. */
    String origin() {
        return origin(uri);
    }

    static String origin(URI uri) {
        String scheme = lower(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
        return scheme + "://" + lower(uri.getHost()) + ":" + port;
    }

    private static String lower(@Nullable String text) {
        return text == null ? "" : text.toLowerCase(Locale.ROOT);
    }

    /** Whether this is OpenAI itself: it wants a key and lists models that do not chat. */
    boolean isOpenAi() {
        return lower(uri.getHost()).equals("api.openai.com");
    }

    @Override
    public String toString() {
        return uri.toString();
    }
}
