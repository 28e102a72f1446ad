package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
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
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** What a sandbox reaches over the network, and what it never does. */
@Tag("docker")
final class EgressIT {
    private static final String CANARY = "canary-of-this-machine";

    @TempDir
    static Path directory;

    private static Bench bench;
    private static PublicNetwork world;

    private final String conversation = "c-" + UUID.randomUUID();
    private RecordingObserver observer = new RecordingObserver();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        world = new PublicNetwork(bench.images().base());
        bench.egress(world.settings());
        bench.swap();
        bench.ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
        if (world != null) {
            world.close();
        }
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private CallOutcome run(String command, String... network) throws Exception {
        observer = new RecordingObserver();
        return Bench.await(bench.start(conversation, command, List.of(network), observer));
    }

    private String stdout() {
        return observer.text(Stream.STDOUT);
    }

    private String stderr() {
        return observer.text(Stream.STDERR);
    }

    @Test
    @DisplayName("A.22 without a grant nothing is reached, and each attempt says so within 5 s")
    void nothingWithoutAGrant() throws Exception {
        CallOutcome outcome = run(
                "ls /sys/class/net; for a in 127.0.0.1 172.17.0.1 1.1.1.1 169.254.169.254; do timeout 5 bash -c \"echo >"
                        + " /dev/tcp/$a/80\" 2>/dev/null; echo $a $?; done; timeout 5 getent hosts example.org; echo name $?; ls -A"
                        + " /run/rungpt/egress; curl -sS --max-time 5 http://example.org/ https://example.org/");
        assertThat(stdout())
                .isEqualTo("lo\n127.0.0.1 1\n172.17.0.1 1\n1.1.1.1 1\n169.254.169.254 1\nname 2\n"
                        + "network: example.org:80 is not granted to this conversation; ask the user to grant it\n");
        assertThat(stderr())
                .contains("network: example.org:443 is not granted to this conversation; ask the user to grant it");
        assertThat(outcome.duration()).isLessThan(Duration.ofSeconds(5));
        assertThat(bench.docker()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(List.of(Labels.INSTANCE + "=" + bench.instance(), Labels.EGRESS))
                        .exec())
                .isEmpty();
    }

    @Test
    void grantedHostsAreReachedAndEachConnectionIsTold() throws Exception {
        run(
                "curl -sS http://public.test/a; curl -sS --proxytunnel http://public.test:443/b; curl -sS -d some http://sub.wild.test/"
                        + "; curl -sS http://public.test:8080/ http://wild.test/",
                "public.test:80",
                "public.test:443",
                "*.wild.test:80");
        assertThat(stdout().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("GET /a for public.test; proxy headers: []"),
                        line -> assertThat(line).startsWith("GET /b for public.test:443; proxy headers: []"),
                        line -> assertThat(line).isEqualTo("some received"),
                        line -> assertThat(line).startsWith("network: public.test:8080 is not granted"),
                        line -> assertThat(line).startsWith("network: wild.test:80 is not granted"));
        // Each is told of when it has ended, which the far side may do later than whoever asked.
        assertThat(observer.connections())
                .extracting(CallConnection::host, CallConnection::port, CallConnection::allowed)
                .containsExactlyInAnyOrder(
                        tuple("public.test", 80, true),
                        tuple("public.test", 443, true),
                        tuple("sub.wild.test", 80, true),
                        tuple("public.test", 8080, false),
                        tuple("wild.test", 80, false));
        assertThat(observer.connections()).extracting(CallConnection::number).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(connection("public.test", 443).received()).isPositive();
        assertThat(connection("sub.wild.test", 80).sent()).isEqualTo(4);
        assertThat(connection("public.test", 8080).reason()).contains("is not granted");
    }

    private CallConnection connection(String host, int port) {
        return observer.connections().stream()
                .filter(one -> one.host().equals(host) && one.port() == port)
                .findFirst()
                .orElseThrow();
    }

    @Test
    @DisplayName("A.24 no address that is not public is reached, however it is written")
    void onlyPublicAddresses() throws Exception {
        List<String> addresses = List.of(
                "http://127.0.0.1/",
                "http://[::1]/",
                "http://0.0.0.0/",
                "http://2130706433/",
                "http://0x7f.1/",
                "http://017700000001/",
                "http://127.1/",
                "http://[::ffff:127.0.0.1]/",
                "http://[::ffff:7f00:1]/",
                "http://[64:ff9b::7f00:1]/",
                "http://host.docker.internal/",
                "http://localhost/",
                "http://169.254.169.254/latest/meta-data",
                "http://10.0.0.1/",
                "http://172.17.0.1/",
                "http://192.168.0.1/",
                "http://100.64.0.1/",
                "http://224.0.0.1/",
                "http://255.255.255.255/",
                "http://[fd00::1]/",
                "http://[fe80::1]/",
                "http://loop.test/",
                "http://zero.test/",
                "http://ten.test/",
                "http://lan.test/",
                "http://metadata.test/",
                "http://carrier.test/",
                "http://multicast.test/",
                "http://both.test/",
                "http://mapped.test/",
                "http://six.test/",
                "http://unique.test/",
                "http://linklocal.test/",
                "http://translated.test/",
                "http://relayed.test/");
        run(ask(addresses), Grants.INTERNET);

        assertThat(stdout().lines().filter(line -> line.startsWith("HTTP/1.1")))
                .hasSameSizeAs(addresses)
                .allMatch(line -> line.matches("HTTP/1.1 (403|502) network: .* (is no public address|is not known).*"));
        assertThat(observer.connections()).hasSameSizeAs(addresses).allSatisfy(connection -> {
            assertThat(connection.allowed()).as(connection.host()).isFalse();
            assertThat(connection.received()).as(connection.host()).isZero();
        });
    }

    @Test
    @DisplayName("A.24 other schemes, user names, fragments and broken requests are refused")
    void strictAddresses() throws Exception {
        List<String> addresses = List.of(
                "http://ok@127.0.0.1/",
                "http://public.test@127.0.0.1/",
                "http://127.0.0.1#@public.test/",
                "http://127.0.0.1\\\\@public.test/",
                "file:///etc/passwd",
                "gopher://public.test:80/_x",
                "ftp://public.test/",
                "https://public.test/",
                "http://public.test:0/",
                "http://public.test:99999/",
                "http:///",
                "/etc/passwd");
        run(ask(addresses), Grants.INTERNET);
        assertThat(stdout().lines().filter(line -> line.startsWith("HTTP/1.1")))
                .hasSameSizeAs(addresses)
                .allMatch(line -> line.startsWith("HTTP/1.1 400 network: "));
        assertThat(observer.connections()).isEmpty();
    }

    /** Asks the proxy for each, byte for byte as it stands here: other programs would tidy it up. */
    private static String ask(List<String> addresses) {
        return "cat > /tmp/ask <<'END'\nexec 3<>/dev/tcp/127.0.0.1/7865; printf 'GET %s HTTP/1.1\\r\\n\\r\\n' \"$1\""
                + " >&3; cat <&3\nEND\nfor a in "
                + String.join(" ", addresses.stream().map(a -> "'" + a + "'").toList())
                + "; do timeout 60 bash /tmp/ask \"$a\"; done";
    }

    @Test
    @DisplayName("A.24 a redirect is a request like any other: to this machine it is refused")
    void redirects() throws Exception {
        run(
                "curl -sSL 'http://public.test/to?http://169.254.169.254/'; curl -sSL 'http://public.test/to?http://other.test/';"
                        + " curl -sSL --max-redirs 10 'http://public.test/to?http://public.test/fine'",
                "public.test:80");
        assertThat(stdout().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("network: 169.254.169.254:80 is not granted"),
                        line -> assertThat(line).startsWith("network: other.test:80 is not granted"),
                        line -> assertThat(line).startsWith("GET /fine for public.test"));
    }

    @Test
    @DisplayName("A.24 whatever programs make of an address or are sent to, nothing of this machine is reached")
    void nothingOfThisMachine() throws Exception {
        AtomicInteger reached = new AtomicInteger();
        HttpServer host = HttpServer.create(new InetSocketAddress(0), 0);
        host.createContext("/", exchange -> {
            reached.incrementAndGet();
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(CANARY.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        host.start();
        try {
            // Also where the port would be granted.
            String port = ":" + host.getAddress().getPort();
            Path canary = Files.writeString(directory.resolve("canary"), CANARY);
            List<String> addresses = List.of(
                    "http://127.0.0.1" + port,
                    "http://ok@127.0.0.1" + port,
                    "http://127.0.0.1" + port + "#@ok",
                    "http://public.test@127.0.0.1" + port,
                    "http://0177.0.0.1" + port,
                    "http://017700000001" + port,
                    "http://0x7f000001" + port,
                    "http://2130706433" + port,
                    "http://[::ffff:127.0.0.1]" + port,
                    "http://[::1]" + port,
                    "http://0.0.0.0" + port,
                    "http://169.254.169.254" + port,
                    "gopher://127.0.0.1" + port + "/_GET%20/",
                    "file://" + canary,
                    "file://public.test" + canary);
            String rows = addresses.stream()
                    .flatMap(address -> java.util.stream.Stream.of(address, address.replace(port, "")))
                    .distinct()
                    .map(address -> "'" + address + "'")
                    .collect(Collectors.joining(" "));
            // To the address itself, and to it at the second hop; past the proxy, as programs do for themselves, and
            // through it.
            run(
                    "for a in " + rows
                            + "; do for to in \"$a\" \"http://public.test/to?$a\"; do curl -sSL --max-time 60 \"$to\"; curl"
                            + " -sSL --max-time 60 --noproxy '' \"$to\"; done; done; echo done",
                    Grants.INTERNET);
            assertThat(stdout()).doesNotContain(CANARY).endsWith("done\n");
            assertThat(stderr()).doesNotContain(CANARY);
            assertThat(reached).hasValue(0);
            assertThat(observer.connections())
                    .filteredOn(CallConnection::allowed)
                    .extracting(CallConnection::host)
                    .containsOnly("public.test");
            assertThat(stdout())
                    .contains(
                            " is at 127.0.0.1, which is no public address",
                            " is at 169.254.169.254, which is no public address");
        } finally {
            host.stop(0);
        }
    }

    @Test
    @DisplayName("A.24 redirects without end are followed as often as a program wants, and no longer")
    void redirectsWithoutEnd() throws Exception {
        CallOutcome outcome = run("curl -sSL --max-redirs 10 http://public.test/round", Grants.INTERNET);
        assertThat(outcome.exit()).as(stderr()).isEqualTo(47);
        assertThat(stderr()).contains("Maximum (10) redirects followed");
        CallOutcome usual = run("curl -sSL http://public.test/round", Grants.INTERNET);
        assertThat(usual.exit()).as(stderr()).isEqualTo(47);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--compressed http://public.test/bomb", "http://public.test/large"})
    @DisplayName(
            "A.24 what is larger than it looked, or than there is room for, is ended by the disk limit; the server's memory stays")
    void larger(String what) throws Exception {
        long limit = 128 * Bench.MIB;
        try (Bench small = new Bench(Files.createTempDirectory(directory, "small"), 0)) {
            EgressSettings own = world.settings();
            small.disk(limit);
            small.egress(new EgressSettings(
                    own.network(), own.dns(), own.upstream(), own.privateAddresses(), 8L << 30, own.mirrors()));
            small.swap();
            small.ready();
            long before = heap();
            CallOutcome outcome =
                    Bench.await(small.start(conversation, "curl -sS -o f " + what, List.of(Grants.INTERNET), observer));
            assertThat(outcome.reason()).as(outcome + stderr()).isEqualTo(CallOutcome.Reason.RESOURCE_LIMIT);
            assertThat(outcome.message())
                    .startsWith("disk limit: ")
                    .contains("128 MiB")
                    .hasLineCount(1);
            assertThat(heap() - before).isLessThan(32 * Bench.MIB);
            small.runner().release(conversation);
        }
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    @DisplayName("A.24 a name server that changes its mind gains nothing: a name is resolved once for each connection")
    void rebinding() throws Exception {
        run("curl -sS http://rebinding.test/first; curl -sS http://rebinding.test/again", Grants.INTERNET);
        assertThat(stdout().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("GET /first for rebinding.test;")
                                .contains("'rebinding.test': 1"),
                        line -> assertThat(line).contains("is at 127.0.0.1, which is no public address"));
    }

    @Test
    @DisplayName("A.24 a body without end is cut at what a call may transfer")
    void amount() throws Exception {
        CallOutcome outcome =
                run("curl -sS http://public.test/endless | wc -c; curl -sS http://public.test/more", Grants.INTERNET);
        long came = Long.parseLong(stdout().lines().findFirst().orElseThrow());
        assertThat(came).isBetween(60L << 20, 64L << 20);
        assertThat(outcome.duration()).isLessThan(Duration.ofSeconds(30));
        assertThat(stdout()).contains("network: this call has used up what it may transfer");
        assertThat(observer.connections().get(0).reason()).contains("used up what it may transfer");
    }

    @Test
    void networkIsTheCallsAndEndsWithIt() throws Exception {
        run(
                "curl -sS http://public.test/; (until [ -e go ]; do sleep 0.05; done; curl -sS http://public.test/ > late)"
                        + " >/dev/null 2>&1 & disown",
                "public.test:80");
        assertThat(stdout()).startsWith("GET / for public.test");
        run("touch go; while ! [ -s late ]; do sleep 0.05; done; cat late; curl -sS http://public.test/");
        assertThat(stdout().lines())
                .containsExactly(
                        "network: only the programs of a call have network, and only while it runs",
                        "network: public.test:80 is not granted to this conversation; ask the user to grant it");
        assertThat(observer.connections()).isEmpty();
    }

    @Test
    void callsAtTheSameTimeHaveEachTheirOwn() throws Exception {
        RecordingObserver with = new RecordingObserver();
        RecordingObserver without = new RecordingObserver();
        RecordingObserver other = new RecordingObserver();
        String command =
                "touch $RUNGPT_CALL; while [ $(ls | wc -l) -lt 3 ]; do sleep 0.02; done; curl -sS http://public.test/ http://other.test/";
        List<CallHandle> calls = List.of(
                bench.start(conversation, command, List.of("public.test:80"), with),
                bench.start(conversation, command, List.of(), without),
                bench.start(conversation, command, List.of("other.test:80"), other));
        calls.forEach(Bench::await);
        assertThat(with.text(Stream.STDOUT)).contains("GET / for public.test", "network: other.test:80 is not granted");
        assertThat(other.text(Stream.STDOUT))
                .contains("GET / for other.test", "network: public.test:80 is not granted");
        assertThat(without.text(Stream.STDOUT)).doesNotContain("GET");
        assertThat(with.connections())
                .extracting(CallConnection::host, CallConnection::allowed)
                .containsExactlyInAnyOrder(tuple("public.test", true), tuple("other.test", false));
        assertThat(other.connections())
                .extracting(CallConnection::host, CallConnection::allowed)
                .containsExactlyInAnyOrder(tuple("public.test", false), tuple("other.test", true));
        assertThat(without.connections()).isEmpty();
    }

    @Test
    void aGrantMidwayKeepsTheSandboxAndWhatIsInIt() throws Exception {
        run("touch /outside; echo kept > inside");
        String before = bench.containerOf(conversation);
        run("ls /outside; cat inside; curl -sS http://public.test/", "public.test:80");
        assertThat(stdout()).startsWith("/outside\nkept\nGET / for public.test");
        assertThat(bench.containerOf(conversation)).isEqualTo(before);
    }

    @Test
    void aThirdPartyActionGetsOnlyItsOwn() throws Exception {
        InstalledAction acme = bench.actions.action("acme/fetch", false, TestActions.SHELL, "v", conversation);
        Grants grants = new Grants(List.of("public.test:80"), List.of(), Map.of(), false);
        Bench.await(bench.runner()
                .start(
                        new CallSpec(
                                Bench.newCall(),
                                conversation,
                                TestActions.task(acme, "shell"),
                                "{\"command\": \"curl -sS http://public.test/ http://other.test/\"}",
                                grants,
                                Map.of(),
                                Bench.limits(Bench.MIB)),
                        observer));
        assertThat(stdout()).contains("GET / for public.test", "network: other.test:80 is not granted");
    }

    @Test
    void theProxyIsHardenedAndOwnedAndEndsWithItsSandbox() throws Exception {
        run("curl -sS http://public.test/", "public.test:80");
        InspectContainerResponse proxy =
                bench.docker().inspectContainerCmd(proxyContainers().get(0)).exec();
        HostConfig host = proxy.getHostConfig();
        assertThat(proxy.getConfig().getUser()).isEqualTo("65532:65532");
        assertThat(host.getReadonlyRootfs()).isTrue();
        assertThat(host.getPrivileged()).isFalse();
        assertThat(host.getCapDrop()).containsExactly(Capability.ALL);
        assertThat(host.getCapAdd()).isNullOrEmpty();
        assertThat(host.getSecurityOpts()).containsExactly("no-new-privileges:true");
        assertThat(host.getNetworkMode()).isEqualTo(world.name);
        assertThat(host.getMemory()).isEqualTo(host.getMemorySwap()).isEqualTo(128 * Bench.MIB);
        assertThat(host.getPidsLimit()).isEqualTo(64);
        assertThat(host.getInit()).isTrue();
        assertThat(host.getLogConfig().getType()).isEqualTo(LogConfig.LoggingType.NONE);
        assertThat(proxy.getMounts())
                .extracting(mount -> mount.getDestination().getPath())
                .containsExactly("/run/rungpt/egress");
        assertThat(proxy.getConfig().getEnv()).noneMatch(line -> line.contains("test"));

        bench.runner().release(conversation);
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
    }

    private List<String> proxyContainers() throws Exception {
        return bench
                .docker()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(List.of(Labels.INSTANCE + "=" + bench.instance(), Labels.EGRESS))
                .exec()
                .stream()
                .map(container -> container.getId())
                .toList();
    }

    @Test
    void aProxyThatDiesIsReplacedWhileTheCallRuns() throws Exception {
        CallHandle call = bench.start(
                conversation,
                "curl -sS http://public.test/1; while ! [ -e go ]; do sleep 0.02; done; until curl -sS http://public.test/2 | grep ^GET; do"
                        + " sleep 0.1; done",
                List.of("public.test:80"),
                observer);
        observer.await("GET /1");
        bench.docker().killContainerCmd(proxyContainers().get(0)).exec();
        Bench.await(bench.start(conversation, "touch go", List.of(), new RecordingObserver()));
        assertThat(Bench.await(call).exit()).isZero();
        assertThat(stdout()).contains("GET /2 for public.test");
    }

    @Test
    void aSuccessorTakesTheProxyOver() throws Exception {
        CallHandle call = bench.start(
                conversation,
                "curl -sS http://public.test/1; while ! [ -e go ]; do sleep 0.02; done; curl -sS http://public.test/2",
                List.of("public.test:80"),
                observer);
        observer.await("GET /1");
        List<String> proxies = proxyContainers();
        bench.swap();
        bench.ready();
        RecordingObserver next = new RecordingObserver();
        CallHandle resumed =
                bench.runner().resume(conversation, call.call(), 0, 0, next).orElseThrow();
        Bench.await(bench.start(conversation, "touch go", List.of(), new RecordingObserver()));
        assertThat(Bench.await(resumed).exit()).isZero();
        assertThat(next.text(Stream.STDOUT)).contains("GET /1", "GET /2");
        assertThat(next.connections()).extracting(CallConnection::number).containsExactly(1L, 2L);
        assertThat(proxyContainers()).isEqualTo(proxies);
    }

    @Test
    void withoutTheEnginesNetworkTheCallSaysSo() throws Exception {
        try (Bench other = new Bench(Files.createDirectory(directory.resolve("other")), 0)) {
            other.egress(new EgressSettings("rungpt-test-none", List.of(), null, List.of(), 1 << 20, Mirrors.PUBLIC));
            other.swap();
            other.ready();
            CallHandle call = other.start(conversation, "true", List.of("public.test:80"), observer);
            assertThatThrownBy(() -> Bench.await(call))
                    .hasCauseInstanceOf(RunnerException.class)
                    .hasMessageContaining("network");
            assertThat(other.runner().egressReadiness().ready()).isFalse();
            assertThat(Bench.await(other.start(conversation, "true", List.of(), new RecordingObserver()))
                            .exit())
                    .isZero();
            other.runner().release(conversation);
        }
    }
}
