package org.rungpt.chat;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.store.StoreException;

/** What the user decides on calls. */
final class Approvals {
    private Approvals() {}

    /** The call if it is not over and done; null if it is. @throws ChatException if the conversation has no such call */
    static @Nullable CallState find(ConversationState state, String call) throws ChatException {
        CallState found = state.calls().get(call);
        if (found == null && !state.knowsCall(call)) {
            throw new ChatException(ChatException.Kind.NOT_FOUND, "there is no such call in this conversation");
        }
        return found;
    }

    /** Decides, and lets the same decision count for whatever waits for the same. */
    static void decide(Policy policy, EventLog log, String id, Decision decision) throws ChatException {
        CallState call = find(log.state(), id);
        if (call == null || call.phase != CallState.Phase.WAITING) {
            throw new ChatException(ChatException.Kind.CONFLICT, "this call does not wait for an approval any more");
        }
        if (decision.allow() && decision.scope() == Decision.Scope.ALWAYS) {
            try {
                policy.allowAlways(call);
            } catch (StoreException e) {
                throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
            }
        }
        log.stage(Draft.approvalDecided(call, decision, "user"));
        if (decision.allow() && decision.scope() != Decision.Scope.ONCE) {
            for (CallState other : log.state().calls().values()) {
                if (other.phase == CallState.Phase.WAITING && Policy.key(other).equals(Policy.key(call))) {
                    log.stage(Draft.approvalDecided(other, new Decision(true, Decision.Scope.ONCE, null), "policy"));
                }
            }
        }
        log.flush();
    }
}
