package org.rungpt.shell;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;

/** Looks into the registry, which may be away. */
final class Found {
    private Found() {}

    static Optional<InstalledAction> action(@Nullable ActionRegistry registry, ActionId id) {
        return registry == null
                ? Optional.empty()
                : registry.actions().stream()
                        .filter(action -> action.id().equals(id))
                        .findFirst();
    }

    static Optional<ActionRegistry.Rejection> rejection(@Nullable ActionRegistry registry, ActionId id) {
        return registry == null
                ? Optional.empty()
                : registry.rejections().stream()
                        .filter(rejection -> rejection.files().id().equals(id))
                        .findFirst();
    }
}
