package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore.Change;

/** What survives the death of a process that writes. */
final class CrashTest {
    private static final int ROUNDS = Boolean.getBoolean("rungpt.soak") ? 100 : 10;

    @TempDir
    Path directory;

    @Test
    @DisplayName("F.66 no acknowledged event is lost when the process is killed")
    void noAcknowledgedEventIsLostWhenTheProcessIsKilled() throws Exception {
        Random random = new Random(20260102);
        Map<String, Map<Long, Integer>> acknowledged = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            Process victim = start("umask 000; exec \"$@\"", directory);
            int acknowledgements = 1 + random.nextInt(400);
            try (BufferedReader told = reader(victim)) {
                String line = "";
                for (int i = 0; i < acknowledgements && line != null; i++) {
                    line = told.readLine();
                    note(line, acknowledged);
                }
                onlyForTheOwner();
                // Not through the process, which would close what it said.
                victim.toHandle().destroyForcibly();
                // What it said in its last moments counts too.
                while ((line = told.readLine()) != null) {
                    note(line, acknowledged);
                }
            }
            assertThat(victim.waitFor(1, TimeUnit.MINUTES)).isTrue();
            verify(acknowledged);
        }
        assertThat(acknowledged).hasSize(5);
    }

    @Test
    @DisplayName("F.68 a second server is refused with pid and lock, and the first is unaffected")
    void aSecondServerIsRefusedAndTheFirstIsUnaffected() throws Exception {
        SqliteStore first = Stores.open(directory);
        try {
            first.create(Stores.conversation("c1"));
            Process second = start("exec \"$@\"", directory, "once");
            String told;
            try (BufferedReader reader = reader(second)) {
                told = reader.readLine();
            }
            assertThat(told)
                    .startsWith("false UNAVAILABLE")
                    .contains("process " + ProcessHandle.current().pid());
            assertThat(first.append("c1", List.of(Stores.event("a")), Change.NONE))
                    .hasSize(1);
        } finally {
            first.close();
        }
    }

    @Test
    @DisplayName("F.70 a migration that is killed at any moment leaves the old or the new version")
    void aMigrationThatIsKilledIsNeverBetween() throws Exception {
        Path first = directory.resolve("first");
        Schemas.first(first, 10_000);
        killMigrationsOf(first, 1);
        Path second = directory.resolve("second");
        Schemas.second(second, 10_000);
        killMigrationsOf(second, 2);
    }

    private void killMigrationsOf(Path old, int version) throws Exception {
        Random random = new Random(70);
        for (int round = 0; round < 50; round++) {
            Path copy = directory.resolve("schema" + version + "-" + round);
            Files.createDirectories(copy);
            Files.copy(old.resolve("conversations.db"), copy.resolve("conversations.db"));
            Process victim = start("exec \"$@\"", copy, "migrate");
            try (BufferedReader told = reader(victim)) {
                assertThat(told.readLine()).isEqualTo("begins");
                // The moment of the kill is meant to be random.
                victim.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
                victim.toHandle().destroyForcibly();
                assertThat(victim.waitFor(1, TimeUnit.MINUTES)).isTrue();
            }
            try (Session session = Session.open(copy.resolve("conversations.db"))) {
                assertThat(session.number("pragma user_version")).isIn(version, 3);
                assertThat(session.text("pragma integrity_check")).isEqualTo("ok");
            }
            SqliteStore store = Stores.open(copy);
            try {
                assertThat(store.events("c1", 9_990, 100)).hasSize(10);
                assertThat(store.check()).isEmpty();
            } finally {
                store.close();
            }
        }
    }

    private void verify(Map<String, Map<Long, Integer>> acknowledged) throws Exception {
        SqliteStore store = Stores.open(directory);
        try {
            for (String conversation : acknowledged.keySet()) {
                Map<Long, Integer> missing = new HashMap<>(acknowledged.get(conversation));
                long seq = 0;
                List<ConversationEvent> page;
                while (!(page = store.events(conversation, seq, 10_000)).isEmpty()) {
                    for (ConversationEvent event : page) {
                        assertThat(event.seq()).isEqualTo(++seq);
                        Integer hash = missing.remove(seq);
                        assertThat(hash == null || hash == event.data().hashCode())
                                .isTrue();
                    }
                }
                assertThat(missing).isEmpty();
                assertThat(store.find(conversation).orElseThrow().lastSeq()).isEqualTo(seq);
            }
        } finally {
            store.close();
        }
    }

    private void onlyForTheOwner() throws IOException {
        List<String> open = new ArrayList<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.filter(p -> !p.equals(directory)).toList()) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
                if (!mode.endsWith("------")) {
                    open.add(path + " " + mode);
                }
            }
        }
        assertThat(open).isEmpty();
    }

    private static void note(String line, Map<String, Map<Long, Integer>> acknowledged) {
        if (line == null) {
            return;
        }
        String[] words = line.split(" ");
        // The very last line may have been cut.
        if (words.length == 5 && words[0].equals("ack")) {
            acknowledged
                    .computeIfAbsent(words[1], c -> new HashMap<>())
                    .put(Long.parseLong(words[2]), Integer.parseInt(words[3]));
        }
        assertThat(line).doesNotContain("failed");
    }

    private static BufferedReader reader(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static Process start(String shell, Path directory, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                shell,
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                directory.toString()));
        command.addAll(List.of(more));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
