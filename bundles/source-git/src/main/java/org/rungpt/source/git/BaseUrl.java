package org.rungpt.source.git;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import org.rungpt.api.action.ActionId;

/** Where repositories are: {@code base/owner/repo}. */
record BaseUrl(URI uri) {
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    /** @throws IllegalArgumentException if it is no address that may be used; one line that says why */
    static BaseUrl parse(String text) {
        URI uri;
        try {
            uri = new URI(text.strip().replaceAll("/+$", ""));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(Texts.printable(text, 200) + " is no address", e);
        }
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (host == null || !(scheme.equals("https") || scheme.equals("http"))) {
            throw new IllegalArgumentException(Texts.printable(text, 200) + " is no https address");
        }
        if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
            throw new IllegalArgumentException(
                    "the address of " + host + " holds a user, a query or a fragment: leave them out");
        }
        if (scheme.equals("http") && !THIS_MACHINE.contains(host.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(text + ": http is for this machine only, write https");
        }
        return new BaseUrl(uri);
    }

    String repository(ActionId id) {
        return uri + "/" + id.repository();
    }

    @Override
    public String toString() {
        return uri.toString();
    }
}
