package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;

/** The containers that serve one sandbox. Any thread. */
final class SandboxSidecars {
    private final Containers containers;
    private final Sandbox.Keeper keeper;
    private final Lock turn = new ReentrantLock(true);
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    /** Those of them that were ended because of a limit, and that limit. */
    private final Map<String, String> ended = new ConcurrentHashMap<>();

    private volatile @Nullable String pause;

    SandboxSidecars(Containers containers, Sandbox.Keeper keeper) {
        this.containers = containers;
        this.keeper = keeper;
    }

    /** Who starts one that was asked for has it from the look at what there is until that one is ready. */
    Lock turn() {
        return turn;
    }

    /** Sees whether there may be one more. */
    void admit() throws RunnerException {
        keeper.admitSidecar();
    }

    void add(String container) {
        ids.add(container);
    }

    void remove(String container) {
        ids.remove(container);
        ended.remove(container);
    }

    List<String> ids() {
        return List.copyOf(ids);
    }

    /** With which they end, if their sandbox's processes are not to be seen by them; null for none. */
    @Nullable
    String pause() {
        return pause;
    }

    void pause(@Nullable String container) {
        pause = container;
    }

    /** All that is to be removed, in this order. */
    List<String> containers() {
        List<String> all = new ArrayList<>(ids);
        String last = pause;
        if (last != null) {
            all.add(last);
        }
        return all;
    }

    int count() {
        return ids.size();
    }

    /** Ends what runs in it because of a limit. Blocking. */
    void end(String container, String limit) {
        ended.put(container, limit);
        containers.kill(container);
    }

    /** The limit because of which it was ended; null if it was not. */
    @Nullable
    String limitOf(String container) {
        return ended.get(container);
    }
}
