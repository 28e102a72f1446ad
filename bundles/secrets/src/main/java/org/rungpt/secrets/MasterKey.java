package org.rungpt.secrets;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.secret.SecretException;
import org.rungpt.files.PrivateFiles;

/** The key of all secrets: 256 random bits in a file of their own, so that a copy of the secrets alone tells nothing. */
final class MasterKey {
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;
    private final SecretKeySpec sealKey;
    private final String id;

    private MasterKey(byte[] bytes) throws GeneralSecurityException {
        key = new SecretKeySpec(bytes, "AES");
        byte[] seal = mac(new SecretKeySpec(bytes, "HmacSHA256"), "rungpt seal");
        sealKey = new SecretKeySpec(seal, "HmacSHA256");
        byte[] check = mac(new SecretKeySpec(bytes, "HmacSHA256"), "rungpt key id");
        id = HexFormat.of().formatHex(check, 0, 8);
        Arrays.fill(bytes, (byte) 0);
        Arrays.fill(seal, (byte) 0);
    }

    /** Reads a key file, which must be there. */
    static MasterKey read(Path file) throws SecretException {
        try {
            PrivateFiles.restrict(file);
            byte[] text = Files.size(file) > 1024 ? new byte[0] : Files.readAllBytes(file);
            byte[] bytes = Base64.getDecoder().decode(new String(text, StandardCharsets.US_ASCII).strip());
            if (bytes.length == KEY_BYTES) {
                return new MasterKey(bytes);
            }
        } catch (IllegalArgumentException e) {
            // Not even Base64: as below.
        } catch (IOException e) {
            throw new SecretException(file + " cannot be read: make it readable for the user who runs RunGPT.", e);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
        throw new SecretException(
                file + " is damaged: put the file back from a backup, or enter the keys anew in the settings.");
    }

    /** Makes a new key, on disk before it is used. */
    static MasterKey make(Path file) throws IOException, SecretException {
        byte[] bytes = new byte[KEY_BYTES];
        RANDOM.nextBytes(bytes);
        PrivateFiles.replace(file, Base64.getEncoder().encode(bytes));
        try {
            return new MasterKey(bytes);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    /** Tells keys apart without telling anything of them. */
    String id() {
        return id;
    }

    /** @param purpose what the text is; it can be opened for nothing else */
    Envelope seal(String text, String purpose) throws SecretException {
        byte[] plain = text.getBytes(StandardCharsets.UTF_8);
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, nonce, purpose);
            return new Envelope(
                    id,
                    Base64.getEncoder().encodeToString(nonce),
                    Base64.getEncoder().encodeToString(cipher.doFinal(plain)));
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    /** Null if it was changed, sealed with another key or for another purpose. */
    @Nullable
    String open(Envelope envelope, String purpose) {
        try {
            byte[] nonce = Base64.getDecoder().decode(envelope.nonce());
            if (nonce.length != NONCE_BYTES) {
                return null;
            }
            byte[] plain = cipher(Cipher.DECRYPT_MODE, nonce, purpose)
                    .doFinal(Base64.getDecoder().decode(envelope.text()));
            String text = new String(plain, StandardCharsets.UTF_8);
            Arrays.fill(plain, (byte) 0);
            return text;
        } catch (GeneralSecurityException | IllegalArgumentException | ProviderException e) {
            return null;
        }
    }

    /** A mark that only this key can make. */
    String mark(String text) throws SecretException {
        try {
            return Base64.getEncoder().encodeToString(mac(sealKey, text));
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    private Cipher cipher(int mode, byte[] nonce, String purpose) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    private static byte[] mac(SecretKeySpec key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static SecretException unsupported(GeneralSecurityException e) {
        return new SecretException("This Java lacks AES-GCM or HMAC-SHA256: use another one.", e);
    }
}
