package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.Container;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of this installation's containers, by their labels: of those that nobody knows running sandboxes are taken up, and
 * everything else goes.
 *
 * @param found sandboxes that run, the newest first
 * @param litter containers to remove, in this order: what serves a sandbox before it, as Podman wants it
 */
record Sweep(List<Found> found, List<String> litter) {
    /**
     * A sandbox that a predecessor left running.
     *
     * @param pause the container with which its sidecars end, or ended; null for none
     * @param egress the container of its proxy; null for none
     */
    record Found(
            String container,
            String id,
            @Nullable String conversation,
            Purpose purpose,
            @Nullable String volume,
            @Nullable String user,
            Map<String, String> environment,
            List<String> sidecars,
            @Nullable String pause,
            @Nullable String egress,
            Instant created) {
        private Found with(@Nullable String sidecarsEndWith, @Nullable String proxy) {
            return new Found(
                    container,
                    id,
                    conversation,
                    purpose,
                    volume,
                    user,
                    environment,
                    sidecars,
                    sidecarsEndWith,
                    proxy,
                    created);
        }
    }

    /**
     * @param known sandboxes to leave alone
     * @param builders steps of builds that run now
     * @param journals the containers that keep journals now
     */
    static Sweep of(
            List<Container> all, Set<String> known, Set<String> builders, Set<String> journals, Settings settings) {
        List<Found> found = new ArrayList<>();
        List<String> litter = new ArrayList<>();
        List<String> ended = new ArrayList<>();
        List<String> spare = new ArrayList<>();
        Map<String, String> proxies = new HashMap<>();
        Map<String, String> pauses = new HashMap<>();
        Map<String, List<String>> sidecars = sidecars(all);
        for (Container container : all) {
            Map<String, String> marks = container.getLabels();
            boolean runs = "running".equals(container.getState());
            String builder = marks.get(Labels.BUILDER);
            String served = marks.get(Labels.EGRESS);
            String measured = marks.get(Labels.METER);
            String paused = marks.get(Labels.PAUSE);
            String id = marks.get(Labels.SANDBOX);
            if (marks.containsKey(Labels.CHORE) && !runs
                    || builder != null && !builder.isEmpty() && !builders.contains(builder)) {
                litter.add(container.getId());
            } else if (served != null) {
                boolean needed = builders.contains(served) || known.contains(served);
                if (!needed && (!runs || proxies.putIfAbsent(served, container.getId()) != null)) {
                    litter.add(container.getId());
                }
            } else if (marks.containsKey(Labels.JOURNAL)) {
                if (!journals.contains(container.getId())) {
                    litter.add(container.getId());
                }
            } else if (measured != null) {
                // A predecessor's ends with its link; of a known sandbox it knows itself.
                if (!known.contains(measured) || !runs) {
                    litter.add(container.getId());
                }
            } else if (paused != null) {
                if (!known.contains(paused)) {
                    // Also one that has ended: whatever ended with it goes before it.
                    String other = runs
                            ? pauses.put(paused, container.getId())
                            : pauses.putIfAbsent(paused, container.getId());
                    if (other != null) {
                        spare.add(runs ? other : container.getId());
                    }
                }
            } else if (id != null && !known.contains(id)) {
                if (runs) {
                    found.add(found(container, id, sidecars.getOrDefault(id, List.of()), settings));
                } else {
                    ended.add(container.getId());
                }
            }
        }
        found.forEach(one -> sidecars.remove(one.id()));
        known.forEach(sidecars::remove);
        // Their sandboxes are no more.
        sidecars.values().forEach(litter::addAll);
        found.replaceAll(sandbox -> sandbox.with(pauses.remove(sandbox.id()), proxies.remove(sandbox.id())));
        litter.addAll(pauses.values());
        litter.addAll(spare);
        litter.addAll(ended);
        // Whom they served has ended.
        litter.addAll(proxies.values());
        found.sort(Comparator.comparing(Found::created).reversed());
        return new Sweep(List.copyOf(found), List.copyOf(litter));
    }

    private static Found found(Container container, String id, List<String> sidecars, Settings settings) {
        Map<String, String> marks = container.getLabels();
        return new Found(
                container.getId(),
                id,
                marks.get(Labels.CONVERSATION),
                Labels.purpose(marks, settings),
                marks.get(Labels.VOLUME),
                marks.get(Labels.USER),
                Contributed.parseEnvironment(marks.get(Labels.ENVIRONMENT)),
                sidecars,
                null,
                null,
                Instant.ofEpochSecond(container.getCreated()));
    }

    private static Map<String, List<String>> sidecars(List<Container> all) {
        Map<String, List<String>> sidecars = new HashMap<>();
        for (Container container : all) {
            String sandbox = container.getLabels().get(Labels.BESIDE);
            if (sandbox != null) {
                sidecars.computeIfAbsent(sandbox, key -> new ArrayList<>()).add(container.getId());
            }
        }
        return sidecars;
    }
}
