package org.rungpt.protocol.tags;

import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.protocol.common.ActionText;

/** Calls as tags in the answer's text: works with every model that can follow instructions. */
@Component(property = "id=" + TagProtocol.ID)
public final class TagProtocol implements CallProtocol {
    static final String ID = "tags";

    /** New conversations begin with the same actions until one is installed. */
    private volatile Instructions latest = new Instructions(List.of());

    @Activate
    public TagProtocol() {}

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String instructions(String nonce, List<InstalledAction> actions, int budget) {
        Instructions known = latest;
        if (!known.areFor(actions)) {
            known = new Instructions(actions);
            latest = known;
        }
        return known.text(nonce, budget);
    }

    @Override
    public String changes(
            String nonce, List<InstalledAction> added, List<InstalledAction> changed, List<String> removedAliases) {
        var text = new StringBuilder("The available actions have changed.\n");
        describe(text, "Added:\n", added);
        describe(text, "Changed; this replaces what you were told:\n", changed);
        if (!removedAliases.isEmpty()) {
            text.append("Removed, no longer to be called: ")
                    .append(String.join(", ", removedAliases))
                    .append(".\n");
        }
        return text.append("Calls are written as before, with <run-")
                .append(nonce)
                .append(" …>.")
                .toString();
    }

    private static void describe(StringBuilder text, String head, List<InstalledAction> actions) {
        if (!actions.isEmpty()) {
            text.append(head);
            actions.forEach(action -> text.append(ActionText.full(action)));
        }
    }

    @Override
    public List<ModelMessage> render(String nonce, List<Message> history) {
        return History.render(nonce, history);
    }

    @Override
    public AnswerParser parser(ParserContext context) {
        return new TagParser(context);
    }
}
