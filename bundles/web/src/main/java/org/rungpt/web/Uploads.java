package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.rungpt.api.chat.Conversation;

/** The files of a user's message: artifacts of the conversation that are there, or bytes that become some. */
final class Uploads {
    /** What stands for a call at artifacts that the user brought. */
    private static final String CALL = "upload";

    private static final int MOST = 10;
    private static final int MAX_NAME = 200;

    private final Services services;
    private final String conversation;

    Uploads(Services services, String conversation) {
        this.services = services;
        this.conversation = conversation;
    }

    /** @param attachments a list of {@code {artifact}} or {@code {name, data}}, data in Base64; may be missing */
    List<String> artifacts(JsonNode attachments) throws ApiException {
        if (attachments.isMissingNode() || attachments.isNull()) {
            return List.of();
        }
        if (!attachments.isArray() || attachments.size() > MOST) {
            throw ApiException.invalid("\"attachments\" must be a list of at most " + MOST + " files.");
        }
        List<String> ids = new ArrayList<>();
        for (JsonNode each : attachments) {
            ids.add(each.path("artifact").isTextual() ? each.path("artifact").textValue() : store(each));
        }
        return ids;
    }

    private String store(JsonNode file) throws ApiException {
        String name = file.path("name").asText("");
        if (!file.path("data").isTextual() || name.isBlank() || name.length() > MAX_NAME) {
            throw ApiException.invalid(
                    "Each of \"attachments\" must hold \"artifact\", or \"name\" and \"data\" in Base64.");
        }
        return store(name, file.path("data").textValue());
    }

    /** @return the id of the artifact */
    String store(String name, String base64) throws ApiException {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("The \"data\" of an attachment is no Base64.");
        }
        Conversation existing = ConversationRoutes.existing(services, conversation);
        try {
            return services.artifacts()
                    .put(existing.id(), CALL, name, new ByteArrayInputStream(bytes))
                    .id();
        } catch (IOException e) {
            throw ApiException.unavailable(String.valueOf(e.getMessage()));
        }
    }
}
