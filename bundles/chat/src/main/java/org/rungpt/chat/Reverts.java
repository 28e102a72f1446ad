package org.rungpt.chat;

import java.util.List;
import java.util.stream.Collectors;
import org.rungpt.api.chat.ChatException;

/** What the model is told when the user has brought files back. */
final class Reverts {
    private static final int NAMED = 20;

    private Reverts() {}

    /** A call that may change files would do so between the look at them and the revert. */
    static void checkNothingWrites(ConversationState state) throws ChatException {
        String writing = state.background().values().stream()
                .filter(call -> !call.isFinished() && !call.harmless)
                .filter(call -> !call.thirdParty || call.grant.workspace())
                .map(call -> call.task + " (" + call.id + ")")
                .collect(Collectors.joining(", "));
        if (!writing.isEmpty()) {
            throw new ChatException(
                    ChatException.Kind.CONFLICT,
                    "calls that may change files are still running: " + writing + "; stop them first, or wait");
        }
    }

    /** It was done, and nobody is to try it again. */
    static LogLost untold(String revert, LogLost why) {
        return new LogLost(
                ChatException.Kind.CONFLICT,
                "the files were brought back (" + revert
                        + " undoes that), but that could not be written into the conversation: " + why.getMessage());
    }

    static String notice(List<String> files) {
        String names = String.join(", ", files.subList(0, Math.min(NAMED, files.size())));
        String more = files.size() > NAMED ? " and " + (files.size() - NAMED) + " more" : "";
        return "The user reverted changes that a call of yours had made in /workspace. These are as before again: "
                + names + more + ". Look at them before you rely on what you know of them.";
    }
}
