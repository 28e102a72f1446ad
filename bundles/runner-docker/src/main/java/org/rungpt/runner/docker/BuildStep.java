package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Manifest;

/**
 * A command that changes an image. It runs in a container of the one factory, with the limits of a workspace sandbox, because an
 * engine's own builds know no such limits.
 *
 * @param title in a few words, for people
 * @param image on which it runs
 * @param foreign whether that is not made from the base image
 * @param command words as they are
 * @param directory where it runs, as root; null to run where and as whom the image says
 * @param network whether it may reach the package mirrors
 * @param arguments variables, unless the image has them
 */
record BuildStep(
        String title,
        String image,
        boolean foreign,
        List<String> command,
        @Nullable String directory,
        boolean network,
        Map<String, String> arguments) {
    /** What programs that run as root find, whatever the image says. */
    private static final Map<String, String> ROOT =
            Map.of("DEBIAN_FRONTEND", "noninteractive", "HOME", "/root", "LANG", "C.UTF-8");

    private static final String PROXY = "http://127.0.0.1:7865";
    private static final String DIRECT = "localhost,127.0.0.1,::1";

    /** What makes programs ask the proxy that the step's own program offers: as in sandboxes. */
    private static final Map<String, String> WAY_OUT = Map.of(
            "http_proxy", PROXY,
            "https_proxy", PROXY,
            "HTTP_PROXY", PROXY,
            "HTTPS_PROXY", PROXY,
            "no_proxy", DIRECT,
            "NO_PROXY", DIRECT,
            "NODE_USE_ENV_PROXY", "1",
            "DENO_NO_UPDATE_CHECK", "1");

    private static final String APT = "apt-get -q update; apt-get -q install -y --no-install-recommends -- \"$@\";"
            + " apt-get clean; rm -rf /var/lib/apt/lists/*";

    private static final String PROGRAM = program();

    /** What an action needs from package managers, one step a manager: actions with the same needs share them. */
    static List<BuildStep> packages(String image, boolean foreign, Manifest.Packages packages) {
        List<BuildStep> steps = new ArrayList<>();
        add(steps, "apt-get", image, foreign, List.of("/bin/sh", "-ec", APT, "apt"), packages.apt());
        add(
                steps,
                "pip",
                image,
                foreign,
                List.of("python3", "-m", "pip", "install", "--no-cache-dir", "--"),
                packages.pip());
        add(
                steps,
                "npm",
                image,
                foreign,
                List.of("npm", "install", "--global", "--no-fund", "--no-audit", "--"),
                packages.npm());
        return steps;
    }

    private static void add(
            List<BuildStep> steps,
            String title,
            String image,
            boolean foreign,
            List<String> command,
            List<String> packages) {
        if (!packages.isEmpty()) {
            List<String> all = new ArrayList<>(command);
            all.addAll(packages);
            steps.add(new BuildStep(title, image, foreign, all, "/", true, Map.of()));
        }
    }

    /** What an action brings itself: never with network. */
    static BuildStep setup(String image, boolean foreign, ActionPackage action) {
        String directory = ImageRecipe.ACTIONS + action.id().value();
        return new BuildStep("setup", image, foreign, List.of(directory + "/setup"), directory, false, Map.of());
    }

    /** A command of an action's own Dockerfile, on an image that has the runtime. */
    static BuildStep run(String image, Dockerfile.Run run) {
        String title = "RUN in line " + run.line() + " of its Dockerfile";
        return new BuildStep(title, image, true, run.command(), null, true, run.arguments());
    }

    BuildStep on(String otherImage) {
        return new BuildStep(title, otherImage, foreign, command, directory, network, arguments);
    }

    /**
     * The whole command line of the container.
     *
     * @param token by which its proxy knows it; null for none
     */
    List<String> entrypoint(long seconds, @Nullable String token, Mirrors mirrors) {
        ObjectNode plan = JsonNodeFactory.instance
                .objectNode()
                .put("seconds", seconds)
                .put("token", token)
                .put("refusal", "cannot be reached: setup has no network; name what it needs in packages");
        Map<String, String> environment = new LinkedHashMap<>(WAY_OUT);
        environment.put("PIP_RETRIES", token == null ? "0" : "3");
        environment.putAll(mirrors.environment());
        if (directory != null) {
            environment.putAll(ROOT);
        }
        environment.forEach(plan.putObject("environment")::put);
        arguments.forEach(plan.putObject("defaults")::put);
        List<String> all = new ArrayList<>(foreign ? ImageRecipe.FOREIGN_PYTHON : ImageRecipe.PYTHON);
        all.addAll(List.of("-c", PROGRAM, plan.toString()));
        all.addAll(command);
        return all;
    }

    private static String program() {
        try (InputStream text =
                Objects.requireNonNull(BuildStep.class.getResourceAsStream("build-step.py"), "it is in the bundle")) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the bundle cannot be read", e);
        }
    }

    /** Names the image that comes of it. */
    String hash() {
        return ImageRecipe.hash(
                "step " + image + "\n" + directory + "\n" + network + "\n" + new TreeMap<>(arguments) + "\n" + command);
    }
}
