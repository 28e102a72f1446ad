package org.rungpt.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;

/** Which calls may run and which have to be approved: built-in tasks are free, a third party's are asked for once a version. */
final class Policy {
    private static final String ALLOWED = "policy/allow/";
    /** A store that is being replaced is back in a moment; if it is not, the user is asked. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Services services;

    Policy(Services services) {
        this.services = services;
    }

    /** What an approval beyond once is bound to: this task of exactly these files. */
    static String key(CallState call) {
        return call.action + "@" + call.contentHash + "/" + call.task.substring(call.task.indexOf('.') + 1);
    }

    /** Why somebody has to approve the call; empty if it may run. */
    List<String> reasons(CallState call, InstalledTask task, ConversationState state) {
        if (task.action().files().builtIn() || state.isGranted(key(call)) || isAllowedAlways(key(call))) {
            return List.of();
        }
        Manifest manifest = task.action().manifest();
        var reasons = new ArrayList<String>();
        reasons.add("%s of %s %s comes from a third party and was not used before."
                .formatted(
                        task.name(), task.action().id(), task.action().files().version()));
        if (task.task().effects() == Effects.DESTRUCTIVE) {
            reasons.add("It says that it may destroy what cannot be brought back.");
        }
        if (manifest.workspace()) {
            reasons.add("It asks to see and change the files of this conversation.");
        }
        if (!manifest.network().isEmpty()) {
            reasons.add("It asks to reach " + String.join(", ", manifest.network()) + ".");
        }
        for (Manifest.Secret secret : manifest.secrets()) {
            reasons.add("It asks for the secret " + secret.name() + ".");
        }
        for (Manifest.Share share : manifest.shares()) {
            reasons.add("It asks to " + (share.writable() ? "read and write" : "read") + " the share " + share.name()
                    + ".");
        }
        for (Manifest.Sidecar sidecar : manifest.sidecars()) {
            reasons.add("It asks for a further container, " + sidecar.image() + ".");
        }
        return List.copyOf(reasons);
    }

    private boolean isAllowedAlways(String key) {
        Optional<Settings> settings = services.settings.await((Settings) null, PATIENCE);
        try {
            return settings.isPresent() && settings.get().get(ALLOWED + key).isPresent();
        } catch (StoreException | RuntimeException e) {
            // Who cannot be asked has allowed nothing.
            return false;
        }
    }

    /** Remembers an approval for ever. */
    void allowAlways(CallState call) throws StoreException {
        Optional<Settings> settings = services.settings.await((Settings) null, PATIENCE);
        if (settings.isEmpty()) {
            throw new StoreException(StoreException.Kind.UNAVAILABLE, "the settings are away: try again in a moment");
        }
        settings.get().put(ALLOWED + key(call), "true");
    }
}
