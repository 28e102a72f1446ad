package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.store.Settings;

/** The contract passes what keeps it and finds each promise that is broken. */
final class SettingsContractTest {
    private static Supplier<Settings> make;

    static final class Case extends SettingsContract {
        private Settings settings = make.get();

        @Override
        protected Settings settings() {
            return settings;
        }

        @Override
        protected Settings reopen() {
            if (settings instanceof Forgetful) {
                settings = make.get();
            }
            return settings;
        }
    }

    @Test
    void passesSettingsThatKeepTheContract() {
        make = Memory::new;
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsBrokenSettings(String defect, Supplier<Settings> broken, String test) {
        make = broken;
        assertThat(ContractRun.failures(Case.class)).as(defect).contains(test + "()");
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                broken("forget at a restart", Forgetful::new, "keepsEverythingOverARestart"),
                broken("keep the first value", KeepsFirst::new, "givesBackTheLastValue"),
                broken("take a prefix for a pattern", Pattern::new, "findsByPrefixOrderedByKey"),
                broken("never remove", NeverRemoves::new, "forgetsWhatWasRemoved"),
                broken("take anything", Boundless::new, "refusesMoreThan64KiB"));
    }

    private static Arguments broken(String defect, Supplier<Settings> settings, String test) {
        return Arguments.of(defect, settings, test);
    }

    private static class Memory implements Settings {
        final Map<String, String> values = new TreeMap<>();

        @Override
        public Optional<String> get(String key) {
            return Optional.ofNullable(values.get(key));
        }

        @Override
        public Map<String, String> withPrefix(String prefix) {
            Map<String, String> found = new TreeMap<>(values);
            found.keySet().removeIf(key -> !key.startsWith(prefix));
            return found;
        }

        @Override
        public void put(String key, String json) {
            if (json.length() > 64 * 1024) {
                throw new IllegalArgumentException("too long");
            }
            values.put(key, json);
        }

        @Override
        public void remove(String key) {
            values.remove(key);
        }
    }

    private static final class Forgetful extends Memory {}

    private static final class KeepsFirst extends Memory {
        @Override
        public void put(String key, String json) {
            values.putIfAbsent(key, json);
        }
    }

    private static final class Pattern extends Memory {
        @Override
        public Map<String, String> withPrefix(String prefix) {
            return prefix.equals("%") ? values : super.withPrefix(prefix);
        }
    }

    private static final class NeverRemoves extends Memory {
        @Override
        public void remove(String key) {}
    }

    private static final class Boundless extends Memory {
        @Override
        public void put(String key, String json) {
            values.put(key, json);
        }
    }
}
