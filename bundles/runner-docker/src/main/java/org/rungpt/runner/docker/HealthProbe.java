package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.ExecCreateCmdResponse;
import com.github.dockerjava.api.model.Frame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Looks from inside a sandbox whether something answers on its localhost. Blocking. */
final class HealthProbe {
    /** How long one look lasts at most; a sidecar that ended meanwhile is noticed after it. */
    private static final int SECONDS = 2;

    private static final long SETTLE_MILLIS = 500;
    private static final long PATIENCE_SECONDS = 20;

    private static final String PROGRAM = """
            import socket, sys, time
            port, path, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
            def answers():
                with socket.create_connection(("127.0.0.1", port), 1) as s:
                    if not path:
                        return True
                    s.settimeout(2)
                    s.sendall(f"GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n".encode())
                    head = b""
                    while b"\\n" not in head and len(head) < 4096:
                        got = s.recv(4096)
                        if not got:
                            break
                        head += got
                    return head.split(b" ")[1:2] and head.split(b" ")[1].startswith(b"2")
            end = time.monotonic() + seconds
            while True:
                try:
                    if answers():
                        sys.exit(0)
                except OSError:
                    pass
                if time.monotonic() >= end:
                    sys.exit(1)
                time.sleep(0.05)
            """;

    private final Engine engine;
    private final String container;
    private final String user;
    private final List<String> python;

    HealthProbe(Engine engine, String container, String user) {
        this.engine = engine;
        this.container = container;
        this.user = user;
        this.python = ImageRecipe.python(engine, container);
    }

    /** Whether something listens there now. */
    boolean isOpen(int port) {
        return run(port, "", 0);
    }

    /** Waits some seconds until it answers. @return whether it does */
    boolean await(int port, String health) {
        return run(
                port, health.startsWith(SidecarSpec.HTTP) ? health.substring(SidecarSpec.HTTP.length()) : "", SECONDS);
    }

    /** Nothing can be asked: what does not end at once counts as ready. */
    boolean pause() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        return true;
    }

    private boolean run(int port, String path, int seconds) {
        List<String> command = new ArrayList<>(python);
        command.addAll(List.of("-c", PROGRAM, Integer.toString(port), path, Integer.toString(seconds)));
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
            return false;
        } catch (IOException e) {
            return false;
        }
        Long exit = engine.control().inspectExecCmd(probe.getId()).exec().getExitCodeLong();
        return exit != null && exit == 0;
    }
}
