package org.rungpt.chat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;

/** The start of the platform: over when the start level is above that of every installed bundle. */
final class PlatformStart {
    private final BundleContext context;
    private final Runnable then;
    private final FrameworkListener listener = event -> look();
    private final AtomicBoolean told = new AtomicBoolean();

    private PlatformStart(BundleContext context, Runnable then) {
        this.context = context;
        this.then = then;
    }

    /** Runs something once, when the start is over; at once if it is. On any thread. */
    static void after(BundleContext context, Runnable then) {
        var start = new PlatformStart(context, then);
        context.addFrameworkListener(start.listener); // it goes with the bundle
        start.look();
    }

    private void look() {
        if (isOver() && told.compareAndSet(false, true)) {
            context.removeFrameworkListener(listener);
            then.run();
        }
    }

    private boolean isOver() {
        int reached = context.getBundle(Constants.SYSTEM_BUNDLE_ID)
                .adapt(FrameworkStartLevel.class)
                .getStartLevel();
        for (Bundle bundle : context.getBundles()) {
            // While the bundles of a level are started, that level is the one that is told.
            if (bundle.getBundleId() != Constants.SYSTEM_BUNDLE_ID
                    && bundle.adapt(BundleStartLevel.class).getStartLevel() >= reached) {
                return false;
            }
        }
        return true;
    }
}
