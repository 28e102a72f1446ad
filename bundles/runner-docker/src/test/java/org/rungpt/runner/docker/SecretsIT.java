package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Secrets of actions: who gets them, and that nobody else sees them. */
@Tag("docker")
final class SecretsIT {
    private static final String CANARY = "sk-CANARY-" + "q7W+x9/Z".repeat(5);

    @TempDir
    static Path directory;

    private static Bench bench;
    private static InstalledTask acme;
    private static InstalledTask other;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        InstalledAction plain = bench.actions.action(
                "acme/keyed",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        acme = TestActions.task(
                Declared.secrets(
                        plain,
                        new Manifest.Secret("token", "ACME_TOKEN", List.of("api.acme.com"), "See acme.com/keys")),
                "shell");
        other = TestActions.task(
                bench.actions.action(
                        "acme/other",
                        false,
                        TestActions.SHELL,
                        "version",
                        UUID.randomUUID().toString()),
                "shell");
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @BeforeEach
    void store() {
        bench.secrets = new MemorySecrets();
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private static Grants given(Map<String, String> secrets) {
        return new Grants(List.of(), List.of(), secrets, false);
    }

    private CallHandle start(
            InstalledTask task, Map<String, String> secrets, String command, RecordingObserver observer)
            throws Exception {
        return bench.start(
                Bench.newCall(), conversation, task, command, observer, Bench.limits(Bench.MIB), given(secrets));
    }

    private String output(InstalledTask task, Map<String, String> secrets, String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        assertThat(Bench.await(start(task, secrets, command, observer)).exit()).isZero();
        return observer.text(Stream.STDOUT) + observer.text(Stream.STDERR);
    }

    @Test
    @DisplayName("E.56 the action has its secret; nothing that it lets out does, in any form or pieces")
    void masked() throws Exception {
        String out = output(
                acme,
                Map.of("ACME_TOKEN", CANARY),
                "echo length ${#ACME_TOKEN}; echo \"$ACME_TOKEN\"; echo \"$ACME_TOKEN\" >&2; printf %s \"$ACME_TOKEN\" |"
                        + " base64 -w 12; printf 'user:%s' \"$ACME_TOKEN\" | base64 -w 0; echo; python3 -c 'import json, os,"
                        + " sys, time, urllib.parse\nt = os.environ[\"ACME_TOKEN\"]\nprint(json.dumps({\"t\": t}),"
                        + " urllib.parse.quote(t, safe=\"\"), t.encode().hex(), \"\".join(\"\\\\u%04x\" % ord(c) for c in"
                        + " t), flush=True)\nfor c in t: sys.stdout.write(c); sys.stdout.flush(); time.sleep(0.005)\n'");
        assertThat(out).startsWith("length " + CANARY.length() + "\n***");
        assertThat(out).doesNotContain("CANARY", "q7W+x9", "q7W%2Bx9", "CANARY".toLowerCase());
        assertThat(out.replaceAll("\\s", ""))
                .doesNotContain(
                        Base64.getEncoder()
                                .encodeToString("CANARY-q7W".getBytes(StandardCharsets.UTF_8))
                                .substring(4, 10),
                        "43414e415259",
                        "\\u0043\\u0041");
        assertThat(((MemorySecrets) bench.secrets).values).isEmpty();
    }

    @Test
    @DisplayName(
            "E.56 a host that its secret is not for is refused with that reason: no grant of the user's would open it")
    void otherHosts() throws Exception {
        assertThat(output(acme, Map.of("ACME_TOKEN", CANARY), "curl -sS http://api.acme.com/ http://elsewhere.test/"))
                .contains(
                        "network: api.acme.com:80 is not granted to this conversation; ask the user to grant it\n",
                        "network: elsewhere.test:80 cannot be reached by a call whose secrets are meant for"
                                + " api.acme.com, whatever is granted; fetch it in a task of another action, or have its"
                                + " host declared with the secret\n");
    }

    @Test
    @DisplayName("A.13 nobody else has it: no other action, no built-in one, no later call, not the engine's records")
    void nobodyElse() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle running = start(
                acme, Map.of("ACME_TOKEN", CANARY), "echo there; while [ ! -e go ]; do sleep 0.05; done", observer);
        observer.await("there\n");
        String look =
                "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; grep -rls C[A]NARY"
                        + " /workspace /tmp /rungpt /var/lib/rungpt; true";
        assertThat(output(other, Map.of(), look)).doesNotContain("CANARY").doesNotContain("ACME_TOKEN");
        assertThat(output(bench.shell(), Map.of(), look))
                .doesNotContain("CANARY")
                .doesNotContain("ACME_TOKEN");
        assertThat(bench.inspected()).isNotEmpty().allSatisfy(container -> assertThat(container.toString())
                .doesNotContain("CANARY"));
        running.cancel();
        Bench.await(running);
    }

    @Test
    void onlyAsDeclaredAndOnlyToThirdParties() throws Exception {
        refused(
                acme,
                Map.of(),
                "acme/keyed needs the secret token, which it was not given (See acme.com/keys): set it by"
                        + " rungpt:secret set acme/keyed token, and allow it when you are asked, or by rungpt:grants.");
        refused(acme, Map.of("ACME_TOKEN", CANARY, "PATH2", CANARY), "does not declare a secret for PATH2");
        refused(other, Map.of("ACME_TOKEN", CANARY), "acme/other does not declare a secret for ACME_TOKEN");
        refused(bench.shell(), Map.of("ACME_TOKEN", CANARY), "Built-in actions get no secrets");
        refused(acme, Map.of("ACME_TOKEN", "short"), "too short to be masked");
        bench.secrets = null;
        refused(acme, Map.of("ACME_TOKEN", CANARY), "The store of secrets is not there");
    }

    private void refused(InstalledTask task, Map<String, String> secrets, String why) {
        assertThatThrownBy(() -> start(task, secrets, "true", new RecordingObserver()))
                .isInstanceOfSatisfying(
                        RunnerException.class, e -> assertThat(e.kind()).isEqualTo(RunnerException.Kind.GRANT))
                .hasMessageContaining(why)
                .hasMessageNotContaining("CANARY")
                .hasMessageNotContaining("short\"");
    }

    @Test
    @DisplayName(
            "E.57 a successor masks what its predecessor gave, even when the secret has changed; what it cannot know, it withholds")
    void overASwap() throws Exception {
        for (boolean known : new boolean[] {true, false}) {
            String id = Bench.newCall();
            RecordingObserver first = new RecordingObserver();
            CallHandle call = bench.start(
                    id,
                    conversation,
                    acme,
                    "rm -f go; echo there; printf %s \"$ACME_TOKEN\" | head -c 20; while [ ! -e go ]; do sleep 0.05; done;"
                            + " printf %s \"$ACME_TOKEN\" | tail -c +21; echo; echo the end",
                    first,
                    Bench.limits(Bench.MIB),
                    given(Map.of("ACME_TOKEN", CANARY)));
            first.await("there\n");
            if (!known) {
                bench.secrets = null;
            }
            bench.swap();
            assertThatThrownBy(() -> Bench.await(call)).hasCauseInstanceOf(RunnerException.class);
            // Half of the secret is out, and none of it was told.
            String before = first.text(Stream.STDOUT);
            assertThat(before).isEqualTo("there\n");

            RecordingObserver second = new RecordingObserver(before.length(), 0);
            CallHandle resumed = bench.runner()
                    .resume(conversation, id, before.length(), 0, second)
                    .orElseThrow();
            bench.secrets = new MemorySecrets();
            bench.start(
                    Bench.newCall(),
                    conversation,
                    acme,
                    "touch go",
                    new RecordingObserver(),
                    Bench.limits(Bench.MIB),
                    given(Map.of("ACME_TOKEN", "another-secret")));
            CallOutcome outcome = Bench.await(resumed);
            assertThat(outcome.exit()).isZero();
            String text = second.text(Stream.STDOUT);
            if (known) {
                assertThat(text).isEqualTo("*".repeat(CANARY.length()) + "\nthe end\n");
                assertThat(outcome.message()).isNull();
            } else {
                assertThat(text).isEqualTo("*".repeat(CANARY.length()) + "\n*******\n");
                assertThat(outcome.message()).contains("its output is withheld");
            }
        }
    }
}
