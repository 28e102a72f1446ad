package org.rungpt.protocol.tags;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.protocol.Segment;
import org.rungpt.protocol.common.ForeignCalls;
import org.rungpt.protocol.common.Problems;
import org.rungpt.protocol.common.TaskSchema;
import org.rungpt.protocol.common.Words;

/** Says how a call is written right that was written in another dialect. */
final class Corrections {
    private Corrections() {}

    static Segment.Malformed of(ForeignCalls.Found found, String nonce) {
        String text = "This call did not run: it was written as " + found.dialect()
                + ". Here a call is a tag at the start of a line, outside code fences, with the code of this conversation:\n"
                + shape(found.name(), found.task(), nonce)
                + "\nTo show an example or to quote, put it into a code fence and go on behind it."
                + Problems.arguments(found.task());
        return new Segment.Malformed(null, found.name(), text, "");
    }

    private static String shape(@Nullable String name, @Nullable InstalledTask task, String nonce) {
        String called = task != null ? task.name() : name == null ? "alias.task" : Words.oneLine(name, 100);
        var shape = new StringBuilder("<run-" + nonce + " action=\"" + called.replace('"', '\'') + "\" id=\"…\">\n");
        List<String> arguments = task == null
                ? List.of("…")
                : List.copyOf(TaskSchema.of(task.task()).required());
        arguments.forEach(
                argument -> shape.append("<arg name=\"").append(argument).append("\">…</arg>\n"));
        return shape.append("</run-").append(nonce).append('>').toString();
    }
}
