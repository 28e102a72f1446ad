package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.rungpt.api.store.Settings;

/** What every {@link Settings} does. */
public abstract class SettingsContract {
    /** The settings under test, empty when the test begins. */
    protected abstract Settings settings() throws Exception;

    /** Ends the settings as a restart would and opens their successor on the same data. */
    protected abstract Settings reopen() throws Exception;

    @Test
    void givesBackTheLastValue() throws Exception {
        settings().put("model.default", "\"a\"");
        settings().put("model.default", "{\"id\":\"\u00e4 \ud83d\ude80\"}");

        assertThat(settings().get("model.default")).contains("{\"id\":\"\u00e4 \ud83d\ude80\"}");
        assertThat(settings().get("model")).isEmpty();
    }

    @Test
    void findsByPrefixOrderedByKey() throws Exception {
        settings().put("approval/b", "2");
        settings().put("approval/a", "1");
        settings().put("approvals", "9");
        settings().put("Approval/c", "9");
        settings().put("approva_/d", "9");

        assertThat(settings().withPrefix("approval/"))
                .containsExactly(Map.entry("approval/a", "1"), Map.entry("approval/b", "2"));
        assertThat(settings().withPrefix("none/")).isEmpty();
        assertThat(settings().withPrefix("")).hasSize(5);
        assertThat(settings().withPrefix("%")).isEmpty();
    }

    @Test
    void forgetsWhatWasRemoved() throws Exception {
        settings().put("a", "1");
        settings().remove("a");
        settings().remove("a");

        assertThat(settings().get("a")).isEmpty();
    }

    @Test
    void refusesMoreThan64KiB() throws Exception {
        String largest = '"' + "x".repeat(64 * 1024 - 2) + '"';
        settings().put("a", largest);

        assertThat(catchThrowable(() -> settings().put("a", largest + " "))).isNotNull();
        assertThat(settings().get("a")).contains(largest);
    }

    @Test
    void keepsEverythingOverARestart() throws Exception {
        settings().put("a", "1");
        settings().put("b", "2");
        settings().remove("b");

        assertThat(reopen().withPrefix("")).containsExactly(Map.entry("a", "1"));
    }
}
