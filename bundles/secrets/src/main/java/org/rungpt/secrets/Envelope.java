package org.rungpt.secrets;

/**
 * A text that only the holder of a key can read.
 *
 * @param key id of the master key
 * @param nonce Base64
 * @param text Base64 of the ciphertext with its tag
 */
record Envelope(String key, String nonce, String text) {}
