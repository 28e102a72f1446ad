package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.testkit.RecordingObserver;

/** Calls that are ended because of a limit of their sandbox. */
final class RunningCallTest {
    @TempDir
    Path directory;

    private final List<String> asked = new ArrayList<>();

    private RunningCall call(@Nullable CallSpec spec) {
        RunningCall call = new RunningCall("call", spec, 0, 0, new RecordingObserver(), Runnable::run);
        call.belongsTo(new RunningCall.Control() {
            @Override
            public void credit(RunningCall same, int bytes) {
                asked.add("credit");
            }

            @Override
            public void cancel(RunningCall same) {
                asked.add(same.isStopped() ? "stop" : "cancel");
            }

            @Override
            public @Nullable ServiceLink service() {
                return null;
            }

            @Override
            public boolean isDetached() {
                return false;
            }

            @Override
            public void done(RunningCall same) {
                asked.add("done");
            }

            @Override
            public void forget(RunningCall same) {
                asked.add("forget");
            }
        });
        return call;
    }

    @Test
    void whatHasNotBegunEndsWithTheLimitNamed() throws Exception {
        InstalledAction action = new TestActions(directory).action("rungpt/tools", true, TestActions.SHELL);
        RunningCall call = call(new CallSpec(
                "call", "c", TestActions.task(action, "shell"), "{}", Grants.NONE, Map.of(), Bench.limits(9, 9, 9)));
        call.stopFor("disk limit: too much");
        CallOutcome outcome = Bench.end(call);
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).isEqualTo("disk limit: too much");
        assertThat(asked).containsExactly("done");
    }

    @Test
    void whatIsBeingCancelledIsStoppedAllTheSameAndOnce() {
        RunningCall call = call(null); // it was started before
        call.cancel();
        call.stopFor("disk limit: too much");
        call.stopFor("disk limit: too much");
        call.cancel();
        assertThat(asked).containsExactly("cancel", "stop");
    }
}
