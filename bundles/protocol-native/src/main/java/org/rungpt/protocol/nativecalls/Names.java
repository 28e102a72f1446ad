package org.rungpt.protocol.nativecalls;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.rungpt.api.action.InstalledTask;

/** Names as the API takes them: {@code web.search} is the tool {@code web__search}. */
final class Names {
    /** The tool that runs any task, for those that have no tool of their own. */
    static final String ANY = "run_task";

    private static final Pattern TOOL = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern COUNTED = Pattern.compile("functions\\.[A-Za-z0-9_-]{1,64}:\\d{1,6}");
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int ID_LENGTH = 9;

    private Names() {}

    static String tool(String task) {
        return task.replace(".", "__");
    }

    static boolean isTool(String name) {
        return TOOL.matcher(name).matches();
    }

    /** The tasks that a tool can stand for: nearly always one. */
    static List<InstalledTask> tasks(String tool, Function<String, Optional<InstalledTask>> known) {
        String bare = tool.startsWith("functions.") ? tool.substring("functions.".length()) : tool;
        List<InstalledTask> tasks = new ArrayList<>();
        for (int at = bare.indexOf("__"); at >= 0; at = bare.indexOf("__", at + 1)) {
            known.apply(bare.substring(0, at) + "." + bare.substring(at + 2)).ifPresent(tasks::add);
        }
        if (tasks.isEmpty()) {
            known.apply(bare).ifPresent(tasks::add); // some models write the name as the text says it
        }
        return tasks;
    }

    /** Whether a tool of this name is offered. */
    static boolean isKnown(String tool, Function<String, Optional<InstalledTask>> known) {
        return tool.equals(ANY) || !tasks(tool, known).isEmpty();
    }

    /** Whatever a model called a tool, as a name that every server takes back. */
    static String harmless(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9_-]", "_");
        return plain.isEmpty() ? "unknown" : plain.substring(0, Math.min(64, plain.length()));
    }

    /**
     * The id of a call in requests. Nine letters or digits are what every server takes, whoever made the call; ids that count a
     * model's own calls stay, because such models read them.
     */
    static String id(String ref) {
        if (COUNTED.matcher(ref).matches()) {
            return ref;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(ref.getBytes(StandardCharsets.UTF_8));
            var id = new StringBuilder(ID_LENGTH);
            for (int i = 0; i < ID_LENGTH; i++) {
                id.append(LETTERS.charAt((hash[i] & 0xFF) % LETTERS.length()));
            }
            return id.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
