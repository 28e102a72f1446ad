package org.rungpt.runner.docker;

import java.util.List;

/**
 * What the container is to be among whose processes the sidecars of a sandbox are that must not see the sandbox's own; {@link
 * SandboxFactory} makes it so. It has nothing: no mount, no right, nothing to say. It ends with the sandbox, whoever is there to see it, and
 * the kernel ends the sidecars with its first process.
 *
 * @param id its name
 * @param sandbox for which sandbox
 * @param image id of the base image
 * @param container of that sandbox: its network is shared, where the sign of its life is (docs/action-service.md)
 */
record PausePlan(String id, String sandbox, String image, String container) {
    static final Bounds BOUNDS = new Bounds(64L << 20, 1, 16, 1L << 20);

    static final List<String> COMMAND = List.of("/usr/bin/python3", "-IS", "-c", """
            import socket
            with socket.socket(socket.AF_UNIX) as life:
                life.settimeout(5)
                life.connect("\\0rungpt/sandbox")
                life.settimeout(None)
                life.recv(1)
            """);
}
