package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/**
 * Files that calls left. They come out of sandboxes: nothing of them may run in a browser. What is no picture, sound, film or PDF by its
 * content is a download; pages and SVG are downloads of plain bytes.
 */
final class ArtifactRoutes {
    private static final Pattern FILE = Pattern.compile("/conversations/([^/]{1,128})/artifacts/([^/]{1,128})");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    private final Services services;

    ArtifactRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/conversations/{id}/artifacts", this::list);
    }

    private Answer list(Call call) throws ApiException, IOException {
        String id = ConversationRoutes.existing(services, call.variable("id")).id();
        ArrayNode all = Json.array();
        for (Artifact artifact : services.artifacts().list(id)) {
            all.add(json(artifact));
        }
        return Answer.ok(Json.object().set("artifacts", all));
    }

    private static ObjectNode json(Artifact artifact) {
        return Json.object()
                .put("artifact", artifact.id())
                .put("call", artifact.call())
                .put("name", artifact.name())
                .put("mediaType", artifact.mediaType())
                .put("size", artifact.size())
                .put("sha256", artifact.sha256())
                .put("created", artifact.created().toString());
    }

    /** @return whether the request is for a file */
    static boolean isFile(HttpServletRequest request, String path) {
        return (request.getMethod().equals("GET") || request.getMethod().equals("HEAD"))
                && FILE.matcher(path).matches();
    }

    /** Answers with a file, or a part of it. */
    void file(HttpServletRequest request, HttpServletResponse response, String path) throws ApiException, IOException {
        Matcher matcher = FILE.matcher(path);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no path of a file");
        }
        String conversation = matcher.group(1);
        String id = matcher.group(2);
        ArtifactStore store = services.artifacts();
        if (!ID.matcher(conversation).matches() || !ID.matcher(id).matches()) {
            throw ApiException.notFound("There is no such file.");
        }
        Artifact artifact =
                store.find(conversation, id).orElseThrow(() -> ApiException.notFound("There is no such file."));
        headers(response, artifact);
        String tag = "\"" + artifact.sha256() + "\"";
        if (tag.equals(request.getHeader("If-None-Match"))) {
            response.setStatus(304);
            return;
        }
        String wanted = request.getHeader("Range");
        String condition = request.getHeader("If-Range");
        Range range = wanted == null || condition != null && !condition.equals(tag)
                ? null
                : Range.of(wanted, artifact.size());
        if (range != null && range.from() > range.to()) {
            response.setHeader("Content-Range", "bytes */" + artifact.size());
            throw new ApiException(416, "range", "The file has " + artifact.size() + " bytes.", null);
        }
        send(request, response, store, conversation, artifact, range);
    }

    private static void headers(HttpServletResponse response, Artifact artifact) {
        boolean inline = isShown(artifact.mediaType());
        response.setContentType(inline ? artifact.mediaType() : download(artifact.mediaType()));
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Content-Security-Policy", "sandbox; default-src 'none'");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        response.setHeader("Cache-Control", "private, no-cache");
        response.setHeader("Accept-Ranges", "bytes");
        response.setHeader("ETag", "\"" + artifact.sha256() + "\"");
        response.setHeader("Content-Disposition", disposition(inline, artifact.name()));
    }

    /** What a browser may show by itself; it was found out by content. No SVG: that is a program. */
    static boolean isShown(String mediaType) {
        return switch (mediaType) {
            case "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "application/pdf" ->
                true;
            default -> mediaType.startsWith("audio/") || mediaType.startsWith("video/");
        };
    }

    /** Pages and pictures that are programs are told as bytes. */
    private static String download(String mediaType) {
        return switch (mediaType) {
            case "text/plain" -> "text/plain; charset=utf-8";
            case "application/zip", "application/gzip" -> mediaType;
            default -> "application/octet-stream";
        };
    }

    static String disposition(boolean inline, String name) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        String plain = last.replaceAll("[^A-Za-z0-9._ -]", "_");
        String encoded = URLEncoder.encode(last, StandardCharsets.UTF_8).replace("+", "%20");
        return (inline ? "inline" : "attachment") + "; filename=\"" + plain + "\"; filename*=UTF-8''" + encoded;
    }

    /** The first and last byte that is wanted. */
    record Range(long from, long to) {
        /** @return null if it is to be ignored: several ranges, or no range of bytes; from beyond to if there are no such bytes */
        static @Nullable Range of(String header, long size) {
            Matcher matcher = RANGE.matcher(header.strip());
            if (!matcher.matches()
                    || matcher.group(1).isEmpty() && matcher.group(2).isEmpty()) {
                return null;
            }
            if (matcher.group(1).isEmpty()) {
                long last = Long.parseLong(matcher.group(2));
                return last == 0 ? new Range(1, 0) : new Range(Math.max(0, size - last), size - 1);
            }
            long from = Long.parseLong(matcher.group(1));
            long to = matcher.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(matcher.group(2)));
            if (!matcher.group(2).isEmpty() && Long.parseLong(matcher.group(2)) < from) {
                return null;
            }
            return new Range(from, to);
        }
    }

    private static void send(
            HttpServletRequest request,
            HttpServletResponse response,
            ArtifactStore store,
            String conversation,
            Artifact artifact,
            @Nullable Range range)
            throws ApiException, IOException {
        long from = range == null ? 0 : range.from();
        long left = range == null ? artifact.size() : range.to() - range.from() + 1;
        try (SeekableByteChannel content = store.open(conversation, artifact.id())) {
            if (range != null) {
                response.setStatus(206);
                response.setHeader("Content-Range", "bytes " + range.from() + "-" + range.to() + "/" + artifact.size());
            }
            response.setContentLengthLong(left);
            if (request.getMethod().equals("HEAD")) {
                return;
            }
            content.position(from);
            OutputStream out = response.getOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
            while (left > 0) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                int count = content.read(buffer);
                if (count < 0) {
                    break;
                }
                out.write(buffer.array(), 0, count);
                left -= count;
            }
        } catch (NoSuchFileException e) {
            throw ApiException.notFound("There is no such file.");
        }
    }
}
