package org.rungpt.web;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Holds a service that may be away while its bundle is replaced. Of several, the one that came last serves. */
final class ServiceSlot<T> {
    /** How long a request waits for a service to come back. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrival = lock.newCondition();
    private final List<T> services = new ArrayList<>();
    private final String title;

    ServiceSlot(String title) {
        this.title = title;
    }

    void bind(T service) {
        lock.lock();
        try {
            services.add(service);
            arrival.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void unbind(T service) {
        lock.lock();
        try {
            services.remove(service);
        } finally {
            lock.unlock();
        }
    }

    /** The service now, or null. */
    @Nullable
    T now() {
        lock.lock();
        try {
            return services.isEmpty() ? null : services.get(services.size() - 1);
        } finally {
            lock.unlock();
        }
    }

    /** The service, waiting briefly for it to come back. */
    T get() throws ApiException {
        lock.lock();
        try {
            long left = PATIENCE.toNanos();
            while (services.isEmpty() && left > 0) {
                left = arrival.awaitNanos(left);
            }
            if (services.isEmpty()) {
                throw ApiException.unavailable(title + " is away; it may be being replaced.");
            }
            return services.get(services.size() - 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("The server is stopping.");
        } finally {
            lock.unlock();
        }
    }
}
