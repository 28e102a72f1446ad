package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Conversation;

/** What somebody at the door is told while the model says nothing. */
final class DoorReaderTest {
    private final Services services = new Services();
    private final EventStreams streams = new EventStreams(services);
    private final StandIns.Written out = new StandIns.Written();
    private final List<Object> statuses = new ArrayList<>();
    private final AsyncContext context = StandIns.of(
            AsyncContext.class,
            (self, method, values) -> method.getName().equals("getResponse")
                    ? StandIns.of(HttpServletResponse.class, (response, asked, given) -> switch (asked.getName()) {
                        case "setStatus" -> statuses.add(given[0]);
                        case "getOutputStream" -> out;
                        default -> null;
                    })
                    : null);

    @AfterEach
    void close() {
        streams.stop();
    }

    private DoorStream stream() {
        return new DoorStream(context, turns(), conversation(), answer(), true, false);
    }

    private DoorTurns turns() {
        return new DoorTurns(services, streams);
    }

    private static Conversation conversation() {
        return new Conversation("c", "", Instant.EPOCH, Instant.EPOCH, Conversation.State.RUNNING, "m", "tags", 0);
    }

    private static DoorAnswer answer() {
        return new DoorAnswer("c", "m", 0);
    }

    private static void beat(DoorTurn.Reader reader, int times) {
        for (int i = 0; i < times; i++) {
            reader.beat();
        }
    }

    @Test
    void aStreamWhoseModelIsSilentForLongBegins() {
        DoorStream stream = stream();
        beat(stream, DoorReader.SILENT_BEATS);
        assertThat(out.text()).isEmpty();
        beat(stream, 1);
        assertThat(out.text()).startsWith("data: {").contains("\"role\":\"assistant\"");
        beat(stream, 1);
        assertThat(out.text()).endsWith("\n\n:\n\n");
        stream.text("At last.");
        stream.end(new DoorTurn.Finish("idle", "idle", "It fell silent.", 0, 0));
        assertThat(out.text().split("\"role\"", -1)).as("it begins once").hasSize(2);
        assertThat(out.text()).contains("At last.").contains("It fell silent.");
        assertThat(statuses).isEmpty();
    }

    @Test
    void aWholeAnswerWhoseModelIsSilentForLongBeginsWithBlanks() {
        var whole = new DoorWhole(context, turns(), conversation(), answer(), true);
        beat(whole, DoorReader.SILENT_BEATS);
        assertThat(out.text()).isEmpty();
        beat(whole, 2);
        assertThat(out.text()).isEqualTo("  ");
        whole.text("At last.");
        whole.end(new DoorTurn.Finish("stop", null, null, 0, 0));
        assertThat(out.text()).startsWith("  {").contains("At last.");
        assertThat(statuses).isEmpty();
    }
}
