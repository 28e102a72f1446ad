package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.plain.Plain;

/** From what a user types to the action that is meant. */
final class Named {
    private Named() {}

    static ActionReference reference(String text) throws CommandException {
        try {
            return ActionReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Plain.line(text, 80) + ": " + e.getMessage(), e);
        }
    }

    /** An identity, or the alias of an installed action. */
    static ActionId id(String text, @Nullable ActionRegistry registry) throws CommandException {
        List<InstalledAction> actions = registry == null ? List.of() : registry.actions();
        for (InstalledAction action : actions) {
            if (action.alias().equals(text)) {
                return action.id();
            }
        }
        try {
            return new ActionId(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(
                    Plain.line(text, 80) + ": no alias of an installed action, and " + e.getMessage()
                            + "; see rungpt:list",
                    e);
        }
    }
}
