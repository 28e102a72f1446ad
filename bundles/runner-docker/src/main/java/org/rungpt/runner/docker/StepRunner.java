package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.WaitResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a step of a build in a container and makes an image of what that has become. */
final class StepRunner {
    private static final Logger LOG = LoggerFactory.getLogger(StepRunner.class);

    /** How often is looked after the way out. */
    private static final long TICK_SECONDS = 5;

    /** Lets steps reach the package mirrors. */
    interface WayOut {
        /** @param refusals hears what the step asked for in vain */
        BuildEgress open(String builder, Consumer<String> refusals) throws RunnerException, InterruptedException;
    }

    private final Engine engine;
    private final SandboxFactory factory;
    private final Map<String, String> labels;
    private final WayOut wayOut;
    /** Builders at work, which no sweep may take. */
    private final Set<String> busy = ConcurrentHashMap.newKeySet();
    /** Those of them that were ended because of a limit. */
    private final Map<String, String> stopped = new ConcurrentHashMap<>();

    StepRunner(Engine engine, SandboxFactory factory, Map<String, String> labels, WayOut wayOut) {
        this.engine = engine;
        this.factory = factory;
        this.labels = labels;
        this.wayOut = wayOut;
    }

    Set<String> busy() {
        return busy;
    }

    /** A builder is ended by somebody because of a limit, which is what its failure will say. */
    void stopFor(String builder, String limit) {
        stopped.put(builder, limit);
    }

    /** Blocking; an interrupt stops it. */
    void run(String tag, BuildStep step, String what, Consumer<String> progress) throws RunnerException {
        String failed = "the image of " + what + " could not be built: " + step.title();
        String id = Instance.newName();
        BuildEgress egress = null;
        LastLines lines = new LastLines(progress);
        busy.add(id);
        try {
            if (step.network()) {
                progress.accept("opening the way to the package mirrors");
                egress = wayOut.open(id, refusal -> lines.add(refusal + "\n"));
            }
            String container = factory.createBuilder(
                    engine.control(),
                    id,
                    step,
                    egress == null ? null : egress.token(),
                    TimeUnit.MINUTES.toSeconds(ImageBuild.MINUTES));
            run(id, container, egress, failed, what, lines);
            commit(container, tag);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.CANCELLED, failed + " was stopped", e);
        } catch (IOException | RuntimeException e) {
            throw ImageFailures.of(failed + " failed", e);
        } finally {
            // An interrupted thread could not talk to the engine any more.
            boolean interrupted = Thread.interrupted();
            remove(id);
            if (egress != null) {
                egress.close();
            }
            busy.remove(id);
            stopped.remove(id);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void run(
            String id, String container, @Nullable BuildEgress egress, String failed, String what, LastLines lines)
            throws RunnerException, InterruptedException, IOException {
        DockerClient streams = engine.streams();
        try (Output output = new Output(lines);
                Ended ended = new Ended()) {
            streams.attachContainerCmd(container)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(true)
                    .exec(output)
                    .awaitStarted(10, TimeUnit.SECONDS);
            engine.control().startContainerCmd(container).exec();
            streams.waitContainerCmd(container).exec(ended);
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(ImageBuild.MINUTES);
            while (!ended.latch.await(TICK_SECONDS, TimeUnit.SECONDS)) {
                if (System.nanoTime() > end) {
                    throw new RunnerException(
                            Kind.IMAGE, failed + " was not ready after " + ImageBuild.MINUTES + " minutes");
                }
                if (egress != null) {
                    egress.tick();
                }
            }
            output.awaitCompletion(5, TimeUnit.SECONDS);
        }
        ContainerState state =
                engine.control().inspectContainerCmd(container).exec().getState();
        if (Boolean.TRUE.equals(state.getRunning())) {
            throw new RunnerException(Kind.IMAGE, failed + " failed: the engine no longer says how it goes on");
        }
        Long exit = state.getExitCodeLong();
        String limit = stopped.get(id);
        if (limit != null) {
            throw new RunnerException(Kind.IMAGE, failed + " failed: " + limit);
        }
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            throw new RunnerException(Kind.IMAGE, failed + " ran out of memory" + lines.told());
        }
        if (exit == null || exit != 0) {
            // What the program says is no word of the engine's: nothing is concluded from it.
            throw new RunnerException(
                    Kind.IMAGE,
                    failed + " failed with exit code " + exit + lines.told()
                            + ". The next call tries again; if it fails each time, tell its author, and get what is mended by `rungpt:update "
                            + what + "`");
        }
    }

    private void commit(String container, String tag) {
        int colon = tag.lastIndexOf(':');
        engine.streams()
                .commitCmd(container)
                .withRepository(tag.substring(0, colon))
                .withTag(tag.substring(colon + 1))
                .withLabels(labels)
                .withPause(false)
                .exec();
    }

    /** By its label: its answer may have been lost, and its name may be somebody else's. */
    private void remove(String id) {
        try {
            engine.control()
                    .listContainersCmd()
                    .withShowAll(true)
                    .withLabelFilter(factory.builderFilter(id))
                    .exec()
                    .forEach(this::remove);
        } catch (RuntimeException e) {
            LOG.warn("A builder stays until the next sweep: {}", EngineFailures.line(e));
        }
    }

    private void remove(Container builder) {
        try {
            engine.control()
                    .removeContainerCmd(builder.getId())
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException e) {
            LOG.debug("A builder was removed already");
        }
    }

    /** Waits for the end, again and again if need be: the library's own way of waiting gives up for good when its time is up. */
    private static final class Ended extends ResultCallback.Adapter<WaitResponse> {
        final CountDownLatch latch = new CountDownLatch(1);

        @Override
        public void onError(Throwable throwable) {
            // Not to the parent's: that would log it with its trace. What became of the step is asked for anyway.
            onComplete();
        }

        @Override
        public void onComplete() {
            super.onComplete();
            latch.countDown();
        }
    }

    private static final class Output extends ResultCallback.Adapter<Frame> {
        private final LastLines lines;
        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        /** Of a character whose end is still to come. */
        private byte[] begun = {};

        Output(LastLines lines) {
            this.lines = lines;
        }

        @Override
        public void onNext(Frame frame) {
            byte[] payload = frame.getPayload();
            ByteBuffer bytes = ByteBuffer.allocate(begun.length + payload.length)
                    .put(begun)
                    .put(payload)
                    .flip();
            CharBuffer text = CharBuffer.allocate(bytes.remaining());
            decoder.decode(bytes, text, false);
            begun = new byte[bytes.remaining()];
            bytes.get(begun);
            lines.add(text.flip().toString());
        }
    }
}
