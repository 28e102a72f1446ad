package org.rungpt.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/**
 * The one key that the server's shell accepts: {@code FILE} holds it, readable by its owner only, {@code FILE.pub} the public half as
 * SSH writes it. {@code ShellKey FILE} makes it, unless there is one that the shell recognises.
 */
public final class ShellKey {
    private static final int COORDINATE_BYTES = 32;

    private ShellKey() {}

    /** Called when a data directory is prepared. */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        Path file = Path.of(args[0]);
        if (!isThere(file)) {
            make(file);
        }
    }

    private static boolean isThere(Path file) {
        try {
            return Files.size(publicFile(file)) > 0
                    && isRecognised((ECPublicKey) read(file).getPublic());
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            return false; // it can be of no use to anybody
        }
    }

    private static void make(Path file) throws IOException, GeneralSecurityException {
        KeyPair pair = pair();
        Base64.Encoder base64 = Base64.getEncoder();
        write(
                file,
                base64.encodeToString(pair.getPrivate().getEncoded()) + "\n"
                        + base64.encodeToString(pair.getPublic().getEncoded()) + "\n");
        write(publicFile(file), base64.encodeToString(wireFormat((ECPublicKey) pair.getPublic())) + "\n");
    }

    /** A new one that the shell recognises. */
    static KeyPair pair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        while (!isRecognised((ECPublicKey) pair.getPublic())) {
            pair = generator.generateKeyPair();
        }
        return pair;
    }

    /** Karaf's PublickeyLoginModule takes a coordinate for a number with a sign, and forgets a first byte that tells no more than that: one key in 256 it never accepts. */
    static boolean isRecognised(ECPublicKey key) {
        byte[] point = point(key);
        return !isSignAlone(point, 1) && !isSignAlone(point, 1 + COORDINATE_BYTES);
    }

    private static boolean isSignAlone(byte[] point, int field) {
        return point[field] == -1 && point[field + 1] < 0;
    }

    static KeyPair read(Path file) throws IOException, GeneralSecurityException {
        String[] lines = Files.readString(file).split("\n");
        if (lines.length != 2) {
            throw new GeneralSecurityException(file + " is not a key of the shell");
        }
        KeyFactory factory = KeyFactory.getInstance("EC");
        ECPrivateKey own = (ECPrivateKey) factory.generatePrivate(
                new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines[0])));
        return new KeyPair(
                factory.generatePublic(
                        new X509EncodedKeySpec(Base64.getDecoder().decode(lines[1]))),
                own);
    }

    private static Path publicFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".pub");
    }

    private static void write(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text, StandardOpenOption.WRITE);
    }

    private static byte[] point(ECPublicKey key) {
        byte[] point = new byte[1 + 2 * COORDINATE_BYTES];
        point[0] = 4;
        place(key.getW().getAffineX().toByteArray(), point, 1);
        place(key.getW().getAffineY().toByteArray(), point, 1 + COORDINATE_BYTES);
        return point;
    }

    /** RFC 5656, 3.1. */
    static byte[] wireFormat(ECPublicKey key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (byte[] part : new byte[][] {ascii("ecdsa-sha2-nistp256"), ascii("nistp256"), point(key)}) {
            out.writeInt(part.length);
            out.write(part);
        }
        return bytes.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Right-aligned: a number is shorter than its field, or one sign byte longer. */
    private static void place(byte[] number, byte[] target, int field) {
        int length = Math.min(number.length, COORDINATE_BYTES);
        System.arraycopy(number, number.length - length, target, field + COORDINATE_BYTES - length, length);
    }
}
