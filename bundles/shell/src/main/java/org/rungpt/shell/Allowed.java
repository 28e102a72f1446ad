package org.rungpt.shell;

import java.util.List;
import java.util.regex.Pattern;

/** Patterns of tasks that were allowed beforehand: {@code *} stands for any characters. */
final class Allowed {
    private final List<Pattern> patterns;

    Allowed(List<String> patterns) {
        this.patterns = patterns.stream()
                .map(pattern ->
                        Pattern.compile("\\Q" + pattern.replace("\\E", "").replace("*", "\\E.*\\Q") + "\\E"))
                .toList();
    }

    boolean covers(String task) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(task).matches());
    }
}
