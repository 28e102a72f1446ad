package org.rungpt.chat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.chat.Access;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.secret.ActionSecrets;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.store.StoreException;

/** Makes of what was granted what a runner is given for one call, with the values of secrets. Any thread. */
final class Granting {
    /** A store that is being replaced is back in a moment. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Services services;
    private final PermissionBook book;

    Granting(Services services, PermissionBook book) {
        this.services = services;
        this.book = book;
    }

    /** Something that was granted cannot be given now; the message is one line with what helps. */
    static final class Missing extends Exception {
        private static final long serialVersionUID = 1;

        Missing(String message) {
            super(message);
        }
    }

    Grants of(CallState call, InstalledAction action, ConversationState state) throws Missing {
        boolean builtIn = action.files().builtIn();
        Access access;
        try {
            access = PermissionBook.access(
                    List.of(book.grants(), state.granted()),
                    builtIn,
                    action.id(),
                    action.files().contentHash());
        } catch (StoreException | RuntimeException e) {
            throw new Missing("What is granted cannot be read now, so the call did not run: " + e.getMessage());
        }
        access = access.and(call.grant);
        List<String> names = access.secrets();
        List<Manifest.Secret> given = action.manifest().secrets().stream()
                .filter(secret -> names.contains(secret.name()))
                .toList();
        List<String> hosts =
                given.stream().flatMap(secret -> secret.hosts().stream()).toList();
        return new Grants(
                hosts.isEmpty() ? access.network() : SecretHosts.within(access.network(), hosts),
                access.shares(),
                values(action, given),
                !builtIn && access.workspace());
    }

    private Map<String, String> values(InstalledAction action, List<Manifest.Secret> secrets) throws Missing {
        var values = new HashMap<String, String>();
        for (Manifest.Secret secret : secrets) {
            values.put(secret.env(), value(action, secret.name()));
        }
        return values;
    }

    private String value(InstalledAction action, String name) throws Missing {
        Optional<SecretStore> store = services.secrets.await((SecretStore) null, PATIENCE);
        if (store.isEmpty()) {
            throw new Missing(
                    "No store for secrets is there: start the bundle org.rungpt.secrets. The call did not run.");
        }
        try {
            return store.get()
                    .get(ActionSecrets.key(action.id(), name))
                    .orElseThrow(() -> new Missing("The secret " + name + " of " + action.id()
                            + " is not set, so the call did not run: set it, then make the call again."));
        } catch (SecretException | RuntimeException e) {
            throw new Missing("The secret " + name + " of " + action.id() + " cannot be read, so the call did not run: "
                    + e.getMessage());
        }
    }
}
