package org.rungpt.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;

/**
 * What was granted and decided for all conversations: settings. Any thread; one changes at a time, because each change is made of what was
 * there before.
 */
final class PermissionBook {
    private static final String ALLOWED = "policy/allow/";
    private static final String RULES = "policy/rules";
    private static final String GRANTS = "grants";
    /** A store that is being replaced is back in a moment. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Services services;

    PermissionBook(Services services) {
        this.services = services;
    }

    private Settings settings() throws StoreException {
        Optional<Settings> settings = services.settings.await((Settings) null, PATIENCE);
        if (settings.isEmpty()) {
            throw new StoreException(StoreException.Kind.UNAVAILABLE, "the settings are away: try again in a moment");
        }
        return settings.get();
    }

    GrantSet grants() throws StoreException {
        Optional<String> json = settings().get(GRANTS);
        return json.isEmpty() ? GrantSet.NONE : read(() -> PermissionsJson.grants(Json.object(json.get())));
    }

    synchronized void setGrants(GrantSet grants) throws StoreException {
        settings().put(GRANTS, PermissionsJson.write(grants).toString());
    }

    Policy policy() throws StoreException {
        Settings settings = settings();
        Optional<String> json = settings.get(RULES);
        Policy rules = json.isEmpty() ? Policy.NONE : read(() -> PermissionsJson.policy(Json.object(json.get())));
        var approvals = new ArrayList<String>();
        for (String key : settings.withPrefix(ALLOWED).keySet()) {
            if (key.startsWith(ALLOWED)) {
                approvals.add(key.substring(ALLOWED.length()));
            }
        }
        return new Policy(rules.mode(), rules.rules(), approvals);
    }

    /** Sets mode and rules, and takes back the approvals that are left out. */
    synchronized void setPolicy(Policy policy) throws StoreException {
        Settings settings = settings();
        settings.put(RULES, PermissionsJson.write(policy, false).toString());
        for (String approval : policy().approvals()) {
            if (!policy.approvals().contains(approval)) {
                settings.remove(ALLOWED + approval);
            }
        }
    }

    /** Remembers an approval for ever, with what was granted by it. */
    synchronized void allowAlways(String key, ActionId action, String contentHash, Access grant) throws StoreException {
        if (!grant.isEmpty()) {
            setGrants(grants().with(action, contentHash, grant));
        }
        settings().put(ALLOWED + key, "true");
    }

    private interface Reader<T> {
        T read();
    }

    private static <T> T read(Reader<T> reader) throws StoreException {
        try {
            return reader.read();
        } catch (RuntimeException e) {
            throw new StoreException(StoreException.Kind.BROKEN, "the stored permissions cannot be read: " + e, e);
        }
    }

    /** What all conversations together with one of them grant to the sandbox of an action. */
    static Access access(List<GrantSet> sets, boolean builtIn, ActionId action, String contentHash) {
        Access all = Access.NONE;
        for (GrantSet set : sets) {
            all = all.and(builtIn ? set.workspace() : set.of(action, contentHash));
        }
        return all;
    }
}
