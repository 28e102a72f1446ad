package org.rungpt.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.rungpt.plain.Plain;

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
        out.print(Plain.text(text));
        out.flush();
    }

    void line(String text) {
        out.println(Plain.text(text));
    }

    void note(String text) {
        err.print(Plain.text(text));
        err.flush();
    }

    void noteLine(String text) {
        err.println(Plain.text(text));
    }

    boolean canAsk() {
        return in != null;
    }

    /** Asks and gives what was typed; the empty string at the end of input. */
    String ask(String question) {
        if (in == null) {
            return "";
        }
        err.print(Plain.line(question));
        err.flush();
        try {
            String typed = in.readLine();
            return typed == null ? "" : typed.strip();
        } catch (IOException e) {
            return "";
        }
    }
}
