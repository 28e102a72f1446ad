package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.rungpt.api.chat.ConversationEvent;

/** Events as server-sent events carry them. */
final class EventFrames {
    private EventFrames() {}

    static byte[] of(ConversationEvent event) {
        return ("id: " + event.seq() + "\ndata: {\"seq\":" + event.seq() + ",\"at\":\"" + event.at() + "\",\"type\":\""
                        + event.type() + "\",\"data\":" + event.data() + "}\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The frame of an event without an id. {@code data} is JSON on one line. */
    static byte[] of(String type, String data) {
        return ("data: {\"type\":\"" + type + "\",\"data\":" + data + "}\n\n").getBytes(StandardCharsets.UTF_8);
    }

    static byte[] of(String type, ObjectNode data) {
        return of(type, new String(Json.bytes(data), StandardCharsets.UTF_8));
    }
}
