package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ContainerMount;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what fills the disk. No engine limits what a container writes to its own layer or to a volume, so both are measured from
 * outside, of every sandbox in which something may run: calls, what they left behind, sidecars. The faster it fills, the sooner the
 * next look. Who cleans up must be able to run: beyond the limit only what grows is ended. What they leave of the engine's disk is
 * looked at too ({@link DiskReserve}). One thread at a time.
 */
final class DiskWatch {
    private static final Logger LOG = LoggerFactory.getLogger(DiskWatch.class);
    private static final long SLACK = 4L << 20;
    private static final double SHORTEST = 0.25;
    private static final double BEYOND_HALF = 1;
    private static final double LONGEST = 2;
    /** Measuring takes at most this part of the time. */
    private static final double DUTY = 0.2;

    private static final double SLOWEST = 4;
    /** What has been killed is gone by then. */
    private static final double STUBBORN = 3;

    private static final double RECENT = 15;
    private static final double METER_IDLE = 60;
    private static final String WROTE_ON = "; the sandbox ended, because it wrote on";
    private static final long MOST_HELD = 1L << 50;

    private final Means means;
    private final Layers layers;
    private final DiskReserve reserve;
    private final Map<Sandbox, Gauge> gauges = new HashMap<>();
    private final AtomicBoolean looksAtBuilders = new AtomicBoolean();
    private volatile long buildersDue = System.nanoTime();

    DiskWatch(Means means) {
        this.means = means;
        this.layers = new Layers(means.engine(), means.work());
        this.reserve = new DiskReserve(means.settings().diskReserve());
    }

    /** What is known of one sandbox. */
    private static final class Gauge {
        final Activity activity;
        /** Its own bytes, and those of its sidecars by container, at the last look. */
        final Map<String, Long> last = new HashMap<>();

        long tolerated;
        long due = System.nanoTime();
        long looked = System.nanoTime();
        long activeAt = System.nanoTime();
        /** Since something runs. */
        int looks;

        boolean complete;

        @Nullable
        Long stoppedAt;

        /** For the engine's disk. */
        @Nullable
        Long endedAt;

        /** In files that were deleted and are open, as its service told last. */
        volatile long held;

        Gauge(Activity activity) {
            this.activity = activity;
        }
    }

    /** Measures those whose time it is. Blocking. */
    void round(Collection<Sandbox> sandboxes) throws InterruptedException {
        if (System.nanoTime() - buildersDue >= 0 && looksAtBuilders.compareAndSet(false, true)) {
            means.work().execute(this::lookAtBuilders);
        }
        gauges.keySet().retainAll(sandboxes);
        List<Sandbox> due = new ArrayList<>();
        for (Sandbox sandbox : sandboxes) {
            Gauge gauge = gauges.computeIfAbsent(sandbox, key -> new Gauge(new Activity(means.engine(), key)));
            if (sandbox.container() != null && !sandbox.isGone() && System.nanoTime() - gauge.due >= 0) {
                if (gauge.activity.isPossible()) {
                    gauge.activeAt = System.nanoTime();
                    due.add(sandbox);
                } else {
                    gauge.due = after(SHORTEST);
                    gauge.looks = 0;
                    if (seconds(gauge.activeAt) > METER_IDLE) {
                        sandbox.meter().end();
                    }
                }
            }
        }
        if (!due.isEmpty()) {
            long begun = System.nanoTime();
            Map<String, Container> containers = layers.of(containers(due));
            double shared = seconds(begun) / due.size();
            for (Sandbox sandbox : due) {
                Gauge gauge = gauges.get(sandbox);
                if (gauge != null && containers.containsKey(sandbox.container())) {
                    look(sandbox, gauge, containers, shared);
                }
            }
        }
        if (gauges.values().stream().noneMatch(gauge -> gauge.looks > 0)) {
            reserve.rest();
        }
    }

    /** Beside the rounds: an answer takes as long as builds have made it take. */
    private void lookAtBuilders() {
        long begun = System.nanoTime();
        long limit = Bounds.ofBuild(means.settings()).disk();
        try {
            for (Container builder : means.containers().builders()) {
                Long size = builder.getSizeRw();
                if (size != null && size > limit) {
                    means.containers().endBuilder(builder, Outcomes.diskFull(limit));
                }
            }
        } catch (RuntimeException e) {
            LOG.debug("What builds write is measured another time: {}", EngineFailures.line(e));
        } finally {
            buildersDue = after(Math.max(BEYOND_HALF, Math.min(SLOWEST, seconds(begun) / DUTY)));
            looksAtBuilders.set(false);
        }
    }

    private static List<String> containers(List<Sandbox> sandboxes) {
        return sandboxes.stream().flatMap(DiskWatch::containers).toList();
    }

    private static Stream<String> containers(Sandbox sandbox) {
        return Stream.concat(Stream.ofNullable(sandbox.container()), sandbox.sidecars().ids().stream());
    }

    private void look(Sandbox sandbox, Gauge gauge, Map<String, Container> containers, double shared)
            throws InterruptedException {
        long begun = System.nanoTime();
        double since = Math.max(0.05, seconds(gauge.looked));
        List<Container> its = containers(sandbox)
                .map(containers::get)
                .filter(Objects::nonNull)
                .toList();
        List<String> volumes =
                its.stream().flatMap(DiskWatch::volumes).distinct().toList();
        gauge.looks++;
        // A short call is not worth a container, nor is what writes into memory only.
        boolean measurable = gauge.looks > 1 && (!volumes.isEmpty() || its.size() > 1);
        DiskMeter.Measured measured = measurable ? sandbox.meter().measure(volumes) : DiskMeter.Measured.NOTHING;
        boolean complete = measured.volumes().keySet().containsAll(volumes);
        // What is known for the first time has not grown.
        boolean comparable = complete && gauge.complete;
        gauge.complete = complete;
        double wait = Math.min(gauge.looks < 2 ? BEYOND_HALF : LONGEST, lookAtReserve(measured.space()));
        for (Container container : its) {
            long layer = container.getSizeRw() == null ? 0 : container.getSizeRw();
            List<DiskUse> uses = volumes(container)
                    .map(volume -> measured.volumes().getOrDefault(volume, DiskUse.NONE))
                    .toList();
            boolean own = container.getId().equals(sandbox.container());
            if (own) {
                layer += gauge.held;
                if (!layers.isLate()) {
                    askForHeld(sandbox, gauge);
                }
            }
            long written = layer + uses.stream().mapToLong(DiskUse::bytes).sum();
            long used = layer + uses.stream().mapToLong(DiskUse::counted).sum();
            long limit = own
                    ? sandbox.purpose().bounds().disk()
                    : Bounds.of(means.settings()).disk();
            String full = written > limit ? Outcomes.diskFull(limit) : Outcomes.tooManyFiles(limit);
            Long before = gauge.last.put(container.getId(), used);
            long growth = before == null || !comparable ? 0 : used - before;
            if (own) {
                judge(sandbox, gauge, used, growth, limit, full);
            } else if (used > limit) {
                LOG.info("A container beside sandbox {} has written {} MiB and is ended", sandbox.id(), used >> 20);
                sandbox.sidecars().end(container.getId(), full);
            }
            wait = Math.min(wait, wait(used, growth / since, limit));
        }
        gauge.looked = begun;
        double took = shared + seconds(begun);
        gauge.due = after(Math.max(wait, Math.min(SLOWEST, took / DUTY)));
    }

    /** @return when the next look at it is due */
    private double lookAtReserve(DiskReserve.@Nullable Space left) {
        if (left == null) {
            return LONGEST;
        }
        String why = reserve.look(left, System.nanoTime());
        if (why != null) {
            makeRoom(why);
        }
        return Math.max(SHORTEST, reserve.patience());
    }

    /** Whose it is what fills the disk is not known. */
    private void makeRoom(String why) {
        List<Map.Entry<Sandbox, Gauge>> active = gauges.entrySet().stream()
                .filter(entry -> entry.getValue().looks > 0)
                .toList();
        LOG.warn("Whatever runs in sandboxes, {} of them, is ended: {}", active.size(), why);
        active.forEach(entry -> {
            Sandbox sandbox = entry.getKey();
            Gauge gauge = entry.getValue();
            Long before = gauge.endedAt;
            gauge.endedAt = System.nanoTime();
            boolean survives = sandbox.hasStoppedCalls() || sandbox.runningCalls() == 0 && gauge.activity.isCrowded();
            if (before != null && seconds(before) < RECENT && survives) {
                LOG.warn("Sandbox {} is ended: it runs on, and the disk gets fuller", sandbox.id());
                sandbox.lose(Reason.RESOURCE_LIMIT, why + WROTE_ON);
            } else {
                sandbox.stopAll(why);
            }
        });
        active.forEach(entry -> {
            SandboxSidecars sidecars = entry.getKey().sidecars();
            sidecars.ids().forEach(sidecar -> sidecars.end(sidecar, why));
        });
    }

    /** From inside: outside they have no name. Nothing is to be on its way there through an engine that hangs. */
    private static void askForHeld(Sandbox sandbox, Gauge gauge) {
        ServiceLink service = sandbox.service();
        if (service == null || sandbox.runningCalls() == 0 && !gauge.activity.isCrowded()) {
            gauge.held = 0;
            return;
        }
        var unused = service.request("held", JsonNodeFactory.instance.objectNode())
                .thenAccept(told -> gauge.held =
                        Math.max(0, Math.min(MOST_HELD, told.path("bytes").asLong())))
                .exceptionally(older -> {
                    gauge.held = 0;
                    return null;
                });
    }

    /** Half of the time in which it would be full. */
    private static double wait(long used, double rate, long limit) {
        double calm = used > limit / 2 ? BEYOND_HALF : LONGEST;
        return rate <= 0 ? calm : Math.max(SHORTEST, Math.min(calm, (limit - used) / rate / 2));
    }

    private static void judge(Sandbox sandbox, Gauge gauge, long used, long growth, long limit, String full) {
        Long stopped = gauge.stoppedAt;
        if (used <= limit) {
            gauge.tolerated = 0;
            gauge.stoppedAt = null;
        } else if (stopped != null && seconds(stopped) > STUBBORN && sandbox.hasStoppedCalls()
                || stopped != null
                        && seconds(stopped) < RECENT
                        && sandbox.runningCalls() == 0
                        && isTooMuch(gauge, used, growth, limit)) {
            LOG.warn("Sandbox {} is ended: it writes on, beyond its limit", sandbox.id());
            sandbox.lose(Reason.RESOURCE_LIMIT, full + WROTE_ON);
        } else if (isTooMuch(gauge, used, growth, limit)) {
            LOG.info("Sandbox {} has written {} MiB; what runs in it is ended", sandbox.id(), used >> 20);
            gauge.tolerated = Math.max(gauge.tolerated, stopped == null ? used + SLACK : 0);
            gauge.stoppedAt = System.nanoTime();
            sandbox.stopAll(full);
        }
    }

    private static boolean isTooMuch(Gauge gauge, long used, long growth, long limit) {
        // A single file may be as large as the limit, and its directory takes some more.
        return growth > 0 && used > Math.max(limit + Math.min(SLACK, limit / 16), gauge.tolerated);
    }

    /** Where it may write; shares are no volumes, and the host's. */
    private static Stream<String> volumes(Container container) {
        return container.getMounts().stream()
                .filter(mount -> Boolean.TRUE.equals(mount.getRw()) && mount.getName() != null)
                .map(ContainerMount::getName)
                .filter(name -> !name.isEmpty());
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static long after(double seconds) {
        return System.nanoTime() + (long) (seconds * 1e9);
    }
}
