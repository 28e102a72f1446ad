package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.RunnerException;

final class ShareRulesTest {
    private static final CheckedShares.Inside UNSEEN = share -> true;

    @TempDir
    Path machine;

    private final Set<Path> mounted = new HashSet<>();
    private final Set<Path> written = new HashSet<>();
    private Path home;
    private Path data;
    private Path engine;
    private Path socket;
    private Path project;
    private Path installation;
    /** Second mounts, each with what is mounted there. */
    private final Map<Path, Path> mounts = new HashMap<>();

    private HostMounts table = new HostMounts(List.of());
    private ShareRules rules;

    @BeforeEach
    void layOut() throws Exception {
        machine = machine.toRealPath();
        home = make("homes/ann");
        data = make("homes/ann/.rungpt");
        make("homes/ann/.ssh");
        engine = make("var/engine");
        socket = make("sockets").resolve("engine.sock");
        Files.createFile(socket);
        project = make("homes/ann/project");
        installation = make("homes/ann/programs/rungpt");
        rules = new ShareRules(
                () -> new ForbiddenPlaces(home, data, List.of(engine, socket), List.of(installation), table, this::key),
                () -> Set.copyOf(mounted),
                () -> Set.copyOf(written));
    }

    private @Nullable Object key(Path path) {
        return ForbiddenPlaces.key(mounts.getOrDefault(path, path));
    }

    private Path make(String name) throws IOException {
        Path directory = Files.createDirectories(machine.resolve(name));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return directory;
    }

    private static Share share(Object source) {
        return new Share("files", source.toString(), false);
    }

    /** Gives it to somebody who is not root; whoever runs the tests may be nobody special. */
    private static void give(Path directory, int uid) throws IOException {
        if ((int) Files.getAttribute(directory, "unix:uid") == 0) {
            Files.setAttribute(directory, "unix:uid", uid);
            Files.setAttribute(directory, "unix:gid", uid);
        }
    }

    private void refused(Share share, String why) {
        assertThatThrownBy(() -> rules.check(share)).isInstanceOfSatisfying(RunnerException.class, e -> {
            assertThat(e.kind()).isEqualTo(RunnerException.Kind.GRANT);
            assertThat(e.getMessage())
                    .startsWith("The share " + share.name() + " (")
                    .contains(why)
                    .hasLineCount(1);
        });
    }

    @Test
    @DisplayName(
            "A.11 the system, the engine, RunGPT's data, keys, and what they are in are refused, and a link to each")
    void denied() throws Exception {
        List<Path> places = new ArrayList<>(List.of(
                Path.of("/"),
                Path.of("/etc"),
                Path.of("/etc/ssl"),
                Path.of("/proc"),
                Path.of("/sys"),
                Path.of("/dev"),
                Path.of("/run"),
                Path.of("/var/run"),
                engine,
                make("var/engine/volumes"),
                socket.getParent(),
                home,
                home.getParent(),
                machine,
                home.resolve(".ssh"),
                data,
                make("homes/ann/.rungpt/secret"),
                engine.getParent()));
        Path links = make("links");
        int number = 0;
        for (Path place : places) {
            for (Path one : List.of(place, Files.createSymbolicLink(links.resolve("l" + number++), place))) {
                for (boolean writable : new boolean[] {false, true}) {
                    assertThatThrownBy(() -> rules.check(new Share("files", one.toString(), writable)))
                            .as("%s", one)
                            .isInstanceOfSatisfying(RunnerException.class, e -> assertThat(e.kind())
                                    .isEqualTo(RunnerException.Kind.GRANT));
                }
            }
        }
        refused(share(home), "it is the whole home directory; share a directory in it, or force it");
        refused(share(data), "where RunGPT keeps its own data and keys");
        refused(share(home.resolve(".ssh")), "a place for keys");
        refused(share(socket), "it is no directory");
        refused(share(machine), "lies in it");
        // The rules refuse for what these are, not everything.
        assertThat(rules.check(share(project)).share().source()).isEqualTo(project.toString());
    }

    @Test
    @DisplayName("A.11 the home directory only when forced, never writable, and its places for keys are covered")
    void home() throws Exception {
        CheckedShare checked = rules.check(new Share("home", home.toString(), false, true));
        assertThat(checked.covered()).containsExactlyInAnyOrder(Path.of(".ssh"), Path.of(".rungpt"));
        refused(new Share("home", home.toString(), true, true), "never writable");
        // Forcing is for the home directory and for root's, not for the rest.
        refused(new Share("files", data.toString(), false, true), "RunGPT keeps its own data");
    }

    @Test
    @DisplayName("A.11 another mount of a forbidden directory, of what is in it or of what it lies in is refused too")
    void anotherMount() throws Exception {
        mounts.put(make("srv/data"), data);
        mounts.put(make("srv/data/secret"), make("homes/ann/.rungpt/secret"));
        refused(share(machine.resolve("srv/data")), "it is where RunGPT keeps its own data");
        refused(share(machine.resolve("srv/data/secret")), "it lies in " + data);

        Path copy = make("copy");
        mounts.put(copy, machine);
        mounts.put(make("copy/homes"), home.getParent());
        mounts.put(make("copy/homes/ann"), home);
        mounts.put(make("copy/homes/ann/project"), project);
        mounts.put(make("copy/var"), engine.getParent());
        refused(share(copy), "lies in it");
        refused(share(copy.resolve("homes")), "lies in it");
        refused(share(copy.resolve("var")), engine + " lies in it");
        refused(share(copy.resolve("homes/ann")), "whole home directory");
        assertThat(rules.check(share(copy.resolve("homes/ann/project")))).isNotNull();

        mounts.put(make("whole"), Path.of("/"));
        assertThat(rules.check(share(make("whole/other")))).isNotNull();
        refused(share(machine.resolve("whole")), "the whole file system");
    }

    @Test
    @DisplayName("A.11 what a forbidden directory lies in is refused where it lies in its file system, too")
    void mountedFromThere() throws Exception {
        Path store = make("store/part");
        Path outside = make("store/part/homes/ann/notes");
        Path keys = make("store/part/homes/ann/.ssh");
        Path other = make("other/part");
        table = HostMounts.read("""
                20 1 8:1 / / rw - ext4 /dev/a rw
                21 20 8:2 / %1$s/other rw - ext4 /dev/b rw
                22 20 8:1 %1$s/store/part/homes %1$s/homes rw - ext4 /dev/a rw
                """.formatted(machine));
        refused(share(store), data + " lies in it, where RunGPT keeps");
        refused(share(store.getParent()), data + " lies in it, where RunGPT keeps");
        refused(share(keys), "it lies in " + home.resolve(".ssh"));
        assertThat(rules.check(share(outside)).share().source()).isEqualTo(outside.toString());
        assertThat(rules.check(share(other)).share().source()).isEqualTo(other.toString());
    }

    @Test
    void whereSomethingElseIsMountedInside() {
        mounted.add(project.resolve("inner"));
        refused(share(project), "another file system is mounted in it, at " + project.resolve("inner"));
    }

    @Test
    @DisplayName("A.11 what RunGPT is started from is writable only when forced, like the programs of the machine")
    void itsOwnPrograms() throws Exception {
        mounts.put(make("srv/programs"), installation);
        for (Path path : List.of(
                installation,
                make("homes/ann/programs/rungpt/lib"),
                installation.getParent(),
                machine.resolve("srv/programs"))) {
            give(path, 1000);
            refused(
                    new Share("files", path.toString(), true),
                    "what RunGPT is started from; share it read-only, or force it");
            assertThat(rules.check(new Share("files", path.toString(), true, true)))
                    .isNotNull();
            assertThat(rules.check(share(path))).isNotNull();
        }
        if (System.getProperty("user.name").equals("root")) {
            refused(new Share("files", "/usr/share", true), "it lies in /usr, where programs of this machine are");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"relative/path", "", "nul\0"})
    void noPath(String source) {
        refused(share(source), source.startsWith("nul") ? "no path" : "write the whole path");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", "a/b", "Files", "1st", "share name", "a23456789012345678901234567890123"})
    void noName(String name) {
        assertThatThrownBy(() -> rules.check(new Share(name, project.toString(), false)))
                .hasMessageContaining("its name is a letter");
    }

    @Test
    void missingOrNoDirectory() throws Exception {
        refused(share(home.resolve("nothing")), "there is no such directory");
        refused(share(Files.createFile(home.resolve("file"))), "it is no directory");
    }

    @Test
    @DisplayName("A.11 what belongs to root is writable only when forced")
    void rootsOwn() throws Exception {
        give(project, 1000);
        CheckedShare checked = rules.check(new Share("files", project.toString(), true));
        assertThat(checked.uid()).isNotZero();
        if (System.getProperty("user.name").equals("root")) {
            Files.setAttribute(project, "unix:uid", 0);
            refused(new Share("files", project.toString(), true), "it belongs to root");
            assertThatCode(() -> rules.check(new Share("files", project.toString(), true, true)))
                    .doesNotThrowAnyException();
            assertThatCode(() -> rules.check(share(project))).doesNotThrowAnyException();
        }
    }

    @Test
    void togetherTheyHaveNamesOfTheirOwnOneWriterAndNoneInAnother() throws Exception {
        Path inner = make("homes/ann/project/inner");
        Path other = make("homes/ann/other");
        for (Path path : List.of(project, inner)) {
            give(path, 1000);
        }
        give(other, 1001);
        assertThatThrownBy(() -> rules.check(List.of(share(project), share(other))))
                .hasMessageContaining("same name");
        Share writable = new Share("project", project.toString(), true);
        assertThatThrownBy(() -> rules.check(List.of(writable, new Share("inner", inner.toString(), false))))
                .hasMessageContaining("lies in the writable share project");
        if (System.getProperty("user.name").equals("root")) {
            assertThatThrownBy(() -> rules.check(List.of(writable, new Share("other", other.toString(), true))))
                    .hasMessageContaining("a sandbox runs as one user");
        }
        assertThat(rules.check(List.of(writable, new Share("other", other.toString(), false)))
                        .all())
                .hasSize(2);
    }

    @Test
    @DisplayName("A.16 a directory that becomes a link between grant and mount, or while it is mounted, is noticed")
    void exchanged() throws Exception {
        Share granted = rules.check(share(project)).share();
        CheckedShares checked = rules.check(List.of(granted));
        checked.verify(null, UNSEEN);

        Path aside = Files.move(project, home.resolve("aside"));
        Files.createSymbolicLink(project, home.resolve(".ssh"));
        assertThatThrownBy(() -> rules.check(List.of(granted))).isInstanceOf(RunnerException.class);
        assertThatThrownBy(() -> checked.verify(null, UNSEEN)).isInstanceOf(RunnerException.class);

        Files.delete(project);
        Files.createSymbolicLink(project, aside);
        assertThatThrownBy(() -> rules.check(List.of(granted))).hasMessageContaining("has become a link");

        Files.delete(project);
        make("homes/ann/project");
        assertThatThrownBy(() -> checked.verify(null, UNSEEN)).hasMessageContaining("was exchanged");
    }

    @Test
    @DisplayName("A.16 where the machine does not let us see what was mounted, the sandbox is asked")
    void askedInside() throws Exception {
        CheckedShares checked = rules.check(List.of(rules.check(share(project)).share()));
        List<String> asked = new ArrayList<>();
        checked.verify(null, one -> asked.add(one.target() + " " + one.key()));
        assertThat(asked)
                .containsExactly("/share/files " + Files.getAttribute(project, "unix:dev") + " "
                        + Files.getAttribute(project, "unix:ino"));
        assertThatThrownBy(() -> checked.verify(null, one -> false)).hasMessageContaining("was exchanged");
        // No process has a number of these.
        assertThatThrownBy(() -> checked.verify(1L << 40, one -> false)).hasMessageContaining("was exchanged");
    }

    @Test
    @DisplayName(
            "A.16 nothing is mounted that lies where another sandbox may write: it could become a link at any moment")
    void whereAnotherSandboxWrites() throws Exception {
        Share inner = rules.check(
                        new Share("inner", make("homes/ann/project/deep/inner").toString(), false))
                .share();
        Share outer = share(project);
        CheckedShares before = rules.check(List.of(inner));
        written.add(project);
        for (ThrowingCallable mounts : List.<ThrowingCallable>of(
                () -> rules.check(List.of(inner)),
                () -> before.verify(null, UNSEEN),
                () -> rules.checkToMount(inner))) {
            assertThatThrownBy(mounts)
                    .hasMessageContaining("it lies in " + project + ", where a sandbox may write now");
        }
        Path link = Files.createSymbolicLink(home.resolve("link"), Path.of(inner.source()));
        assertThatThrownBy(() -> rules.checkToMount(share(link))).hasMessageContaining("where a sandbox may write now");
        Path flipped = Files.createSymbolicLink(project.resolve("flipped"), make("homes/ann/mail"));
        assertThatThrownBy(() -> rules.checkToMount(share(flipped)))
                .hasMessageContaining("where a sandbox may write now");
        // What lies beside it or holds it is nobody's to exchange, and to grant is not to mount.
        assertThat(rules.check(List.of(outer)).all()).hasSize(1);
        assertThat(rules.check(List.of(share(make("homes/ann/project-2")))).all())
                .hasSize(1);
        assertThat(rules.check(inner)).isNotNull();
    }

    @Test
    void readsMountTables() {
        HostMounts mounts = HostMounts.read("""
                22 1 8:1 / / rw - ext4 /dev/a rw
                36 22 0:5 /in\\040it /mnt/with\\040space rw master:1 - tmpfs t rw
                37 22 8:2 / /mnt rw - ext4 /dev/b rw
                38 37 8:3 / /mnt rw - ext4 /dev/c rw
                """);
        assertThat(mounts.places())
                .containsExactlyInAnyOrder(Path.of("/"), Path.of("/mnt/with space"), Path.of("/mnt"));
        assertThat(mounts.origin(Path.of("/srv/x"))).isEqualTo(new HostMounts.Origin("8:1", Path.of("/srv/x")));
        assertThat(mounts.origin(Path.of("/mnt/with space/x")))
                .isEqualTo(new HostMounts.Origin("0:5", Path.of("/in it/x")));
        assertThat(mounts.origin(Path.of("/mnt"))).isEqualTo(new HostMounts.Origin("8:3", Path.of("/")));
    }
}
