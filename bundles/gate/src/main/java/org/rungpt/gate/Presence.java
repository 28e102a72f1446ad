package org.rungpt.gate;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.service.servlet.runtime.dto.RequestInfoDTO;

/** Whether somebody answers at an address. While a bundle is replaced, requests wait for its successor: not long and not many. */
final class Presence {
    private static final long STEP_MILLIS = 20;

    private final Semaphore places;
    private final Duration longest;

    Presence(int mostWaiting, Duration longest) {
        this.places = new Semaphore(mostWaiting);
        this.longest = longest;
    }

    /** True if somebody is there, now or soon. */
    boolean await(@Nullable HttpServiceRuntime runtime, String path, boolean api) {
        if (isThere(runtime, path, api)) {
            return true;
        }
        if (!places.tryAcquire()) {
            return false;
        }
        try {
            long end = System.nanoTime() + longest.toNanos();
            while (System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
                if (isThere(runtime, path, api)) {
                    return true;
                }
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            places.release();
        }
    }

    static boolean isThere(@Nullable HttpServiceRuntime runtime, String path, boolean api) {
        if (runtime == null) {
            return true;
        }
        RequestInfoDTO found = runtime.calculateRequestInfoDTO(path.isEmpty() ? "/" : path);
        if (!api) {
            return found.servletDTO != null || found.resourceDTO != null;
        }
        // A page for all addresses is no answer to a program.
        if (found.servletDTO != null && found.servletDTO.patterns != null) {
            for (String pattern : found.servletDTO.patterns) {
                if (pattern.startsWith("/api") || pattern.startsWith("/v1")) {
                    return true;
                }
            }
        }
        return false;
    }
}
