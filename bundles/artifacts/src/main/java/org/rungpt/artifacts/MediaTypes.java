package org.rungpt.artifacts;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says what a file is by how it begins. Its name is somebody's claim and is not asked. */
final class MediaTypes {
    /** So much of the beginning is looked at. */
    static final int HEAD = 4096;

    static final String UNKNOWN = "application/octet-stream";
    static final String TEXT = "text/plain";

    private static final Pattern MARKUP = Pattern.compile(
            "<(!doctype html|html|head|body|script|iframe|style|title|table|img|a|div|p|h1|br|font)[\\s>/]",
            Pattern.CASE_INSENSITIVE);

    private MediaTypes() {}

    /** @param head the first {@link #HEAD} bytes, or all if there are fewer */
    static String of(byte[] head) {
        String known = byMagic(head);
        if (known != null) {
            return known;
        }
        String text = text(head);
        return text == null ? UNKNOWN : ofText(text);
    }

    private static @Nullable String byMagic(byte[] head) {
        if (begins(head, 0, "\u0089PNG\r\n\u001a\n")) {
            return "image/png";
        } else if (begins(head, 0, "\u00ff\u00d8\u00ff")) {
            return "image/jpeg";
        } else if (begins(head, 0, "GIF87a") || begins(head, 0, "GIF89a")) {
            return "image/gif";
        } else if (begins(head, 0, "RIFF") && begins(head, 8, "WEBP")) {
            return "image/webp";
        } else if (begins(head, 0, "RIFF") && begins(head, 8, "WAVE")) {
            return "audio/wav";
        } else if (begins(head, 0, "BM") && head.length > 26 && head[6] == 0 && head[7] == 0 && head[8] == 0) {
            return "image/bmp";
        } else if (begins(head, 4, "ftyp")) {
            return ofIsoBrand(head);
        } else if (begins(head, 0, "\u001aE\u00df\u00a3")) {
            return contains(head, "webm") ? "video/webm" : "video/x-matroska";
        } else if (begins(head, 0, "OggS")) {
            return contains(head, "theora") ? "video/ogg" : "audio/ogg";
        } else if (begins(head, 0, "fLaC")) {
            return "audio/flac";
        } else if (begins(head, 0, "ID3") || isMp3Frame(head)) {
            return "audio/mpeg";
        } else if (begins(head, 0, "%PDF-")) {
            return "application/pdf";
        } else if (begins(head, 0, "PK\u0003\u0004") || begins(head, 0, "PK\u0005\u0006")) {
            return "application/zip";
        } else if (begins(head, 0, "\u001f\u008b\u0008")) {
            return "application/gzip";
        }
        return null;
    }

    private static String ofIsoBrand(byte[] head) {
        String brand = new String(head, 8, Math.min(4, head.length - 8), StandardCharsets.ISO_8859_1);
        return switch (brand) {
            case "avif", "avis" -> "image/avif";
            case "M4A ", "M4B " -> "audio/mp4";
            case "qt  " -> "video/quicktime";
            case "isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "dash", "M4V " -> "video/mp4";
            default -> UNKNOWN;
        };
    }

    /** A frame header of MPEG audio, layer III, with a bit rate and a sampling rate that exist. */
    private static boolean isMp3Frame(byte[] head) {
        return head.length > 3
                && head[0] == (byte) 0xff
                && (head[1] & 0xe6) == 0xe2
                && (head[1] & 0x18) != 0x08
                && (head[2] & 0xf0) != 0xf0
                && (head[2] & 0xf0) != 0
                && (head[2] & 0x0c) != 0x0c;
    }

    private static String ofText(String text) {
        String start = text.strip().replaceFirst("^\uFEFF", "");
        while (start.startsWith("<!--") && start.contains("-->")) {
            start = start.substring(start.indexOf("-->") + 3).strip();
        }
        String lower = start.toLowerCase(Locale.ROOT);
        if (lower.startsWith("<svg") || lower.startsWith("<?xml") && lower.contains("<svg")) {
            return "image/svg+xml";
        } else if (MARKUP.matcher(start).lookingAt()) {
            return "text/html";
        } else if (lower.startsWith("<?xml")) {
            return "application/xml";
        }
        return TEXT;
    }

    /** Null if it is no UTF-8 or has control characters that text has not. */
    private static @Nullable String text(byte[] head) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(head);
        CharBuffer out = CharBuffer.allocate(head.length + 1);
        // The last character may be cut if this is not the whole file.
        if (decoder.decode(in, out, head.length < HEAD).isError()) {
            return null;
        }
        String text = out.flip().toString();
        boolean control = text.chars().anyMatch(c -> c < 0x20 && "\t\n\r\f\b\u001b".indexOf(c) < 0 || c == 0x7f);
        return control ? null : text;
    }

    private static boolean begins(byte[] head, int at, String magic) {
        byte[] bytes = magic.getBytes(StandardCharsets.ISO_8859_1);
        return head.length >= at + bytes.length && Arrays.equals(head, at, at + bytes.length, bytes, 0, bytes.length);
    }

    private static boolean contains(byte[] head, String word) {
        return new String(head, 0, Math.min(head.length, 512), StandardCharsets.ISO_8859_1).contains(word);
    }
}
