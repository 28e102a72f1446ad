package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.chat.Message;

/** What a history must be so that any protocol can render it. */
final class History {
    private History() {}

    /** Each answer with calls is followed by the results of exactly these calls, and results follow nothing else. */
    static void check(List<Message> history) {
        for (int i = 0; i < history.size(); i++) {
            Message message = history.get(i);
            if (message instanceof Message.Assistant assistant) {
                List<String> refs = assistant.parts().stream()
                        .filter(part -> !(part instanceof Message.Part.Text))
                        .map(part -> part instanceof Message.Part.Call call
                                ? call.call().ref()
                                : "")
                        .toList();
                assertThat(assistant.parts()).isNotEmpty();
                if (!refs.isEmpty()) {
                    assertThat(history).hasSizeGreaterThan(i + 1);
                    assertThat(history.get(i + 1)).isInstanceOf(Message.Results.class);
                    List<CallResult> results = ((Message.Results) history.get(i + 1)).results();
                    assertThat(results).hasSameSizeAs(refs);
                    for (int r = 0; r < refs.size(); r++) {
                        // What was no call may have had a name all the same.
                        assertThat(refs.get(r)).isIn("", results.get(r).ref());
                    }
                }
            } else if (message instanceof Message.Results) {
                assertThat(history.get(i - 1)).isInstanceOf(Message.Assistant.class);
            }
        }
    }
}
