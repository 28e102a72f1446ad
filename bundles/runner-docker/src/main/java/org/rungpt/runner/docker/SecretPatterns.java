package org.rungpt.runner.docker;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;

/**
 * The forms in which a secret may come out of a program: as it is, in small or capital letters, backwards, in
 * hexadecimal digits, and in base64 wherever it lies in
 * what was encoded. Without white space, since what reads them leaves that out; escapes and percent signs are taken back before.
 */
final class SecretPatterns {
    /** Shorter ones would be found by chance. */
    static final int SHORTEST = 8;

    private static final int LINE = 16;

    private SecretPatterns() {}

    /** @return each pattern as Latin-1 text of its bytes */
    static Set<String> of(Collection<String> secrets) {
        Set<String> patterns = new HashSet<>();
        for (String secret : secrets) {
            forms(secret, patterns);
            if (secret.indexOf('\n') >= 0) {
                // Of a key in several lines, one line alone tells enough.
                secret.lines().filter(line -> line.strip().length() >= LINE).forEach(line -> forms(line, patterns));
            }
        }
        return patterns;
    }

    private static void forms(String secret, Set<String> patterns) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        add(bytes, patterns);
        // Names of hosts come out in small letters.
        add(secret.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8), patterns);
        add(secret.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8), patterns);
        add(new StringBuilder(secret).reverse().toString().getBytes(StandardCharsets.UTF_8), patterns);
        if (secret.indexOf(' ') >= 0) {
            add(secret.replace(' ', '+').getBytes(StandardCharsets.UTF_8), patterns);
        }
        String hex = HexFormat.of().formatHex(bytes);
        addText(hex, patterns);
        addText(hex.toUpperCase(Locale.ROOT), patterns);
        for (int before = 0; before < 3; before++) {
            String encoded = base64(bytes, before);
            addText(encoded, patterns);
            addText(encoded.replace('+', '-').replace('/', '_'), patterns);
        }
    }

    /** Those characters that depend on the secret alone when so many bytes, modulo 3, come before it. */
    private static String base64(byte[] secret, int before) {
        byte[] padded = new byte[before + secret.length];
        System.arraycopy(secret, 0, padded, before, secret.length);
        String encoded = Base64.getEncoder().withoutPadding().encodeToString(padded);
        int first = before == 0 ? 0 : before + 1;
        int end = padded.length * 8 / 6;
        return encoded.substring(first, Math.max(first, end));
    }

    private static void addText(String text, Set<String> patterns) {
        add(text.getBytes(StandardCharsets.ISO_8859_1), patterns);
    }

    private static void add(byte[] bytes, Set<String> patterns) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length);
        for (byte b : bytes) {
            if (!isSpace(b)) {
                kept.write(b);
            }
        }
        if (kept.size() >= SHORTEST) {
            patterns.add(kept.toString(StandardCharsets.ISO_8859_1));
        }
    }

    /** What is left out before patterns are looked for: a long text is often broken into lines. */
    static boolean isSpace(int b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }
}
