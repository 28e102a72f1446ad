package org.rungpt.api.chat;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which calls may run: rules first, then what was approved before, then the mode. A conversation's own policy counts before that for all
 * conversations.
 *
 * @param mode what holds where no rule says anything; null in a conversation that follows the one for all
 * @param rules in order: of those that fit a call the first counts, but one that denies always wins
 * @param approvals calls that need no question any more, each {@code owner/repo[/dir]@contentHash/task}; taken back by leaving one out
 */
public record Policy(@Nullable Mode mode, List<Rule> rules, List<String> approvals) {
    /** Nothing said. */
    public static final Policy NONE = new Policy(null, List.of(), List.of());

    /** When the user is asked. */
    public enum Mode {
        /** Where a call crosses the border of its sandbox; inside it is free. The default. */
        BORDER,
        /** Before every call. */
        ALWAYS,
        /** Never: what manifests ask for is given. Only shares, for which somebody has to choose a directory, are asked for. */
        FULL;

        /** The name in events and in the API: lower case. */
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a rule says. */
    public enum Effect {
        ALLOW,
        ASK,
        DENY;

        /** The name in events and in the API: lower case. */
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A rule.
     *
     * @param effect what it says
     * @param match a glob on {@code owner/repo[/dir].task}: {@code *} stands for any characters, {@code ?} for one
     */
    public record Rule(Effect effect, String match) {
        /** @throws IllegalArgumentException if the glob cannot fit anything; the message says why */
        public Rule {
            Objects.requireNonNull(effect, "effect");
            if (match.isEmpty() || match.length() > 400 || match.chars().anyMatch(c -> c <= ' ' || c == 127)) {
                throw new IllegalArgumentException(
                        "no rule: write a glob on owner/repo.task without blanks, like rungpt/system.* or *.delete");
            }
        }

        /** Whether it fits a task. */
        public boolean fits(String identityAndTask) {
            var regex = new StringBuilder();
            match.chars()
                    .forEach(c ->
                            regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf((char) c))));
            return Pattern.compile(regex.toString(), Pattern.DOTALL)
                    .matcher(identityAndTask)
                    .matches();
        }
    }

    public Policy {
        rules = List.copyOf(rules);
        approvals = List.copyOf(approvals);
    }
}
