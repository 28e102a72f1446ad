package org.rungpt.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionSource;
import org.rungpt.api.action.ContentHash;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.ManifestReader;

class MergedRegistryTest {
    @TempDir
    Path directory;

    private final StrictManifestReader strict = new StrictManifestReader();
    private final AtomicInteger reads = new AtomicInteger();
    private final MergedRegistry registry = new MergedRegistry(path -> {
        reads.incrementAndGet();
        return strict.read(path);
    });
    private final ListSource source = new ListSource();

    @AfterEach
    void stop() {
        registry.stop();
    }

    /** Offers what a test puts into it. */
    private static final class ListSource implements ActionSource {
        private final List<ActionPackage> packages = new CopyOnWriteArrayList<>();
        private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

        void offer(ActionPackage files) {
            packages.removeIf(other -> other.id().equals(files.id()));
            packages.add(files);
            listeners.forEach(Runnable::run);
        }

        @Override
        public String name() {
            return "list";
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

    private ActionPackage files(String id, String version, String name, boolean builtIn) throws IOException {
        Path files = ActionFiles.write(directory.resolve(id + "@" + version), ActionFiles.named(name));
        return new ActionPackage(new ActionId(id), version, null, files, ContentHash.of(files), builtIn, null);
    }

    @Test
    void tellsAboutActionsAtOnceWhenTheSourceChanges() throws IOException {
        registry.addSource(source);
        assertThat(registry.actions()).isEmpty();
        assertThat(registry.readiness().ready()).isFalse();

        source.offer(files("acme/plot", "1", "plot", false));

        assertThat(registry.actions()).extracting(InstalledAction::alias).containsExactly("plot");
        assertThat(registry.task("plot.draw"))
                .hasValueSatisfying(task -> assertThat(task.name()).isEqualTo("plot.draw"));
        assertThat(registry.task("plot.paint")).isEmpty();
        assertThat(registry.readiness().ready()).isTrue();
    }

    @Test
    void forgetsWhatItsSourceOffered() throws IOException {
        source.offer(files("acme/plot", "1", "plot", false));
        registry.addSource(source);
        assertThat(registry.actions()).hasSize(1);

        registry.removeSource(source);

        assertThat(registry.actions()).isEmpty();
        assertThat(source.listeners).isEmpty();
    }

    @Test
    void readsOnlyWhatChanged() throws IOException {
        source.offer(files("acme/plot", "1", "plot", false));
        source.offer(files("acme/draw", "1", "draw", false));
        registry.addSource(source);
        assertThat(registry.actions()).hasSize(2);
        reads.set(0);

        source.offer(files("acme/draw", "2", "draw", false));

        assertThat(registry.actions()).extracting(a -> a.files().version()).containsExactly("2", "1");
        assertThat(reads).hasValue(1);
    }

    @Test
    void givesReasonsForWhatCannotBeUsed() throws IOException {
        Path broken = ActionFiles.write(directory.resolve("broken"), "{}");
        registry.addSource(source);
        source.offer(
                new ActionPackage(new ActionId("acme/broken"), "1", null, broken, ContentHash.of(broken), false, null));

        assertThat(registry.actions()).isEmpty();
        assertThat(registry.rejections()).singleElement().satisfies(rejection -> assertThat(rejection.problems())
                .contains("manifest.json: tasks: is missing"));
    }

    @Test
    void builtInActionsKeepTheirAliasesAndTheOrderOfIdentitiesDecidesTheRest() throws IOException {
        registry.addSource(source);
        source.offer(files("zeta/plot", "1", "plot", false));
        source.offer(files("acme/plot", "1", "plot", false));
        source.offer(files("acme/evil", "1", "filesystem", false));
        source.offer(files("rungpt/filesystem", "1", "filesystem", true));

        assertThat(registry.actions())
                .extracting(action -> action.id().value())
                .containsExactly("rungpt/filesystem", "acme/plot");
        assertThat(registry.rejections())
                .extracting(r -> r.files().id().value())
                .containsExactly("acme/evil", "zeta/plot");
        assertThat(registry.rejections().get(1).problems())
                .singleElement()
                .asString()
                .contains("rungpt:uninstall acme/plot");
    }

    @Test
    void anAliasThatWasFixedAtInstallGoesBeforeTheManifestsName() throws IOException {
        ActionPackage plain = files("acme/plot", "1", "plot", false);
        registry.addSource(source);
        source.offer(
                new ActionPackage(plain.id(), "1", null, plain.directory(), plain.contentHash(), false, "my_plot"));

        assertThat(registry.task("my_plot.draw")).isPresent();
    }

    @Test
    void aSourceThatFailsDoesNotHideTheOthers() throws IOException {
        registry.addSource(new ActionSource() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public List<ActionPackage> packages() {
                throw new IllegalStateException("broken on purpose");
            }

            @Override
            public Subscription onChange(Runnable changed) {
                return () -> {};
            }
        });
        registry.addSource(source);
        source.offer(files("acme/plot", "1", "plot", false));

        assertThat(registry.actions()).hasSize(1);
    }

    @Test
    void aThousandActionsAreReadOnce() throws IOException {
        List<ActionPackage> many = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Path files = ActionFiles.write(directory.resolve("many/" + i), ActionFiles.named("plot" + i));
            many.add(new ActionPackage(new ActionId("acme/plot" + i), "1", null, files, "hash" + i, false, null));
        }
        source.packages.addAll(many);
        registry.addSource(source);
        assertThat(registry.actions()).hasSize(1000);
        assertThat(reads).hasValue(1000);

        source.offer(files("acme/one-more", "1", "one_more", false));

        assertThat(registry.task("plot999.draw")).isPresent();
        assertThat(registry.task("one_more.draw")).isPresent();
        assertThat(reads).hasValue(1001);
    }

    @Test
    void askingWhileItChangesNeverShowsTheOldState() throws Exception {
        registry.addSource(source);
        ManifestReader.Result first =
                strict.read(files("acme/plot", "0", "plot", false).directory());
        assertThat(first.problems()).isEmpty();
        for (int i = 1; i <= 50; i++) {
            source.offer(files("acme/plot", "" + i, "plot", false));
            assertThat(registry.actions())
                    .singleElement()
                    .extracting(a -> a.files().version())
                    .isEqualTo("" + i);
        }
    }
}
