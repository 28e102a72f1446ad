package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Labels;

/** Who hears of a conversation takes what he hears for the whole: its labels are always with it. */
final class LabelsTest {
    private static final Conversation ONE =
            new Conversation("c", "T", Instant.EPOCH, Instant.EPOCH, Conversation.State.IDLE, "demo/demo", "tags", 1);

    private final Services services = new Services();

    LabelsTest() {
        var entry = new ConversationArchive.Entry(ONE, new Labels(true, false, List.of("work")), null);
        services.bindArchive(StandIns.of(ConversationArchive.class, (self, method, values) -> Optional.of(entry)));
        services.bindConversations(StandIns.of(Conversations.class, (self, method, values) -> ONE));
    }

    @Test
    void aChangeIsAnsweredWithThem() throws Exception {
        var router = new Router();
        new ConversationRoutes(services, router);
        var in = new StandIns.Body("{\"title\":\"T\"}");
        HttpServletRequest request = StandIns.of(
                HttpServletRequest.class,
                (self, method, values) -> method.getName().equals("getMethod") ? "PATCH" : in);
        ObjectNode answer =
                (ObjectNode) router.handle(request, "/conversations/c").body();
        assertThat(answer.path("pinned").asBoolean()).isTrue();
        assertThat(answer.path("archived").isBoolean()).isTrue();
        assertThat(answer.path("tags").path(0).asText()).isEqualTo("work");
    }

    @Test
    void whoReadsTheListIsToldThem() throws Exception {
        var out = new StandIns.Written();
        ServletResponse response = StandIns.of(ServletResponse.class, (self, method, values) -> out);
        AsyncContext context = StandIns.of(
                AsyncContext.class, (self, method, values) -> method.getName().equals("getResponse") ? response : null);
        var streams = new EventStreams(services);
        try {
            streams.readList(context);
            streams.appended(new ConversationEvent("c", 1, Instant.EPOCH, "conversation.titled", "{}"));
            assertThat(out.event("conversation"))
                    .contains("\"pinned\":true", "\"archived\":false", "\"tags\":[\"work\"]");
        } finally {
            streams.stop();
        }
    }
}
