package org.rungpt.runner.docker;

import java.nio.file.Files;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;

/**
 * Which actions belong into a workspace sandbox now: the built-in ones of the registry. While the registry or the catalogue is
 * being swapped, those of before. Any thread.
 */
final class BuiltIns {
    private final Supplier<@Nullable ActionRegistry> registry;
    private volatile Map<ActionId, ActionPackage> last = Map.of();

    BuiltIns(Supplier<@Nullable ActionRegistry> registry) {
        this.registry = registry;
    }

    /** Every action that can be called now. */
    Collection<InstalledAction> installed() {
        ActionRegistry now = registry.get();
        return now == null ? List.of() : now.actions();
    }

    /** @param called must be among them, in this version; null for none in particular */
    Collection<ActionPackage> with(@Nullable ActionPackage called) {
        TreeMap<ActionId, ActionPackage> all = new TreeMap<>(known());
        if (called != null) {
            all.put(called.id(), called);
        }
        return all.values();
    }

    private Map<ActionId, ActionPackage> known() {
        ActionRegistry now = registry.get();
        Map<ActionId, ActionPackage> found = new TreeMap<>();
        if (now != null) {
            for (InstalledAction action : now.actions()) {
                if (action.files().builtIn()) {
                    found.put(action.id(), action.files());
                }
            }
        }
        if (!found.isEmpty()) {
            last = found;
            return found;
        }
        Map<ActionId, ActionPackage> before = new TreeMap<>(last);
        before.values().removeIf(files -> !Files.isDirectory(files.directory()));
        return before;
    }

    static String key(ActionPackage files) {
        return files.id().value() + "@" + files.contentHash();
    }

    static SortedSet<String> keys(Collection<ActionPackage> packages) {
        SortedSet<String> keys = new TreeSet<>();
        packages.forEach(files -> keys.add(key(files)));
        return keys;
    }
}
