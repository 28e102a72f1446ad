package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.store.StoreException;

/** What the user decides on calls. */
final class Approvals {
    private final Engine engine;
    private final EventLog log;
    private final ConversationState state;

    Approvals(Engine engine, EventLog log) {
        this.engine = engine;
        this.log = log;
        this.state = log.state();
    }

    /** The call if it is not over and done; null if it is. @throws ChatException if the conversation has no such call */
    static @Nullable CallState find(ConversationState state, String call) throws ChatException {
        CallState found = state.call(call);
        if (found == null && !state.knowsCall(call)) {
            throw new ChatException(ChatException.Kind.NOT_FOUND, "there is no such call in this conversation");
        }
        return found;
    }

    /** Decides, and lets the same decision count for whatever waits for the same. */
    void decide(String id, Decision decision) throws ChatException {
        CallState call = find(state, id);
        if (call == null || call.phase != CallState.Phase.WAITING) {
            throw new ChatException(ChatException.Kind.CONFLICT, "this call does not wait for an approval any more");
        }
        if (decision.approval() != null && !decision.approval().equals(call.approval)) {
            throw new ChatException(
                    ChatException.Kind.CONFLICT, "this call waits for another approval than the one that was shown");
        }
        if (!decision.allow()) {
            log.stage(Draft.approvalDecided(call, decision, "user"));
            log.flush();
            return;
        }
        String scope = decision.scope().name().toLowerCase(Locale.ROOT);
        if (!call.scopes.isEmpty() && !call.scopes.contains(scope)) {
            throw invalid("this approval can be given for " + String.join(" or ", call.scopes) + ", not for " + scope);
        }
        InstalledTask task = engine.actions
                .taskForReading(call.task)
                .orElseThrow(() -> new ChatException(
                        ChatException.Kind.CONFLICT, call.task + " is not installed now: try again when it is"));
        if (!call.isOf(task)) {
            // It ends as what it is, replaced; nothing that was not shown is granted to what is there now.
            log.stage(Draft.approvalDecided(call, new Decision(true, Decision.Scope.ONCE, null), "user"));
            log.flush();
            return;
        }
        Decision checked = new Decision(
                true,
                decision.scope(),
                decision.reason(),
                decision.approval(),
                arguments(call, task, decision.arguments()),
                grant(task, decision.grant()));
        allow(call, task, checked);
    }

    private void allow(CallState call, InstalledTask task, Decision decision) throws ChatException {
        Access grant = decision.grant() == null ? Access.NONE : decision.grant();
        var id = task.action().id();
        String hash = task.action().files().contentHash();
        if (decision.scope() == Decision.Scope.ALWAYS) {
            try {
                engine.judge.book.allowAlways(Judge.key(call), id, hash, grant);
            } catch (StoreException e) {
                throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
            }
        } else if (decision.scope() == Decision.Scope.CONVERSATION && !grant.isEmpty()) {
            log.stage(Draft.grantChanged(state.granted().with(id, hash, grant), "approval", call.id));
        }
        log.stage(Draft.approvalDecided(call, decision, "user"));
        if (decision.scope() != Decision.Scope.ONCE) {
            var same = new Decision(true, Decision.Scope.ONCE, null, null, null, grant);
            for (CallState other : state.calls().values()) {
                if (other.phase == CallState.Phase.WAITING
                        && Judge.key(other).equals(Judge.key(call))
                        && other.scopes.equals(call.scopes)
                        && call.named.containsAll(other.named)) {
                    log.stage(Draft.approvalDecided(other, same, "policy"));
                }
            }
        }
        log.flush();
    }

    /** @return what is to run if it is not what was shown */
    private @Nullable String arguments(CallState call, InstalledTask task, @Nullable String edited)
            throws ChatException {
        if (edited == null) {
            return null;
        }
        String text;
        try {
            text = Json.object(edited).toString();
        } catch (IllegalArgumentException e) {
            throw invalid("the arguments are no JSON object: " + e.getMessage());
        }
        Optional<String> problem = engine.arguments.problem(task, text);
        if (problem.isPresent()) {
            throw invalid(problem.get());
        }
        return text.equals(call.arguments) ? null : text;
    }

    private Access grant(InstalledTask task, @Nullable Access wish) throws ChatException {
        Access before;
        try {
            before = PermissionBook.access(
                    List.of(engine.judge.book.grants(), state.granted()),
                    task.action().files().builtIn(),
                    task.action().id(),
                    task.action().files().contentHash());
        } catch (StoreException e) {
            throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        }
        Needs needs = Needs.of(task.action()).without(before);
        if (wish == null) {
            if (needs.shares().isEmpty()) {
                return needs.access();
            }
            throw invalid("the call asks for the share " + needs.shares().get(0).name()
                    + ": choose a directory for it in \"grant\", or leave it out there");
        }
        for (String host : wish.network()) {
            asked(needs.network().contains(host), "to reach " + host);
        }
        for (String secret : wish.secrets()) {
            asked(needs.secrets().stream().anyMatch(one -> one.name().equals(secret)), "for the secret " + secret);
        }
        asked(needs.workspace() || !wish.workspace(), "to see the workspace");
        List<Grants.Share> shares = new ArrayList<>();
        for (Grants.Share share : wish.shares()) {
            Optional<Manifest.Share> asked = needs.shares().stream()
                    .filter(one -> one.name().equals(share.name()))
                    .findFirst();
            asked(
                    asked.isPresent() && (asked.get().writable() || !share.writable()),
                    "for the share " + share.name() + (share.writable() ? " to write" : ""));
            shares.add(share);
        }
        return ChatPermissions.check(
                engine.services, new Access(wish.network(), shares, wish.secrets(), wish.workspace()), true);
    }

    private static void asked(boolean isAsked, String what) throws ChatException {
        if (!isAsked) {
            throw invalid("the call does not ask " + what + ", so it is not granted with it");
        }
    }

    private static ChatException invalid(String message) {
        return new ChatException(ChatException.Kind.INVALID, message);
    }
}
