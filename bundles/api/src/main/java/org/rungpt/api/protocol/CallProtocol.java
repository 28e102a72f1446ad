package org.rungpt.api.protocol;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;

/**
 * How calls are written: tells the model, renders the neutral history for it and finds the calls in its answer. Stateless; any
 * thread. History is stored neutrally, so a conversation can change its protocol.
 */
@ConsumerType
public interface CallProtocol {
    /** Its id: {@code tags} or {@code native}. */
    String id();

    /**
     * The part of the system message that says which actions there are and how they are called: every action with its tasks,
     * parameters and constraints while they fit the budget, beyond it one line each.
     *
     * @param budget upper bound in characters
     */
    String instructions(String nonce, List<InstalledAction> actions, int budget);

    /** A short message for a conversation that has begun: what was added, removed or changed since. */
    String changes(
            String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases);

    /** The history as messages for a model, without the system message. Always one that a server accepts: every call has a result. */
    List<ModelMessage> render(String nonce, List<Message> history);

    /** The native tools to send along; empty for protocols that write calls as text. */
    default List<ModelRequest.Tool> tools(List<InstalledAction> actions) {
        return List.of();
    }

    /** A parser for one answer. */
    AnswerParser parser(ParserContext context);
}
