package org.rungpt.chat;

import java.security.SecureRandom;

/** Makes ids that nobody can guess. */
final class Ids {
    private static final String CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";
    private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
    private static final SecureRandom RANDOM = new SecureRandom();

    private Ids() {}

    /** 26 characters: 48 bits of time, so that ids sort by it, and 80 random bits. */
    static String conversation(long millis) {
        var id = new StringBuilder(26);
        for (int shift = 45; shift >= 0; shift -= 5) {
            id.append(CROCKFORD.charAt((int) (millis >>> shift) & 31));
        }
        return id.append(random(16, CROCKFORD)).toString();
    }

    /** A prefix that tells people what it is, and 130 random bits. */
    static String of(String prefix) {
        return prefix + random(26, CROCKFORD);
    }

    /** The nonce of a conversation's calls: short, since the model writes it in each call; told to nobody but the model. */
    static String nonce() {
        return random(6, BASE32);
    }

    private static String random(int characters, String alphabet) {
        byte[] bytes = new byte[characters];
        RANDOM.nextBytes(bytes);
        var text = new StringBuilder(characters);
        for (byte b : bytes) {
            text.append(alphabet.charAt(b & 31));
        }
        return text.toString();
    }
}
