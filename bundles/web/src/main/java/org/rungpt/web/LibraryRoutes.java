package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Library;
import org.rungpt.api.store.ConversationArchive.Entry;
import org.rungpt.api.store.ConversationArchive.Hit;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.api.store.ConversationArchive.Range;
import org.rungpt.api.store.ConversationArchive.Which;
import org.rungpt.api.store.StoreException;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** Conversations in their number: lists, labels, search, branches, export and import. */
final class LibraryRoutes {
    private static final Pattern EXPORT = Pattern.compile("/conversations/([^/]{1,128})/export");

    private final Services services;

    LibraryRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/conversations", this::list)
                .on("GET", "/conversations/{id}", this::show)
                .on("PUT", "/conversations/{id}/labels", this::label)
                .on("GET", "/conversations/{id}/branches", this::family)
                .on("POST", "/conversations/{id}/branches", this::branch)
                .on("GET", "/search", this::search)
                .on("POST", "/import", this::importAll);
    }

    private Answer list(Call call) throws ApiException {
        int limit = ConversationRoutes.number(call.request(), "limit", 100, 1, 1000);
        String before = call.request().getParameter("before");
        String asked = call.request().getParameter("show");
        Which which =
                switch (asked == null ? "current" : asked) {
                    case "current" -> Which.CURRENT;
                    case "pinned" -> Which.PINNED;
                    case "archived" -> Which.ARCHIVED;
                    case "all" -> Which.ALL;
                    default -> throw ApiException.invalid("\"show\" must be current, pinned, archived or all.");
                };
        try {
            return Answer.ok(Json.object()
                    .set(
                            "conversations",
                            entries(services.archive()
                                    .list(
                                            which,
                                            call.request().getParameter("tag"),
                                            before == null ? null : instant(before),
                                            limit))));
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    private Answer show(Call call) throws ApiException {
        return Answer.ok(json(existing(services, call.variable("id"))));
    }

    private Answer label(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("pinned", "archived", "tags"));
        String id = existing(services, call.variable("id")).conversation().id();
        Boolean pinned = flag(body, "pinned");
        Boolean archived = flag(body, "archived");
        List<String> tags = tags(body.get("tags"));
        try {
            // One change: what somebody else pins or tags meanwhile stays.
            return Answer.ok(json(services.archive()
                    .label(
                            id,
                            before -> new Labels(
                                    pinned == null ? before.pinned() : pinned,
                                    archived == null ? before.archived() : archived,
                                    tags == null ? before.tags() : tags))));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("Wrong \"tags\": " + e.getMessage() + ".");
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    private static @Nullable List<String> tags(@Nullable JsonNode wanted) throws ApiException {
        if (wanted == null) {
            return null;
        }
        List<String> tags = new ArrayList<>();
        boolean wrong = !wanted.isArray();
        for (JsonNode tag : wanted) {
            wrong |= !tag.isTextual();
            tags.add(tag.asText());
        }
        if (wrong) {
            throw ApiException.invalid("\"tags\" must be a list of strings.");
        }
        return tags;
    }

    private static @Nullable Boolean flag(ObjectNode body, String field) throws ApiException {
        JsonNode value = body.get(field);
        if (value == null) {
            return null;
        }
        if (!value.isBoolean()) {
            throw ApiException.invalid("\"" + field + "\" must be true or false.");
        }
        return value.booleanValue();
    }

    private Answer family(Call call) throws ApiException {
        existing(services, call.variable("id"));
        try {
            return Answer.ok(Json.object()
                    .set("conversations", entries(services.archive().family(call.variable("id")))));
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    /** Makes a branch, and says the changed message in it if there is one. */
    private Answer branch(Call call) throws ApiException, IOException {
        ObjectNode body =
                Json.body(call.request(), Set.of("message", "seq", "text", "attachments"), Json.MAX_FILES_BODY);
        String message = Json.text(body, "message");
        String text = Json.text(body, "text");
        JsonNode seq = body.get("seq");
        if (seq != null && !seq.canConvertToLong()) {
            throw ApiException.invalid("\"seq\" must be a number.");
        }
        JsonNode attachments = body.path("attachments");
        boolean says = text != null || !attachments.isMissingNode();
        if (says && attachments.isEmpty() && (text == null || text.isBlank())) {
            throw ApiException.invalid("\"text\" is empty.");
        }
        try {
            Conversation made = services.library()
                    .branch(call.variable("id"), message, seq == null ? null : (Long) seq.longValue());
            if (says) {
                say(made.id(), text == null ? "" : text, attachments);
            }
            return new Answer(201, json(existing(services, made.id())));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    /** The first word in a branch: without it there is none. */
    private void say(String branch, String text, JsonNode attachments) throws ApiException, ChatException {
        boolean said = false;
        try {
            List<String> artifacts = new Uploads(services, branch).artifacts(attachments);
            services.conversations().post(branch, null, text, artifacts);
            said = true;
        } finally {
            if (!said) {
                services.conversations().delete(branch);
            }
        }
    }

    private Answer search(Call call) throws ApiException {
        String query = call.request().getParameter("q");
        if (query == null || query.isBlank()) {
            throw ApiException.invalid("\"q\" is missing: say what to look for.");
        }
        ArrayNode hits = Json.array();
        try {
            int limit = ConversationRoutes.number(call.request(), "limit", 50, 1, 200);
            for (Hit hit : services.archive().search(query, limit)) {
                ObjectNode node = hits.addObject();
                node.set("conversation", json(hit.entry()));
                node.put("seq", hit.seq()).put("snippet", hit.snippet());
                ArrayNode ranges = node.putArray("ranges");
                for (Range range : hit.ranges()) {
                    ranges.addArray().add(range.start()).add(range.end());
                }
            }
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
        return Answer.ok(Json.object().set("hits", hits));
    }

    private Answer importAll(Call call) throws ApiException, IOException {
        ObjectNode answer = Json.object();
        try {
            Library.Imported imported =
                    services.library().importAll(call.request().getInputStream());
            imported.conversations().forEach(answer.putArray("conversations")::add);
            imported.notes().forEach(answer.putArray("notes")::add);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        return new Answer(201, answer);
    }

    static boolean isExport(HttpServletRequest request, String path) {
        return request.getMethod().equals("GET") && EXPORT.matcher(path).matches();
    }

    /** Sends a conversation as a file to be kept; it is never shown as a page of ours. */
    static void export(Services services, HttpServletRequest request, HttpServletResponse response, String path)
            throws ApiException, IOException {
        Matcher matcher = EXPORT.matcher(path);
        matcher.matches();
        String asked = request.getParameter("format");
        Library.Format format =
                switch (asked == null ? "json" : asked) {
                    case "json" -> Library.Format.JSON;
                    case "markdown" -> Library.Format.MARKDOWN;
                    case "html" -> Library.Format.HTML;
                    default -> throw ApiException.invalid("\"format\" must be json, markdown or html.");
                };
        byte[] bytes;
        try {
            bytes = services.library().export(matcher.group(1), format).getBytes(StandardCharsets.UTF_8);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        String type =
                switch (format) {
                    case JSON -> "application/json";
                    case MARKDOWN -> "text/markdown;charset=utf-8";
                    case HTML -> "text/html;charset=utf-8";
                };
        String ending = format == Library.Format.MARKDOWN ? "md" : asked == null ? "json" : asked;
        response.setContentType(type);
        response.setHeader("Content-Disposition", "attachment; filename=\"conversation." + ending + "\"");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    static Entry existing(Services services, String id) throws ApiException {
        try {
            return services.archive()
                    .entry(id)
                    .orElseThrow(() -> ApiException.notFound("There is no such conversation."));
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
    }

    private static ArrayNode entries(List<Entry> entries) {
        ArrayNode array = Json.array();
        entries.forEach(entry -> array.add(json(entry)));
        return array;
    }

    static ObjectNode json(Entry entry) {
        ObjectNode node = ConversationRoutes.json(entry.conversation())
                .put("pinned", entry.labels().pinned())
                .put("archived", entry.labels().archived());
        ArrayNode tags = node.putArray("tags");
        entry.labels().tags().forEach(tags::add);
        if (entry.origin() != null) {
            node.putObject("origin")
                    .put("conversation", entry.origin().conversation())
                    .put("seq", entry.origin().seq());
        }
        return node;
    }

    private static @Nullable Instant instant(String text) throws ApiException {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw ApiException.invalid("\"before\" must be a time such as 2026-01-31T12:00:00Z.");
        }
    }
}
