package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.rungpt.api.action.ActionPackage;

/**
 * How the engine builds an image: a Dockerfile and the actions whose files go in. Nothing is executed by it but the base image's own
 * programs; what an action or a package manager brings runs in a {@link BuildStep}.
 *
 * @param dockerfile its text; it names everything by content, so that its hash names the image
 * @param contents the actions whose files are in the context, by their directory there
 */
record ImageRecipe(String dockerfile, Map<String, ActionPackage> contents) {
    /** Its name in the context: no action's file has it. */
    static final String FILE = ".rungpt.Dockerfile";

    static final String ACTIONS = "/rungpt/actions/";

    static final List<String> PYTHON = List.of("/usr/bin/python3", "-IS");

    /** How the action service is started in images made from the base image. */
    static final List<String> SERVICE = List.of("/usr/bin/python3", "-IS", "/usr/local/bin/action-service");

    /** What an engine gives to programs of an image that says nothing of it. */
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static final String RUNTIME = "/rungpt/runtime/";

    /** How it is started in other people's images: with the base image's Python, which brings its own loader and libraries. */
    static final List<String> FOREIGN_PYTHON =
            List.of(RUNTIME + "ld.so", "--library-path", RUNTIME + "lib", RUNTIME + "bin/python3", "-IS");

    private static final List<String> FOREIGN_SERVICE = List.of(
            RUNTIME + "ld.so",
            "--library-path",
            RUNTIME + "lib",
            RUNTIME + "bin/python3",
            "-IS",
            RUNTIME + "action-service",
            "--inherit");

    /** Gathers Python with what it needs of the base image; works below any root. */
    private static final String GATHER = "mkdir -p /runtime/bin /runtime/lib; "
            + "for f in $(ldd /usr/bin/python3 | grep -o '/[^ ]*'); do "
            + "case $f in */ld-linux*) cp -L $f /runtime/ld.so ;; *) cp -L $f /runtime/lib/ ;; esac; done; "
            + "cp -L /usr/bin/python3 /runtime/bin/python3; "
            + "p=python$(python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'); mkdir /runtime/lib/$p; "
            + "cd /usr/lib/$p; for f in *; do case $f in "
            + "test|idlelib|tkinter|turtledemo|lib2to3|ensurepip|distutils|unittest|pydoc_data|venv|config-*|__pycache__) ;; "
            + "*) cp -R $f /runtime/lib/$p/ ;; esac; done; cp /usr/local/bin/action-service /runtime/; "
            + "cp /usr/local/bin/action /runtime/action-command; mkdir /runtime/commands; "
            + "printf '#!/bin/sh\\nexec %s \"$@\"\\n' '"
            + String.join(" ", FOREIGN_PYTHON) + " " + RUNTIME + "action-command' > /runtime/commands/action; "
            + "chmod 755 /runtime/commands/action";

    /** The Python with which a container's own service was started: somebody else's image has no other, or none that could be relied on. */
    static List<String> python(Engine engine, String container) {
        String[] service = engine.control()
                .inspectContainerCmd(container)
                .exec()
                .getConfig()
                .getEntrypoint();
        return service != null && service.length > 0 && service[0].equals(FOREIGN_PYTHON.get(0))
                ? FOREIGN_PYTHON
                : PYTHON;
    }

    /** The workspace image: every built-in action on the base. */
    static ImageRecipe workspace(String base, Collection<ActionPackage> builtIns) {
        StringBuilder text = from(base);
        Map<String, ActionPackage> contents = new TreeMap<>();
        builtIns.forEach(action -> {
            copy(text, action);
            contents.put(directory(action), action);
        });
        return new ImageRecipe(text.toString(), contents);
    }

    /** What other people's images get of the base image. */
    static ImageRecipe runtime(String base) {
        String text = from(base) + "RUN " + words(List.of("/bin/sh", "-ec", GATHER)) + "\n";
        return new ImageRecipe(text, Map.of());
    }

    /** An image that is not made from the base image, with the action service and what that needs. */
    static ImageRecipe foreign(String image, String runtime) {
        String text = from(image)
                + "COPY --from=" + bare(runtime) + " /runtime/ " + RUNTIME + "\n"
                + "HEALTHCHECK NONE\nSTOPSIGNAL SIGTERM\n";
        return new ImageRecipe(text, Map.of());
    }

    /** The files of a third-party action on an image. */
    static ImageRecipe action(String image, ActionPackage action) {
        StringBuilder text = from(image);
        copy(text, action);
        return new ImageRecipe(text.toString(), Map.of(directory(action), action));
    }

    /** The last layer: how the service is started, whatever the steps before have left. */
    static ImageRecipe finished(String image, boolean foreign) {
        StringBuilder text = from(image);
        if (foreign) {
            text.append("ENV PATH=${PATH:-" + PATH + "}:" + RUNTIME + "commands\n");
        }
        text.append("USER 0\nWORKDIR /workspace\nENTRYPOINT ")
                .append(words(foreign ? FOREIGN_SERVICE : SERVICE))
                .append("\nCMD []\n");
        return new ImageRecipe(text.toString(), Map.of());
    }

    static StringBuilder from(String image) {
        return new StringBuilder("FROM " + bare(image) + "\n");
    }

    private static void copy(StringBuilder text, ActionPackage action) {
        text.append("# ").append(action.contentHash()).append('\n');
        text.append("COPY ")
                .append(words(
                        List.of(directory(action) + "/", ACTIONS + action.id().value() + "/")))
                .append('\n');
    }

    /** Where the files of an action lie in the build context. */
    static String directory(ActionPackage action) {
        return "actions/" + action.id().value();
    }

    /** Words as they are, never through a shell. */
    private static ArrayNode words(List<String> words) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        words.forEach(all::add);
        return all;
    }

    static String bare(String imageId) {
        return imageId.startsWith("sha256:") ? imageId.substring("sha256:".length()) : imageId;
    }

    /** Names the image that comes of it. */
    String hash() {
        StringBuilder all = new StringBuilder(dockerfile);
        contents.forEach((directory, action) ->
                all.append('\n').append(directory).append(' ').append(action.contentHash()));
        return hash(all.toString());
    }

    static String hash(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
