package org.rungpt.chat;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all conversations may spend: a setting, remembered because every step asks for it. Any thread. */
final class BudgetBook {
    private static final Logger LOG = LoggerFactory.getLogger(BudgetBook.class);
    private static final String KEY = "budgets";

    private record Known(Settings from, Budgets budgets) {}

    private final Services services;
    private volatile @Nullable Known known;

    BudgetBook(Services services) {
        this.services = services;
    }

    Budgets budgets() throws StoreException {
        return read(settings());
    }

    /** The same without waiting for anything: while the settings are away, what was known last. */
    Budgets current() {
        Known before = known;
        Settings now = services.settings.first().orElse(null);
        if (now == null || (before != null && before.from == now)) {
            return before == null ? Budgets.NONE : before.budgets;
        }
        try {
            return read(now);
        } catch (StoreException e) {
            LOG.debug("The budgets are not known now: {}", e.getMessage());
            return before == null ? Budgets.NONE : before.budgets;
        }
    }

    synchronized void set(Budgets budgets) throws StoreException {
        Settings settings = settings();
        settings.put(KEY, BudgetsJson.write(budgets).toString());
        known = new Known(settings, budgets);
    }

    private synchronized Budgets read(Settings settings) throws StoreException {
        Optional<String> json = settings.get(KEY);
        Budgets budgets;
        try {
            budgets = json.isEmpty() ? Budgets.NONE : BudgetsJson.read(Json.object(json.get()));
        } catch (RuntimeException e) {
            throw new StoreException(StoreException.Kind.BROKEN, "the stored budgets cannot be read: " + e, e);
        }
        known = new Known(settings, budgets);
        return budgets;
    }

    private Settings settings() throws StoreException {
        return services.settings
                .await((Settings) null, PermissionBook.PATIENCE)
                .orElseThrow(() -> new StoreException(
                        StoreException.Kind.UNAVAILABLE, "the settings are away: try again in a moment"));
    }
}
