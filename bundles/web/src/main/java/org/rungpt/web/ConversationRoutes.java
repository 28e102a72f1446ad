package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.StoreException;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** Conversations: read from the store, changed through the chat engine. */
final class ConversationRoutes {
    private static final Pattern MESSAGE_ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private final Services services;

    ConversationRoutes(Services services, Router router) {
        this.services = services;
        router.on("POST", "/conversations", this::create)
                .on("PATCH", "/conversations/{id}", this::change)
                .on("DELETE", "/conversations/{id}", this::delete)
                .on("GET", "/conversations/{id}/events", this::events)
                .on("POST", "/conversations/{id}/messages", this::post)
                .on("POST", "/conversations/{id}/stop", command(Conversations::stop))
                .on("POST", "/conversations/{id}/continue", command(Conversations::resume))
                .on("POST", "/conversations/{id}/calls/{call}/approval", this::decide)
                .on("POST", "/conversations/{id}/calls/{call}/cancel", this::cancel);
    }

    private Answer create(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("model", "protocol"));
        try {
            return new Answer(
                    201, json(services.conversations().create(Json.text(body, "model"), Json.text(body, "protocol"))));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private Answer change(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("title", "model", "protocol"));
        try {
            String id = services.conversations()
                    .change(
                            call.variable("id"),
                            Json.text(body, "title"),
                            Json.text(body, "model"),
                            Json.text(body, "protocol"))
                    .id();
            return Answer.ok(LibraryRoutes.json(LibraryRoutes.existing(services, id)));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    /** Deletes a conversation, or with {@code versions=true} also all that share a beginning with it. */
    private Answer delete(Call call) throws ApiException {
        String id = call.variable("id");
        List<String> ids = new ArrayList<>();
        String versions = call.request().getParameter("versions");
        switch (versions == null ? "false" : versions) {
            case "false" -> ids.add(id);
            case "true" -> ids.addAll(family(id));
            default -> throw ApiException.invalid("\"versions\" must be true or false.");
        }
        ApiException failed = null;
        for (String one : ids) {
            try {
                services.conversations().delete(one);
            } catch (ChatException e) {
                failed = failed == null ? ApiException.of(e) : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        return Answer.done();
    }

    /** The latest first: none has to leave what it shares to others that go next. */
    private List<String> family(String id) throws ApiException {
        try {
            List<String> ids = new ArrayList<>();
            for (ConversationArchive.Entry entry : services.archive().family(id)) {
                ids.add(0, entry.conversation().id());
            }
            return ids.isEmpty() ? List.of(id) : ids;
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    private Answer events(Call call) throws ApiException {
        String id = existing(services, call.variable("id")).id();
        ArrayNode events = Json.array();
        try {
            int after = number(call.request(), "after", 0, 0, Integer.MAX_VALUE);
            for (ConversationEvent event :
                    services.store().events(id, after, number(call.request(), "limit", 1000, 1, 10_000))) {
                events.add(Json.object()
                        .put("seq", event.seq())
                        .put("at", event.at().toString())
                        .put("type", event.type())
                        .set("data", Json.own(event.data())));
            }
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
        return Answer.ok(Json.object().set("events", events));
    }

    private Answer post(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("text", "id", "attachments"), Json.MAX_FILES_BODY);
        String id = Json.text(body, "id");
        if (id != null && !MESSAGE_ID.matcher(id).matches()) {
            throw ApiException.invalid("\"id\" must be 1 to 64 letters, digits, - or _.");
        }
        String conversation = call.variable("id");
        List<String> artifacts = new Uploads(services, conversation).artifacts(body.path("attachments"));
        String text = artifacts.isEmpty() ? Json.requiredText(body, "text") : Json.text(body, "text");
        try {
            String message = services.conversations().post(conversation, id, text == null ? "" : text, artifacts);
            return new Answer(202, Json.object().put("message", message));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private Answer decide(Call call) throws ApiException, IOException {
        ObjectNode body =
                Json.body(call.request(), Set.of("decision", "scope", "reason", "approval", "arguments", "grant"));
        boolean allow =
                switch (Json.requiredText(body, "decision")) {
                    case "allow" -> true;
                    case "deny" -> false;
                    default -> throw ApiException.invalid("\"decision\" must be allow or deny.");
                };
        JsonNode arguments = body.path("arguments");
        if (!arguments.isMissingNode() && !arguments.isNull() && !arguments.isObject()) {
            throw ApiException.invalid("\"arguments\" must be an object.");
        }
        JsonNode grant = body.path("grant");
        Decision decision = new Decision(
                allow,
                scope(Json.text(body, "scope")),
                Json.text(body, "reason"),
                Json.text(body, "approval"),
                arguments.isObject() ? arguments.toString() : null,
                grant.isMissingNode() || grant.isNull() ? null : PermissionsJson.access(grant, "grant"));
        try {
            services.conversations().decide(call.variable("id"), call.variable("call"), decision);
            return Answer.done();
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private Answer cancel(Call call) throws ApiException {
        try {
            services.conversations().cancel(call.variable("id"), call.variable("call"));
            return Answer.done();
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    /** What is done to a conversation without a body. */
    @FunctionalInterface
    private interface Command {
        void on(Conversations conversations, String id) throws ChatException;
    }

    private Router.Handler command(Command command) {
        return call -> {
            try {
                command.on(services.conversations(), call.variable("id"));
                return Answer.done();
            } catch (ChatException e) {
                throw ApiException.of(e);
            }
        };
    }

    static Conversation existing(Services services, String id) throws ApiException {
        try {
            return services.store().find(id).orElseThrow(() -> ApiException.notFound("There is no such conversation."));
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    static ObjectNode json(Conversation conversation) {
        return Json.object()
                .put("id", conversation.id())
                .put("title", conversation.title())
                .put("created", conversation.created().toString())
                .put("updated", conversation.updated().toString())
                .put("state", conversation.state().name().toLowerCase(Locale.ROOT))
                .put("model", conversation.model())
                .put("protocol", conversation.protocol())
                .put("lastSeq", conversation.lastSeq());
    }

    private static Decision.Scope scope(@Nullable String scope) throws ApiException {
        return switch (scope == null ? "once" : scope) {
            case "once" -> Decision.Scope.ONCE;
            case "conversation" -> Decision.Scope.CONVERSATION;
            case "always" -> Decision.Scope.ALWAYS;
            default -> throw ApiException.invalid("\"scope\" must be once, conversation or always.");
        };
    }

    static int number(HttpServletRequest request, String name, int standard, int least, int most) throws ApiException {
        String text = request.getParameter(name);
        if (text == null) {
            return standard;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw ApiException.invalid("\"" + name + "\" must be a number from " + least + " to " + most + ".");
    }
}
