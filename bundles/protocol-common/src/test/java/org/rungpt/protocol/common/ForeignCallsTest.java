package org.rungpt.protocol.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Task;
import org.rungpt.testkit.SampleActions;

final class ForeignCallsTest {
    private static final Task TASK = SampleActions.task("read", "{}");
    private static final InstalledTask READ = new InstalledTask(SampleActions.action("files", TASK), TASK);
    private static final Function<String, Optional<InstalledTask>> TASKS =
            name -> Optional.of(READ).filter(task -> task.name().equals(name));

    /** Of processor time, so that a busy machine changes nothing; what reads the rest for every line takes up to minutes. */
    private static final Duration MOST = Duration.ofSeconds(3);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[\n",
                "{\n",
                "[]\n",
                "[\"args\": \n",
                "{\"name\": \"files.read\", \"args\": {}\n",
                "{\"name\": \"files.rea\", \"args\": {}\n",
                "{\"name\":\"files.read\",\"args\":{}} x\n",
                "result:\n[\n",
                "f()\n",
                "files.read()\n",
                "files.read(\n",
                "print(await functions.f())))))\n",
                "f()\n\n\n\n\n\n\n",
                "/run x.y\n",
                "/run files.read \n",
                "{{ files.read }}\n",
                "```\n",
                "```\n[\n```\n",
                "```tool\n",
                "```tool\nfiles.read x\n```\nx\n",
                "```\n{\"args\": \n```\nresult\n\n\n",
                "~~~~\n~~~\n",
                "`",
                "~",
                "<run action='a.b'>\n",
                "<run action='files.read'>\n</run",
                "<run action='files.read'/>\n",
                "</run>\n<run-x action='files.read'>\n",
                "Action: x\n",
                "Action: x\nAction: x\nInput\n",
                "**Action: **\n",
                "*",
                "<a>\n",
                "<files.read>\n",
                "</files.read\n<files.read>\n",
                "<tool_use> \n",
                "`<tool_call>{`\n",
                "<|channel|>to\n",
                "result ",
                "result\n",
                "}\n",
                ": :",
                ":1",
                "{",
                "[ ",
                "<",
                "(",
                "f(",
                "\n",
                " \n[",
                "\r\n[",
            })
    void takesNoLongerThanAnAnswerIs(String line) {
        for (String behind : List.of("", "}\nresult:\n", "`\u2028")) {
            finds(line, behind);
        }
    }

    /** An answer of all lengths up to the longest that is searched: what is slow shows before it takes for ever. */
    private static void finds(String line, String behind) {
        long spent = 0;
        for (int length = ForeignCalls.MAX / 16; length <= ForeignCalls.MAX; length *= 4) {
            int times = (length - behind.length()) / line.length();
            var calls = new ForeignCalls(TASKS, "k7f2");
            calls.add(line.repeat(times) + behind);
            long from = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            calls.find();
            spent += ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - from;
            assertThat(Duration.ofNanos(spent))
                    .as("%s × %d%s", line, times, behind)
                    .isLessThan(MOST);
        }
    }

    @Test
    void findsTheCallThatALongAnswerEndsWith() {
        String many = "[\nf()\n/run x.y\n```\n[\n```\n<run-k7f2 action='a.b'>\n".repeat(10_000);
        for (String end : List.of(
                "{\"name\": \"files.read\", \"args\": {}}",
                "{\"name\": \"files.read\",\r\n\"args\": {}}\n\n**Result:** none",
                "```json\n{\"name\": \"files.read\", \"args\": {}}\n```\nOutput: x",
                "files.read(path)\n\n",
                "/run files.read x\n",
                "<run action='files.read'/>\n \n",
                "<run action='files.read'>\n{}\n</run>\n")) {
            var calls = new ForeignCalls(TASKS, "k7f2");
            calls.add(many + end);
            ForeignCalls.Found found = calls.find();
            assertThat(found).as(end).isNotNull();
            assertThat(found.task()).as(end).isEqualTo(READ);
        }
    }
}
