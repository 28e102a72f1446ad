package org.rungpt.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One line for the server's shell. */
final class CommandLine {
    private static final Pattern HELP = Pattern.compile("\\s*help\\s+(\\w+:[\\w-]+)\\s*");

    private CommandLine() {}

    /** @return the line as it is sent. @throws CliException if a quote is not closed, of which the shell's own parser says nothing useful */
    static String checked(String line) throws CliException {
        int open = unclosed(line);
        if (open >= 0 && !line.stripLeading().startsWith("#")) {
            throw CliException.usage(
                    "The quote " + line.charAt(open) + " at character " + (open + 1) + " is not closed.");
        }
        // Karaf's help about one command needs a terminal; the command's own says the same.
        Matcher help = HELP.matcher(line);
        return help.matches() ? help.group(1) + " --help" : line;
    }

    /** Where the quote begins that does not end; -1 if there is none. */
    private static int unclosed(String line) {
        int open = -1;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && (open < 0 || line.charAt(open) == '"')) {
                i++;
            } else if (open >= 0 && c == line.charAt(open)) {
                open = -1;
            } else if (open < 0 && (c == '"' || c == '\'')) {
                open = i;
            }
        }
        return open;
    }
}
