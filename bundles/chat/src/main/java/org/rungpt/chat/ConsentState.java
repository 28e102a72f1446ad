package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;

/** What the user granted and decided in a conversation, and what entered it from outside. */
final class ConsentState {
    /** What was approved beyond once, with the untrusted content that its cards named. */
    private final Map<String, Set<String>> approved = new LinkedHashMap<>();

    private final Set<String> untrusted = new LinkedHashSet<>();
    private GrantSet granted = GrantSet.NONE;
    private Policy policy = Policy.NONE;

    void grant(ObjectNode data) {
        granted = PermissionsJson.grants(data.path("grants"));
    }

    void decide(ObjectNode data) {
        policy = PermissionsJson.policy(data);
        approved.keySet().retainAll(policy.approvals());
    }

    /** From here on calls of the same are approved. */
    void approve(CallState call) {
        approved.computeIfAbsent(Judge.key(call), key -> new LinkedHashSet<>()).addAll(call.named);
    }

    /** What a call left may be told to the model by any other call from here on, whatever it said itself. */
    void taint(CallState call) {
        String source = call.untrusted();
        if (source != null) {
            untrusted.add(source);
        }
    }

    @Nullable
    Set<String> approved(String key) {
        return approved.get(key);
    }

    Set<String> untrusted() {
        return untrusted;
    }

    GrantSet granted() {
        return granted;
    }

    Policy policy() {
        return new Policy(policy.mode(), policy.rules(), List.copyOf(approved.keySet()));
    }
}
