package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.runner.RunnerException;

/** Machines on which engines have their sockets here and there. */
final class EngineSearchTest {
    @TempDir
    Path directory;

    private Path root;
    private Path home;
    private String session;

    @BeforeEach
    void machine() throws Exception {
        root = Files.createDirectories(directory.resolve("r"));
        home = Files.createDirectories(root.resolve("home/u"));
        Path self = Files.createDirectories(root.resolve("proc/self"));
        session = "run/user/" + Files.getAttribute(self, "unix:uid");
    }

    /** In the order in which they are asked; what is told of them when nothing answers. */
    static List<Arguments> places() {
        return List.of(
                Arguments.of("var/run/docker.sock", "Docker", "systemctl start docker"),
                Arguments.of("told/docker.sock", "Docker", "systemctl"),
                Arguments.of("{session}/docker.sock", "Docker", "systemctl --user start docker"),
                Arguments.of("home/u/.docker/run/docker.sock", "Docker Desktop", "Start Docker Desktop"),
                Arguments.of("home/u/.docker/desktop/docker.sock", "Docker Desktop", "Start Docker Desktop"),
                Arguments.of("home/u/.colima/default/docker.sock", "Colima", "colima start"),
                Arguments.of("home/u/.config/colima/default/docker.sock", "Colima", "colima start"),
                Arguments.of("home/u/.colima/docker.sock", "Colima", "colima start"),
                Arguments.of("home/u/.rd/docker.sock", "Rancher Desktop", "Start Rancher Desktop"),
                Arguments.of("told/podman/podman.sock", "Podman", "systemctl --user start podman.socket"),
                Arguments.of("{session}/podman/podman.sock", "Podman", "systemctl --user start podman.socket"),
                Arguments.of("run/podman/podman.sock", "Podman", "start podman.socket"),
                Arguments.of(
                        "home/u/.local/share/containers/podman/machine/podman.sock", "Podman", "podman machine start"));
    }

    private Path place(String name) throws IOException {
        Path place = root.resolve(name.replace("{session}", session));
        Files.createDirectories(place.getParent());
        return place;
    }

    private EngineAddress search() {
        return EngineAddress.search(
                Map.of("XDG_RUNTIME_DIR", root.resolve("told").toString()), home, root);
    }

    private DockerRunner runner(EngineAddress address) {
        return runner(address, null);
    }

    private DockerRunner runner(EngineAddress address, String runtime) {
        Settings settings = new Settings(
                directory.resolve("data"),
                address,
                null,
                512 << 20,
                2,
                256,
                0,
                Duration.ofMinutes(1),
                Duration.ofMinutes(5),
                10,
                1 << 30,
                DiskReserve.FITTING,
                0,
                Settings.MOST,
                runtime,
                EgressSettings.DEFAULT,
                1 << 30);
        DockerRunner runner = new DockerRunner(settings, () -> null, () -> null, new Contributors());
        runner.open();
        return runner;
    }

    /** What is there and lets nobody in. */
    private static void leaveBehind(Path socket) throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();
    }

    private static void awaitFirstAnswer(DockerRunner runner) {
        assertThatThrownBy(() -> runner.release("nobody")).isInstanceOf(RunnerException.class);
    }

    @ParameterizedTest
    @MethodSource("places")
    void everyPlaceIsLookedAt(String name) throws Exception {
        Path socket = place(name);
        leaveBehind(socket);
        assertThat(search().candidates()).containsExactly("unix://" + socket);
        try (DockerRunner runner = runner(search())) {
            awaitFirstAnswer(runner);
            assertThat(runner.readiness().ready()).isFalse();
            Files.delete(socket);
            try (FakeEngine engine = new FakeEngine(socket, FakeEngine.healthy("1.3.3"))) {
                assertThat(engine.socket).isEqualTo(socket);
                assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
                assertThat(runner.readiness().ready()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void whatHelpsFitsTheEngine(String name, String called, String start) {
        String place = name.replace("{session}", session);
        // As on a real machine, where nothing lies below another root.
        EngineKind kind = EngineKind.of("unix:///" + place);
        assertThat(kind.name()).isEqualTo(called);
        assertThat(kind.start()).contains(start);
    }

    @Test
    void allAreAskedInOrder() throws Exception {
        for (Arguments place : places()) {
            leaveBehind(place((String) place.get()[0]));
        }
        assertThat(search().candidates())
                .containsExactlyElementsOf(places().stream()
                        .map(place -> "unix://" + root.resolve(((String) place.get()[0]).replace("{session}", session)))
                        .toList());
    }

    @Test
    void theFirstThatAnswersIsTaken() throws Exception {
        leaveBehind(place("var/run/docker.sock"));
        try (FakeEngine nonsense = new FakeEngine(place("home/u/.rd/docker.sock"), path -> "nonsense\r\n\r\n");
                FakeEngine podman = new FakeEngine(place("{session}/podman/podman.sock"), FakeEngine.healthy("1.3.3"));
                FakeEngine later = new FakeEngine(place("run/podman/podman.sock"), path -> {
                    throw new AssertionError("nobody asks the next one");
                });
                DockerRunner runner = runner(search())) {
            assertThat(nonsense.socket).isNotEqualTo(later.socket);
            runner.release("nobody"); // waits for the first answer
            assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
            assertThat(runner.engineHost()).isEqualTo("unix://" + podman.socket);
        }
    }

    @Test
    void asLongAsNoneAnswersTheFirstIsToldAndAllAreLookedForAgain() throws Exception {
        Path first = place("var/run/docker.sock");
        leaveBehind(first);
        try (DockerRunner runner = runner(search())) {
            awaitFirstAnswer(runner);
            assertThat(runner.readiness().reason()).contains("not running: nothing answers at unix://" + first);
            try (FakeEngine engine = new FakeEngine(place("told/docker.sock"), FakeEngine.healthy("1.3.3"))) {
                assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
                assertThat(runner.engineHost()).isEqualTo("unix://" + engine.socket);
            }
        }
    }

    @Test
    void anEngineThatWasFoundIsKeptWhileItRestarts() throws Exception {
        try (FakeEngine podman = new FakeEngine(place("{session}/podman/podman.sock"), FakeEngine.healthy("1.3.3"));
                DockerRunner runner = runner(search())) {
            runner.release("nobody"); // waits for the first answer
            assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
            CountDownLatch lookedFor = new CountDownLatch(1);
            podman.answer(path -> {
                if (path.startsWith("/version")) {
                    lookedFor.countDown(); // which nobody asks of an engine that is there
                }
                return "nonsense\r\n\r\n";
            });
            try (FakeEngine docker = new FakeEngine(place("var/run/docker.sock"), path -> {
                throw new AssertionError("its sandboxes are not there");
            })) {
                assertThat(docker.socket).exists();
                runner.suspectEngine();
                assertThat(lookedFor.await(30, TimeUnit.SECONDS)).isTrue();
                podman.answer(FakeEngine.healthy("1.3.3"));
                assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
                assertThat(runner.engineHost()).isEqualTo("unix://" + podman.socket);
            }
        }
    }

    @Test
    void whatSomebodyNamesIsTheOnlyOne() throws Exception {
        Path named = directory.resolve("named.sock");
        try (FakeEngine other = new FakeEngine(place("var/run/docker.sock"), path -> {
            throw new AssertionError("nobody asks it");
        })) {
            assertThat(other.socket).exists();
            Settings settings =
                    Settings.of(defaults(), directory.resolve("data"), null, Map.of("DOCKER_HOST", "unix://" + named));
            assertThat(settings.engine().candidates()).containsExactly("unix://" + named);
            try (DockerRunner runner = runner(settings.engine())) {
                awaitFirstAnswer(runner);
                assertThat(runner.readiness().reason()).contains("there is no " + named);
            }
        }
    }

    private static Config defaults() {
        return (Config) Proxy.newProxyInstance(
                Config.class.getClassLoader(),
                new Class<?>[] {Config.class},
                (proxy, method, arguments) -> method.getDefaultValue());
    }

    @Test
    void aMachineWithoutAnySocketMissesDocker() {
        assertThat(search().candidates()).containsExactly("unix:///var/run/docker.sock");
    }

    @Test
    void aRuntimeThatTheEngineDoesNotKnowIsRefused() throws Exception {
        Path socket = place("var/run/docker.sock");
        String known = "{\"MemTotal\":8589934592,\"Runtimes\":{\"runc\":{\"path\":\"runc\"}}}";
        try (FakeEngine engine = new FakeEngine(
                        socket,
                        path -> path.startsWith("/info")
                                ? FakeEngine.http(200, known)
                                : FakeEngine.healthy("1.3.3").apply(path));
                DockerRunner runner = runner(search(), "runsc")) {
            awaitFirstAnswer(runner);
            assertThat(runner.readiness().ready()).isFalse();
            assertThat(runner.readiness().reason()).isEqualTo("The engine has no runtime runsc; it has runc.");
            assertThat(runner.readiness().remedy()).contains("daemon.json").contains("org.rungpt.runner.docker.cfg");
            engine.answer(path -> path.startsWith("/info")
                    ? FakeEngine.http(200, known.replace("runc", "runsc"))
                    : FakeEngine.healthy("1.3.3").apply(path));
            assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
        }
    }
}
