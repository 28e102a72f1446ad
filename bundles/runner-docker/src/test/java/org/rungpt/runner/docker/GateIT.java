package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import com.github.dockerjava.api.model.Volume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.Grants;
import org.rungpt.testkit.RecordingObserver;

/** Every kind of container that this installation makes, and the check itself. */
@Tag("docker")
final class GateIT {
    @TempDir
    static Path directory;

    private static final String NOTHING = "nothing";
    /** Each once, whoever else knows of it. */
    private static final Set<String> MADE = new LinkedHashSet<>();

    private static Bench bench;
    private static String base;

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 1).ready();
        base = bench.images().base();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    private static InspectContainerResponse inspect(String container) {
        return bench.docker().inspectContainerCmd(container).exec();
    }

    @Test
    @DisplayName("A.9 every container passes the inspect gate: workspaces, the pool, actions, sidecars, chores")
    void everyContainer() throws Exception {
        String conversation = "c-" + UUID.randomUUID();
        ServiceImage service = ServiceImage.build(bench, directory);
        List<String> chores = new ArrayList<>();
        Path shared = Files.createDirectory(directory.toRealPath().resolve("shared"));
        Grants grants =
                new Grants(List.of(), List.of(new Grants.Share("files", shared.toString(), false)), Map.of(), false);
        try {
            bench.awaitPool();
            for (Grants one : List.of(Grants.NONE, grants)) {
                Bench.await(bench.start(
                        Bench.newCall(),
                        conversation,
                        bench.shell(),
                        "true",
                        new RecordingObserver(),
                        Bench.limits(Bench.MIB),
                        one));
            }
            InstalledAction acme = Declared.sidecars(
                    bench.actions.action("acme/gate", false, TestActions.SHELL),
                    new Manifest.Sidecar("web", service.reference(), 8123, "tcp", "conversation"));
            Bench.await(bench.start(conversation, TestActions.task(acme, "shell"), "true", new RecordingObserver()));
            String chore = new SandboxFactory(bench.settings(), new Labels(bench.instance()))
                    .create(
                            bench.docker(),
                            new OwnershipPlan(
                                    Instance.newName(), base, bench.volumes().get(0), List.of(), "1:1"));

            chores.add(chore);
            List<InspectContainerResponse> all = bench.inspected();
            assertThat(all)
                    .extracting(InspectContainerResponse::getId)
                    .contains(chore)
                    .hasSizeGreaterThanOrEqualTo(4);
            for (InspectContainerResponse found : all) {
                assertThat(Gate.violations(found, shared.toString()))
                        .as("%s %s", found.getName(), found.getConfig().getLabels())
                        .isEmpty();
            }
        } finally {
            for (String chore : chores) {
                bench.docker().removeContainerCmd(chore).withForce(true).exec();
            }
            try {
                bench.runner().release(conversation);
            } finally {
                service.remove();
            }
        }
    }

    /** Makes a container of one kind, by the one factory. */
    private interface Kind {
        String create(SandboxFactory factory) throws Exception;
    }

    private static Arguments kind(String name, Kind kind) {
        return Arguments.of(name, kind);
    }

    private static String sandbox(SandboxFactory factory, @Nullable String action, boolean seesWorkspace) {
        Purpose purpose =
                new Purpose(action, new TreeSet<>(), new Border(List.of(), seesWorkspace), Bounds.of(bench.settings()));
        String volume = action == null || seesWorkspace ? newVolume() : null;
        CheckedShares none = new CheckedShares(List.of(), new ShareRules(() -> null, () -> null, Set::of));
        String container = factory.create(
                bench.engine,
                new SandboxPlan(Instance.newName(), base, "c-gate", purpose, volume, none, Contributed.NOTHING));
        MADE.add(container);
        return container;
    }

    static List<Arguments> kinds() {
        return List.of(
                kind("workspace sandbox", factory -> sandbox(factory, null, false)),
                kind("sandbox of a third-party action", factory -> sandbox(factory, "acme/gate", false)),
                kind("sandbox of an action that sees the workspace", factory -> sandbox(factory, "acme/gate", true)),
                kind("sidecar", GateIT::sidecar),
                kind(
                        "what sidecars end with",
                        factory -> factory.create(
                                bench.docker(),
                                new PausePlan(Instance.newName(), "gate", base, sandbox(factory, "acme/gate", false)))),
                kind(
                        "egress proxy",
                        factory -> factory.create(bench.docker(), new EgressPlan(Instance.newName(), base))),
                kind(
                        "journal helper",
                        factory -> factory.create(
                                bench.docker(), new JournalPlan(Instance.newName(), "c-gate", base, newVolume()))),
                kind(
                        "meter of volumes",
                        factory -> factory.create(
                                bench.docker(),
                                new DiskPlan(Instance.newName(), "gate", base, List.of(newVolume(), newVolume())))),
                kind("builder with a way to the package mirrors", factory -> builder(factory, true)),
                kind("builder without any way", factory -> builder(factory, false)),
                kind(
                        "chore that empties a volume",
                        factory -> factory.create(
                                bench.docker(), new EmptyingPlan(Instance.newName(), base, newVolume()))),
                kind(
                        "chore that gives a workspace away",
                        factory -> factory.create(
                                bench.docker(),
                                new OwnershipPlan(Instance.newName(), base, newVolume(), List.of(), "1:1"))));
    }

    private static String sidecar(SandboxFactory factory) {
        String sandbox = sandbox(factory, null, false);
        return factory.create(
                bench.engine,
                new SidecarPlan(
                        Instance.newName(),
                        base,
                        new SidecarSpec("web", base, 8123, SidecarSpec.TCP, Map.of(), SidecarSpec.Scope.CALL),
                        "gate",
                        sandbox,
                        sandbox,
                        null,
                        "c-gate",
                        Bounds.of(bench.settings())));
    }

    private static String builder(SandboxFactory factory, boolean network) {
        return factory.createBuilder(
                bench.docker(),
                Instance.newName(),
                new BuildStep("true", base, false, List.of("true"), "/", network, Map.of()),
                network ? "token" : null,
                10);
    }

    private static String newVolume() {
        return "rungpt-gate-" + Instance.newName();
    }

    /** The last first: Podman removes nothing that another one is beside. */
    private static void removeMade() {
        List<String> made = new ArrayList<>(MADE);
        MADE.clear();
        Collections.reverse(made);
        made.forEach(container ->
                bench.docker().removeContainerCmd(container).withForce(true).exec());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    @DisplayName("A.9 each kind of container passes the inspect gate")
    void eachKind(String name, Kind kind) throws Exception {
        try {
            String container = kind.create(new SandboxFactory(bench.settings(), new Labels(bench.instance())));
            MADE.add(container);
            assertThat(Gate.violations(inspect(container))).as(name).isEmpty();
        } finally {
            removeMade();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    @DisplayName("A.9 each kind of container has the runtime that is set")
    void eachKindHasTheRuntime(String name, Kind kind) throws Exception {
        // The engine's default under the other of its names: what is set can be told from what is not.
        String runtime = "io.containerd.runc.v2";
        bench.runtime(runtime);
        try {
            String container = kind.create(new SandboxFactory(bench.settings(), new Labels(bench.instance())));
            MADE.add(container);
            for (String made : MADE) {
                assertThat(inspect(made).getHostConfig().getRuntime()).as(name).isEqualTo(runtime);
            }
        } finally {
            bench.runtime(null);
            removeMade();
        }
    }

    @Test
    @DisplayName("A.9 a builder with a network of the engine's is found")
    void aBuilderWithANetworkIsFound() throws Exception {
        Labels labels = new Labels(bench.instance());
        String container = bench.docker()
                .createContainerCmd(base)
                .withLabels(labels.ofBuilder(Instance.newName()))
                .withHostConfig(HostConfig.newHostConfig()
                        .withCapDrop(Capability.ALL)
                        .withSecurityOpts(List.of("no-new-privileges:true"))
                        .withNetworkMode("bridge"))
                .exec()
                .getId();
        try {
            assertThat(Gate.violations(inspect(container))).contains("network");
        } finally {
            bench.docker().removeContainerCmd(container).withForce(true).exec();
        }
    }

    @Test
    @DisplayName("A.9 no kind of container is left out")
    void noKindIsLeftOut() {
        long ways = Arrays.stream(SandboxFactory.class.getDeclaredMethods())
                .filter(method -> method.getName().startsWith("create") && !method.isSynthetic())
                .count();
        // Sandboxes are of three kinds, builders of two.
        assertThat(kinds()).hasSize((int) ways + 3);
    }

    private static Arguments planted(String attribute, Consumer<HostConfig> violation) {
        return Arguments.of(attribute, violation);
    }

    static List<Arguments> plants() {
        return List.of(
                planted(NOTHING, host -> {}),
                planted("privileged", host -> host.withPrivileged(true)),
                planted("dropped capabilities", host -> host.withCapDrop(Capability.MKNOD)),
                planted("added capabilities", host -> host.withCapAdd(Capability.SYS_ADMIN)),
                planted("security options", host -> host.withSecurityOpts(List.of("seccomp=unconfined"))),
                planted("security options", host -> host.withSecurityOpts(List.of())),
                planted("network", host -> host.withNetworkMode("host")),
                planted("network", host -> host.withNetworkMode("bridge")),
                planted("pid mode", host -> host.withPidMode("host")),
                planted("ipc mode", host -> host.withIpcMode("host")),
                planted("uts mode", host -> host.withUtSMode("host")),
                planted("user namespace", host -> host.withUsernsMode("host")),
                planted("memory", host -> host.withMemory(0L).withMemorySwap(0L)),
                planted("memory", host -> host.withMemorySwap(-1L)),
                planted("cpu", host -> host.withCpuQuota(0L)),
                planted("pids", host -> host.withPidsLimit(0L)),
                planted("devices", host -> host.withDevices(new Device("rwm", "/dev/null", "/dev/null"))),
                planted(
                        "binds",
                        host -> host.withBinds(
                                new Bind("/var/run/docker.sock", new Volume("/var/run/docker.sock"), AccessMode.ro))),
                planted(
                        "mounts",
                        host -> host.withMounts(List.of(new Mount()
                                .withType(MountType.BIND)
                                .withSource("/etc")
                                .withTarget("/share/etc")
                                .withReadOnly(true)))),
                planted("restart policy", host -> host.withRestartPolicy(RestartPolicy.alwaysRestart())),
                planted("published ports", host -> host.withPublishAllPorts(true)),
                planted(
                        "published ports",
                        host -> host.withPortBindings(new Ports(ExposedPort.tcp(80), Ports.Binding.bindPort(0)))),
                planted("log", host -> host.withLogConfig(new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of()))),
                planted("init", host -> host.withInit(false)),
                planted("auto-remove", host -> host.withAutoRemove(true)),
                planted("read-only root", host -> host.withReadonlyRootfs(false)),
                planted("limits", host -> host.withUlimits(new Ulimit[] {new Ulimit("core", 0L, 0L)})));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("plants")
    @DisplayName("A.9 a planted violation of each attribute is found")
    void aPlantedViolationIsFound(String attribute, Consumer<HostConfig> violation) throws Exception {
        HostConfig host = HostConfig.newHostConfig()
                .withCapDrop(Capability.ALL)
                .withSecurityOpts(List.of("no-new-privileges:true"))
                .withReadonlyRootfs(true)
                .withNetworkMode("none")
                .withIpcMode("private")
                .withMemory(64 * Bench.MIB)
                .withMemorySwap(64 * Bench.MIB)
                .withCpuPeriod(100_000L)
                .withCpuQuota(100_000L)
                .withPidsLimit(16L)
                .withInit(true)
                .withUlimits(new Ulimit[] {new Ulimit("nofile", 64L, 64L), new Ulimit("fsize", 1024L, 1024L)})
                .withLogConfig(new LogConfig(LogConfig.LoggingType.NONE))
                .withRestartPolicy(RestartPolicy.noRestart());
        violation.accept(host);
        String container = bench.docker()
                .createContainerCmd(base)
                .withLabels(new Labels(bench.instance()).filter())
                .withHostConfig(host)
                .exec()
                .getId();
        try {
            if (attribute.equals(NOTHING)) {
                assertThat(Gate.violations(inspect(container))).isEmpty();
                return;
            }
            assertThat(Gate.violations(inspect(container))).contains(attribute);
        } finally {
            bench.docker().removeContainerCmd(container).withForce(true).exec();
        }
    }
}
