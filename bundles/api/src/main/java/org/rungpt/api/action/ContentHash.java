package org.rungpt.api.action;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The one definition of {@link ActionPackage#contentHash()}: the SHA-256 over one record for each regular file, in the order of
 * their paths. A record is {@code 755} or {@code 644} (whether the owner may execute it), a blank, the hexadecimal SHA-256 of its
 * bytes, a blank, the path with slashes, and a zero byte. Directories count by what is in them; times and owners do not count.
 */
public final class ContentHash {
    private ContentHash() {}

    /**
     * Reads every file below a directory.
     *
     * @return lower-case hexadecimal SHA-256
     * @throws IOException if a file cannot be read, or is neither a regular file nor a directory (a symbolic link, for example)
     */
    public static String of(Path directory) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = directory.relativize(file).toString().replace('\\', '/');
                if (!attributes.isRegularFile()) {
                    throw new IOException(name + ": neither a regular file nor a directory");
                }
                files.put(name, file);
                return FileVisitResult.CONTINUE;
            }
        });
        MessageDigest all = sha256();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            String record = (isExecutable(file.getValue()) ? "755 " : "644 ") + hash(file.getValue()) + " "
                    + file.getKey() + "\0";
            all.update(record.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(all.digest());
    }

    private static boolean isExecutable(Path file) throws IOException {
        return Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                .contains(PosixFilePermission.OWNER_EXECUTE);
    }

    private static String hash(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            byte[] buffer = new byte[16_384];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
