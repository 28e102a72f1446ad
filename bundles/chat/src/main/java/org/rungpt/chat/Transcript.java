package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Opening.Role;
import org.rungpt.api.chat.Opening.Said;

/** Turns what was said elsewhere into closed turns: text and nothing else, so that nothing in it can run. */
final class Transcript {
    /**
     * The events of a transcript.
     *
     * @param ends how many of them there are after each thing that was said
     * @param closed whether no turn is open there
     */
    record Written(List<Draft> events, List<Integer> ends, List<Boolean> closed) {}

    private Transcript() {}

    static Written write(List<Said> transcript, String model) {
        var events = new ArrayList<Draft>();
        var ends = new ArrayList<Integer>();
        var closed = new ArrayList<Boolean>();
        String turn = null;
        for (int i = 0; i < transcript.size(); i++) {
            Said said = transcript.get(i);
            Role next = i + 1 < transcript.size() ? transcript.get(i + 1).role() : Role.USER;
            switch (said.role()) {
                case SYSTEM -> events.add(Draft.notice(said.text(), null));
                case USER -> events.add(Draft.userMessage(Ids.of("m_"), said.text()));
                case ASSISTANT -> {
                    if (turn == null) {
                        turn = start(events);
                    }
                    String message = Ids.of("m_");
                    events.add(Draft.messageStarted(turn, message, model, 1));
                    events.add(Draft.text(EventType.MESSAGE_TEXT, message, "answer", 0, said.text()));
                    events.add(Draft.messageFinished(message, "stop", null, null, null));
                }
            }
            if (said.role() == Role.USER && next != Role.ASSISTANT) {
                turn = start(events);
            }
            if (turn != null && (said.role() != Role.ASSISTANT || next != Role.ASSISTANT)) {
                String reason = said.role() == Role.ASSISTANT ? "done" : "stopped";
                events.add(Draft.turnFinished(turn, new NextStep.Finish(reason, null, false)));
                turn = null;
            }
            ends.add(events.size());
            // A user's message that is answered waits for the turn that its answer begins.
            closed.add(turn == null && (said.role() != Role.USER || next != Role.ASSISTANT));
        }
        return new Written(events, ends, closed);
    }

    private static String start(List<Draft> events) {
        Draft started = Draft.turnStarted("user");
        events.add(started);
        return started.data().path("turn").asText();
    }
}
