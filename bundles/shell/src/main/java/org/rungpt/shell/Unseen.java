package org.rungpt.shell;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;

/** Values that nobody may see: typed without being shown, or read from standard input. Never arguments, which are seen in process lists and histories. */
final class Unseen {
    private Unseen() {}

    /**
     * @param what is asked for, as in "Value of token for acme/plot"
     * @param most characters
     */
    static String read(@Nullable Session session, boolean interactive, String what, int most)
            throws IOException, CommandException {
        if (session == null) {
            throw new CommandException("there is nobody to ask for it");
        }
        if (interactive) {
            String typed = session.readLine(what + " (not shown): ", '*');
            return typed == null ? "" : typed.strip();
        }
        InputStream in = session.getKeyboard();
        var value = new ByteArrayOutputStream();
        int b;
        while ((b = in.read()) >= 0) {
            value.write(b);
            if (value.size() > 4 * most) {
                throw new CommandException("Not set: it has at most " + most + " characters");
            }
        }
        return value.toString(StandardCharsets.UTF_8).strip();
    }
}
