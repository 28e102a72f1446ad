package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Manifest;

/**
 * How an image is made: a Dockerfile and the actions whose files go in.
 *
 * @param dockerfile its text; it names everything by content, so that its hash names the image
 * @param contents the actions whose files it copies
 * @param network whether its steps may reach the network: to fetch packages, never to run what an action brings
 */
record ImageRecipe(String dockerfile, List<ActionPackage> contents, boolean network) {
    static final String ACTIONS = "/rungpt/actions/";

    /** The workspace image: every built-in action on the base. */
    static ImageRecipe workspace(String base, Collection<ActionPackage> builtIns) {
        StringBuilder text = new StringBuilder("FROM " + bare(base) + "\n");
        builtIns.forEach(action -> copy(text, action));
        return new ImageRecipe(text.toString(), List.copyOf(builtIns), false);
    }

    /** What an action needs from package managers. An image of its own, so that actions with the same needs share it. */
    static ImageRecipe packages(String base, Manifest.Packages packages) {
        StringBuilder text = new StringBuilder("FROM " + bare(base) + "\n");
        if (!packages.apt().isEmpty()) {
            text.append("ENV DEBIAN_FRONTEND=noninteractive\n");
            run(text, List.of("apt-get", "update"), List.of());
            run(text, List.of("apt-get", "install", "-y", "--no-install-recommends", "--"), packages.apt());
        }
        if (!packages.pip().isEmpty()) {
            run(
                    text,
                    List.of("python3", "-m", "pip", "install", "--no-cache-dir", "--break-system-packages", "--"),
                    packages.pip());
        }
        if (!packages.npm().isEmpty()) {
            run(text, List.of("npm", "install", "--global", "--no-fund", "--no-audit", "--"), packages.npm());
        }
        return new ImageRecipe(text.toString(), List.of(), true);
    }

    static boolean hasPackages(Manifest.Packages packages) {
        return !packages.apt().isEmpty()
                || !packages.pip().isEmpty()
                || !packages.npm().isEmpty();
    }

    /** The image of one third-party action. */
    static ImageRecipe action(String base, ActionPackage action, boolean setup) {
        StringBuilder text = new StringBuilder("FROM " + bare(base) + "\n");
        copy(text, action);
        if (setup) {
            String directory = ACTIONS + action.id().value();
            text.append("WORKDIR ").append(directory).append('\n');
            run(text, List.of(directory + "/setup"), List.of());
            text.append("WORKDIR /workspace\n");
        }
        return new ImageRecipe(text.toString(), List.of(action), false);
    }

    private static void copy(StringBuilder text, ActionPackage action) {
        text.append("# ").append(action.contentHash()).append('\n');
        ArrayNode paths = JsonNodeFactory.instance.arrayNode();
        paths.add(directory(action) + "/").add(ACTIONS + action.id().value() + "/");
        text.append("COPY ").append(paths).append('\n');
    }

    /** Where the files of an action lie in the build context. */
    static String directory(ActionPackage action) {
        return "actions/" + action.id().value();
    }

    /** Words as they are, never through a shell. */
    private static void run(StringBuilder text, List<String> command, List<String> words) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        command.forEach(all::add);
        words.forEach(all::add);
        text.append("RUN ").append(all).append('\n');
    }

    private static String bare(String imageId) {
        return imageId.startsWith("sha256:") ? imageId.substring("sha256:".length()) : imageId;
    }

    /** Names the image that comes of it. */
    String hash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(dockerfile.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
