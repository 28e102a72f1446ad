package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;

/** Every limit is told in one sentence, with its figure and what helps. */
final class OutcomesTest {
    private static final Bounds BOUNDS = new Bounds(512 << 20, 2, 160, 1024 << 20);
    private static final String IN = " in etc/org.rungpt.runner.docker.cfg";
    private static final String FRAME = "{\"exit\":%s,\"signal\":%s,\"reason\":%s,\"limits\":[%s],\"duration\":1.5%s}";

    private static Arguments end(
            String exit, String signal, String reason, String limits, boolean thirdParty, Reason told, String message) {
        return Arguments.of(
                FRAME.formatted(
                        exit, signal, reason, limits, ",\"timeout\":90,\"idleTimeout\":30,\"outputLimit\":1048576"),
                thirdParty,
                told,
                message);
    }

    static List<Arguments> ends() {
        String memory = "out of memory (limit 512 MiB); use less at a time, or raise memoryMiB" + IN;
        String pids = "too many processes (limit 160); run fewer at a time, or raise pids" + IN;
        return List.of(
                end("0", "null", "null", "", false, Reason.EXITED, null),
                end("3", "null", "null", "", false, Reason.EXITED, null),
                end("null", "15", "null", "", false, Reason.EXITED, "ended by signal 15"),
                end("null", "9", "null", "\"memory\"", false, Reason.RESOURCE_LIMIT, memory),
                end("1", "null", "null", "\"pids\"", false, Reason.RESOURCE_LIMIT, pids),
                end("1", "null", "null", "\"pids\",\"memory\"", false, Reason.RESOURCE_LIMIT, memory),
                end("0", "null", "null", "\"pids\"", false, Reason.EXITED, pids),
                end(
                        "1",
                        "null",
                        "null",
                        "\"files\"",
                        false,
                        Reason.EXITED,
                        "too many open files (limit 4096 in a process); open fewer at a time, or close what is done"),
                end(
                        "1",
                        "null",
                        "null",
                        "\"space\"",
                        true,
                        Reason.EXITED,
                        "disk limit: no space left where it wrote (64 MiB in /tmp, 64 MiB in RUNGPT_OUT, 128 MiB in a"
                                + " /workspace of its own); write less, or delete something"),
                end(
                        "1",
                        "null",
                        "null",
                        "\"space\"",
                        false,
                        Reason.EXITED,
                        "the engine's disk is full; delete something in the sandbox, or free space on this machine"),
                end(
                        "153",
                        "null",
                        "null",
                        "",
                        false,
                        Reason.RESOURCE_LIMIT,
                        "disk limit: a file grew beyond 1024 MiB; write less, or raise diskMiB" + IN),
                end(
                        "null",
                        "15",
                        "\"timeout\"",
                        "",
                        false,
                        Reason.TIMEOUT,
                        "stopped after 90 s (limit in all); do less in one call"),
                end(
                        "null",
                        "15",
                        "\"timeout\"",
                        "\"pids\"",
                        false,
                        Reason.TIMEOUT,
                        "stopped after 90 s (limit in all); do less in one call; " + pids),
                end(
                        "null",
                        "15",
                        "\"idle-timeout\"",
                        "",
                        false,
                        Reason.TIMEOUT,
                        "stopped after 30 s without any output (limit); print how it goes, or do less in one call"),
                end(
                        "null",
                        "15",
                        "\"output-limit\"",
                        "",
                        false,
                        Reason.OUTPUT_LIMIT,
                        "more than 1 MiB of output (limit); print less, or into a file"),
                end(
                        "null",
                        "15",
                        "\"spool-failed\"",
                        "",
                        false,
                        Reason.RESOURCE_LIMIT,
                        "its output could not be kept: the engine's disk is full; delete something in the sandbox, or free"
                                + " space on this machine"));
    }

    private static CallOutcome outcome(String frame, CallSpec.Limits known, boolean thirdParty) throws Exception {
        return Outcomes.of(ServiceLink.JSON.readTree(frame), known, BOUNDS, thirdParty, 1, 2, "s");
    }

    @ParameterizedTest
    @MethodSource("ends")
    void whoTakesACallUpIsToldTheSameAsWhoStartedIt(String frame, boolean thirdParty, Reason reason, String message)
            throws Exception {
        for (CallSpec.Limits known : new CallSpec.Limits[] {null, Bench.limits(90, 30, Bench.MIB)}) {
            CallOutcome outcome = outcome(frame, known, thirdParty);
            assertThat(outcome.reason()).isEqualTo(reason);
            assertThat(outcome.message()).isEqualTo(message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"timeout\":null", ",\"timeout\":-1", ",\"timeout\":1e300", ",\"timeout\":\"x\""})
    void aSandboxThatTellsNonsenseOfALimitIsNotBelieved(String told) throws Exception {
        String frame = FRAME.formatted("null", "15", "\"timeout\"", "", told);
        assertThat(outcome(frame, null, false).message()).startsWith("stopped after 1440 min (limit in all)");
    }

    @Test
    void aReasonThatIsNoneIsAViolation() {
        String frame = FRAME.formatted("0", "null", "\"mood\"", "", "");
        assertThatThrownBy(() -> outcome(frame, null, false)).isInstanceOf(Violation.class);
    }
}
