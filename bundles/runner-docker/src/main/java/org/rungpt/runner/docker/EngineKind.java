package org.rungpt.runner.docker;

import java.util.Locale;

/**
 * What people call an engine, and what helps when it does not answer; told by where its socket is.
 *
 * @param start how it is started
 * @param access how a user comes to be allowed to use it
 * @param revive what to do when it keeps silent
 */
record EngineKind(String name, String start, String access, String revive) {
    private static final EngineKind DOCKER = new EngineKind(
            "Docker",
            "Start it with `systemctl start docker`.",
            "Run `sudo usermod -aG docker $USER` and log in again.",
            "Look at `journalctl -u docker`, then restart it with `systemctl restart docker`.");

    static EngineKind of(String host) {
        if (!host.startsWith(EngineAddress.UNIX)) {
            return remote(host);
        }
        if (host.contains("/podman/")) {
            return podman(host);
        }
        if (host.contains("/.colima/") || host.contains("/colima/")) {
            return app("Colima", "Start it with `colima start`.", "Restart it with `colima restart`.");
        }
        if (host.contains("/.rd/")) {
            return app("Rancher Desktop", "Start Rancher Desktop.", "Restart Rancher Desktop.");
        }
        if (host.contains("/.docker/")) {
            return app("Docker Desktop", "Start Docker Desktop.", "Restart Docker Desktop.");
        }
        if (host.contains("/run/user/")) {
            return app(
                    "Docker",
                    "Start it with `systemctl --user start docker`.",
                    "Restart it with `systemctl --user restart docker`.");
        }
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac")
                ? app("Docker", "Start Docker Desktop, or `colima start`.", "Restart Docker Desktop or Colima.")
                : DOCKER;
    }

    private static EngineKind podman(String host) {
        if (host.contains("/machine/")) {
            return app("Podman", "Start it with `podman machine start`.", "Run `podman machine stop`, then `start`.");
        }
        boolean system = host.startsWith(EngineAddress.UNIX + "/run/podman/");
        String control = system ? "sudo systemctl" : "systemctl --user";
        return new EngineKind(
                "Podman",
                "Start it with `" + control + " start podman.socket`.",
                "Start your own with `systemctl --user start podman.socket`.",
                "Restart it with `" + control + " restart podman.socket podman.service`.");
    }

    private static EngineKind remote(String host) {
        return app(
                "Docker",
                "Start the engine at " + host + ", or correct DOCKER_HOST or dockerHost.",
                "Restart the engine at " + host + ".");
    }

    private static EngineKind app(String name, String start, String revive) {
        return new EngineKind(name, start, "Make sure that it runs as this user.", revive);
    }
}
