package org.rungpt.api.runner;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/** Sees the output of a call while it runs. Output is told by one thread at a time; a slow observer slows the call, not the runner. */
@ConsumerType
public interface CallObserver {
    /** Where a piece of output comes from. */
    enum Stream {
        STDOUT,
        STDERR
    }

    /**
     * @param stream where it comes from
     * @param offset of the first byte in its stream
     * @param bytes read-only; valid during the call only
     */
    void output(Stream stream, long offset, ByteBuffer bytes);

    /** What happens before the program runs, in a few words ("building the image of acme/plot"); for people, not for the model. */
    default void progress(String step) {}

    /** A connection over the network was refused or has ended. Before the outcome; may come while output is handed over. */
    default void connection(CallConnection connection) {}

    /**
     * A file that the call left in its out directory; comes after the last output and before the outcome. Whoever wants it reads it
     * now: afterwards it is gone.
     *
     * @param name as the program named it, relative to the out directory; hostile
     * @param size in bytes
     * @param bytes its content
     * @throws IOException if it cannot be read or kept; the message says why in one line, and the outcome's message will
     */
    default void artifact(String name, long size, InputStream bytes) throws IOException {}
}
