package org.rungpt.webapp;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which file answers which address. Only files that are known are ever looked for, so no address can lead anywhere else. */
final class Files {
    /** The page itself, for every address that it knows. */
    static final String PAGE = "/index.html";

    /** Files there have a hash of their content in their name. */
    private static final String HASHED = "/assets/";

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=utf-8",
            "js", "text/javascript;charset=utf-8",
            "css", "text/css;charset=utf-8",
            "txt", "text/plain;charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml",
            "png", "image/png",
            "woff2", "font/woff2",
            "woff", "font/woff");

    private final Set<String> known;

    /** @param known the paths of all files, each with a slash before it */
    Files(Set<String> known) {
        this.known = Set.copyOf(known);
    }

    /**
     * What to answer.
     *
     * @param path of the file
     * @param type its content type
     * @param forever whether it never changes
     */
    record File(String path, String type, boolean forever) {}

    /** The file for a path; null if there is none. */
    @Nullable
    File find(String path) {
        if (isPage(path)) {
            return file(PAGE);
        }
        return known.contains(path) ? file(path) : null;
    }

    /** The addresses inside the page: see its router. */
    private static boolean isPage(String path) {
        return path.isEmpty()
                || path.equals("/")
                || path.startsWith("/c/")
                || path.equals("/settings")
                || path.startsWith("/settings/");
    }

    private static File file(String path) {
        String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
        return new File(path, type == null ? "application/octet-stream" : type, path.startsWith(HASHED));
    }
}
