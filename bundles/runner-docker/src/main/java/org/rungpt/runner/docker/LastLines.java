package org.rungpt.runner.docker;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/** Hands the lines of a build on and keeps the last ones, which say why it failed. */
final class LastLines {
    private static final int KEPT = 6;
    private static final int WIDTH = 200;

    private final Consumer<String> progress;
    private final ArrayDeque<String> last = new ArrayDeque<>();
    private final StringBuilder begun = new StringBuilder();

    LastLines(Consumer<String> progress) {
        this.progress = progress;
    }

    synchronized void add(String text) {
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\n' || text.charAt(i) == '\r') {
                begun.append(text, start, i);
                end();
                start = i + 1;
            }
        }
        begun.append(text, start, text.length());
        if (begun.length() > 8 * WIDTH) {
            end();
        }
    }

    private void end() {
        String line = EngineFailures.oneLine(begun.toString(), WIDTH);
        begun.setLength(0);
        if (!line.isBlank()) {
            last.add(line);
            if (last.size() > KEPT) {
                last.removeFirst();
            }
            progress.accept(line);
        }
    }

    /** The last lines, for the end of a message. */
    synchronized String told() {
        end();
        return last.isEmpty() ? "" : " (last output: " + String.join(" | ", last) + ")";
    }
}
