package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.runner.ActionRunner;

/** The contract passes what keeps it and finds each promise that is broken. */
final class ActionRunnerContractTest {
    private static LocalRunner.Defect defect;

    static final class Case extends ActionRunnerContract {
        @TempDir
        Path directory;

        private LocalRunner runner;

        @Override
        protected Duration patience() {
            return Duration.ofSeconds(defect == LocalRunner.Defect.NONE ? 60 : 3);
        }

        @Override
        protected ActionRunner runner() {
            if (runner == null) {
                runner = new LocalRunner(directory, defect);
            }
            return runner;
        }

        @AfterEach
        void close() {
            if (runner == null) {
                return;
            }
            runner.release("all");
            runner.close();
        }

        @Override
        protected InstalledTask shell() {
            Task task = new Task(
                    "shell",
                    "x",
                    "{}",
                    List.of(),
                    Effects.WRITE,
                    false,
                    false,
                    Duration.ofMinutes(1),
                    Task.Output.TEXT);
            Manifest manifest = new Manifest(
                    "test",
                    "Test",
                    "1",
                    "x",
                    null,
                    List.of(task),
                    Manifest.Packages.NONE,
                    "base",
                    false,
                    List.of(),
                    List.of(),
                    List.of(),
                    Manifest.Resources.DEFAULT,
                    List.of(),
                    "{}");
            ActionPackage files =
                    new ActionPackage(new ActionId("rungpt/test"), "1", null, directory, "00", true, null);
            return new InstalledTask(new InstalledAction(files, "test", manifest), task);
        }
    }

    @Test
    void passesARunnerThatKeepsTheContract() {
        defect = LocalRunner.Defect.NONE;
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "UNREADY, isReady",
        "NO_EXIT_CODE, givesOutputAndExitCode",
        "MIXES_STREAMS, givesOutputAndExitCode",
        "LOSES_BYTES, givesEveryByteInOrder",
        "OUTPUT_AT_THE_END, givesOutputBeforeTheEnd",
        "ONE_WORKSPACE, keepsFilesInTheConversationAndFromOthers",
        "NO_ENVIRONMENT, givesTheCallItsEnvironment",
        "NO_CANCEL, stopsACallThatIsCancelled",
        "POLITE_CANCEL, stopsACallThatIgnoresTheRequestToEnd",
        "NO_TIMEOUT, endsWhatTakesTooLong",
        "NO_IDLE_TIMEOUT, endsWhatIsSilentForTooLong",
        "NO_OUTPUT_LIMIT, endsWhatSaysTooMuch",
        "ONE_AT_A_TIME, aSlowObserverHoldsUpOnlyItsOwnCall",
        "DIES_WITH_OBSERVER, survivesAnObserverThatFails",
        "RUNS_TWICE, runsACallOnceOnly",
        "HANDS_NOTHING_OVER, handsACallOverToWhoeverResumesIt",
        "TELLS_NOBODY_OF_THE_HANDOVER, handsACallOverToWhoeverResumesIt",
        "FORGETS_AT_ONCE, tellsTheEndAgainUntilItIsForgotten",
        "NEVER_FORGETS, tellsTheEndAgainUntilItIsForgotten",
        "KNOWS_EVERYTHING, knowsNothingOfCallsThatNeverWere",
        "KEEPS_FILES, releaseDeletesSandboxAndWorkspace"
    })
    void findsABrokenRunner(LocalRunner.Defect broken, String test) {
        defect = broken;
        assertThat(ContractRun.failures(Case.class, test)).contains(test + "()");
    }
}
