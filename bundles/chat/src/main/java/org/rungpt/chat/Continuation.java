package org.rungpt.chat;

import java.util.List;
import java.util.Optional;
import org.rungpt.api.chat.Message;

/** What the model is told when it goes on after a turn that ended early. */
final class Continuation {
    private Continuation() {}

    /** @param reason why the latest turn ended */
    static Optional<String> notice(List<Message> history, String reason) {
        if (reason.equals("repeated")) {
            return Optional.of(
                    "The user asks you to continue. You made the same call again and again: try another way.");
        }
        boolean brokeOff = !history.isEmpty() && history.get(history.size() - 1) instanceof Message.Assistant;
        return brokeOff
                ? Optional.of("Your last answer broke off before it was complete. The user asks you to continue: go on "
                        + "exactly where it ends and repeat nothing. Calls that were not closed did not run.")
                : Optional.empty();
    }
}
