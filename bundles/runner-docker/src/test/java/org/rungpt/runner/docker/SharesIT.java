package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.BindPropagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Directories of the host in sandboxes. */
@Tag("docker")
final class SharesIT {
    private static final boolean ROOT = System.getProperty("user.name").equals("root");

    @TempDir
    static Path directory;

    private static Bench bench;

    private String conversation = "c-" + UUID.randomUUID();
    private Path shared;

    @BeforeAll
    static void open() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        bench = new Bench(directory, 0).ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @BeforeEach
    void make() throws Exception {
        shared = Files.createDirectory(directory.toRealPath().resolve("shared-" + UUID.randomUUID()));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(shared.resolve("file"), "of the host\n");
        if (ROOT) {
            give(shared);
            give(shared.resolve("file"));
        }
    }

    /** To somebody who is not root. */
    private static void give(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", 1234);
        Files.setAttribute(path, "unix:gid", 1234);
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private Grants grants(boolean writable) {
        return new Grants(List.of(), List.of(new Share("files", shared.toString(), writable)), Map.of(), false);
    }

    private CallOutcome run(InstalledTask task, Grants grants, String command, RecordingObserver observer)
            throws Exception {
        CallHandle call =
                bench.start(Bench.newCall(), conversation, task, command, observer, Bench.limits(Bench.MIB), grants);
        return Bench.await(call);
    }

    private String output(Grants grants, String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = run(bench.shell(), grants, command, observer);
        assertThat(outcome.exit())
                .as("%s %s", command, observer.text(CallObserver.Stream.STDERR))
                .isZero();
        return observer.text(CallObserver.Stream.STDOUT);
    }

    private InspectContainerResponse inspect() throws Exception {
        return bench.docker()
                .inspectContainerCmd(bench.containerOf(conversation))
                .exec();
    }

    private Map<String, String> tree() throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(shared)) {
            for (Path path : all.toList()) {
                // The time of the last access is no change.
                var attributes = new TreeMap<>(Files.readAttributes(
                        path, "unix:mode,uid,gid,ino,nlink,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS));
                String content = Files.isSymbolicLink(path)
                        ? Files.readSymbolicLink(path).toString()
                        : Files.isRegularFile(path) ? JournalFiles.hash(Files.readAllBytes(path)) : "";
                tree.put(shared.relativize(path).toString(), attributes + " " + content);
            }
        }
        return tree;
    }

    @Test
    @DisplayName("A.16 a share is read-only: nothing that root in the sandbox tries changes it")
    void readOnly() throws Exception {
        Map<String, String> before = tree();
        String tried = output(
                grants(false),
                "cat /share/files/file; cd /share/files; for try in 'touch new' 'rm file' 'mv file other' 'chmod 777 file'"
                        + " 'chown 0 .' 'ln -s /etc/shadow link' 'mkfifo pipe' 'mknod null c 1 3' 'mount -o remount,rw"
                        + " /share/files' 'umount /share/files'; do $try 2>/dev/null && echo \"$try DONE\"; done; touch new"
                        + " 2>&1 | sed 's/.*: //'");
        assertThat(tried).isEqualTo("of the host\nRead-only file system\n");
        assertThat(tree()).isEqualTo(before);
        // The same look sees a content that changed and whose times were put back.
        FileTime written = Files.getLastModifiedTime(shared.resolve("file"));
        Files.writeString(shared.resolve("file"), "of the h0st\n");
        Files.setLastModifiedTime(shared.resolve("file"), written);
        assertThat(tree()).isNotEqualTo(before);
        var mount = inspect().getHostConfig().getMounts().stream()
                .filter(one -> one.getTarget().equals("/share/files"))
                .findFirst()
                .orElseThrow();
        assertThat(mount.getReadOnly()).isTrue();
        assertThat(mount.getBindOptions().getPropagation()).isEqualTo(BindPropagation.R_PRIVATE);
    }

    @Test
    @DisplayName("A.16 a writable share: the whole sandbox runs as its owner, and what is made there belongs to them")
    void writable() throws Exception {
        assertThat(output(
                        Grants.NONE,
                        "id -u; echo kept > kept; mkdir -m 700 deep; echo in > deep/in; echo lost > /root/x"))
                .isEqualTo("0\n");
        String first = bench.containerOf(conversation);

        int uid = (int) Files.getAttribute(shared, "unix:uid");
        int gid = (int) Files.getAttribute(shared, "unix:gid");
        String told = output(
                grants(true),
                "id -u; id -g; cat kept deep/in; echo more >> kept; echo new > /share/files/new; echo on >> /share/files/file;"
                        + " cp /bin/true /share/files/suid; chmod 4755 /share/files/suid; ln -s /etc/shadow"
                        + " /share/files/link; mkfifo /share/files/pipe; mknod /share/files/null c 1 3 2>/dev/null; ls"
                        + " /root 2>/dev/null; grep ^CapEff /proc/self/status; cd ~ && touch x && echo home");
        assertThat(told).isEqualTo(uid + "\n" + gid + "\nkept\nin\nCapEff:\t0000000000000000\nhome\n");
        assertThat(bench.containerOf(conversation)).isNotEqualTo(first);
        assertThat(Files.readString(shared.resolve("file"))).isEqualTo("of the host\non\n");
        assertThat(Files.exists(shared.resolve("null"))).isFalse();
        try (Stream<Path> all = Files.list(shared)) {
            for (Path path : all.toList()) {
                assertThat(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                        .as("%s", path)
                        .isEqualTo(uid);
            }
        }

        // Taken back: root again, the workspace is the same.
        assertThat(output(Grants.NONE, "id -u; ls /share 2>/dev/null; cat kept"))
                .isEqualTo("0\nkept\nmore\n");
    }

    @Test
    @DisplayName("A.16 a share granted midway: running calls finish where they are, the workspace is kept")
    void midway() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle running = bench.start(
                Bench.newCall(),
                conversation,
                bench.shell(),
                "echo there; while [ ! -e go ]; do sleep 0.05; done; ls /share 2>/dev/null || echo none",
                observer,
                Bench.limits(Bench.MIB),
                Grants.NONE);
        observer.await("there\n");
        assertThat(output(grants(false), "touch go; ls /share")).isEqualTo("files\n");
        assertThat(Bench.await(running).exit()).isZero();
        assertThat(observer.text(CallObserver.Stream.STDOUT)).isEqualTo("there\nnone\n");
        // The same grants, the same sandbox; also after a swap.
        String container = bench.containerOf(conversation);
        bench.swap();
        assertThat(output(grants(false), "cat /share/files/file")).isEqualTo("of the host\n");
        assertThat(bench.containerOf(conversation)).isEqualTo(container);
    }

    @Test
    @DisplayName("A.16 a share that is taken back from an action is not left to what its calls left running")
    void aShareThatIsTakenBack() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/left",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        InstalledTask shell = TestActions.task(acme, "shell");
        String leave = "(setsid tail -f /share/files/file > /dev/null 2>&1 &)";
        assertThat(run(shell, grants(false), leave, new RecordingObserver()).exit())
                .isZero();
        String container = bench.containerOf(conversation);
        assertThat(run(shell, Grants.NONE, "test ! -e /share/files", new RecordingObserver())
                        .exit())
                .isZero();
        bench.awaitEvent(container, "destroy");
        assertThat(bench.containerOf(conversation)).isNotEqualTo(container);
    }

    @Test
    void aThirdPartyActionSeesWhatItWasGrantedAndIsToldWhatItCannotRead() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/reader",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        RecordingObserver observer = new RecordingObserver();
        InstalledTask shell = TestActions.task(acme, "shell");
        assertThat(run(shell, grants(false), "id -u; cat /share/files/file", observer)
                        .exit())
                .isZero();
        assertThat(observer.text(CallObserver.Stream.STDOUT)).isEqualTo("65532\nof the host\n");

        int uid = (int) Files.getAttribute(shared, "unix:uid");
        RecordingObserver writer = new RecordingObserver();
        assertThat(run(
                                shell,
                                grants(true),
                                "id -u; echo x > /share/files/by; touch /tmp/y /workspace/z && echo w",
                                writer)
                        .exit())
                .isZero();
        assertThat(writer.text(CallObserver.Stream.STDOUT)).isEqualTo(uid + "\nw\n");
        assertThat(Files.getAttribute(shared.resolve("by"), "unix:uid")).isEqualTo(uid);

        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwx------"));
        bench.runner().release(conversation);
        conversation = "c-" + UUID.randomUUID();
        assertThatThrownBy(() -> run(shell, grants(false), "true", new RecordingObserver()))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(RunnerException.class)
                .hasMessageContaining("make it readable for others (chmod o+rx)");
    }

    @Test
    @DisplayName("A.11 what may not be shared, or is not there, is refused when it is mounted too, and named")
    void refused() throws Exception {
        for (String source : List.of("/", "/etc", "/var/run", bench.data.toString(), shared + "/nothing")) {
            Grants grants = new Grants(List.of(), List.of(new Share("files", source, false)), Map.of(), false);
            assertThatThrownBy(() -> run(bench.shell(), grants, "true", new RecordingObserver()))
                    .isInstanceOf(CompletionException.class)
                    .satisfies(e -> assertThat(e.getCause())
                            .isInstanceOfSatisfying(RunnerException.class, cause -> assertThat(cause.kind())
                                    .isEqualTo(RunnerException.Kind.GRANT)))
                    .hasMessageContaining("The share files (" + source + ") cannot be given: ");
        }
        // Nothing else is disturbed.
        assertThat(output(Grants.NONE, "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.16 what is mounted is compared with what was checked: a directory exchanged just then is noticed")
    void exchangedWhileMounted() throws Exception {
        output(grants(false), "true");
        Long process = inspect().getState().getPidLong();
        ShareRules rules = new ShareRules(
                () -> new ForbiddenPlaces(directory, bench.data, List.of(), List.of()), Set::of, Set::of);
        ShareProbe inside = new ShareProbe(bench.engine, bench.containerOf(conversation), "0:0");
        rules.check(grants(false).shares()).verify(process, inside);
        rules.check(grants(false).shares()).verify(null, inside);

        Files.move(shared, shared.resolveSibling("aside-" + UUID.randomUUID()));
        Files.createDirectory(shared);
        // Its name leads where it was checked, but that is not what was mounted.
        CheckedShares checked = rules.check(grants(false).shares());
        assertThatThrownBy(() -> checked.verify(null, inside)).hasMessageContaining("was exchanged");
        if (ROOT) {
            assertThatThrownBy(() -> checked.verify(process, inside)).hasMessageContaining("was exchanged");
        }
    }

    @Test
    @DisplayName(
            "A.16 nothing is mounted that lies where another sandbox may write; its own, once taken back, is no hindrance")
    void whereAnotherSandboxMayWrite() throws Exception {
        Path inner = Files.createDirectory(shared.resolve("inner"));
        Grants narrow = new Grants(List.of(), List.of(new Share("inner", inner.toString(), false)), Map.of(), false);
        output(grants(true), "true");

        String writer = conversation;
        conversation = "c-" + UUID.randomUUID();
        assertThatThrownBy(() -> run(bench.shell(), narrow, "true", new RecordingObserver()))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(RunnerException.class)
                .hasMessageContaining("it lies in " + shared + ", where a sandbox may write now");
        bench.runner().release(conversation);

        conversation = writer;
        assertThat(output(narrow, "ls /share")).isEqualTo("inner\n");
    }

    @Test
    void whoGrantsIsToldWhatItMeans() throws Exception {
        var checked = bench.runner().check(new Share("files", shared.toString(), true));
        assertThat(checked.share().source()).isEqualTo(shared.toString());
        assertThat(checked.owner())
                .isEqualTo(Files.getAttribute(shared, "unix:uid") + ":" + Files.getAttribute(shared, "unix:gid"));
        assertThat(checked.notes()).hasSize(1).first().asString().contains("The whole sandbox runs as ");
        assertThatThrownBy(() -> bench.runner().check(new Share("files", "/etc", false)))
                .isInstanceOf(RunnerException.class);
    }
}
