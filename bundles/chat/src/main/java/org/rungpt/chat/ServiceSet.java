package org.rungpt.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The services of one kind that are there now, the best first; they come and go at any time. Any thread. */
final class ServiceSet<T> {
    private record Entry<T>(T service, int ranking, long id) {}

    private final Runnable arrived;
    private final List<Entry<T>> entries = new ArrayList<>();
    private volatile List<T> services = List.of();
    private volatile boolean closed;
    private volatile long latestArrival;

    /** @param arrived called after each arrival, on the thread that brought the service */
    ServiceSet(Runnable arrived) {
        this.arrived = arrived;
    }

    void add(T service, Map<String, Object> properties) {
        int ranking = properties.get("service.ranking") instanceof Integer rank ? rank : 0;
        long id = properties.get("service.id") instanceof Long number ? number : Long.MAX_VALUE;
        synchronized (this) {
            entries.add(new Entry<>(service, ranking, id));
            entries.sort(
                    Comparator.<Entry<T>>comparingInt(Entry::ranking).reversed().thenComparingLong(Entry::id));
            latestArrival = System.nanoTime();
            publish();
        }
        arrived.run();
    }

    synchronized void remove(T service) {
        entries.removeIf(entry -> entry.service() == service);
        publish();
    }

    private void publish() {
        services = entries.stream().map(Entry::service).toList();
        notifyAll();
    }

    List<T> all() {
        return services;
    }

    Optional<T> first() {
        return otherThan(null);
    }

    /** The best one that is not {@code gone}: a service that said that it goes may be registered a moment longer. */
    Optional<T> otherThan(@Nullable T gone) {
        return services.stream().filter(service -> service != gone).findFirst();
    }

    /** Waits until there is one other than {@code gone}. @return empty if the time was up or the waiting was ended */
    Optional<T> await(@Nullable T gone, Duration patience) {
        return await(service -> service != gone, patience);
    }

    /** Waits until there is one that fits. @return empty if the time was up or the waiting was ended */
    synchronized Optional<T> await(Predicate<T> fits, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            Optional<T> found = services.stream().filter(fits).findFirst();
            long left = deadline - System.nanoTime();
            if (found.isPresent() || closed || left <= 0) {
                return found;
            }
            try {
                wait(left / 1_000_000 + 1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        }
    }

    /** Whether one came so recently that it may not have found its feet yet. */
    boolean hasNewcomer(Duration within) {
        return !services.isEmpty() && System.nanoTime() - latestArrival < within.toNanos();
    }

    boolean isClosed() {
        return closed;
    }

    /** Nobody waits any more. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
