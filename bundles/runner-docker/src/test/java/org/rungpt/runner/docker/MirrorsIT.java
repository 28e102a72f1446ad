package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.BuildImageResultCallback;
import com.github.dockerjava.api.model.HostConfig;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxContributor;
import org.rungpt.sandbox.cache.PackageCache;
import org.rungpt.testkit.RecordingObserver;

/**
 * What people type to get packages and sources works in a workspace as anywhere, if the package mirrors are granted; otherwise it says
 * at once why not. The servers are small ones of our own under the names of the real ones, and the clients are the real ones.
 */
@Tag("docker")
final class MirrorsIT {
    private static final String NOT_GRANTED = " is not granted to this conversation; ask the user to grant it";
    private static final Duration AT_ONCE = Duration.ofSeconds(5);

    @TempDir
    static Path directory;

    private static Bench bench;
    private static PublicNetwork world;
    private static String image;

    private static final Manifest.Packages EACH =
            new Manifest.Packages(List.of("test-hello"), List.of("test-hello"), List.of("test-hello"));

    /** For what leaves nothing behind. */
    private static final String SHARED = "c-" + UUID.randomUUID();

    private final String conversation = "c-" + UUID.randomUUID();
    private final RecordingObserver observer = new RecordingObserver();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        image = withMirrors(bench.images().base());
        world = new PublicNetwork(image);
        bench.baseImage(image);
        bench.egress(world.settings());
        bench.swap();
        bench.ready();
    }

    /** The base image, with the servers in it and with trust in their certificate. */
    private static String withMirrors(String base) throws IOException {
        Path context = Files.createDirectory(directory.resolve("mirrors"));
        try (var script = MirrorsIT.class.getResourceAsStream("/mirrors-fixture.py")) {
            Files.copy(script, context.resolve("mirrors-fixture.py"));
        }
        Files.writeString(
                context.resolve("Dockerfile"),
                "FROM " + base + "\nCOPY mirrors-fixture.py /srv/\nRUN python3 /srv/mirrors-fixture.py\n");
        return bench.docker()
                .buildImageCmd(context.toFile())
                .withTags(Set.of("rungpt-test/mirrors:" + Instance.newName()))
                .withNetworkMode("none")
                .withForcerm(true)
                .withLabels(Map.of("org.rungpt.test", "egress"))
                .exec(new BuildImageResultCallback())
                .awaitImageId(3, TimeUnit.MINUTES);
    }

    @AfterAll
    static void close() throws Exception {
        try (Engine engine = new Engine(Bench.HOST, 2)) {
            bench.close();
            if (world != null) {
                world.close();
            }
            if (image != null) {
                engine.control().removeImageCmd(image).withForce(true).exec();
            }
        }
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private CallOutcome run(String conversation, String command, String... network) throws Exception {
        return Bench.await(bench.start(conversation, command, List.of(network), observer));
    }

    private String all() {
        return observer.text(Stream.STDOUT) + observer.text(Stream.STDERR);
    }

    private void works(String command, String told, List<String> reached, String... network) throws Exception {
        CallOutcome outcome = run(conversation, command, network);
        assertThat(observer.text(Stream.STDOUT)).as(all()).contains(told);
        assertThat(outcome.exit()).as(all()).isZero();
        assertThat(observer.connections())
                .allMatch(CallConnection::allowed)
                .extracting(connection -> connection.host() + ":" + connection.port())
                .contains(reached.toArray(String[]::new));
    }

    @Test
    void aptInstall() throws Exception {
        works(
                "apt-get install -y test-hello && test-hello",
                "hello from apt",
                List.of("deb.debian.org:80"),
                Grants.PACKAGE_MIRRORS);
    }

    @Test
    void aptInstallWhileAContainerBesideTheWorkspaceIsAmongItsProcesses() throws Exception {
        assertThat(run(conversation, "true").exit()).isZero();
        String sandbox = "container:" + bench.containerOf(conversation);
        String beside = bench.docker()
                .createContainerCmd(image)
                .withEntrypoint("sleep", "1000")
                .withCmd(List.of())
                .withHostConfig(
                        HostConfig.newHostConfig().withNetworkMode(sandbox).withPidMode(sandbox))
                .exec()
                .getId();
        try {
            bench.docker().startContainerCmd(beside).exec();
            aptInstall();
        } finally {
            bench.docker().removeContainerCmd(beside).withForce(true).exec();
        }
    }

    @Test
    void aptUpdateAndInstall() throws Exception {
        works(
                "apt update && apt install -y test-hello && test-hello && apt-get remove -y test-hello",
                "hello from apt",
                List.of("deb.debian.org:80"),
                Grants.PACKAGE_MIRRORS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pip install test-hello && python3 -m test_hello",
                "pip3 install --user test-hello && python3 -m test_hello",
                "python3 -m venv .venv && . .venv/bin/activate && pip install test-hello && python -m test_hello"
            })
    void pipInstall(String command) throws Exception {
        works(command, "hello from pip", List.of("pypi.org:443", "files.pythonhosted.org:443"), Grants.PACKAGE_MIRRORS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "npm install test-hello && node_modules/.bin/test-hello-npm",
                "npm install --global test-hello && test-hello-npm",
                "npx --yes --package test-hello test-hello-npm",
                "deno run --allow-all npm:test-hello/test-hello-npm"
            })
    void npmInstall(String command) throws Exception {
        works(command, "hello from npm", List.of("registry.npmjs.org:443"), Grants.PACKAGE_MIRRORS);
    }

    @Test
    void whatWasFetchedOutlivesTheSandboxWithAPackageCache() throws Exception {
        SandboxContributor cache = new PackageCache(true, "");
        bench.contributors.add(cache);
        try {
            run(conversation, "npm install test-hello && pip install test-hello", Grants.PACKAGE_MIRRORS);
            String before = bench.containerOf(conversation);
            bench.docker().killContainerCmd(before).exec();
            bench.awaitEvent(before, "destroy");
            RecordingObserver after = new RecordingObserver();
            CallOutcome outcome = Bench.await(bench.start(
                    conversation,
                    "rm -rf node_modules package*.json && npm install --offline test-hello && node_modules/.bin/test-hello-npm",
                    List.of(),
                    after));
            assertThat(after.text(Stream.STDOUT)).as(after.text(Stream.STDERR)).contains("hello from npm");
            assertThat(outcome.exit()).isZero();
        } finally {
            bench.contributors.remove(cache);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://github.com/acme/hello",
                "https://github.com/acme/hello.git",
                "git@github.com:acme/hello.git",
                "ssh://git@github.com/acme/hello.git",
                "git://github.com/acme/hello.git"
            })
    void gitClone(String address) throws Exception {
        works(
                "git clone " + address + " && cat hello/hello.txt",
                "hello from git",
                List.of("github.com:443"),
                "github.com:443");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "curl -fsS https://github.com/hello",
                "curl -fsS http://plain.test/hello https://github.com/hello",
                "python3 -c 'import urllib.request as u; print(u.urlopen(\"https://github.com/hello\").read().decode())'",
                "python3 -c 'from pip._vendor import requests; print(requests.get(\"https://github.com/hello\").text)'",
                "node -e 'fetch(\"https://github.com/hello\").then(r => r.text()).then(console.log)'",
                "node -e 'fetch(\"http://plain.test/hello\").then(r => r.text()).then(t => console.log(t.replace(\"http\", \"https\")))'",
                "node -e 'require(\"https\").get(\"https://github.com/hello\", r => r.on(\"data\", d => console.log(String(d))))'",
                "deno eval 'console.log(await (await fetch(\"https://github.com/hello\")).text())'"
            })
    void otherClients(String command) throws Exception {
        CallOutcome outcome = run(SHARED, command, "github.com:443", "plain.test:80");
        assertThat(outcome.exit()).as(all()).isZero();
        assertThat(all()).contains("hello over https");
        assertThat(observer.connections()).isNotEmpty().allMatch(CallConnection::allowed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "deb.debian.org:80|apt-get install -y test-hello",
                "deb.debian.org:80|apt install -y test-hello",
                "deb.debian.org:80|apt-get update",
                "pypi.org:443|pip install test-hello",
                "registry.npmjs.org:443|npm install test-hello",
                "registry.npmjs.org:443|npx --yes test-hello",
                "github.com:443|git clone https://github.com/acme/hello",
                "github.com:443|git clone git@github.com:acme/hello.git",
                "github.com:443|curl -fsS https://github.com/hello",
                "github.com:443|node -e 'fetch(\"https://github.com/hello\")'",
                "github.com:443|deno eval 'await fetch(\"https://github.com/hello\")'",
                "plain.test:80|curl -fsS http://plain.test/hello"
            })
    void withoutTheGrantItSaysWhyAtOnce(String row) throws Exception {
        String host = row.substring(0, row.indexOf('|'));
        CallOutcome outcome = run(SHARED, row.substring(host.length() + 1));
        assertThat(outcome.exit()).as(all()).isPositive();
        assertThat(all()).contains("network: " + host + NOT_GRANTED);
        assertThat(outcome.duration()).as(all()).isLessThan(AT_ONCE);
    }

    /** The grant of something else, with the proxy there, makes no difference. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "deb.debian.org:80|apt-get install -y test-hello",
                "pypi.org:443|pip install test-hello",
                "registry.npmjs.org:443|npm install test-hello",
                "github.com:443|git clone https://github.com/acme/hello"
            })
    void withAnotherGrantItSaysWhyAtOnce(String row) throws Exception {
        run(SHARED, "true", "plain.test:80");
        String host = row.substring(0, row.indexOf('|'));
        CallOutcome outcome = run(SHARED, row.substring(host.length() + 1), "plain.test:80");
        assertThat(outcome.exit()).as(all()).isPositive();
        assertThat(all()).contains("network: " + host + NOT_GRANTED);
        assertThat(outcome.duration()).as(all()).isLessThan(AT_ONCE);
    }

    private static InstalledAction installed(Manifest.Packages packages, String image, String... more)
            throws Exception {
        String id = "acme/i" + UUID.randomUUID().toString().substring(0, 8);
        return bench.actions.action(id, false, packages, image, TestActions.SHELL, more);
    }

    /** What an action's packages brought is there. */
    private void runs(InstalledAction action) throws Exception {
        RecordingObserver preparing = new RecordingObserver();
        bench.runner().prepare(action, preparing);
        CallOutcome outcome = Bench.await(bench.start(
                conversation,
                TestActions.task(action, "shell"),
                "test-hello && python3 -m test_hello && test-hello-npm && env",
                observer));
        assertThat(observer.text(Stream.STDOUT))
                .as("%s %s", all(), preparing.steps())
                .contains("hello from apt\nhello from pip\nhello from npm\n");
        assertThat(outcome.exit()).isZero();
        assertThat(preparing.steps()).contains("opening the way to the package mirrors");
    }

    @Test
    void thePackagesOfAnActionAreInstalledWhenItsImageIsBuilt() throws Exception {
        runs(installed(EACH, "base"));
    }

    @Test
    void thePackagesOfAnActionComeFromTheMirrorsThatAreSet() throws Exception {
        bench.egress(world.settings(new Mirrors(
                URI.create("http://plain.test/apt"),
                URI.create("http://plain.test/pip"),
                URI.create("http://plain.test/npm"))));
        bench.swap();
        bench.ready();
        try {
            // Of a version, so that it is no image of before.
            runs(installed(
                    new Manifest.Packages(
                            List.of("test-hello=1.0"), List.of("test-hello==1.0"), List.of("test-hello@1.0.0")),
                    "base"));
        } finally {
            bench.egress(world.settings());
            bench.swap();
            bench.ready();
        }
    }

    @Test
    void theDockerfileOfAnActionInstallsPackages() throws Exception {
        runs(installed(Manifest.Packages.NONE, "Dockerfile", "Dockerfile", """
                FROM base
                RUN apt-get update && apt-get install -y test-hello \\
                    && pip install test-hello
                RUN ["npm", "install", "--global", "test-hello"]
                """));
    }

    @Test
    @DisplayName("A.9 a build reaches the package mirrors and nothing else, and says so at once")
    void aBuildReachesNothingElse() throws Exception {
        InstalledAction action = installed(
                Manifest.Packages.NONE,
                "Dockerfile",
                "Dockerfile",
                "FROM base\nRUN curl -fsS https://github.com/hello\n");
        long before = System.nanoTime();
        assertThatThrownBy(() -> bench.runner().prepare(action, new RecordingObserver()))
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining("RUN in line 2 of its Dockerfile failed with exit code 22")
                .hasMessageContaining(
                        "network: github.com:443 is none of the package mirrors, and builds reach nothing else");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(60));
        assertThat(bench.volumes()).noneMatch(volume -> volume.contains("egress-build"));
    }

    /** A command of which each program finds nothing in its environment, as under cron. */
    private static String bare(String command) {
        return "env -i PATH=$PATH HOME=/root sh -ec '" + command + "'";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "apt|apt-get install -y test-hello; test-hello",
                "pip|pip install test-hello; python3 -m test_hello",
                "npm|npm install --global test-hello; test-hello-npm",
                "git|git clone https://github.com/acme/hello; cat hello/hello.txt"
            })
    void theWayOutIsFoundWithoutAnEnvironment(String row) throws Exception {
        CallOutcome outcome = run(conversation, bare(row.substring(4)), Grants.PACKAGE_MIRRORS, "github.com:443");
        assertThat(observer.text(Stream.STDOUT)).as(all()).contains("hello from " + row.substring(0, 3));
        assertThat(outcome.exit()).as(all()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "deb.debian.org:80|apt-get install -y test-hello",
                "pypi.org:443|pip install test-hello",
                "registry.npmjs.org:443|npm install test-hello",
                "github.com:443|git clone https://github.com/acme/hello"
            })
    void withoutAnEnvironmentAndWithoutTheGrantItSaysWhyAtOnce(String row) throws Exception {
        String host = row.substring(0, row.indexOf('|'));
        CallOutcome outcome = run(SHARED, bare(row.substring(host.length() + 1)));
        assertThat(outcome.exit()).as(all()).isPositive();
        assertThat(all()).contains("network: " + host + NOT_GRANTED);
        assertThat(outcome.duration()).as(all()).isLessThan(AT_ONCE);
    }

    /** There is no Java in the base image; this machine's is told what a call is told, and goes to the proxy or, for itself, does not. */
    @Test
    void java() throws Exception {
        run(SHARED, "echo $JAVA_TOOL_OPTIONS");
        List<String> asked = new CopyOnWriteArrayList<>();
        HttpServer proxy = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        proxy.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().toString());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        proxy.start();
        try {
            String own = Integer.toString(proxy.getAddress().getPort());
            Path program = Files.writeString(directory.resolve("Ask.java"), """
                    import java.net.*;
                    import java.net.http.*;
                    class Ask {
                        public static void main(String[] addresses) throws Exception {
                            for (String address : addresses) {
                                new URL(address + "?old").openStream().close();
                                HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(address + "?new")).build(), HttpResponse.BodyHandlers.discarding());
                            }
                        }
                    }
                    """);
            ProcessBuilder java = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/java",
                            program.toString(),
                            "http://example.test/",
                            "http://127.0.0.1:" + own + "/self")
                    .redirectErrorStream(true);
            java.environment()
                    .put(
                            "JAVA_TOOL_OPTIONS",
                            observer.text(Stream.STDOUT).strip().replace("Port=7865", "Port=" + own));
            Process process = java.start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
            assertThat(asked)
                    .containsExactly("http://example.test/?old", "http://example.test/?new", "/self?old", "/self?new");
        } finally {
            proxy.stop(0);
        }
    }
}
