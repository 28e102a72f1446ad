package org.rungpt.runner.docker;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** The standard streams of a sandbox. */
interface Transport {
    /** Hears what comes out. One thread. */
    interface Receiver {
        void stdout(byte[] bytes);

        void stderr(byte[] bytes);

        /** Nothing more comes. Called once, also after a failure; not promised after a close. */
        void closed(@Nullable Throwable failure);
    }

    /** Attaches; closing the result detaches and leaves the sandbox alone. */
    Closeable open(InputStream stdin, Receiver receiver) throws IOException;
}
