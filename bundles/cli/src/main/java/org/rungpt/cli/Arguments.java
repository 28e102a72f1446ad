package org.rungpt.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The arguments of a command, taken one by one. */
final class Arguments {
    private final Deque<String> rest;

    Arguments(List<String> all) {
        rest = new ArrayDeque<>(all);
    }

    boolean isEmpty() {
        return rest.isEmpty();
    }

    String next() {
        return rest.removeFirst();
    }

    /** The value of an option that was just taken. */
    String value(String option) throws CliException {
        if (rest.isEmpty()) {
            throw CliException.usage(option + " needs a value.");
        }
        return rest.removeFirst();
    }
}
