package org.rungpt.protocol.common;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.rungpt.api.action.InstalledAction;

/** The installed actions as a model is told of them: built-in ones first, always in the same order. */
public final class Catalogue {
    private static final String SHOW = "actions.show";

    private final List<InstalledAction> actions;
    private final Function<InstalledAction, String> description;

    /** @param description tells of one action in full */
    public Catalogue(List<InstalledAction> actions, Function<InstalledAction, String> description) {
        this.description = description;
        this.actions = actions.stream()
                .sorted(Comparator.comparing(
                                (InstalledAction each) -> !each.files().builtIn())
                        .thenComparing(InstalledAction::alias))
                .toList();
    }

    /** The actions in order. */
    public List<InstalledAction> actions() {
        return actions;
    }

    /** As many actions as fit in full, the others in one line each, and if even that is too much only how many there are. */
    public String text(int room) {
        List<String> full = new ArrayList<>();
        int all = 0;
        for (InstalledAction action : actions) {
            String text = description.apply(action);
            full.add(text);
            all += text.length();
        }
        if (all <= room) {
            return String.join("", full);
        }
        List<String> lines = actions.stream().map(ActionText::line).toList();
        String shortHead = "## Further actions\n" + hint() + "\n";
        int left = room - shortHead.length();
        int fit = 0;
        while (fit < lines.size() && left - lines.get(fit).length() >= 80) {
            left -= lines.get(fit).length();
            fit++;
        }
        var described = new StringBuilder();
        var listed = new StringBuilder();
        for (int i = 0; i < fit; i++) {
            int more = full.get(i).length() - lines.get(i).length();
            if (more <= left - 80) {
                left -= more;
                described.append(full.get(i));
            } else {
                listed.append(lines.get(i));
            }
        }
        if (fit < lines.size()) {
            listed.append("- and ").append(lines.size() - fit).append(" more.\n");
        }
        return described + shortHead + listed;
    }

    private String hint() {
        boolean canShow = actions.stream().anyMatch(action -> action.manifest().tasks().stream()
                .anyMatch(task -> SHOW.equals(action.alias() + "." + task.name())));
        return canShow
                ? "Call " + SHOW + " with the name of one of these before you use it: it tells the arguments."
                : "Their arguments do not fit here: a call without arguments is answered with what the task takes ("
                        + SHOW + " is not installed).";
    }
}
