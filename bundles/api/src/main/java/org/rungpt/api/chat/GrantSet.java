package org.rungpt.api.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.rungpt.api.action.ActionId;

/**
 * Everything that was granted, in one conversation or for all of them.
 *
 * @param workspace to the workspace sandbox, in which the built-in actions run
 * @param actions to actions of third parties, each in a sandbox of its own
 */
public record GrantSet(Access workspace, List<ForAction> actions) {
    /** Nothing. */
    public static final GrantSet NONE = new GrantSet(Access.NONE, List.of());

    /**
     * What was granted to exactly these files of an action; another version asks anew.
     *
     * @param action its identity
     * @param contentHash of its files
     * @param access what was granted
     */
    public record ForAction(ActionId action, String contentHash, Access access) {
        public ForAction {
            Objects.requireNonNull(action, "action");
            Objects.requireNonNull(contentHash, "contentHash");
            Objects.requireNonNull(access, "access");
        }

        boolean isFor(ActionId id, String hash) {
            return action.equals(id) && contentHash.equals(hash);
        }
    }

    public GrantSet {
        Objects.requireNonNull(workspace, "workspace");
        actions = List.copyOf(actions);
    }

    /** What was granted to these files of an action. */
    public Access of(ActionId action, String contentHash) {
        Access all = Access.NONE;
        for (ForAction one : actions) {
            if (one.isFor(action, contentHash)) {
                all = all.and(one.access());
            }
        }
        return all;
    }

    /** The same with more for an action. */
    public GrantSet with(ActionId action, String contentHash, Access more) {
        List<ForAction> all = new ArrayList<>();
        Access access = of(action, contentHash).and(more);
        actions.stream().filter(one -> !one.isFor(action, contentHash)).forEach(all::add);
        if (!access.isEmpty()) {
            all.add(new ForAction(action, contentHash, access));
        }
        return new GrantSet(workspace, all);
    }
}
