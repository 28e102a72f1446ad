package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.rungpt.api.secret.SecretStore;

/** What every {@link SecretStore} does. */
public abstract class SecretStoreContract {
    private static final String CANARY = "sk-canary-51e0c7d2b9";

    /** The store under test, empty when the test begins. */
    protected abstract SecretStore secrets() throws Exception;

    /** Ends the store as a restart would and opens its successor on the same data. */
    protected abstract SecretStore reopen() throws Exception;

    @Test
    void givesBackTheLastValue() throws Exception {
        secrets().put("connection/openai/key", "old");
        secrets().put("connection/openai/key", "new \u00e4 \ud83d\ude80 \n \u0000");

        assertThat(secrets().get("connection/openai/key")).contains("new \u00e4 \ud83d\ude80 \n \u0000");
        assertThat(secrets().get("connection/openai")).isEmpty();
    }

    @Test
    void keepsAnEmptyValueApartFromNone() throws Exception {
        secrets().put("empty", "");

        assertThat(secrets().get("empty")).contains("");
    }

    @Test
    void keepsLongValues() throws Exception {
        String longest = "x\u00e9".repeat(100_000);
        secrets().put("certificate", longest);

        assertThat(secrets().get("certificate")).contains(longest);
    }

    @Test
    void namesAreSorted() throws Exception {
        secrets().put("b", "1");
        secrets().put("c", "1");
        secrets().put("a", "1");

        assertThat(secrets().names()).containsExactly("a", "b", "c");
    }

    @Test
    void forgetsWhatWasRemoved() throws Exception {
        secrets().put("a", "1");
        secrets().put("b", "2");
        secrets().remove("a");
        secrets().remove("a");

        assertThat(secrets().get("a")).isEmpty();
        assertThat(secrets().names()).containsExactly("b");
    }

    @Test
    void keepsEverythingOverARestart() throws Exception {
        secrets().put("a", "1");
        secrets().put("b", "2");
        secrets().remove("b");

        SecretStore successor = reopen();

        assertThat(successor.names()).containsExactly("a");
        assertThat(successor.get("a")).contains("1");
    }

    @Test
    void neverShowsAValue() throws Exception {
        secrets().put("a", CANARY);

        assertThat(secrets().toString()).doesNotContain(CANARY);
        assertThat(secrets().names().toString()).doesNotContain(CANARY);
    }
}
