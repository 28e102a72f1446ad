package org.rungpt.gate;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.service.servlet.runtime.dto.RequestInfoDTO;

/** Whether somebody answers at an address. While a bundle is replaced, requests wait for its successor: not long and not many. */
final class Presence {
    /** That nobody answers. */
    static final long NOBODY = 0;

    private static final long STEP_MILLIS = 20;

    private final Semaphore places;
    private final Duration longest;

    Presence(int mostWaiting, Duration longest) {
        this.places = new Semaphore(mostWaiting);
        this.longest = longest;
    }

    /** Who answers there, now or soon; {@link #NOBODY} if nobody does. */
    long await(Supplier<@Nullable HttpServiceRuntime> runtime, String path, boolean api) {
        long there = whoIsThere(runtime.get(), path, api);
        if (there != NOBODY || !places.tryAcquire()) {
            return there;
        }
        try {
            long end = System.nanoTime() + longest.toNanos();
            while (there == NOBODY && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
                there = whoIsThere(runtime.get(), path, api);
            }
            return there;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NOBODY;
        } finally {
            places.release();
        }
    }

    /**
     * The id of the service that answers there: a successor has another one.
     *
     * @param runtime null while the server is being started: nobody is there yet
     */
    static long whoIsThere(@Nullable HttpServiceRuntime runtime, String path, boolean api) {
        if (runtime == null) {
            return NOBODY;
        }
        RequestInfoDTO found = runtime.calculateRequestInfoDTO(path.isEmpty() ? "/" : path);
        if (found.servletDTO != null && (!api || isForPrograms(found.servletDTO.patterns))) {
            return found.servletDTO.serviceId;
        }
        return !api && found.resourceDTO != null ? found.resourceDTO.serviceId : NOBODY;
    }

    /** A page for all addresses is no answer to a program. */
    private static boolean isForPrograms(String @Nullable [] patterns) {
        return patterns != null
                && Arrays.stream(patterns).anyMatch(pattern -> pattern.startsWith("/api") || pattern.startsWith("/v1"));
    }
}
