package org.rungpt.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;

/**
 * The installed actions as conversations see them. While the registry or a source is being replaced, actions are away for a
 * moment: what vanished less than some seconds ago counts as coming back. Any thread.
 */
final class Actions {
    /** So long an action that vanished may be coming back. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** What changed since the model was told; {@code told} is what it knows once it has been told of this. */
    record Changes(
            List<InstalledAction> added,
            List<InstalledAction> changed,
            List<String> removedAliases,
            List<ToldAction> told) {
        boolean isEmpty() {
            return added.isEmpty() && changed.isEmpty() && removedAliases.isEmpty();
        }
    }

    private final Services services;
    private final Map<String, InstalledTask> seen = new ConcurrentHashMap<>();
    private final Map<String, Long> missingSince = new ConcurrentHashMap<>();

    Actions(Services services) {
        this.services = services;
    }

    /** Whether there is a registry to ask. */
    boolean areKnown() {
        return services.registries.first().isPresent();
    }

    List<InstalledAction> installed() {
        try {
            return services.registries.first().map(ActionRegistry::actions).orElse(List.of());
        } catch (RuntimeException e) {
            // A registry that is being stopped knows nothing.
            return List.of();
        }
    }

    /** The task as it is installed now. */
    Optional<InstalledTask> task(String name) {
        Optional<InstalledTask> found;
        try {
            found = services.registries.first().flatMap(registry -> registry.task(name));
        } catch (RuntimeException e) {
            return Optional.empty();
        }
        found.ifPresent(task -> {
            seen.put(name, task);
            missingSince.remove(task.action().alias());
        });
        return found;
    }

    /** The task as it is installed now, or as it was seen last: to read a call, not to run it. */
    Optional<InstalledTask> taskForReading(String name) {
        return task(name).or(() -> Optional.ofNullable(seen.get(name)));
    }

    /** Whether the action of a task that is not there may be back in a moment. */
    boolean mayComeBack(String task, List<ToldAction> told) {
        String alias = task.contains(".") ? task.substring(0, task.indexOf('.')) : task;
        return told.stream().anyMatch(one -> one.alias().equals(alias))
                && installed().stream().noneMatch(action -> action.alias().equals(alias))
                && isRecentlyGone(alias);
    }

    private boolean isRecentlyGone(String alias) {
        long now = System.nanoTime();
        return now - missingSince.computeIfAbsent(alias, key -> now) < GRACE_NANOS;
    }

    Changes changesSince(List<ToldAction> told) {
        Map<String, ToldAction> before =
                told.stream().collect(Collectors.toMap(ToldAction::alias, one -> one, (one, same) -> one));
        var now = new LinkedHashMap<String, ToldAction>();
        var added = new ArrayList<InstalledAction>();
        var changed = new ArrayList<InstalledAction>();
        for (InstalledAction action : installed()) {
            missingSince.remove(action.alias());
            ToldAction fresh = ToldAction.of(action);
            ToldAction old = before.get(action.alias());
            now.put(action.alias(), fresh);
            if (old == null) {
                added.add(action);
            } else if (!old.equals(fresh)) {
                changed.add(action);
            }
        }
        var removed = new ArrayList<String>();
        for (ToldAction one : told) {
            if (!now.containsKey(one.alias())) {
                if (isRecentlyGone(one.alias())) {
                    now.put(one.alias(), one);
                } else {
                    removed.add(one.alias());
                }
            }
        }
        return new Changes(added, changed, removed, List.copyOf(now.values()));
    }

    /** What to tell a model that called a task which does not exist. */
    String unknown(String name) {
        String alias = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        for (InstalledAction action : installed()) {
            if (action.alias().equals(alias)) {
                String tasks = action.manifest().tasks().stream()
                        .map(task -> alias + "." + task.name())
                        .collect(Collectors.joining(", "));
                return "There is no task " + name + ". The tasks of " + alias + " are: " + tasks + ".";
            }
        }
        String aliases =
                installed().stream().map(InstalledAction::alias).limit(100).collect(Collectors.joining(", "));
        return "There is no action " + alias + ". The actions are: " + (aliases.isEmpty() ? "none" : aliases) + ".";
    }
}
