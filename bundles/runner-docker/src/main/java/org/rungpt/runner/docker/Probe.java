package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.ExecCreateCmdResponse;
import com.github.dockerjava.api.model.Frame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs programs of ours in a sandbox, past its service. Blocking. */
final class Probe {
    private static final long PATIENCE_SECONDS = 20;

    private final Engine engine;
    private final String container;
    private final String user;
    private final List<String> python;

    Probe(Engine engine, String container, String user) {
        this.engine = engine;
        this.container = container;
        this.user = user;
        this.python = ImageRecipe.python(engine, container);
    }

    /** @return its exit code; null if it came to none */
    @Nullable
    Long run(String program, String... arguments) {
        List<String> command = new ArrayList<>(python);
        command.addAll(List.of("-c", program));
        command.addAll(List.of(arguments));
        ExecCreateCmdResponse probe = engine.control()
                .execCreateCmd(container)
                .withUser(user)
                .withAttachStdout(true)
                .withCmd(command.toArray(String[]::new))
                .exec();
        try (ResultCallback.Adapter<Frame> nothing = new ResultCallback.Adapter<>()) {
            engine.streams()
                    .execStartCmd(probe.getId())
                    .exec(nothing)
                    .awaitCompletion(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (IOException e) {
            return null;
        }
        return engine.control().inspectExecCmd(probe.getId()).exec().getExitCodeLong();
    }
}
