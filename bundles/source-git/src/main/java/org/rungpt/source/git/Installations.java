package org.rungpt.source.git;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionInstaller.Progress;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.Manifest;
import org.rungpt.files.Directories;

/** What is installed, and how that changes: one change at a time, each by replacing the lock. */
final class Installations {
    private final Folder folder;
    private final Lock lock;
    private final BaseUrl base;
    private final Limits limits;
    private final Checks checks;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final ReentrantLock changing = new ReentrantLock();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private volatile SortedMap<ActionId, Lock.Entry> entries;
    private volatile boolean stopped;

    /** @throws IOException if the folder cannot be used or its lock is damaged */
    Installations(Path data, BaseUrl base, Limits limits, Checks checks, Instant processStart) throws IOException {
        this.folder = new Folder(data.resolve("actions"));
        this.lock = new Lock(folder.lockFile());
        this.base = base;
        this.limits = limits;
        this.checks = checks;
        this.entries = lock.read();
        folder.sweep(directories(), processStart);
    }

    private Set<Path> directories() {
        Set<Path> all = new HashSet<>();
        for (Lock.Entry entry : entries.values()) {
            all.add(folder.directory(entry.id(), entry.current().commit()));
            Lock.Version previous = entry.previous();
            if (previous != null) {
                all.add(folder.directory(entry.id(), previous.commit()));
            }
        }
        return all;
    }

    /** Cancels what is under way; nothing new begins. */
    void stop() {
        stopped = true;
    }

    List<ActionPackage> packages() {
        return entries.values().stream().map(this::files).toList();
    }

    private ActionPackage files(Lock.Entry entry) {
        Lock.Version current = entry.current();
        return new ActionPackage(
                entry.id(),
                current.label(),
                current.commit(),
                folder.directory(entry.id(), current.commit()),
                current.contentHash(),
                false,
                entry.alias());
    }

    Runnable onChange(Runnable changed) {
        Runnable own = changed::run;
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    /** A change that waits for its turn. */
    private interface Change<T> {
        T make() throws ActionException, IOException;
    }

    private <T> T alone(ActionId id, Change<T> change) throws ActionException {
        try {
            changing.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ActionException(id + ": cancelled; nothing has changed", e);
        }
        try {
            return change.make();
        } catch (ActionException e) {
            throw new ActionException(id + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ActionException(
                    stopped || Thread.currentThread().isInterrupted()
                            ? id + ": cancelled; nothing has changed"
                            : id + ": the files cannot be written: "
                                    + Texts.printable(String.valueOf(e.getMessage()), 200),
                    e);
        } finally {
            changing.unlock();
        }
    }

    ActionPackage install(ActionReference reference, Progress progress) throws ActionException {
        return alone(reference.id(), () -> bring(plain(reference.id()), reference.version(), progress));
    }

    ActionPackage update(ActionId id, Progress progress) throws ActionException {
        return alone(id, () -> bring(id, installed(id).requested(), progress));
    }

    void uninstall(ActionId id) throws ActionException {
        alone(id, () -> {
            Lock.Entry entry = installed(id);
            SortedMap<ActionId, Lock.Entry> next = new TreeMap<>(entries);
            next.remove(id);
            publish(next);
            folder.remove(folder.directory(id, entry.current().commit()));
            Lock.Version previous = entry.previous();
            if (previous != null) {
                folder.remove(folder.directory(id, previous.commit()));
            }
            return entry;
        });
    }

    private Lock.Entry installed(ActionId id) throws ActionException {
        Lock.Entry entry = entries.get(id);
        if (entry == null) {
            throw new ActionException(
                    "is not installed; installed are " + (entries.isEmpty() ? "none" : entries.keySet()));
        }
        return entry;
    }

    /** {@code owner/repo.git} is the same repository. */
    private ActionId plain(ActionId id) throws ActionException {
        String repository = id.repository();
        ActionId plain = repository.endsWith(".git")
                ? new ActionId(repository.substring(0, repository.length() - 4)
                        + id.value().substring(repository.length()))
                : id;
        for (ActionId other : entries.keySet()) {
            if (!other.equals(plain) && other.value().equalsIgnoreCase(plain.value())) {
                throw new ActionException("is installed as " + other + ": write it so");
            }
        }
        return plain;
    }

    private ActionPackage bring(ActionId id, @Nullable String requested, Progress progress)
            throws ActionException, IOException {
        checks.ensureReady();
        var job = new Job(progress, () -> stopped, limits);
        Path work = folder.newWork();
        try {
            Lock.Entry existing = entries.get(id);
            Path files = work.resolve("files");
            Lock.Version version;
            try (var remote = new Remote(client, base.repository(id), work.resolve("git"), job, limits)) {
                job.step("asking " + base.uri().getHost());
                Versions.Found found = remote.find(requested);
                if (existing != null && isCurrent(existing, found)) {
                    return keep(existing, requested, found.label());
                }
                job.step("fetching " + found.label());
                version = new Checkout(remote.repository(), limits, job)
                        .write(remote.fetch(found), id, found.label(), files);
            }
            job.step("checking");
            Manifest manifest = checks.manifest(files, found(id, version));
            String alias = existing == null ? manifest.name() : existing.alias();
            checks.alias(alias, id, entries.values());
            job.check();
            folder.adopt(files, version.contentHash(), folder.directory(id, version.commit()));
            var entry = new Lock.Entry(
                    id,
                    requested,
                    version,
                    previous(existing, version),
                    sha256(folder.directory(id, version.commit()).resolve("manifest.json")),
                    alias,
                    Instant.now());
            put(entry);
            job.step("installed " + version.label());
            return files(entry);
        } finally {
            Directories.delete(work);
        }
    }

    private static String found(ActionId id, Lock.Version version) {
        return id + "@" + version.label();
    }

    private boolean isCurrent(Lock.Entry existing, Versions.Found found) {
        return found.known().name().equals(existing.current().commit())
                && Files.isDirectory(
                        folder.directory(existing.id(), existing.current().commit()));
    }

    private ActionPackage keep(Lock.Entry existing, @Nullable String requested, String label) throws IOException {
        Lock.Version current = existing.current();
        if (Objects.equals(existing.requested(), requested) && current.label().equals(label)) {
            return files(existing);
        }
        var entry = new Lock.Entry(
                existing.id(),
                requested,
                new Lock.Version(label, current.commit(), current.contentHash()),
                existing.previous(),
                existing.definitionHash(),
                existing.alias(),
                existing.installed());
        put(entry);
        return files(entry);
    }

    private static Lock.@Nullable Version previous(Lock.@Nullable Entry existing, Lock.Version version) {
        if (existing == null) {
            return null;
        }
        return existing.current().commit().equals(version.commit()) ? existing.previous() : existing.current();
    }

    private void put(Lock.Entry entry) throws IOException {
        SortedMap<ActionId, Lock.Entry> next = new TreeMap<>(entries);
        next.put(entry.id(), entry);
        publish(next);
    }

    private void publish(SortedMap<ActionId, Lock.Entry> next) throws IOException {
        lock.write(next);
        entries = next;
        listeners.forEach(Runnable::run);
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
