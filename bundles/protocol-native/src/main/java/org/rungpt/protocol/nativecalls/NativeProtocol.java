package org.rungpt.protocol.nativecalls;

import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.protocol.common.ActionText;

/** Calls as the tool calls of the model's API: for models that were trained on them and servers that offer them. */
@Component(property = "id=" + NativeProtocol.ID)
public final class NativeProtocol implements CallProtocol {
    static final String ID = "native";

    @Activate
    public NativeProtocol() {}

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String instructions(String nonce, List<InstalledAction> actions, int budget) {
        return Instructions.text(nonce, actions, budget);
    }

    @Override
    public String changes(
            String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases) {
        var text = new StringBuilder("The available actions have changed, and the tools with them.\n");
        describe(text, "Added:\n", added);
        describe(text, "Changed:\n", changed);
        if (!removedAliases.isEmpty()) {
            text.append("Removed: ").append(String.join(", ", removedAliases)).append(".\n");
        }
        return text.toString().strip();
    }

    private static void describe(StringBuilder text, String head, List<InstalledAction> actions) {
        if (!actions.isEmpty()) {
            text.append(head);
            actions.forEach(action -> text.append(ActionText.outline(action)));
        }
    }

    @Override
    public List<ModelMessage> render(String nonce, List<Message> history) {
        return History.render(nonce, history);
    }

    @Override
    public List<ModelRequest.Tool> tools(List<InstalledAction> actions) {
        return Tools.of(actions);
    }

    @Override
    public AnswerParser parser(ParserContext context) {
        return new NativeParser(context);
    }
}
