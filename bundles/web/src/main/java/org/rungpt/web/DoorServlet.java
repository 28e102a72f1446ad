package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletAsyncSupported;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletName;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletPattern;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets any program that speaks OpenAI's chat completions talk to a model that uses RunGPT's actions. A request gets a conversation with
 * a sandbox of its own, which go with it, unless it names a conversation or asks to keep its own.
 */
@Component(service = Servlet.class)
@HttpWhiteboardServletName("door")
@HttpWhiteboardServletPattern("/v1/*")
@HttpWhiteboardServletAsyncSupported
public final class DoorServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(DoorServlet.class);

    private static final String ONE_MODEL = "GET /models/";

    private final transient Services services;
    private final transient DoorTurns turns;
    private final transient DoorPassage passage;

    @Activate
    public DoorServlet(@Reference Services services, @Reference DoorTurns turns) {
        this.services = services;
        this.turns = turns;
        this.passage = new DoorPassage(services, turns);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String route = request.getMethod() + " " + (request.getPathInfo() == null ? "" : request.getPathInfo());
        try {
            switch (route) {
                case "GET /models" -> write(response, 200, models());
                case "POST /chat/completions" -> complete(request, response);
                default -> {
                    if (!route.startsWith(ONE_MODEL)) {
                        throw new ApiException(
                                404, "not_found", "There are /v1/models and /v1/chat/completions only.", null);
                    }
                    write(response, 200, one(models(), route.substring(ONE_MODEL.length())));
                }
            }
        } catch (ApiException e) {
            write(response, e.status(), DoorAnswer.refused(e));
        } catch (RuntimeException e) {
            LOG.error("{} failed", route.replaceAll("\\p{Cntrl}", "?"), e);
            write(
                    response,
                    500,
                    DoorAnswer.error("internal", "Something went wrong in the server; its log has the details."));
        }
    }

    private ObjectNode models() {
        ObjectNode list = Json.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (ModelConnection connection : services.connections()) {
            for (ModelInfo model : connection.models()) {
                list(data, connection.name() + "/" + model.id(), connection);
            }
        }
        for (ModelConnection connection : services.connections()) {
            if (connection.passage().isPresent()) {
                for (ModelInfo model : connection.models()) {
                    list(data, DoorPassage.PREFIX + connection.name() + "/" + model.id(), connection);
                }
            }
        }
        return list;
    }

    /** @param wanted its id, or that without its connection */
    private static ObjectNode one(ObjectNode models, String wanted) throws ApiException {
        JsonNode named = null;
        for (JsonNode model : models.path("data")) {
            String id = model.path("id").asText();
            if (id.equals(wanted)) {
                return (ObjectNode) model;
            }
            if (named == null && id.substring(id.indexOf('/') + 1).equals(wanted)) {
                named = model;
            }
        }
        if (named == null) {
            throw DoorPassage.noModel(wanted);
        }
        return (ObjectNode) named;
    }

    private static void list(ArrayNode data, String id, ModelConnection connection) {
        data.addObject().put("id", id).put("object", "model").put("created", 0).put("owned_by", connection.title());
    }

    private void complete(HttpServletRequest request, HttpServletResponse response) throws ApiException, IOException {
        byte[] body = Json.bytes(request, Json.MAX_FILES_BODY);
        ObjectNode parsed = Json.parse(body);
        String wanted = parsed.path("model").asText("");
        if (wanted.startsWith(DoorPassage.PREFIX)) {
            passage.pass(request, body, model(wanted.substring(DoorPassage.PREFIX.length())));
            return;
        }
        DoorRequest asked = DoorRequest.of(parsed);
        Conversations conversations = services.conversations();
        Conversation conversation;
        try {
            String model = model(asked.model());
            if (asked.conversation() != null) {
                conversation = idle(asked.conversation());
                model = conversation.model();
            } else {
                conversation = null;
            }
            if (asked.shows()) {
                needs(conversations, model, "pictures", Inputs::images);
            }
            if (!asked.files().isEmpty()) {
                needs(conversations, model, "files", Inputs::files);
            }
            if (!asked.audio().isEmpty()) {
                needs(conversations, model, "audio", Inputs::audio);
            }
            if (conversation == null) {
                conversation = open(conversations, model, asked);
            }
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        boolean passing = asked.conversation() == null && !asked.keep();
        if (!turns.claim(conversation.id())) {
            throw busy();
        }
        DoorTurn turn;
        String message = "m_" + UUID.randomUUID().toString().replace("-", "");
        try {
            AsyncContext context = request.startAsync();
            context.setTimeout(0);
            var answer = new DoorAnswer(
                    conversation.id(), conversation.model(), Instant.now().getEpochSecond());
            DoorReader reader = asked.stream()
                    ? new DoorStream(context, turns, conversation, answer, passing, asked.usage())
                    : new DoorWhole(context, turns, conversation, answer, passing);
            turn = reader.await(message);
        } catch (RuntimeException e) {
            turns.release(conversation.id());
            throw e;
        }
        try {
            var uploads = new Uploads(services, conversation.id());
            List<String> attached = new ArrayList<>();
            for (ContentPart.Image image : asked.pictures()) {
                attached.add(
                        uploads.store("picture." + image.mediaType().substring("image/".length()), image.base64()));
            }
            for (ContentPart.File file : asked.files()) {
                attached.add(uploads.store(file.name(), file.base64()));
            }
            for (ContentPart.Audio audio : asked.audio()) {
                attached.add(uploads.store(
                        "audio." + (audio.mediaType().equals(DoorRequest.MP3) ? "mp3" : "wav"), audio.base64()));
            }
            conversations.postText(conversation.id(), message, asked.text(), attached, asked.sampling());
        } catch (ApiException e) {
            turn.fail(DoorAnswer.kind(e), String.valueOf(e.getMessage()));
        } catch (ChatException e) {
            ApiException wrong = ApiException.of(e);
            turn.fail(DoorAnswer.kind(wrong), String.valueOf(wrong.getMessage()));
        }
    }

    private static Conversation open(Conversations conversations, @Nullable String model, DoorRequest asked)
            throws ApiException, ChatException {
        try {
            return conversations.open(new Opening(model, null, asked.before()));
        } catch (ChatException e) {
            if (e.kind() == ChatException.Kind.NOT_FOUND) {
                // Nothing else is looked up for a conversation of its own.
                throw ApiException.noModel(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /** A model that is not known to take something would be asked about what it is not given. */
    private void needs(
            Conversations conversations, @Nullable String asked, String what, Function<Inputs, @Nullable Boolean> taken)
            throws ApiException {
        String model = asked == null ? conversations.defaultModel().orElse("") : asked;
        int slash = model.indexOf('/');
        String id = model.substring(slash + 1);
        List<ModelInfo> listed = services.connection(slash < 0 ? "" : model.substring(0, slash))
                .map(ModelConnection::models)
                .orElse(List.of());
        Optional<ModelInfo> found =
                listed.stream().filter(info -> info.id().equals(id)).findFirst();
        if (found.isEmpty() && !listed.isEmpty()) {
            throw DoorPassage.noModel(model);
        }
        if (!found.map(info -> taken.apply(info.takes())).orElse(false)) {
            throw new ApiException(
                    400,
                    "invalid",
                    "The model \"" + Json.printable(model) + "\" is not known to take " + what + ".",
                    "If it does, say so in Settings, at its connection.");
        }
    }

    private Conversation idle(String id) throws ApiException {
        Conversation found = ConversationRoutes.existing(services, id);
        if (found.state() != Conversation.State.IDLE) {
            throw busy();
        }
        return found;
    }

    private static ApiException busy() {
        return new ApiException(409, "conflict", "This conversation is answering already.", "Wait for its end.");
    }

    /** The full id of a model; without a connection the first one that offers it. */
    private @Nullable String model(String asked) throws ApiException {
        if (asked.isEmpty() || asked.equals("default")) {
            return null;
        }
        int slash = asked.indexOf('/');
        if (slash > 0 && services.connection(asked.substring(0, slash)).isPresent()) {
            return asked;
        }
        Optional<ModelConnection> offers = services.connections().stream()
                .filter(connection -> connection.models().stream()
                        .anyMatch(model -> model.id().equals(asked)))
                .findFirst();
        if (offers.isEmpty() && (slash <= 0 || slash == asked.length() - 1)) {
            throw DoorPassage.noModel(asked);
        }
        return offers.map(connection -> connection.name() + "/" + asked).orElse(asked);
    }

    static void write(HttpServletResponse response, int status, ObjectNode body) throws IOException {
        byte[] bytes = Json.bytes(body);
        response.setStatus(status);
        response.setContentType("application/json");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
