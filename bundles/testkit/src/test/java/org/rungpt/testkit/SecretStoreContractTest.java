package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.secret.SecretStore;

/** The contract passes what keeps it and finds each promise that is broken. */
final class SecretStoreContractTest {
    private static Supplier<SecretStore> make;

    static final class Case extends SecretStoreContract {
        private SecretStore secrets = make.get();

        @Override
        protected SecretStore secrets() {
            return secrets;
        }

        @Override
        protected SecretStore reopen() {
            if (secrets instanceof Forgetful) {
                secrets = make.get();
            }
            return secrets;
        }
    }

    @Test
    void passesAStoreThatKeepsTheContract() {
        make = Memory::new;
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsABrokenStore(String defect, Supplier<SecretStore> broken, String test) {
        make = broken;
        assertThat(ContractRun.failures(Case.class)).as(defect).contains(test + "()");
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                broken("forgets at a restart", Forgetful::new, "keepsEverythingOverARestart"),
                broken("shows values", Talkative::new, "neverShowsAValue"),
                broken("takes empty for none", EmptyIsNone::new, "keepsAnEmptyValueApartFromNone"),
                broken("names as they came", Unsorted::new, "namesAreSorted"),
                broken("cuts values", Cuts::new, "keepsLongValues"),
                broken("never removes", NeverRemoves::new, "forgetsWhatWasRemoved"),
                broken("keeps the old value", KeepsOld::new, "givesBackTheLastValue"));
    }

    private static Arguments broken(String defect, Supplier<SecretStore> store, String test) {
        return Arguments.of(defect, store, test);
    }

    private static class Memory implements SecretStore {
        final Map<String, String> values = new LinkedHashMap<>();

        @Override
        public Optional<String> get(String name) {
            return Optional.ofNullable(values.get(name));
        }

        @Override
        public void put(String name, String value) {
            values.put(name, value);
        }

        @Override
        public void remove(String name) {
            values.remove(name);
        }

        @Override
        public List<String> names() {
            return values.keySet().stream().sorted().toList();
        }
    }

    private static final class Forgetful extends Memory {}

    private static final class Talkative extends Memory {
        @Override
        public String toString() {
            return values.toString();
        }
    }

    private static final class EmptyIsNone extends Memory {
        @Override
        public Optional<String> get(String name) {
            return super.get(name).filter(value -> !value.isEmpty());
        }
    }

    private static final class Unsorted extends Memory {
        @Override
        public List<String> names() {
            return List.copyOf(values.keySet());
        }
    }

    private static final class Cuts extends Memory {
        @Override
        public void put(String name, String value) {
            super.put(name, value.substring(0, Math.min(4096, value.length())));
        }
    }

    private static final class NeverRemoves extends Memory {
        @Override
        public void remove(String name) {}
    }

    private static final class KeepsOld extends Memory {
        @Override
        public void put(String name, String value) {
            values.putIfAbsent(name, value);
        }
    }
}
