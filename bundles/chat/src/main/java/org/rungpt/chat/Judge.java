package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.secret.ActionSecrets;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.store.StoreException;

/** Says of each call whether it may run: inside its sandbox it is free, at the border somebody is asked, unless rules say otherwise. */
final class Judge {
    /** What is decided. */
    sealed interface Verdict {
        /** It runs, with this beyond what was granted before. */
        record Allow(Access grant) implements Verdict {}

        /** Somebody is asked. */
        record Ask(List<String> reasons, @Nullable ObjectNode needs, List<Decision.Scope> scopes, Set<String> untrusted)
                implements Verdict {}

        /** It does not run. */
        record Deny(String why) implements Verdict {}
    }

    private static final List<Decision.Scope> ALL_SCOPES = List.of(Decision.Scope.values());
    private static final List<Decision.Scope> ONCE = List.of(Decision.Scope.ONCE);
    private static final List<Decision.Scope> HERE = List.of(Decision.Scope.ONCE, Decision.Scope.CONVERSATION);

    /**
     * What of the built-in actions never happens without consent to this very call: an image is a program of somebody else, and no
     * approval of one says anything of another.
     */
    private static final Set<String> EACH_TIME = Set.of("rungpt/containers.start", "rungpt/containers.stop");
    /** What somebody consents to as to an action of a third party: it tells of containers, and starts none. */
    private static final String LIST = "rungpt/containers.list";

    private final Services services;
    final PermissionBook book;

    Judge(Services services) {
        this.services = services;
        this.book = new PermissionBook(services);
    }

    /** What an approval beyond once is bound to: this task of exactly these files. */
    static String key(CallState call) {
        return call.action + "@" + call.contentHash + "/" + call.task.substring(call.task.indexOf('.') + 1);
    }

    Verdict judge(CallState call, InstalledTask task, ConversationState state) {
        Policy everywhere;
        GrantSet always;
        try {
            everywhere = book.policy();
            always = book.grants();
        } catch (StoreException | RuntimeException e) {
            if (call.byUser) {
                return new Verdict.Deny(
                        "The settings cannot be read now, so nobody knows whether this is denied: try again.");
            }
            return unread(call, task, state);
        }
        InstalledAction action = task.action();
        String name = name(task);
        Policy here = state.policy();
        Optional<Verdict> denied = denied(name, Stream.concat(here.rules().stream(), everywhere.rules().stream()));
        if (denied.isPresent()) {
            return denied.get();
        }
        Policy.Effect rule = Stream.concat(here.rules().stream(), everywhere.rules().stream())
                .filter(candidate -> candidate.fits(name))
                .findFirst()
                .map(Policy.Rule::effect)
                .orElse(null);
        Policy.Mode mode =
                here.mode() != null ? here.mode() : everywhere.mode() != null ? everywhere.mode() : Policy.Mode.BORDER;
        String key = key(call);
        Set<String> seen = state.approved(key);
        boolean approved = seen != null || everywhere.approvals().contains(key);
        Access granted = PermissionBook.access(
                List.of(always, state.granted()),
                action.files().builtIn(),
                action.id(),
                action.files().contentHash());
        Needs missing = Needs.of(action).without(granted);
        Set<String> untrusted = new TreeSet<>(state.untrusted());
        if (seen != null) {
            untrusted.removeAll(seen);
        }
        if (call.byUser) {
            // Who wrote it consents to it.
            return new Verdict.Allow(missing.access());
        }
        if (EACH_TIME.contains(name)) {
            return new Question(call, task, missing, true).ask(null, ONCE, new TreeSet<>(state.untrusted()));
        }
        var question = new Question(call, task, missing, !approved);
        if (rule == Policy.Effect.ASK) {
            return question.ask("The policy asks about every call of " + name + ".", ONCE, untrusted);
        }
        if (mode == Policy.Mode.ALWAYS && rule == null) {
            return question.ask("The policy asks about every call.", ONCE, untrusted);
        }
        boolean free = mode == Policy.Mode.FULL || rule == Policy.Effect.ALLOW;
        boolean border =
                crosses(task, granted) || !action.files().builtIn() && (free || !approved) && missing.crosses();
        if (mode != Policy.Mode.FULL && border && !untrusted.isEmpty()) {
            return question.ask(null, HERE, untrusted);
        }
        if (free) {
            return missing.shares().isEmpty() || approved
                    ? new Verdict.Allow(missing.access())
                    : question.ask(null, ALL_SCOPES, Set.of());
        }
        boolean asks = !action.files().builtIn() || name.equals(LIST);
        return !asks || approved ? new Verdict.Allow(Access.NONE) : question.ask(null, ALL_SCOPES, Set.of());
    }

    private static String name(InstalledTask task) {
        return task.action().id() + "." + task.task().name();
    }

    private static Optional<Verdict> denied(String name, Stream<Policy.Rule> rules) {
        return rules.filter(rule -> rule.effect() == Policy.Effect.DENY && rule.fits(name))
                .findFirst()
                .map(rule -> new Verdict.Deny("The policy denies " + name + " (rule: deny " + rule.match() + ")."));
    }

    /** The settings cannot be read, so nobody knows what they deny: then nothing runs unasked. */
    private Verdict unread(CallState call, InstalledTask task, ConversationState state) {
        Access granted = PermissionBook.access(
                List.of(state.granted()),
                task.action().files().builtIn(),
                task.action().id(),
                task.action().files().contentHash());
        return denied(name(task), state.policy().rules().stream()).orElseGet(() -> new Question(
                        call, task, Needs.of(task.action()).without(granted), true)
                .ask("The settings cannot be read now, so every call is asked about.", ONCE, state.untrusted()));
    }

    /** Whether what was granted lets the call reach beyond sandboxes. Package mirrors only take orders for packages. */
    private static boolean crosses(InstalledTask task, Access granted) {
        boolean harmless =
                task.action().files().builtIn() && task.task().effects().isHarmless();
        return !harmless
                && (granted.network().stream().anyMatch(host -> !host.equals(Grants.PACKAGE_MIRRORS))
                        || !granted.secrets().isEmpty()
                        || granted.shares().stream().anyMatch(Grants.Share::writable));
    }

    /** What the user is asked about one call. */
    private final class Question {
        private final CallState call;
        private final InstalledTask task;
        private final Needs needs;
        private final boolean first;

        Question(CallState call, InstalledTask task, Needs needs, boolean first) {
            this.call = call;
            this.task = task;
            this.needs = needs;
            this.first = first;
        }

        Verdict ask(@Nullable String because, List<Decision.Scope> scopes, Set<String> untrusted) {
            var reasons = new ArrayList<String>();
            if (because != null) {
                reasons.add(because);
            }
            InstalledAction action = task.action();
            if (first && !action.files().builtIn()) {
                reasons.add("%s of %s %s comes from a third party and was not used before."
                        .formatted(task.name(), action.id(), action.files().version()));
            } else if (EACH_TIME.contains(action.id() + "." + task.task().name())) {
                reasons.add(
                        task.name() + " reaches beyond the sandbox of this conversation: each call is asked about.");
            } else if (LIST.equals(action.id() + "." + task.task().name())) {
                reasons.add(task.name() + " looks beyond the sandbox of this conversation.");
            }
            if (!untrusted.isEmpty()) {
                reasons.add(
                        "This call crosses the border of its sandbox, and untrusted content is in the conversation: "
                                + String.join(", ", untrusted) + ". It may have told the model to make this call.");
            }
            if (task.task().effects() == Effects.DESTRUCTIVE) {
                reasons.add("It says that it may destroy what cannot be brought back.");
            }
            Predicate<Manifest.Secret> isSet = secret -> isSet(action, secret);
            reasons.addAll(needs.sentences(isSet));
            if (Visible.isHidden(call.arguments)) {
                reasons.add("Its arguments hold characters that are invisible or change the direction of writing.");
            }
            return new Verdict.Ask(List.copyOf(reasons), needs.isEmpty() ? null : needs.json(isSet), scopes, untrusted);
        }
    }

    private boolean isSet(InstalledAction action, Manifest.Secret secret) {
        try {
            Optional<SecretStore> store = services.secrets.first();
            return store.isPresent() && store.get().names().contains(ActionSecrets.key(action.id(), secret.name()));
        } catch (SecretException | RuntimeException e) {
            return false;
        }
    }
}
