package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.rungpt.files.PrivateFiles;

/**
 * Lets one store at a time use a database, or write a copy of one: one server of this machine, and in this server one copy of the bundle.
 * The operating system ends it with the process, however that ends.
 */
final class ServerLock implements AutoCloseable {
    private final String claim;
    private final FileChannel channel;

    private ServerLock(String claim, FileChannel channel) {
        this.claim = claim;
        this.channel = channel;
    }

    /**
     * Takes the lock, in a directory that is there.
     *
     * @throws ProblemException of kind {@code UNAVAILABLE} if somebody has it, telling who
     */
    static ServerLock take(Path file) throws IOException, ProblemException {
        // The system drops a process's locks on a file when any of its channels on that file is closed. So another copy
        // of this bundle must not even open it; system properties are the one map that all copies see.
        Path real = file.toAbsolutePath().resolveSibling("").toRealPath().resolve(file.getFileName());
        String claim = "rungpt.lock:" + real;
        if (System.getProperties().putIfAbsent(claim, "") != null) {
            throw new ProblemException(Problem.unavailable(
                    "The store is being handed over from one bundle to another.", "It goes on by itself."));
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            if (!Files.exists(real)) {
                PrivateFiles.makeFile(real);
            }
            PrivateFiles.restrict(real);
            channel = FileChannel.open(real, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new ProblemException(Problem.unavailable(
                        "Another RunGPT server (process " + read(channel) + ") uses " + real.getParent() + ".",
                        "Stop that server, or start this one with another --data directory."));
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            taken = true;
            return new ServerLock(claim, channel);
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                System.getProperties().remove(claim);
            }
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(20);
        channel.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
        return pid.matches("\\d+") ? pid : "unknown";
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            System.getProperties().remove(claim);
        }
    }
}
