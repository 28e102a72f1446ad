package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxContributor;
import org.rungpt.api.runner.SandboxContributor.Contribution;
import org.rungpt.api.runner.SandboxContributor.NewSandbox;
import org.rungpt.api.status.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everybody who adds to sandboxes. Who adds what is not allowed, hangs or fails is left out and named; the others are heard. Any thread. */
final class Contributors {
    private static final Logger LOG = LoggerFactory.getLogger(Contributors.class);
    private static final long PATIENCE_SECONDS = 2;

    private final List<SandboxContributor> all = new CopyOnWriteArrayList<>();
    /** Why somebody was left out the last time. */
    private final Map<SandboxContributor, String> refused = new ConcurrentHashMap<>();

    private volatile Runnable changed = () -> {};

    void add(SandboxContributor contributor) {
        all.add(contributor);
        changed.run();
    }

    void remove(SandboxContributor contributor) {
        all.remove(contributor);
        refused.remove(contributor);
        changed.run();
    }

    /** @param listener hears that sandboxes would be made otherwise now; at once, must not block */
    void onChange(Runnable listener) {
        changed = listener;
    }

    /** What a sandbox gets now. Blocking, for seconds at most. */
    Contributed forSandbox(Purpose purpose, List<CheckedShare> granted, String user, ShareRules shares, Executor work) {
        if (all.isEmpty()) {
            return Contributed.NOTHING;
        }
        ContributionRules rules = new ContributionRules(shares);
        String action = purpose.action();
        NewSandbox sandbox = new NewSandbox(action == null ? null : new ActionId(action), user);
        Contributed sum = Contributed.NOTHING;
        List<String> heard = new ArrayList<>();
        for (SandboxContributor contributor : all) {
            try {
                String id = contributor.id();
                ContributionRules.checkId(id);
                if (heard.contains(id)) {
                    throw new RunnerException(RunnerException.Kind.GRANT, "another contributor has the same id");
                }
                heard.add(id);
                sum = sum.and(rules.check(ask(contributor, sandbox, work), sandbox, granted, sum));
                refused.remove(contributor);
            } catch (RunnerException e) {
                refuse(contributor, String.valueOf(e.getMessage()));
            } catch (RejectedExecutionException e) {
                return sum; // the runner goes
            } catch (RuntimeException | LinkageError e) {
                refuse(contributor, "it failed: " + EngineFailures.line(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return sum;
            }
        }
        return sum;
    }

    private static Contribution ask(SandboxContributor contributor, NewSandbox sandbox, Executor work)
            throws InterruptedException, RunnerException {
        FutureTask<@Nullable Contribution> asking = new FutureTask<>(() -> contributor.contribute(sandbox));
        work.execute(asking);
        String why;
        try {
            Contribution answer = asking.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (answer != null) {
                return answer;
            }
            why = "it answered null";
        } catch (ExecutionException e) {
            why = "it failed: " + EngineFailures.line(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            asking.cancel(true);
            why = "it did not answer within " + PATIENCE_SECONDS + " s";
        }
        throw new RunnerException(RunnerException.Kind.GRANT, why);
    }

    private void refuse(SandboxContributor contributor, String why) {
        String line = EngineFailures.oneLine(why, 300).replaceAll("\\.$", "");
        // Said once, not for each sandbox.
        if (!line.equals(refused.put(contributor, line))) {
            LOG.warn("Sandboxes are made without what {} adds: {}", name(contributor), line);
        }
    }

    private static String name(SandboxContributor contributor) {
        String type = contributor.getClass().getName();
        try {
            return EngineFailures.oneLine(contributor.id(), 40) + " (" + type + ")";
        } catch (RuntimeException | LinkageError e) {
            return type;
        }
    }

    /** Who was left out the last time and why, one line each. */
    List<String> problems() {
        List<String> lines = new ArrayList<>();
        refused.forEach((contributor, why) -> lines.add(name(contributor) + " adds: " + why));
        lines.sort(null);
        return lines;
    }

    Readiness readiness() {
        List<String> problems = problems();
        if (!problems.isEmpty()) {
            return Readiness.unready(
                    "Sandboxes are made without what " + String.join("; and without what ", problems) + ".",
                    "Correct its configuration or remove its bundle; the next sandbox asks it again.");
        }
        List<String> names = all.stream().map(Contributors::name).sorted().toList();
        return Readiness.ready(
                names.isEmpty()
                        ? "Nobody adds to sandboxes."
                        : "Sandboxes get more from " + String.join(", ", names) + ".");
    }
}
