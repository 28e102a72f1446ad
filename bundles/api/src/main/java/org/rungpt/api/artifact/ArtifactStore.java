package org.rungpt.api.artifact;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Keeps what calls leave behind, as long as their conversation: files, and output that is too long for the log. What a method has
 * returned from is durable, except for output. Any thread. The message of each exception is one line that names file and reason.
 */
@ConsumerType
public interface ArtifactStore {
    /**
     * Stores a file. The same content is kept once in a conversation; storing the same name and content for a call again gives what
     * is there.
     *
     * @param name as the call named it; it is made harmless here
     * @param bytes read to its end, not closed
     * @throws IOException also if reading failed; then nothing is stored
     */
    Artifact put(String conversation, String call, String name, InputStream bytes) throws IOException;

    /** The artifacts of a conversation, the oldest first. */
    List<Artifact> list(String conversation) throws IOException;

    /** One artifact; empty also for what cannot be an id, wherever it comes from. */
    Optional<Artifact> find(String conversation, String artifact) throws IOException;

    /**
     * Its content; the caller closes it.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     */
    SeekableByteChannel open(String conversation, String artifact) throws IOException;

    /**
     * Keeps a stretch of a call's output. Stretches come in any order and may be repeated.
     *
     * @param stream {@code stdout} or {@code stderr}
     * @param offset of the first byte in the stream
     */
    void keepOutput(String conversation, String call, String stream, long offset, ByteBuffer bytes) throws IOException;

    /** What was kept from an offset on, at most {@code length} bytes; empty beyond the end. What lies between stretches is NUL. */
    byte[] keptOutput(String conversation, String call, String stream, long offset, int length) throws IOException;

    /** Deletes everything of a conversation for good. Harmless if there is nothing. */
    void delete(String conversation) throws IOException;
}
