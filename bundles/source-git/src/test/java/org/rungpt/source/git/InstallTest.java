package org.rungpt.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.ContentHash;

class InstallTest extends Fixture {
    @Test
    void installsTheDefaultBranchPinnedToItsCommit() throws Exception {
        String commit = repository("acme/plot")
                .action("", "plot")
                .write("lib/a.txt", "a")
                .commit();

        ActionPackage files = install("acme/plot");

        assertThat(files.version()).isEqualTo("main");
        assertThat(files.commit()).isEqualTo(commit);
        assertThat(files.alias()).isEqualTo("plot");
        assertThat(files.builtIn()).isFalse();
        assertThat(files.directory()).isEqualTo(data.resolve("actions/acme/plot@" + commit.substring(0, 12)));
        assertThat(files.contentHash()).isEqualTo(ContentHash.of(files.directory()));
        assertThat(files.directory().resolve("lib/a.txt")).hasContent("a");
        assertThat(files.directory().resolve(".git")).doesNotExist();
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(files.directory().resolve("run"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(files.directory().resolve("manifest.json"))))
                .isEqualTo("rw-------");
        assertThat(source.packages()).containsExactly(files);
        assertThat(staged()).isEmpty();
    }

    @Test
    void anotherStartFindsWhatIsInstalled() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        ActionPackage files = install("acme/plot@main");

        assertThat(newSource(Instant.EPOCH).packages()).containsExactly(files);
        assertThat(Files.readString(data.resolve("actions/rungpt.lock")))
                .contains(
                        "\"id\" : \"acme/plot\"", "\"requested\" : \"main\"", "\"commit\" : \"" + files.commit() + "\"")
                .contains(
                        "\"alias\" : \"plot\"",
                        "\"contentHash\" : \"" + files.contentHash() + "\"",
                        "\"definitionHash\"");
    }

    @Test
    void takesTheVersionThatIsAskedFor() throws Exception {
        TestRepository plot = repository("acme/plot");
        String first = plot.action("", "plot").write("v", "1").commit();
        plot.git("tag", "v1.0.0");
        String second = plot.write("v", "2").commit();
        plot.git("tag", "-a", "v1.2.0", "-m", "annotated");
        String third = plot.write("v", "3").commit();
        plot.git("tag", "v2.0.0-rc.1");
        plot.git("branch", "topic/new", first);
        plot.git("tag", "odd", third);

        assertThat(install("acme/plot@v1.0.0").commit()).isEqualTo(first);
        assertThat(install("acme/plot@1.2.0").commit()).isEqualTo(second);
        assertThat(install("acme/plot@^1.0").version()).isEqualTo("v1.2.0");
        assertThat(install("acme/plot@~1.0.0").version()).isEqualTo("v1.0.0");
        assertThat(install("acme/plot@>=1 <2").version()).isEqualTo("v1.2.0");
        assertThat(install("acme/plot@*").version()).isEqualTo("v1.2.0");
        assertThat(install("acme/plot@2.0.0-rc.1").commit()).isEqualTo(third);
        assertThat(install("acme/plot@topic/new").commit()).isEqualTo(first);
        assertThat(install("acme/plot@odd").version()).isEqualTo("odd");
        assertThat(install("acme/plot@" + second).commit()).isEqualTo(second);
        assertThat(install("acme/plot@" + second).version()).isEqualTo(second.substring(0, 12));
        assertThat(install("acme/plot@" + third.substring(0, 8)).commit()).isEqualTo(third);
        assertThat(install("acme/plot").commit()).isEqualTo(third);
        assertThat(source.packages()).hasSize(1);
    }

    @Test
    void aCommitThatNoBranchPointsToCanBeInstalledByItsFullName() throws Exception {
        TestRepository plot = repository("acme/plot");
        String first = plot.action("", "plot").commit();
        plot.write("v", "2").commit();

        assertThat(install("acme/plot@" + first).commit()).isEqualTo(first);
        assertThatThrownBy(() -> install("acme/plot@" + first.substring(0, 10)))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("write all of its 40 digits");
        assertThatThrownBy(() -> install("acme/plot@" + "ab".repeat(20)))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("acme/plot: ")
                .hasMessageContaining("ab".repeat(20));
    }

    @Test
    void aVersionThatIsNotThereIsAnsweredWithThoseThatAre() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        plot.git("tag", "v1.0.0");

        assertThatThrownBy(() -> install("acme/plot@v1.0.9"))
                .isInstanceOf(ActionException.class)
                .hasMessage("acme/plot: there is no version v1.0.9: it has v1.0.0, main");
        assertThatThrownBy(() -> install("acme/plot@^3"))
                .isInstanceOf(ActionException.class)
                .hasMessageStartingWith("acme/plot: there is no version ^3");
    }

    @Test
    void severalActionsLiveInOneRepository() throws Exception {
        repository("acme/tools")
                .action("plot", "plot")
                .action("more/draw", "draw")
                .write("README.md", "x")
                .commit();

        ActionPackage plot = install("acme/tools/plot");
        ActionPackage draw = install("acme/tools/more/draw");

        assertThat(plot.directory().resolve("README.md")).doesNotExist();
        assertThat(source.packages()).containsExactly(draw, plot);
        assertThatThrownBy(() -> install("acme/tools"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("is no action, it has no manifest.json")
                .hasMessageContaining("acme/tools/more/draw, acme/tools/plot");
        assertThatThrownBy(() -> install("acme/tools/nowhere"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("has no directory nowhere");
    }

    @Test
    void updatingTakesTheNewCommitAndKeepsTheOldFilesBesideIt() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        ActionPackage old = install("acme/plot");
        List<String> changes = new ArrayList<>();
        source.onChange(() -> changes.add("changed"));

        assertThat(source.update(old.id(), (s, d, t) -> {})).isEqualTo(old);
        assertThat(changes).isEmpty();

        String next = plot.write("new", "file").commit();
        ActionPackage updated = source.update(old.id(), (s, d, t) -> {});

        assertThat(updated.commit()).isEqualTo(next);
        assertThat(source.packages()).containsExactly(updated);
        assertThat(changes).hasSize(1);
        assertThat(ContentHash.of(old.directory())).isEqualTo(old.contentHash());
    }

    @Test
    void aPinnedVersionStaysWhereItIs() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        plot.git("tag", "v1.0.0");
        ActionPackage pinned = install("acme/plot@v1.0.0");
        plot.write("v", "2").commit();
        plot.git("tag", "v1.1.0");

        assertThat(source.update(pinned.id(), (s, d, t) -> {})).isEqualTo(pinned);
    }

    @Test
    void theAliasStaysWhenTheManifestsNameChanges() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        ActionPackage old = install("acme/plot");
        plot.action("", "other_name").commit();

        assertThat(source.update(old.id(), (s, d, t) -> {}).alias()).isEqualTo("plot");
    }

    @Test
    void versionsThatNobodyNamesAnyMoreGoAtTheNextStart() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        List<ActionPackage> versions = new ArrayList<>(List.of(install("acme/plot")));
        for (int i = 0; i < 2; i++) {
            plot.write("v", "" + i).commit();
            versions.add(install("acme/plot"));
        }
        for (ActionPackage version : versions) {
            Files.setLastModifiedTime(
                    version.directory(), FileTime.from(Instant.now().minusSeconds(60)));
        }
        Path half = Files.createDirectories(data.resolve("actions/.staged/123/files"));
        Files.setLastModifiedTime(half.getParent(), FileTime.from(Instant.now().minusSeconds(60)));

        newSource(Instant.now().minusSeconds(30));

        assertThat(versions.get(0).directory()).doesNotExist();
        assertThat(versions.get(1).directory()).isDirectory();
        assertThat(versions.get(2).directory()).isDirectory();
        assertThat(staged()).isEmpty();
    }

    @Test
    void uninstallingRemovesFilesAndEntry() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        ActionPackage files = install("acme/plot");

        source.uninstall(files.id());

        assertThat(source.packages()).isEmpty();
        assertThat(data.resolve("actions/acme")).doesNotExist();
        assertThatThrownBy(() -> source.uninstall(files.id()))
                .isInstanceOf(ActionException.class)
                .hasMessage("acme/plot: is not installed; installed are none");
        assertThat(install("acme/plot")).isEqualTo(files);
    }

    @Test
    void aRefusedActionChangesNothing() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        plot.commit();
        ActionPackage good = install("acme/plot");
        plot.write("manifest.json", "{}").commit();

        assertThatThrownBy(() -> source.update(good.id(), (s, d, t) -> {}))
                .isInstanceOf(ActionException.class)
                .hasMessage("acme/plot: acme/plot@main is refused: manifest.json: name: is missing; run: is missing");
        assertThat(source.packages()).containsExactly(good);
        assertThat(staged()).isEmpty();
    }

    @Test
    void anAliasCanBeTakenOnce() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        repository("evil/plot").action("", "plot").commit();
        repository("evil/filesystem").action("", "filesystem").commit();
        install("acme/plot");

        assertThatThrownBy(() -> install("evil/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessage("evil/plot: its name plot is taken by acme/plot: rungpt:uninstall acme/plot first");
        assertThatThrownBy(() -> install("evil/filesystem"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("reserved for a built-in action");
        assertThat(source.packages()).hasSize(1);
    }

    @Test
    void theSameNameInOtherLettersIsTheSameAction() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        install("acme/plot");

        assertThat(install("acme/plot.git").id()).isEqualTo(new ActionId("acme/plot"));
        assertThatThrownBy(() -> install("Acme/Plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("is installed as acme/plot");
    }

    @Test
    void nothingIsInstalledUnchecked() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        source.setReader(null);

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("org.rungpt.registry");
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void damagedFilesAreReplacedByInstallingAgain() throws Exception {
        TestRepository plot = repository("acme/plot").action("", "plot");
        String first = plot.commit();
        ActionPackage files = install("acme/plot");
        plot.write("v", "2").commit();
        install("acme/plot");
        Files.writeString(files.directory().resolve("run"), "#!/bin/sh\nevil\n");

        install("acme/plot@" + first);

        assertThat(ContentHash.of(files.directory())).isEqualTo(files.contentHash());
        assertThat(staged()).isEmpty();
    }

    @Test
    void aDamagedLockIsToldAndLeftAlone() throws Exception {
        Path lock = data.resolve("actions/rungpt.lock");
        Files.writeString(lock, "{\"schema\": 1, \"actions\": [{\"id\": \"../..\"}]}");
        GitSource broken = newSource(Instant.EPOCH);

        assertThat(broken.packages()).isEmpty();
        assertThat(broken.readiness().ready()).isFalse();
        assertThat(broken.readiness().reason()).contains("rungpt.lock is damaged");
        assertThatThrownBy(() -> broken.install(ActionReference.parse("acme/plot"), (s, d, t) -> {}))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("rungpt.lock is damaged");
        assertThat(Files.readString(lock)).contains("../..");
    }

    @Test
    void saysWhatItDoesWhileItDoesIt() throws Exception {
        repository("acme/plot").action("", "plot").commit();
        List<String> steps = new ArrayList<>();

        source.install(ActionReference.parse("acme/plot"), (step, done, total) -> steps.add(step));

        assertThat(steps)
                .contains("asking 127.0.0.1", "fetching main", "receiving objects", "checking", "installed main");
    }

    @Test
    void theUsersOwnGitConfigurationIsNotRead() throws Exception {
        var config = org.eclipse.jgit.util.SystemReader.getInstance().getUserConfig();

        assertThat(config.getSections()).isEmpty();
        assertThat(org.eclipse.jgit.util.SystemReader.getInstance().getenv("HOME"))
                .isNull();
    }

    @Test
    void installingRunsNothing() throws Exception {
        Path canary = directory.resolve("canary");
        TestRepository plot = repository("acme/plot");
        String touch = "#!/bin/sh\ntouch " + canary + "\n";
        plot.action("", "plot").write("run", touch).write("setup", touch).write("hooks/post-checkout", touch);
        plot.write(".gitattributes", "* filter=evil\n*.bin filter=lfs diff=lfs merge=lfs\n");
        plot.write("a.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        plot.write("Dockerfile", "FROM scratch\nRUN touch " + canary + "\n");
        plot.write("--upload-pack=touch x", "x");
        plot.commit();

        ActionPackage files = install("acme/plot");

        assertThat(canary).doesNotExist();
        assertThat(files.directory().resolve("a.bin")).content().startsWith("version https://git-lfs");
    }

    @Test
    void manySmallFilesAreInstalled() throws IOException, ActionException {
        TestRepository plot = repository("acme/plot").action("", "plot");
        for (int i = 0; i < 150; i++) {
            plot.write("data/" + i % 10 + "/" + i, "file " + i);
        }
        plot.commit();

        assertThat(install("acme/plot").directory().resolve("data/9/149")).hasContent("file 149");
    }
}
