package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.WaitResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a step of a build in a container and makes an image of what that has become. */
final class StepRunner {
    private static final Logger LOG = LoggerFactory.getLogger(StepRunner.class);

    private final Engine engine;
    private final SandboxFactory factory;
    private final Map<String, String> labels;
    /** Builders at work, which no sweep may take. */
    private final Set<String> busy = ConcurrentHashMap.newKeySet();

    StepRunner(Engine engine, SandboxFactory factory, Map<String, String> labels) {
        this.engine = engine;
        this.factory = factory;
        this.labels = labels;
    }

    Set<String> busy() {
        return busy;
    }

    /** Blocking; an interrupt stops it. */
    void run(String tag, BuildStep step, String what, Consumer<String> progress) throws RunnerException {
        String failed = "the image of " + what + " could not be built: " + step.words(null);
        String id = Instance.newName();
        String container = null;
        busy.add(id);
        try {
            container =
                    factory.createBuilder(engine.control(), id, step, TimeUnit.MINUTES.toSeconds(ImageBuild.MINUTES));
            run(container, failed, progress);
            commit(container, tag);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.CANCELLED, failed + " was stopped", e);
        } catch (IOException | RuntimeException e) {
            throw ImageFailures.of(failed + " failed", e);
        } finally {
            // An interrupted thread could not talk to the engine any more.
            boolean interrupted = Thread.interrupted();
            remove(container != null ? container : factory.builderName(id));
            busy.remove(id);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void run(String container, String failed, Consumer<String> progress)
            throws RunnerException, InterruptedException, IOException {
        LastLines lines = new LastLines(progress);
        DockerClient streams = engine.streams();
        try (Output output = new Output(lines);
                ResultCallback.Adapter<WaitResponse> ended = new ResultCallback.Adapter<>()) {
            streams.attachContainerCmd(container)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(true)
                    .exec(output)
                    .awaitStarted(10, TimeUnit.SECONDS);
            engine.control().startContainerCmd(container).exec();
            streams.waitContainerCmd(container).exec(ended);
            if (!ended.awaitCompletion(ImageBuild.MINUTES, TimeUnit.MINUTES)) {
                throw new RunnerException(
                        Kind.IMAGE, failed + " was not ready after " + ImageBuild.MINUTES + " minutes");
            }
            output.awaitCompletion(5, TimeUnit.SECONDS);
        }
        ContainerState state =
                engine.control().inspectContainerCmd(container).exec().getState();
        Long exit = state.getExitCodeLong();
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            throw new RunnerException(Kind.IMAGE, failed + " ran out of memory" + lines.told());
        }
        if (exit == null || exit != 0) {
            throw ImageFailures.of(failed + " failed", "it ended with exit code " + exit + lines.told());
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

    private void remove(String container) {
        try {
            engine.control()
                    .removeContainerCmd(container)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException e) {
            LOG.debug("A builder was removed already");
        } catch (RuntimeException e) {
            LOG.warn("A builder stays until the next sweep: {}", EngineFailures.line(e));
        }
    }

    private static final class Output extends ResultCallback.Adapter<Frame> {
        private final LastLines lines;

        Output(LastLines lines) {
            this.lines = lines;
        }

        @Override
        public void onNext(Frame frame) {
            lines.add(new String(frame.getPayload(), StandardCharsets.UTF_8));
        }
    }
}
