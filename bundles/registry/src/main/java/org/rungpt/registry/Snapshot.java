package org.rungpt.registry;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry.Rejection;
import org.rungpt.api.action.Aliases;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.ManifestReader;
import org.rungpt.api.action.Task;

/** Everything installed at one moment; immutable. */
record Snapshot(List<InstalledAction> actions, Map<String, InstalledTask> tasks, List<Rejection> rejections) {
    static final Snapshot EMPTY = new Snapshot(List.of(), Map.of(), List.of());

    /** Built-in actions choose first, then the order of identities decides: the same packages always give the same aliases. */
    private static final Comparator<Checked> ORDER = Comparator.<Checked, Boolean>comparing(
                    c -> !c.files().builtIn())
            .thenComparing(c -> c.files().id());

    /** A package and what was found in it. */
    record Checked(ActionPackage files, ManifestReader.Result result) {}

    static Snapshot of(List<Checked> packages) {
        List<Rejection> rejections = new ArrayList<>();
        Map<String, InstalledAction> byAlias = new HashMap<>();
        Map<ActionId, ActionPackage> byId = new HashMap<>();
        for (Checked checked : packages.stream().sorted(ORDER).toList()) {
            ActionPackage files = checked.files();
            Manifest manifest = checked.result().manifest();
            ActionPackage other = byId.putIfAbsent(files.id(), files);
            if (other != null) {
                rejections.add(
                        new Rejection(files, List.of(files.id() + ": is offered twice; used is " + other.directory())));
            } else if (manifest == null) {
                rejections.add(new Rejection(files, checked.result().problems()));
            } else {
                add(files, manifest, byAlias, rejections);
            }
        }
        return new Snapshot(
                byAlias.values().stream()
                        .sorted(Comparator.comparing(InstalledAction::alias))
                        .toList(),
                tasks(byAlias),
                List.copyOf(rejections));
    }

    private static void add(
            ActionPackage files, Manifest manifest, Map<String, InstalledAction> byAlias, List<Rejection> rejections) {
        String alias = files.alias() == null ? manifest.name() : files.alias();
        InstalledAction owner = byAlias.get(alias);
        if (!files.builtIn() && Aliases.RESERVED.contains(alias)) {
            rejections.add(new Rejection(
                    files,
                    List.of("manifest.json: name: \"" + alias
                            + "\" is reserved for a built-in action: choose another name")));
        } else if (owner != null) {
            rejections.add(new Rejection(
                    files,
                    List.of("manifest.json: name: \"" + alias + "\" is the alias of " + owner.id()
                            + ": rungpt:uninstall " + owner.id() + ", or choose another name")));
        } else {
            byAlias.put(alias, new InstalledAction(files, alias, manifest));
        }
    }

    private static Map<String, InstalledTask> tasks(Map<String, InstalledAction> byAlias) {
        Map<String, InstalledTask> tasks = new HashMap<>();
        for (InstalledAction action : byAlias.values()) {
            for (Task task : action.manifest().tasks()) {
                var installed = new InstalledTask(action, task);
                tasks.put(installed.name(), installed);
            }
        }
        return Map.copyOf(tasks);
    }
}
