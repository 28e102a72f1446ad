package org.rungpt.runner.docker;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A record of the journal as a diff that people and {@code git apply} can read. */
final class WorkspaceDiff {
    private static final int LONGEST = 2 << 20;

    private final JournalFiles files;
    private final StringBuilder text = new StringBuilder();

    private WorkspaceDiff(JournalFiles files) {
        this.files = files;
    }

    static String of(JournalRecord record, JournalFiles files) throws IOException {
        var diff = new WorkspaceDiff(files);
        int left = record.changes().size();
        for (var change : record.changes().entrySet()) {
            if (diff.text.length() > LONGEST) {
                diff.text.append("# ").append(left).append(" more changed files are left out here\n");
                break;
            }
            diff.add(
                    change.getKey(),
                    change.getValue().before(),
                    change.getValue().after());
            left--;
        }
        return diff.text.toString();
    }

    private void add(String path, @Nullable JournalEntry before, @Nullable JournalEntry after) throws IOException {
        if ((before == null || before.isDirectory()) && (after == null || after.isDirectory())) {
            return;
        }
        String name = path.replaceAll("[\\p{Cntrl}]", "?");
        text.append("diff --git a/%s b/%s\n".formatted(name, name));
        if (before == null || before.isDirectory()) {
            text.append("new file mode ").append(mode(after)).append('\n');
        } else if (after == null || after.isDirectory()) {
            text.append("deleted file mode ").append(mode(before)).append('\n');
        } else if (before.mode() != after.mode() || !before.kind().equals(after.kind())) {
            text.append("old mode %s\nnew mode %s\n".formatted(mode(before), mode(after)));
        }
        if (after != null && after.hasContentOf(before)) {
            return;
        }
        String old = shown(before);
        String fresh = shown(after);
        String from = before == null || before.isDirectory() ? "/dev/null" : "a/" + name;
        String to = after == null || after.isDirectory() ? "/dev/null" : "b/" + name;
        if (old == null || fresh == null) {
            text.append("Binary files %s and %s differ\n".formatted(from, to));
            return;
        }
        String hunks = UnifiedDiff.hunks(old, fresh);
        if (!hunks.isEmpty()) {
            text.append("--- %s\n+++ %s\n".formatted(from, to)).append(hunks);
        }
    }

    private static String mode(@Nullable JournalEntry entry) {
        if (entry == null) {
            return "000000";
        }
        return entry.kind().equals("link") ? "120000" : "100%03o".formatted(entry.mode() & 0777);
    }

    /** Null if it is no text, or was not kept. */
    private @Nullable String shown(@Nullable JournalEntry entry) throws IOException {
        if (entry == null || entry.isDirectory()) {
            return "";
        }
        if (entry.target() != null) {
            return entry.target();
        }
        byte[] content = files.content(entry.hash());
        return content == null ? null : UnifiedDiff.text(content);
    }
}
