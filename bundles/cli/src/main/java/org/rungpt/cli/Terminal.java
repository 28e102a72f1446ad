package org.rungpt.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** Where the command speaks: the answer on stdout, everything else on stderr, questions only where somebody can answer them. */
final class Terminal {
    private final PrintStream out;
    private final PrintStream err;
    private final @Nullable BufferedReader in;
    private final boolean watched;

    /**
     * @param in where answers are typed; null if nobody is there
     * @param watched whether somebody watches the answer as it comes; else stdout gets the final answer alone
     */
    Terminal(PrintStream out, PrintStream err, @Nullable BufferedReader in, boolean watched) {
        this.out = out;
        this.err = err;
        this.in = in;
        this.watched = watched;
    }

    boolean isWatched() {
        return watched;
    }

    void answer(String text) {
        out.print(visible(text));
        out.flush();
    }

    void line(String text) {
        out.println(visible(text));
    }

    void note(String text) {
        err.print(visible(text));
        err.flush();
    }

    void noteLine(String text) {
        err.println(visible(text));
    }

    boolean canAsk() {
        return in != null;
    }

    /** Asks and gives what was typed; the empty string at the end of input. */
    String ask(String question) {
        if (in == null) {
            return "";
        }
        err.print(visible(question));
        err.flush();
        try {
            String typed = in.readLine();
            return typed == null ? "" : typed.strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** Control and direction characters would let a text pretend to be something else on a terminal. */
    static String visible(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            boolean harmless = c == '\n' || c == '\t' || !(Character.isISOControl(c) || isDirection(c));
            if (harmless) {
                shown.appendCodePoint(c);
            } else if (c != '\r') {
                shown.append(c == 0x1B ? "␛" : "\uFFFD");
            }
        });
        return shown.toString();
    }

    private static boolean isDirection(int c) {
        return (c >= 0x202A && c <= 0x202E)
                || (c >= 0x2066 && c <= 0x2069)
                || c == 0x200E
                || c == 0x200F
                || c == 0x061C;
    }
}
