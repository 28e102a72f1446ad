package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/**
 * Starts what a call needs beside its sandbox before it runs, and ends what is for this call only. Sidecars of a call would be in each
 * other's way on the same port: calls that have some run one after the other. Blocking.
 */
final class SidecarWork {
    private final Sidecars sidecars;
    private final Sandbox sandbox;
    /** Held while a call with sidecars of its own runs. */
    private final Semaphore turn = new Semaphore(1, true);

    private final Map<String, List<String>> ofCalls = new HashMap<>();
    private final Set<String> endedBefore = new HashSet<>();
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    SidecarWork(Sidecars sidecars, Sandbox sandbox) {
        this.sidecars = sidecars;
        this.sandbox = sandbox;
    }

    static boolean isNeededBy(RunningCall call) {
        CallSpec spec = call.spec();
        return spec != null && !asked(spec).isEmpty();
    }

    private static List<SidecarSpec> asked(CallSpec spec) {
        return spec.task().action().files().builtIn()
                ? List.of()
                : spec.task().action().manifest().sidecars().stream()
                        .map(SidecarSpec::of)
                        .toList();
    }

    private static boolean hasOwn(RunningCall call) {
        CallSpec spec = call.spec();
        return spec != null && asked(spec).stream().anyMatch(one -> one.scope() == SidecarSpec.Scope.CALL);
    }

    void before(RunningCall call) throws RunnerException {
        List<SidecarSpec> all = asked(Objects.requireNonNull(call.spec()));
        if (hasOwn(call)) {
            takeTurn(call);
        }
        for (SidecarSpec spec : all) {
            if (call.isDone() || sandbox.isGone()) {
                return;
            }
            start(call, spec);
        }
    }

    private void takeTurn(RunningCall call) throws RunnerException {
        try {
            if (!turn.tryAcquire()) {
                call.progress("waiting for another call of this action to end");
                turn.acquire();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.DETACHED, "the runner went before the call began", e);
        }
        synchronized (this) {
            if (!endedBefore.remove(call.call())) {
                ofCalls.put(call.call(), List.of());
                return;
            }
        }
        turn.release();
        throw new RunnerException(Kind.SANDBOX, "the call was cancelled before it began");
    }

    /** A predecessor's call may have left one of that name; if no other call runs here, nobody needs it. */
    private void removeLeftOver(String name) {
        if (sandbox.runningCalls() <= 1) {
            sidecars.running(sandbox.id(), name).ifPresent(found -> remove(found.container()));
        }
    }

    private void start(RunningCall call, SidecarSpec spec) throws RunnerException {
        if (spec.scope() == SidecarSpec.Scope.SANDBOX) {
            synchronized (sidecars(spec.name())) {
                if (sidecars.running(sandbox.id(), spec.name()).isEmpty()) {
                    sidecars.start(sandbox, spec, call::isDone, call::progress);
                }
            }
            return;
        }
        removeLeftOver(spec.name());
        String container = sidecars.start(sandbox, spec, call::isDone, call::progress);
        if (!give(call, container)) {
            // The call has ended meanwhile, and what was its own with it.
            remove(container);
        }
    }

    private synchronized boolean give(RunningCall call, String container) {
        return ofCalls.computeIfPresent(call.call(), (id, before) -> {
                    List<String> more = new ArrayList<>(before);
                    more.add(container);
                    return more;
                })
                != null;
    }

    private void remove(String container) {
        try {
            sidecars.remove(container);
        } finally {
            sandbox.sidecars().remove(container);
        }
    }

    /** Two calls do not start the same one. */
    private Object sidecars(String name) {
        return locks.computeIfAbsent(name, key -> new Object());
    }

    /** The call has ended, or never began. */
    void after(RunningCall call) {
        List<String> its;
        synchronized (this) {
            its = ofCalls.remove(call.call());
            if (its == null) {
                if (hasOwn(call)) {
                    endedBefore.add(call.call());
                }
                return;
            }
        }
        try {
            its.forEach(this::remove);
        } finally {
            turn.release();
        }
    }
}
