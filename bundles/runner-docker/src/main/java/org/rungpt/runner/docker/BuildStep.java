package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Manifest;

/**
 * A command that changes an image. It runs in a container of the one factory, with the limits of a workspace sandbox, because an
 * engine's own builds know no such limits.
 *
 * @param image on which it runs
 * @param foreign whether that is not made from the base image
 * @param command words as they are
 * @param directory where it runs
 * @param network whether it may reach the package mirrors
 */
record BuildStep(String image, boolean foreign, List<String> command, String directory, boolean network) {
    static final Map<String, String> ENVIRONMENT =
            Map.of("DEBIAN_FRONTEND", "noninteractive", "HOME", "/root", "LANG", "C.UTF-8");

    private static final String APT = "apt-get -q update; apt-get -q install -y --no-install-recommends -- \"$@\";"
            + " apt-get clean; rm -rf /var/lib/apt/lists/*";

    /** Ends itself with the container when its time is up, even if nobody is there any more. */
    private static final String WITH_ALARM =
            "import os, signal, sys\nsignal.alarm(int(sys.argv[1]))\nos.execvp(sys.argv[2], sys.argv[2:])";

    /** What an action needs from package managers, one step a manager: actions with the same needs share them. */
    static List<BuildStep> packages(String image, boolean foreign, Manifest.Packages packages) {
        List<BuildStep> steps = new ArrayList<>();
        add(steps, image, foreign, List.of("/bin/sh", "-ec", APT, "apt"), packages.apt());
        add(steps, image, foreign, List.of("python3", "-m", "pip", "install", "--no-cache-dir", "--"), packages.pip());
        add(
                steps,
                image,
                foreign,
                List.of("npm", "install", "--global", "--no-fund", "--no-audit", "--"),
                packages.npm());
        return steps;
    }

    private static void add(
            List<BuildStep> steps, String image, boolean foreign, List<String> command, List<String> packages) {
        if (!packages.isEmpty()) {
            List<String> all = new ArrayList<>(command);
            all.addAll(packages);
            steps.add(new BuildStep(image, foreign, all, "/", true));
        }
    }

    /** What an action brings itself: never with network. */
    static BuildStep setup(String image, boolean foreign, ActionPackage action) {
        String directory = ImageRecipe.ACTIONS + action.id().value();
        return new BuildStep(image, foreign, List.of(directory + "/setup"), directory, false);
    }

    BuildStep on(String otherImage) {
        return new BuildStep(otherImage, foreign, command, directory, network);
    }

    /** The whole command line of the container. */
    List<String> entrypoint(long seconds) {
        List<String> all = new ArrayList<>(foreign ? ImageRecipe.FOREIGN_PYTHON : List.of("/usr/bin/python3", "-IS"));
        all.addAll(List.of("-c", WITH_ALARM, Long.toString(seconds)));
        all.addAll(command);
        return all;
    }

    /** Names the image that comes of it. */
    String hash() {
        return ImageRecipe.hash("step " + image + "\n" + directory + "\n" + network + "\n" + command);
    }

    /** In a few words, for people. */
    String words(@Nullable String what) {
        String program = command.get(0).equals("/bin/sh") ? "apt-get" : command.get(0);
        return EngineFailures.oneLine(program.substring(program.lastIndexOf('/') + 1), 40)
                + (what == null ? "" : " for " + what);
    }
}
