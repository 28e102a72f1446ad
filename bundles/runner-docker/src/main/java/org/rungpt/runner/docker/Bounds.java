package org.rungpt.runner.docker;

import org.rungpt.api.action.Manifest;

/**
 * What a sandbox may use up.
 *
 * @param memory bytes, without swap
 * @param cpus cores
 * @param pids processes and threads
 * @param disk bytes written to the file system and the workspace
 */
record Bounds(long memory, double cpus, int pids, long disk) {
    /** Of a workspace sandbox. */
    static Bounds of(Settings settings) {
        return new Bounds(settings.memory(), settings.cpus(), settings.pids(), settings.disk());
    }

    /** Of the sandbox of an action: what it asks for, within what any action may have, else the default. */
    static Bounds of(Settings settings, Manifest.Resources asked) {
        Double cpus = asked.cpus();
        Long memory = asked.memory();
        Integer pids = asked.pids();
        Long disk = asked.disk();
        Bounds most = settings.most();
        return new Bounds(
                memory == null ? settings.memory() : Math.min(memory, most.memory()),
                cpus == null ? settings.cpus() : Math.min(cpus, most.cpus()),
                pids == null ? settings.pids() : Math.min(pids, most.pids()),
                disk == null ? settings.disk() : Math.min(disk, most.disk()));
    }

    /** Of a container in which a step of a build runs: compilers want more than programs. */
    static Bounds ofBuild(Settings settings) {
        return new Bounds(4 * settings.memory(), settings.cpus(), 512, 8 * settings.disk());
    }

    String text() {
        return memory + " " + cpus + " " + pids + " " + disk;
    }

    /** @return the default if it is no text of bounds */
    static Bounds parse(String text, Settings settings) {
        try {
            String[] parts = text.split(" ", -1);
            return new Bounds(
                    Long.parseLong(parts[0]),
                    Double.parseDouble(parts[1]),
                    Integer.parseInt(parts[2]),
                    Long.parseLong(parts[3]));
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return of(settings);
        }
    }
}
