package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.AttachContainerCmd;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Attaches to a container's standard streams. */
final class DockerTransport implements Transport {
    private final DockerClient docker;
    private final String container;

    DockerTransport(DockerClient docker, String container) {
        this.docker = docker;
        this.container = container;
    }

    @Override
    public Closeable open(InputStream stdin, Receiver receiver) throws IOException {
        return attach(stdin, receiver);
    }

    /** @param stdin null: only what comes out */
    Closeable attach(@Nullable InputStream stdin, Receiver receiver) throws IOException {
        try {
            AttachContainerCmd command = docker.attachContainerCmd(container);
            if (stdin != null) {
                command.withStdIn(stdin);
            }
            return command.withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(true)
                    .exec(new Callback(receiver));
        } catch (RuntimeException e) {
            throw new IOException(EngineFailures.line(e), e);
        }
    }

    private static final class Callback extends ResultCallback.Adapter<Frame> {
        private final Receiver receiver;
        private final AtomicBoolean ended = new AtomicBoolean();

        Callback(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void onNext(Frame frame) {
            if (frame.getStreamType() == StreamType.STDERR) {
                receiver.stderr(frame.getPayload());
            } else {
                receiver.stdout(frame.getPayload());
            }
        }

        @Override
        public void onError(Throwable failure) {
            // Not to the parent's: that would log it with its trace.
            super.onComplete();
            end(failure);
        }

        @Override
        public void onComplete() {
            super.onComplete();
            end(null);
        }

        private void end(@Nullable Throwable failure) {
            if (ended.compareAndSet(false, true)) {
                receiver.closed(failure);
            }
        }
    }
}
