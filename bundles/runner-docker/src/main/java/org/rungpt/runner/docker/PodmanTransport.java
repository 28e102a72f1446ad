package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Attaches once more to a container of Podman. That closes a container's stdin for good when the first who attached goes; the program
 * in the container keeps the pipe (docs/action-service.md), and a program beside it writes into it what we say.
 */
final class PodmanTransport implements Transport {
    private static final String PROGRAM = """
            import os
            pipe = os.open("/proc/1/fd/0", os.O_WRONLY)
            while said := os.read(0, 65536):
                while said:
                    said = said[os.write(pipe, said):]
            """;

    private final Engine engine;
    private final String container;

    PodmanTransport(Engine engine, String container) {
        this.engine = engine;
        this.container = container;
    }

    @Override
    public Closeable open(InputStream stdin, Receiver receiver) throws IOException {
        Receiver once = new ClosedOnce(receiver);
        Closeable output = new DockerTransport(engine.streams(), container).attach(null, once);
        try {
            List<String> command = new ArrayList<>(ImageRecipe.python(engine, container));
            command.addAll(List.of("-c", PROGRAM));
            String writer = engine.control()
                    .execCreateCmd(container)
                    .withAttachStdin(true)
                    .withAttachStderr(true)
                    .withCmd(command.toArray(String[]::new))
                    .exec()
                    .getId();
            Closeable input =
                    engine.streams().execStartCmd(writer).withStdIn(stdin).exec(new Writer(once));
            return () -> {
                try (output) {
                    input.close();
                }
            };
        } catch (RuntimeException e) {
            output.close();
            throw new IOException(EngineFailures.line(e), e);
        }
    }

    /** What is beside the container's own program: when it ends, nothing can be said any more. */
    private static final class Writer extends ResultCallback.Adapter<Frame> {
        private final Receiver receiver;

        Writer(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void onError(Throwable failure) {
            super.onError(failure);
            receiver.closed(failure);
        }

        @Override
        public void onComplete() {
            super.onComplete();
            receiver.closed(null);
        }
    }

    private static final class ClosedOnce implements Receiver {
        private final Receiver receiver;
        private final AtomicBoolean closed = new AtomicBoolean();

        ClosedOnce(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void stdout(byte[] bytes) {
            receiver.stdout(bytes);
        }

        @Override
        public void stderr(byte[] bytes) {
            receiver.stderr(bytes);
        }

        @Override
        public void closed(@Nullable Throwable failure) {
            if (closed.compareAndSet(false, true)) {
                receiver.closed(failure);
            }
        }
    }
}
