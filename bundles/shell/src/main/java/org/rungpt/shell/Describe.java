package org.rungpt.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.plain.Plain;

/** Says in words what the platform's records hold. */
final class Describe {
    private Describe() {}

    static String version(ActionPackage files) {
        String commit = files.commit();
        return Plain.line(files.version(), 40)
                + (commit == null ? "" : " (" + commit.substring(0, Math.min(12, commit.length())) + ")");
    }

    /** Everything that a user may want to know of an action, line by line. */
    static List<String> action(InstalledAction action) {
        Manifest manifest = action.manifest();
        List<String> lines = new ArrayList<>();
        lines.add(Plain.line(manifest.title()) + ", " + action.id() + " " + version(action.files()));
        lines.add(Plain.text(manifest.description()));
        lines.add("");
        lines.add("called       " + action.alias());
        lines.add("files        " + action.files().directory());
        lines.add("image        " + Plain.line(manifest.image()));
        lines.add("asks for     " + asksFor(action));
        for (Task task : manifest.tasks()) {
            lines.add("");
            lines.add(action.alias() + "." + task.name() + "  ("
                    + task.effects().name().toLowerCase(Locale.ROOT) + ", "
                    + task.timeout().toSeconds() + " s)");
            lines.add("  " + Plain.line(task.description()));
            lines.add("  " + Plain.line(task.parameters()));
        }
        return lines;
    }

    /** What it can reach beyond its own sandbox, if the user grants it. */
    static String asksFor(InstalledAction action) {
        Manifest manifest = action.manifest();
        List<String> parts = new ArrayList<>();
        if (manifest.workspace()) {
            parts.add("the conversation's files");
        }
        manifest.shares()
                .forEach(share -> parts.add(
                        "the directory " + Plain.line(share.name()) + (share.writable() ? " to change" : " to read")));
        if (!manifest.network().isEmpty()) {
            parts.add("network to " + Plain.line(String.join(", ", manifest.network())));
        }
        manifest.secrets().forEach(secret -> parts.add("the secret " + Plain.line(secret.name())));
        manifest.sidecars().forEach(sidecar -> parts.add("the container " + Plain.line(sidecar.image(), 60)));
        return parts.isEmpty() ? "nothing" : String.join("; ", parts);
    }

    /** One part of the platform, with what helps if it is not ready. */
    static List<String> part(StatusSource part) {
        Readiness readiness;
        try {
            readiness = part.readiness();
        } catch (RuntimeException e) {
            readiness = Readiness.unready("It fails when it is asked: " + e, null);
        }
        List<String> lines = new ArrayList<>();
        lines.add((!readiness.ready() ? "NOT READY  " : readiness.remedy() == null ? "ready      " : "WARNING    ")
                + Plain.line(part.title()) + ": " + Plain.line(readiness.reason()));
        String remedy = readiness.remedy();
        if (remedy != null) {
            lines.add("           → " + Plain.line(remedy));
        }
        return lines;
    }
}
