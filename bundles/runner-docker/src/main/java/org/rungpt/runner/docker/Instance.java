package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.rungpt.files.PrivateFiles;

/**
 * This installation of RunGPT on an engine that others use too. Everything it makes there carries its id, and it touches nothing
 * else. The lock keeps two runners of one installation apart: both would hear the frames of the same sandboxes.
 */
final class Instance implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

    private final String id;
    private final boolean isNew;
    private final FileChannel channel;
    private final FileLock lock;

    private Instance(String id, boolean isNew, FileChannel channel, FileLock lock) {
        this.id = id;
        this.isNew = isNew;
        this.channel = channel;
        this.lock = lock;
    }

    /** @return null while another runner of this installation is at work */
    static @Nullable Instance claim(Path data) throws IOException {
        Files.createDirectories(data);
        FileChannel channel = FileChannel.open(
                data.resolve("runner-docker.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean kept = false;
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                return null;
            }
            Path file = data.resolve("instance");
            boolean isNew = !Files.exists(file);
            Instance instance = new Instance(read(file), isNew, channel, lock);
            kept = true;
            return instance;
        } catch (OverlappingFileLockException e) {
            return null;
        } finally {
            if (!kept) {
                channel.close();
            }
        }
    }

    private static String read(Path file) throws IOException {
        try {
            String text = Files.readString(file).strip();
            return UUID.fromString(text).toString();
        } catch (NoSuchFileException e) {
            String id = UUID.randomUUID().toString();
            PrivateFiles.replace(file, (id + "\n").getBytes(StandardCharsets.UTF_8));
            return id;
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " holds no UUID; delete it, and sandboxes of before end by themselves", e);
        }
    }

    String id() {
        return id;
    }

    /** Whether it has never been on any engine. */
    boolean isNew() {
        return isNew;
    }

    /** The first letters of the id, for names that people read. */
    String shortId() {
        return id.substring(0, 8);
    }

    /** A name that nobody can guess and nobody else has; also the host name that programs see. */
    static String newName() {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            name.append(LETTERS.charAt(RANDOM.nextInt(LETTERS.length())));
        }
        return name.toString();
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }
}
