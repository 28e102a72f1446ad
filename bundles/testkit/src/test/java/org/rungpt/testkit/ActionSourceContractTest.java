package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionSource;
import org.rungpt.api.action.ContentHash;

/** The contract passes a source that keeps to it, and catches each way of breaking it. */
class ActionSourceContractTest {
    @TempDir
    Path directory;

    /** Keeps to the contract as long as nothing is broken. */
    static class GoodSource implements ActionSource {
        final Path directory;
        final List<ActionPackage> packages = new CopyOnWriteArrayList<>();
        final List<Runnable> listeners = new CopyOnWriteArrayList<>();

        GoodSource(Path directory) throws IOException {
            this.directory = directory;
            add("acme/one");
        }

        void add(String id) throws IOException {
            Path files = Files.createDirectories(directory.resolve(id)).toAbsolutePath();
            Files.writeString(files.resolve("manifest.json"), "{}");
            packages.add(new ActionPackage(new ActionId(id), "1", null, files, ContentHash.of(files), false, null));
            listeners.forEach(Runnable::run);
        }

        @Override
        public String name() {
            return "good";
        }

        @Override
        public List<ActionPackage> packages() {
            return List.copyOf(packages);
        }

        @Override
        public Subscription onChange(Runnable changed) {
            listeners.add(changed);
            return () -> listeners.remove(changed);
        }
    }

    @Nested
    class OfAGoodSource extends ActionSourceContract {
        private GoodSource source;

        @Override
        protected ActionSource source() throws IOException {
            if (source == null) {
                source = new GoodSource(directory);
            }
            return source;
        }

        @Override
        protected boolean change() throws IOException {
            ((GoodSource) source()).add("acme/two");
            return true;
        }
    }

    /** A way to break the contract, and the test that must see it. */
    record Broken(String name, Make make, Check check) {
        interface Make {
            GoodSource source(Path directory) throws IOException;
        }

        interface Check {
            void run(ActionSourceContract contract) throws Exception;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Broken of(String name, Consumer<List<ActionPackage>> damage, Broken.Check check) {
        return new Broken(
                name,
                directory -> new GoodSource(directory) {
                    @Override
                    public List<ActionPackage> packages() {
                        List<ActionPackage> all = new ArrayList<>(super.packages());
                        damage.accept(all);
                        return all;
                    }
                },
                check);
    }

    static Stream<Broken> broken() {
        return Stream.of(
                of("offers nothing", List::clear, ActionSourceContract::offersCompleteDirectories),
                of("offers twice", all -> all.add(all.get(0)), ActionSourceContract::offersEachIdentityOnce),
                of(
                        "tells a wrong hash",
                        all -> all.set(0, hashed(all.get(0), "00")),
                        ActionSourceContract::tellsTheHashOfTheFiles),
                of(
                        "changes by itself",
                        all -> all.set(0, hashed(all.get(0), "" + System.nanoTime())),
                        ActionSourceContract::saysTheSameUntilSomethingChanges),
                new Broken(
                        "does not change",
                        directory -> new GoodSource(directory) {
                            @Override
                            public List<ActionPackage> packages() {
                                return List.of(super.packages().get(0));
                            }
                        },
                        ActionSourceContract::callsBackAfterAChange),
                new Broken(
                        "calls back after the end",
                        directory -> new GoodSource(directory) {
                            @Override
                            public Subscription onChange(Runnable changed) {
                                listeners.add(changed);
                                return () -> {};
                            }
                        },
                        ActionSourceContract::isSilentAfterASubscriptionIsClosed),
                new Broken(
                        "has a long name",
                        directory -> new GoodSource(directory) {
                            @Override
                            public String name() {
                                return "A source of mine";
                            }
                        },
                        ActionSourceContract::hasAShortName));
    }

    private static ActionPackage hashed(ActionPackage files, String hash) {
        return new ActionPackage(files.id(), files.version(), null, files.directory(), hash, false, null);
    }

    @ParameterizedTest
    @MethodSource("broken")
    void catches(Broken broken) throws IOException {
        GoodSource source = broken.make().source(directory);
        var contract = new ActionSourceContract() {
            @Override
            protected ActionSource source() {
                return source;
            }

            @Override
            protected boolean change() throws IOException {
                source.add("acme/two");
                return true;
            }
        };

        assertThatThrownBy(() -> broken.check().run(contract)).isInstanceOf(AssertionError.class);
    }
}
