package org.rungpt.runner.docker;

import java.util.concurrent.TimeUnit;

/** Looks from inside a sandbox whether something answers on its localhost. Blocking. */
final class HealthProbe {
    /** How long one look lasts at most; a sidecar that ended meanwhile is noticed after it. */
    private static final int SECONDS = 2;

    private static final long SETTLE_MILLIS = 500;

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

    private final Probe probe;

    HealthProbe(Engine engine, String container, String user) {
        this.probe = new Probe(engine, container, user);
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
        Long exit = probe.run(PROGRAM, Integer.toString(port), path, Integer.toString(seconds));
        return exit != null && exit == 0;
    }
}
