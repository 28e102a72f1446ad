package org.rungpt.runner.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal.Change;
import org.rungpt.api.runner.WorkspaceJournal.Revert;

/** Reverts are done and told of, or nothing is done; of a workspace that is a map. */
final class JournalsTest {
    private static final Duration SHORT = Duration.ofMillis(100);

    @TempDir
    Path data;

    private final ExecutorService work = Executors.newCachedThreadPool();
    private final Helper helper = new Helper();
    private Means means;
    private Workspaces workspaces;
    private Journals journals;

    @BeforeEach
    void begin() throws Exception {
        Settings settings = new Settings(
                data, "unix:///x", null, 1 << 28, 1, 64, 0, Duration.ofMinutes(1), Duration.ofMinutes(1), 1);
        means = new Means(settings, null, null, null, null, null, null, null, null, null, work, work);
        workspaces = new Workspaces(data, true);
        workspaces.bind("c", "v");
        JournalFiles.begin(data, "c");
        journals = journals(Duration.ofSeconds(30));
    }

    private Journals journals(Duration patience) {
        return new Journals(means, id -> helper, workspaces, id -> false, patience, SHORT);
    }

    @AfterEach
    void end() {
        helper.gate.countDown();
        journals.close();
        work.shutdownNow();
    }

    /** The other side, and the workspace. */
    private static final class Helper extends JournalHelper {
        private final Map<String, byte[]> workspace = new TreeMap<>();
        private final Map<String, JournalEntry> known = new HashMap<>();
        private final Map<Integer, ByteArrayOutputStream> staged = new HashMap<>();
        private final List<JsonNode> steps = new ArrayList<>();
        private final CountDownLatch gate = new CountDownLatch(1);
        private final CountDownLatch atGate = new CountDownLatch(1);
        private volatile String waitsAt = "";
        private volatile String failsAfter = "";
        private int asked;
        private boolean looksNoMore;

        Helper() {
            super(null, null, "c");
        }

        private synchronized void put(String path, String content) {
            workspace.put(path, content.getBytes(UTF_8));
        }

        private synchronized Map<String, String> texts() {
            Map<String, String> texts = new TreeMap<>();
            workspace.forEach((path, content) -> texts.put(path, new String(content, UTF_8)));
            return texts;
        }

        private synchronized void clear() {
            workspace.clear();
        }

        @Override
        void prepare(String volume) {}

        @Override
        Scan scan(String volume) throws RunnerException {
            await("scan");
            synchronized (this) {
                if (looksNoMore) {
                    throw new RunnerException(RunnerException.Kind.SANDBOX, "the engine has gone");
                }
                Map<String, JournalEntry> changes = new TreeMap<>();
                known.keySet().stream()
                        .filter(path -> !workspace.containsKey(path))
                        .forEach(path -> changes.put(path, null));
                workspace.forEach((path, content) -> changes.put(
                        path,
                        new JournalEntry("file", 0644, 0, 0, content.length, JournalFiles.hash(content), null, null)));
                known.clear();
                changes.forEach((path, entry) -> {
                    if (entry != null) {
                        known.put(path, entry);
                    }
                });
                return new Scan(false, changes, 0);
            }
        }

        private void await(String method) {
            if (method.equals(waitsAt)) {
                atGate.countDown();
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        @Override
        JsonNode ask(String volume, String method, ObjectNode params) throws RunnerException {
            await(method);
            synchronized (this) {
                asked++;
                try {
                    JsonNode answer =
                            switch (method) {
                                case "read" -> read(params);
                                case "stage" -> stage(params);
                                default -> apply();
                            };
                    if (method.equals(failsAfter)) {
                        throw new RunnerException(RunnerException.Kind.UNAVAILABLE, "no answer");
                    }
                    return answer;
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        private ObjectNode read(ObjectNode params) {
            ObjectNode answer = JsonNodeFactory.instance.objectNode();
            ArrayNode contents = answer.putArray("contents");
            params.path("paths").forEach(path -> contents.add(workspace.get(path.asText())));
            return answer;
        }

        private ObjectNode stage(ObjectNode params) throws IOException {
            for (JsonNode piece : params.path("files")) {
                var content = staged.computeIfAbsent(piece.path("file").asInt(), id -> new ByteArrayOutputStream());
                assertThat(piece.path("offset").asInt()).isEqualTo(content.size());
                content.writeBytes(piece.path("base64").binaryValue());
            }
            params.path("steps").forEach(steps::add);
            assertThat(params.toString().length()).isLessThan(ServiceLink.MAX_REQUEST / 2);
            return params;
        }

        private ObjectNode apply() {
            for (JsonNode step : steps) {
                String path = step.path("p").asText();
                if (step.path("do").asText().equals("delete")) {
                    workspace.remove(path);
                } else {
                    workspace.put(path, staged.get(step.path("file").asInt()).toByteArray());
                }
            }
            staged.clear();
            steps.clear();
            return JsonNodeFactory.instance.objectNode();
        }
    }

    private void call(String id) throws Exception {
        journals.after("c", id);
        assertThat(journals.changes("c", id)).isPresent();
    }

    private CompletableFuture<Revert> revert(String call) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return journals.revert("c", call).orElseThrow();
                    } catch (RunnerException e) {
                        throw new IllegalStateException(e);
                    }
                },
                work);
    }

    @Test
    void manySmallFilesTakeFewQuestions() throws Exception {
        for (int i = 0; i < 3000; i++) {
            helper.put("file-" + i, i % 10 == 0 ? "" : "content of " + i % 50);
        }
        helper.put("large", "x".repeat((5 << 19) + 7));
        call("made");
        Map<String, String> before = helper.texts();
        helper.clear();
        call("deleted");
        helper.asked = 0;
        Revert revert = revert("deleted").get(60, TimeUnit.SECONDS);
        assertThat(revert.files()).hasSize(3001);
        assertThat(helper.texts().equals(before)).isTrue();
        assertThat(helper.asked).isLessThan(20);
    }

    @Test
    void whoRevertsHearsOfItsEndAndNothingBeginsBefore() throws Exception {
        helper.put("a", "old");
        call("made");
        helper.put("a", "new");
        call("changed");
        journals = journals(SHORT);
        helper.waitsAt = "stage";
        CompletableFuture<Revert> revert = revert("changed");
        assertThat(helper.atGate.await(10, TimeUnit.SECONDS)).isTrue();
        var begun = new CompletableFuture<Boolean>();
        assertThat(journals.before("c", "next", () -> begun.complete(true))).isFalse();
        TimeUnit.MILLISECONDS.sleep(5 * SHORT.toMillis());
        assertThat(begun).isNotDone();
        assertThat(revert).isNotDone();
        helper.gate.countDown();
        assertThat(revert.get(10, TimeUnit.SECONDS).files())
                .extracting(Change::path)
                .containsExactly("a");
        assertThat(begun.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(helper.workspace.get("a")).asString(UTF_8).isEqualTo("old");
    }

    @Test
    void aLookThatTakesLongHoldsNoCallUpForLong() throws Exception {
        helper.put("a", "old");
        call("made");
        helper.waitsAt = "scan";
        journals.after("c", "changed");
        var begun = new CompletableFuture<Boolean>();
        assertThat(journals.before("c", "next", () -> begun.complete(true))).isFalse();
        assertThat(begun.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatWasDoneIsToldThoughTheAnswerIsLost() throws Exception {
        helper.put("a", "old");
        call("made");
        helper.failsAfter = "apply";
        Revert revert = revert("made").get(10, TimeUnit.SECONDS);
        assertThat(helper.workspace).isEmpty();
        assertThat(revert.files()).extracting(Change::path).containsExactly("a");
        assertThat(journals.changes("c", revert.id())).isPresent();
    }

    @Test
    void whatWasDoneIsToldThoughItCannotBeLookedAt() throws Exception {
        helper.put("a", "old");
        call("made");
        helper.waitsAt = "apply";
        CompletableFuture<Revert> revert = revert("made");
        assertThat(helper.atGate.await(10, TimeUnit.SECONDS)).isTrue();
        helper.looksNoMore = true;
        helper.gate.countDown();
        String id = revert.get(10, TimeUnit.SECONDS).id();
        assertThat(revert.get().files()).extracting(Change::path).containsExactly("a");
        helper.looksNoMore = false;
        assertThat(journals.changes("c", id).orElseThrow().files())
                .extracting(Change::path)
                .containsExactly("a");
    }

    @Test
    void whatCannotBeStagedChangesNothing() throws Exception {
        helper.put("a", "old");
        call("made");
        helper.failsAfter = "stage";
        assertThatThrownBy(() -> revert("made").get(10, TimeUnit.SECONDS)).hasMessageContaining("no answer");
        assertThat(helper.workspace).containsOnlyKeys("a");
    }
}
