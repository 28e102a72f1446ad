package org.rungpt.runner.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MaskTest {
    private static final String CANARY = "sk-CANARY-q7/W+x9\"Z\\p ö_%41&end";

    private final Mask mask = Mask.of(List.of(CANARY));

    /** What comes out when the bytes come in pieces of random sizes. */
    private static byte[] through(Mask mask, byte[] bytes, Random random) {
        var shown = new ArrayList<byte[]>();
        long[] expected = {1000};
        Mask.Filter.Out out = (offset, piece) -> {
            assertThat(offset).isEqualTo(expected[0]);
            expected[0] += piece.remaining();
            byte[] copy = new byte[piece.remaining()];
            piece.get(copy);
            shown.add(copy);
        };
        Mask.Filter filter = mask.filter();
        for (int at = 0; at < bytes.length; ) {
            int count = Math.min(bytes.length - at, 1 + random.nextInt(7));
            filter.accept(1000 + at, ByteBuffer.wrap(bytes, at, count), out);
            at += count;
        }
        filter.end(out);
        byte[] all = new byte[bytes.length];
        int at = 0;
        for (byte[] piece : shown) {
            System.arraycopy(piece, 0, all, at, piece.length);
            at += piece.length;
        }
        assertThat(at).isEqualTo(bytes.length);
        return all;
    }

    private static String through(Mask mask, String text, Random random) {
        return new String(through(mask, text.getBytes(UTF_8), random), UTF_8);
    }

    private static String stars(String text) {
        return "*".repeat(text.getBytes(UTF_8).length);
    }

    private static String escaped(String text) {
        return text.chars().mapToObj(c -> String.format("\\u%04x", c)).collect(Collectors.joining());
    }

    private List<String> forms() throws Exception {
        String json = new ObjectMapper().writeValueAsString(CANARY);
        return List.of(
                CANARY,
                json.substring(1, json.length() - 1),
                json.substring(1, json.length() - 1).replace("/", "\\/"),
                escaped(CANARY),
                URLEncoder.encode(CANARY, UTF_8),
                URLEncoder.encode(CANARY, UTF_8).replace("+", "%20"),
                HexFormat.of().formatHex(CANARY.getBytes(UTF_8)),
                HexFormat.of().withUpperCase().formatHex(CANARY.getBytes(UTF_8)),
                new StringBuilder(CANARY).reverse().toString(),
                CANARY.replace("", "\n").strip());
    }

    @Test
    @DisplayName("E.56 E.57 a secret is masked in every form, however the output is cut into pieces")
    void everyForm() throws Exception {
        Random random = new Random(7);
        for (String form : forms()) {
            for (int round = 0; round < 50; round++) {
                String text = "before " + form + " after";
                assertThat(through(mask, text, random))
                        .as("%s", form)
                        .matches(shown -> shown.startsWith("before ") && shown.endsWith(" after"))
                        .satisfies(shown ->
                                assertThat(shown.replace("\n", "*")).isEqualTo("before " + stars(form) + " after"));
            }
        }
    }

    @Test
    @DisplayName("E.56 base64 is masked at every alignment, in both alphabets, and broken into lines")
    void base64() {
        Random random = new Random(8);
        for (int before = 0; before < 7; before++) {
            for (int after = 0; after < 4; after++) {
                byte[] whole = ("x".repeat(before) + CANARY + "y".repeat(after)).getBytes(UTF_8);
                for (String encoded : List.of(
                        Base64.getEncoder().encodeToString(whole),
                        Base64.getUrlEncoder().withoutPadding().encodeToString(whole),
                        Base64.getMimeEncoder(16, new byte[] {'\n'}).encodeToString(whole),
                        Base64.getEncoder()
                                .encodeToString(whole)
                                .replace("/", "%2F")
                                .replace("+", "%2B"))) {
                    String shown = through(mask, "[" + encoded + "]", random);
                    String left = shown.replaceAll("[*\\n=\\[\\]]", "");
                    // What surrounds it, and at each end one character that depends on that as well.
                    assertThat(left.length()).isLessThanOrEqualTo((before * 8 + 5) / 6 + (after * 8 + 5) / 6 + 2);
                }
            }
        }
    }

    @Test
    void whatIsNoSecretStaysAsItIs() {
        Random random = new Random(9);
        byte[] bytes = new byte[50_000];
        random.nextBytes(bytes);
        assertThat(through(mask, bytes, random)).isEqualTo(bytes);
        String near = "sk-CANARY-q7/W+x9 \\\\ %41%4 \\u00e sk-CANAR sk-CANARY-q7/W+x8 100% \\";
        assertThat(through(mask, near, random)).isEqualTo(near);
    }

    @Test
    void whatCannotBeASecretDoesNotWait() {
        var shown = new StringBuilder();
        mask.filter()
                .accept(
                        0,
                        ByteBuffer.wrap("ready? s".getBytes(UTF_8)),
                        (offset, bytes) -> shown.append(ISO_8859_1.decode(bytes)));
        // The last s may be the first letter of the secret.
        assertThat(shown.toString()).isEqualTo("ready? ");
    }

    @Test
    @DisplayName("E.56 names of hosts are told in small letters, whatever a program wrote")
    void inOtherLetters() {
        Mask mixed = Mask.of(List.of("sk-Live-aBcDEfGh"));
        assertThat(mixed.text("sk-live-abcdefgh.example.com, SK-LIVE-ABCDEFGH"))
                .isEqualTo("*".repeat(16) + ".example.com, " + "*".repeat(16));
    }

    @Test
    void oneOfSeveralInsideAnother() {
        Mask both = Mask.of(List.of("abcdefgh", "xxabcdefghyy", "efghyyzzzz"));
        assertThat(both.text("-xxabcdefghyyzzzz-abcdefgh-")).isEqualTo("-" + "*".repeat(16) + "-********-");
    }

    @Test
    void aLineOfAKeyInSeveralLines() {
        Mask key = Mask.of(List.of("-----BEGIN-----\nMIIEvQIBADANBgkqhkiG9w0\nAQEFAASCBKcwggSjAgEAAoIB\n"));
        assertThat(key.text("has AQEFAASCBKcwggSjAgEAAoIB in it")).isEqualTo("has ************************ in it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "1234567", "a b c d e f", "        "})
    @DisplayName("A secret too short to be found for sure hides everything: masking fails closed")
    void failsClosed(String secret) {
        Mask closed = Mask.of(List.of(CANARY, secret));
        assertThat(closed.hidesEverything()).isTrue();
        assertThat(closed.text("what\never")).isEqualTo("****\n****");
    }

    @Test
    void filesAreMaskedAndKeepTheirLength() throws Exception {
        byte[] file = ("x".repeat(16_380) + CANARY + "y".repeat(40_000)).getBytes(UTF_8);
        byte[] shown = new MaskedInput(mask, new ByteArrayInputStream(file)).readAllBytes();
        assertThat(new String(shown, UTF_8)).isEqualTo("x".repeat(16_380) + stars(CANARY) + "y".repeat(40_000));
    }
}
