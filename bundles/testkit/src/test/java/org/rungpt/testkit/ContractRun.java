package org.rungpt.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.Set;
import java.util.TreeSet;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a contract on an implementation and tells what it found. */
final class ContractRun {
    private ContractRun() {}

    /** The names of the tests that failed. */
    static Set<String> failures(Class<?> contractTest) {
        return failures(selectClass(contractTest));
    }

    /** The same for one test of the contract, where all of them would take long. */
    static Set<String> failures(Class<?> contractTest, String test) {
        return failures(selectMethod(contractTest, test));
    }

    private static Set<String> failures(DiscoverySelector selected) {
        Set<String> failed = new TreeSet<>();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selected)
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                                if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                                    failed.add(test.getDisplayName());
                                }
                            }
                        });
        return failed;
    }
}
