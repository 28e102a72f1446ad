package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionSource;
import org.rungpt.api.action.ContentHash;

/** What every {@link ActionSource} keeps to. */
public abstract class ActionSourceContract {
    /** The source under test; it offers at least one action. */
    protected abstract ActionSource source() throws Exception;

    /**
     * Makes {@link ActionSource#packages()} of the source under test change.
     *
     * @return false if its packages never change
     */
    protected abstract boolean change() throws Exception;

    @Test
    public void hasAShortName() throws Exception {
        assertThat(source().name()).matches("[a-z][a-z0-9-]{0,30}");
    }

    @Test
    public void offersCompleteDirectories() throws Exception {
        List<ActionPackage> packages = source().packages();

        assertThat(packages).isNotEmpty();
        assertThat(packages).allSatisfy(files -> {
            assertThat(files.directory()).isAbsolute().isDirectory();
            assertThat(files.directory().resolve("manifest.json")).isRegularFile();
            assertThat(files.version()).isNotBlank();
        });
    }

    @Test
    public void offersEachIdentityOnce() throws Exception {
        assertThat(source().packages()).extracting(ActionPackage::id).doesNotHaveDuplicates();
    }

    @Test
    public void tellsTheHashOfTheFiles() throws Exception {
        for (ActionPackage files : source().packages()) {
            assertThat(files.contentHash()).isEqualTo(hash(files));
        }
    }

    private static String hash(ActionPackage files) throws IOException {
        return ContentHash.of(files.directory());
    }

    @Test
    public void saysTheSameUntilSomethingChanges() throws Exception {
        ActionSource source = source();

        assertThat(source.packages()).isEqualTo(source.packages());
    }

    @Test
    public void answersAtOnce() throws Exception {
        ActionSource source = source();
        source.packages();

        Assertions.assertTimeout(Duration.ofMillis(500), () -> {
            for (int i = 0; i < 100; i++) {
                source.packages();
            }
        });
    }

    @Test
    public void callsBackAfterAChange() throws Exception {
        ActionSource source = source();
        List<ActionPackage> before = source.packages();
        var called = new CountDownLatch(1);
        try (ActionSource.Subscription subscription = source.onChange(called::countDown)) {
            assertThat(subscription).isNotNull();
            if (change()) {
                assertThat(called.await(10, TimeUnit.SECONDS)).as("called back").isTrue();
                assertThat(source.packages()).isNotEqualTo(before);
            }
        }
    }

    @Test
    public void leavesOfferedFilesAloneWhenSomethingChanges() throws Exception {
        List<ActionPackage> before = source().packages();
        change();

        for (ActionPackage files : before) {
            if (source().packages().contains(files)) {
                assertThat(hash(files)).isEqualTo(files.contentHash());
            }
        }
    }

    @Test
    public void isSilentAfterASubscriptionIsClosed() throws Exception {
        ActionSource source = source();
        var calls = new AtomicInteger();
        ActionSource.Subscription subscription = source.onChange(calls::incrementAndGet);
        subscription.close();
        subscription.close();
        var other = new CountDownLatch(1);
        try (ActionSource.Subscription second = source.onChange(other::countDown)) {
            assertThat(second).isNotNull();
            if (change()) {
                assertThat(other.await(10, TimeUnit.SECONDS))
                        .as("the other one is called")
                        .isTrue();
            }
        }
        assertThat(calls).hasValue(0);
    }
}
