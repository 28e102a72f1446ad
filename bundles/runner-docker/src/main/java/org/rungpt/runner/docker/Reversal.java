package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;

/** How the changes of a record are taken back: looks first what stands in the way, then does it. */
final class Reversal {
    private static final int PIECE = 1 << 20;
    private static final int STEPS = 1000;

    private final JournalRecord record;
    private final JournalFiles files;
    private final NavigableMap<String, JournalEntry> now;

    Reversal(JournalRecord record, JournalFiles files) {
        this.record = record;
        this.files = files;
        this.now = files.now();
    }

    /** What stands in the way, each with the reason; empty if nothing does. */
    List<String> obstacles() {
        List<String> obstacles = new ArrayList<>();
        Set<String> goes = new HashSet<>();
        record.changes().forEach((path, change) -> {
            if (change.before() == null) {
                goes.add(path);
            }
        });
        record.changes().forEach((path, change) -> {
            String obstacle = obstacle(path, change.before(), change.after(), goes);
            if (obstacle != null) {
                obstacles.add(path + ": " + obstacle);
            }
        });
        return obstacles;
    }

    private @Nullable String obstacle(
            String path, @Nullable JournalEntry before, @Nullable JournalEntry after, Set<String> goes) {
        JournalEntry current = now.get(path);
        if (!JournalEntry.isSame(current, after)) {
            return current == null
                    ? "it was deleted since"
                    : after == null ? "it was made again since" : "it was changed since";
        }
        if (before != null && before.kind().equals("other")) {
            return "it was no file, folder or link";
        }
        if (before != null && before.isFile() && !before.hasContentOf(after) && !files.has(before.hash())) {
            return "what it was before is not kept, or no more";
        }
        if (after != null && after.isDirectory() && (before == null || !before.isDirectory())) {
            boolean used = now.tailMap(path + "/", true).keySet().stream()
                    .takeWhile(other -> other.startsWith(path + "/"))
                    .anyMatch(other -> !goes.contains(other));
            if (used) {
                return "other files were put there since";
            }
        }
        int slash = path.lastIndexOf('/');
        if (before != null && slash > 0) {
            String folder = path.substring(0, slash);
            JournalRecord.Change its = record.changes().get(folder);
            JournalEntry then = its == null ? now.get(folder) : its.before();
            if (then == null || !then.isDirectory()) {
                return "its folder is gone";
            }
        }
        return null;
    }

    /** Does it, all or nothing. */
    void apply(JournalHelper helper, String volume) throws RunnerException, IOException {
        try {
            stage(helper, volume);
        } catch (RunnerException | IOException | RuntimeException e) {
            try {
                helper.ask(
                        volume, "stage", JsonNodeFactory.instance.objectNode().put("end", true));
            } catch (RunnerException unreachable) {
                // The next look removes what is left of it.
                helper.close();
                e.addSuppressed(unreachable);
            }
            throw e;
        }
        try {
            helper.ask(volume, "apply", JsonNodeFactory.instance.objectNode());
        } catch (RunnerException e) {
            // Whether it answered or not, the next one takes back what this one left half done.
            helper.close();
            throw e;
        }
    }

    private void stage(JournalHelper helper, String volume) throws RunnerException, IOException {
        helper.ask(volume, "stage", JsonNodeFactory.instance.objectNode().put("begin", true));
        List<ObjectNode> steps = new ArrayList<>();
        List<String> paths = new ArrayList<>(record.changes().keySet());
        for (int i = paths.size() - 1; i >= 0; i--) {
            // What is in a folder comes before it.
            JournalRecord.Change change =
                    Objects.requireNonNull(record.changes().get(paths.get(i)));
            JournalEntry before = change.before();
            JournalEntry after = change.after();
            boolean replaced = before != null
                    && after != null
                    && (!before.kind().equals(after.kind()) || before.kind().equals("link"));
            if (after != null && (before == null || replaced)) {
                steps.add(step("delete", paths.get(i)));
            }
        }
        List<JournalEntry> contents = new ArrayList<>();
        for (String path : paths) {
            JournalRecord.Change change =
                    Objects.requireNonNull(record.changes().get(path));
            JournalEntry before = change.before();
            if (before == null) {
                continue;
            }
            String what = before.isDirectory() ? "dir" : before.target() != null ? "link" : "file";
            if (before.isFile() && before.hasContentOf(change.after())) {
                what = "mode";
            }
            ObjectNode step = step(what, path)
                    .put("m", before.mode())
                    .put("u", before.uid())
                    .put("g", before.gid());
            if (what.equals("link")) {
                step.put("t", before.target());
            } else if (what.equals("file")) {
                step.put("file", contents.size());
                contents.add(before);
            }
            steps.add(step);
        }
        stage(helper, volume, contents);
        for (int from = 0; from < steps.size(); from += STEPS) {
            ObjectNode params = JsonNodeFactory.instance.objectNode();
            ArrayNode some = params.putArray("steps");
            steps.subList(from, Math.min(steps.size(), from + STEPS)).forEach(some::add);
            helper.ask(volume, "stage", params);
        }
    }

    private static ObjectNode step(String what, String path) {
        return JsonNodeFactory.instance.objectNode().put("do", what).put("p", path);
    }

    /** Many small ones at once: each question costs more than a file. */
    private void stage(JournalHelper helper, String volume, List<JournalEntry> contents)
            throws RunnerException, IOException {
        ArrayNode pieces = JsonNodeFactory.instance.arrayNode();
        int bytes = 0;
        for (int number = 0; number < contents.size(); number++) {
            byte[] content = files.content(contents.get(number).hash());
            if (content == null) {
                throw new IOException("what a file was before is damaged in the journal");
            }
            for (int from = 0; from < content.length || from == 0; from += PIECE) {
                byte[] piece = Arrays.copyOfRange(content, from, Math.min(from + PIECE, content.length));
                if (bytes + piece.length > PIECE || pieces.size() == STEPS) {
                    stage(helper, volume, pieces);
                    pieces = JsonNodeFactory.instance.arrayNode();
                    bytes = 0;
                }
                pieces.addObject()
                        .put("file", number)
                        .put("offset", from)
                        .put("base64", Base64.getEncoder().encodeToString(piece));
                bytes += piece.length;
            }
        }
        stage(helper, volume, pieces);
    }

    private static void stage(JournalHelper helper, String volume, ArrayNode pieces) throws RunnerException {
        helper.ask(volume, "stage", JsonNodeFactory.instance.objectNode().set("files", pieces));
    }

    /** Whether everything is as it was before, as far as the last look showed. */
    boolean isDone() {
        return record.changes().entrySet().stream()
                .allMatch(change -> JournalEntry.isSame(
                        now.get(change.getKey()), change.getValue().before()));
    }

    /** What it does, as a record of it would tell. */
    JournalRecord record(String id) {
        Map<String, JournalRecord.Change> changes = new TreeMap<>();
        record.changes().forEach((path, change) -> changes.put(path, change.reversed()));
        return new JournalRecord(id, List.of(), null, changes);
    }
}
