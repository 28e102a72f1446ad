package org.rungpt.chat;

import java.util.List;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;

/** Throws at everything. */
final class BrokenProtocol implements CallProtocol {
    @Override
    public String id() {
        return "tags";
    }

    @Override
    public String instructions(String nonce, List<InstalledAction> actions, int budget) {
        throw new IllegalStateException("broken");
    }

    @Override
    public String changes(
            String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases) {
        throw new IllegalStateException("broken");
    }

    @Override
    public List<ModelMessage> render(String nonce, List<Message> history) {
        throw new IllegalStateException("broken");
    }

    @Override
    public AnswerParser parser(ParserContext context) {
        throw new IllegalStateException("broken");
    }
}
