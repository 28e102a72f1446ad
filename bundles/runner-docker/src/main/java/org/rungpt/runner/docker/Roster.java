package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which sandboxes there are, and which of them takes the calls of what. Any thread; who does several steps that belong together
 * holds its monitor.
 */
final class Roster {
    private final Set<Sandbox> all = new LinkedHashSet<>();
    /** By the key of their purpose. */
    private final Map<String, Sandbox> current = new HashMap<>();
    /** Those that take no calls any more and are still being removed. */
    private final Set<Sandbox> leaving = new LinkedHashSet<>();

    private boolean closed;

    /** From now on the sandboxes are a successor's. */
    synchronized void close() {
        closed = true;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** A new one, which belongs to nobody yet. */
    synchronized void add(Sandbox sandbox) {
        all.add(sandbox);
    }

    /** From now on it takes the calls. */
    synchronized void use(String key, Sandbox sandbox) {
        current.put(key, sandbox);
    }

    /** Who takes the calls; null if nobody does. */
    synchronized @Nullable Sandbox current(String key) {
        Sandbox known = current.get(key);
        return known == null || known.isGone() ? null : known;
    }

    /** These take no calls any more, and go after their last one. */
    synchronized void retire(Predicate<Sandbox> which) {
        List<Sandbox> retired = current.values().stream().filter(which).toList();
        current.values().removeAll(retired);
        retired.forEach(Sandbox::retire);
    }

    /**
     * One that was found on the engine.
     *
     * @param key whose calls it takes, if nobody takes them; null for nobody's
     * @return false if it is here already or not ours any more: one container is one sandbox, however often it is found
     */
    synchronized boolean adopt(Sandbox sandbox, @Nullable String key) {
        if (closed || find(sandbox.id()).isPresent()) {
            return false;
        }
        all.add(sandbox);
        if (key != null) {
            // Of several the newest, which comes first; the others are there for calls that still run in them.
            current.putIfAbsent(key, sandbox);
        }
        return true;
    }

    /** It takes no calls any more. */
    synchronized void gone(Sandbox sandbox) {
        all.remove(sandbox);
        leaving.add(sandbox);
        current.values().removeIf(other -> other == sandbox);
    }

    /** Nothing of it is left. */
    synchronized void removed(Sandbox sandbox) {
        leaving.remove(sandbox);
    }

    synchronized List<Sandbox> all() {
        return List.copyOf(all);
    }

    synchronized List<Sandbox> allAndLeaving() {
        List<Sandbox> sandboxes = new ArrayList<>(all);
        sandboxes.addAll(leaving);
        return sandboxes;
    }

    synchronized List<Sandbox> of(String conversation) {
        return all.stream()
                .filter(sandbox -> conversation.equals(sandbox.conversation()))
                .toList();
    }

    synchronized Optional<Sandbox> find(String id) {
        return all.stream().filter(sandbox -> sandbox.id().equals(id)).findFirst();
    }
}
