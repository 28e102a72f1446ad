package org.rungpt.shell;

import java.io.PrintStream;
import org.rungpt.api.action.ActionInstaller.Progress;
import org.rungpt.plain.Plain;

/** Shows progress: on a terminal one line that changes, elsewhere one line for each step. */
final class ProgressLine implements Progress {
    private static final int WIDTH = 70;

    private final PrintStream out;
    private final boolean changing;
    private String last = "";

    ProgressLine(PrintStream out, boolean changing) {
        this.out = out;
        this.changing = changing;
    }

    @Override
    public void report(String step, long done, long total) {
        if (changing) {
            String line = Plain.line(text(step, done, total), WIDTH);
            out.print("\r" + line + " ".repeat(Math.max(0, last.length() - line.length())));
            out.flush();
            last = line;
        } else if (!step.equals(last)) {
            out.println(Plain.line(step, WIDTH));
            last = step;
        }
    }

    static String text(String step, long done, long total) {
        if (done < 0) {
            return step + " …";
        }
        return total <= 0 ? step + " " + done : step + " " + done + " of " + total + " (" + 100 * done / total + " %)";
    }

    /** Leaves the line. */
    void end() {
        if (changing && !last.isEmpty()) {
            out.print("\r" + " ".repeat(last.length()) + "\r");
            out.flush();
        }
    }
}
