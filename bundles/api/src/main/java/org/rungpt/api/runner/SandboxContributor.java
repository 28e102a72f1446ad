package org.rungpt.api.runner;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.action.ActionId;

/**
 * Adds to the sandboxes that a runner makes. Whoever registers this service is found at once and forgotten when it goes; a sandbox
 * keeps what it was made with until its end.
 *
 * <p>A contributor proposes, the runner decides: what is not in {@link Contribution} cannot be had at all (no device, right, network,
 * image or place of one's own), and one wrong thing in it makes the runner leave out everything of that contributor, with one line
 * in the log and in the doctor. The sandbox is made without it.
 */
@ConsumerType
public interface SandboxContributor {
    /** Its name, {@code [a-z][a-z0-9-]{0,30}}, for the log and the doctor; of two with the same name the first counts. */
    String id();

    /**
     * What a sandbox gets. Asked whenever one is made, on a thread of the runner; to be answered within a second. Whatever is thrown
     * counts as a wrong contribution.
     */
    Contribution contribute(NewSandbox sandbox);

    /**
     * A sandbox that is being made.
     *
     * @param action the third-party action whose sandbox it is; null for the workspace of a conversation
     * @param user who runs in it, {@code uid:gid}
     */
    record NewSandbox(@Nullable ActionId action, String user) {
        public NewSandbox {
            Objects.requireNonNull(user, "user");
        }

        /** Whether it is the workspace of a conversation. */
        public boolean isWorkspace() {
            return action == null;
        }
    }

    /**
     * What a sandbox gets.
     *
     * @param caches writable directories {@code /cache/<name>} that belong to the conversation: they outlive its sandboxes and go with
     *     it, nobody else sees them, and what lies in them counts for the limit of the disk. In a workspace only. Names
     *     {@code [a-z][a-z0-9-]{0,30}}, at most 8
     * @param directories directories of the host that are seen as {@code /share/<name>}, always read-only, under the rules for shares
     *     of users; at most 8
     * @param environment variables of its programs, at most 32, {@code [A-Za-z_][A-Za-z0-9_]*}, each value one line of at most 1024
     *     characters; what a call brings itself wins. Those by which programs are loaded, trusted, or sent elsewhere are refused
     */
    record Contribution(List<String> caches, List<Directory> directories, Map<String, String> environment) {
        /** Nothing. */
        public static final Contribution NONE = new Contribution(List.of(), List.of(), Map.of());

        public Contribution {
            caches = List.copyOf(caches);
            directories = List.copyOf(directories);
            environment = Map.copyOf(environment);
        }
    }

    /**
     * A directory of the host.
     *
     * @param name {@code [a-z][a-z0-9-]{0,30}}; a share of the user with the same name wins
     * @param source absolute path on the host of the engine
     */
    record Directory(String name, String source) {
        public Directory {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(source, "source");
        }
    }
}
