package org.rungpt.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.ActionSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.ManifestReader;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges what every source offers. A change only raises a number; manifests are read behind it, and whoever asks meanwhile gets the
 * new state, not the old one. Only packages that are new or changed are read.
 */
@Component(service = {ActionRegistry.class, StatusSource.class})
public final class MergedRegistry implements ActionRegistry, StatusSource {
    private static final Logger LOG = LoggerFactory.getLogger(MergedRegistry.class);

    private final ManifestReader reader;
    private final Map<ActionSource, ActionSource.Subscription> sources = new ConcurrentHashMap<>();
    private final AtomicLong wanted = new AtomicLong();
    private final Object building = new Object();
    private final ExecutorService background = Executors.newSingleThreadExecutor(task -> daemon(task));

    private volatile State state = new State(0, Snapshot.EMPTY);
    private Map<ActionPackage, ManifestReader.Result> known = Map.of();

    /** A snapshot and the change it stands for. */
    private record State(long change, Snapshot snapshot) {}

    @Activate
    public MergedRegistry(@Reference ManifestReader reader) {
        this.reader = reader;
    }

    private static Thread daemon(Runnable task) {
        var thread = new Thread(task, "rungpt-registry");
        thread.setDaemon(true);
        return thread;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addSource(ActionSource source) {
        sources.put(source, source.onChange(this::changed));
        changed();
    }

    void removeSource(ActionSource source) {
        ActionSource.Subscription subscription = sources.remove(source);
        if (subscription != null) {
            subscription.close();
        }
        changed();
    }

    @Deactivate
    void stop() {
        sources.values().forEach(ActionSource.Subscription::close);
        background.shutdownNow();
    }

    private void changed() {
        wanted.incrementAndGet();
        try {
            background.execute(this::snapshot);
        } catch (RejectedExecutionException e) {
            // Stopping: nobody asks any more.
        }
    }

    private Snapshot snapshot() {
        State current = state;
        if (current.change() == wanted.get()) {
            return current.snapshot();
        }
        synchronized (building) {
            long change = wanted.get();
            if (state.change() != change) {
                state = new State(change, build());
            }
            return state.snapshot();
        }
    }

    private Snapshot build() {
        Map<ActionPackage, ManifestReader.Result> now = new HashMap<>();
        List<Snapshot.Checked> checked = new ArrayList<>();
        for (ActionSource source : sources.keySet()) {
            for (ActionPackage files : packages(source)) {
                ManifestReader.Result result = known.get(files);
                if (result == null) {
                    result = reader.read(files.directory());
                    logProblems(source, files, result);
                }
                now.put(files, result);
                checked.add(new Snapshot.Checked(files, result));
            }
        }
        known = now;
        return Snapshot.of(checked);
    }

    private static List<ActionPackage> packages(ActionSource source) {
        try {
            return source.packages();
        } catch (RuntimeException e) {
            LOG.warn(
                    "The action source {} cannot say what it offers: {}",
                    source.getClass().getName(),
                    e.toString());
            return List.of();
        }
    }

    private static void logProblems(ActionSource source, ActionPackage files, ManifestReader.Result result) {
        if (!result.problems().isEmpty()) {
            LOG.warn("{} from {} cannot be used: {}", files.id(), source.name(), String.join("; ", result.problems()));
        }
    }

    @Override
    public List<InstalledAction> actions() {
        return snapshot().actions();
    }

    @Override
    public Optional<InstalledTask> task(String name) {
        return Optional.ofNullable(snapshot().tasks().get(name));
    }

    @Override
    public List<Rejection> rejections() {
        return snapshot().rejections();
    }

    @Override
    public String id() {
        return "actions";
    }

    @Override
    public String title() {
        return "Actions";
    }

    @Override
    public Readiness readiness() {
        Snapshot now = state.snapshot();
        String count = now.actions().size() == 1 ? "1 action" : now.actions().size() + " actions";
        String tasks = now.tasks().size() == 1 ? "1 task" : now.tasks().size() + " tasks";
        if (now.actions().isEmpty() && now.rejections().isEmpty()) {
            return Readiness.unready("No action is installed", "Install one: rungpt:install OWNER/REPO");
        }
        if (!now.rejections().isEmpty()) {
            Rejection first = now.rejections().get(0);
            return Readiness.ready(
                    count + " with " + tasks + "; " + now.rejections().size() + " cannot be used, the first "
                            + first.files().id() + ": " + first.problems().get(0));
        }
        return Readiness.ready(count + " with " + tasks);
    }
}
