package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.store.ConversationStore;

/** Errors of the door, in the form that clients of the OpenAI API know. */
final class DoorServletTest {
    private final Services services = new Services();
    private final EventStreams streams = new EventStreams(services);
    private final DoorServlet door = new DoorServlet(services, new DoorTurns(services, streams));
    private int status;

    DoorServletTest() {
        services.bindStore(StandIns.of(ConversationStore.class, (self, method, values) -> Optional.empty()));
        services.bindConversations(StandIns.of(Conversations.class, (self, method, values) -> {
            throw new ChatException(ChatException.Kind.NOT_FOUND, "there is no such model");
        }));
    }

    @AfterEach
    void close() {
        streams.stop();
    }

    private JsonNode error(String path, String body) throws Exception {
        return answer("POST", path, body).path("error");
    }

    private JsonNode answer(String asks, String path, String body) throws Exception {
        var in = new StandIns.Body(body);
        var out = new StandIns.Written();
        door.service(
                StandIns.of(HttpServletRequest.class, (self, method, values) -> switch (method.getName()) {
                    case "getMethod" -> asks;
                    case "getPathInfo" -> path;
                    default -> in;
                }),
                StandIns.of(HttpServletResponse.class, (self, method, values) -> switch (method.getName()) {
                    case "setStatus" -> status = (int) values[0];
                    case "getOutputStream" -> out;
                    default -> null;
                }));
        return Json.own(out.text());
    }

    private static String asking(String fields) {
        return "{" + fields + ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
    }

    @Test
    void aModelThatThereIsNotIsNotFoundByItsName() throws Exception {
        for (String model : new String[] {"gpt-4o", "openai/nope", "plain:nowhere/x", "openai/"}) {
            JsonNode error = error("/chat/completions", asking("\"model\":\"" + model + "\""));
            assertThat(status).as(model).isEqualTo(404);
            assertThat(error.path("code").asText()).as(model).isEqualTo("model_not_found");
            assertThat(error.path("param").asText()).as(model).isEqualTo("model");
            assertThat(error.path("type").asText()).as(model).isEqualTo("invalid_request_error");
        }
    }

    @Test
    void aModelThatThereIsNotIsNotFoundThoughItIsShownAPicture() throws Exception {
        services.bindConnection(openai());
        JsonNode error = error("/chat/completions", """
                {"model":"openai/nope","messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url",
                "image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]}""");
        assertThat(status).isEqualTo(404);
        assertThat(error.path("code").asText()).isEqualTo("model_not_found");
    }

    private static ModelConnection openai() {
        return StandIns.of(ModelConnection.class, (self, method, values) -> switch (method.getName()) {
            case "name" -> "openai";
            case "title" -> "OpenAI";
            case "models" -> List.of(new ModelInfo("one", "One", 1000, true), new ModelInfo("a/b", "AB", 1000, true));
            case "passage" -> Optional.empty();
            default -> null;
        });
    }

    @Test
    void oneModelIsThereByItsIdAndByThatWithoutItsConnection() throws Exception {
        services.bindConnection(openai());
        for (String wanted : new String[] {"openai/one", "one"}) {
            JsonNode model = answer("GET", "/models/" + wanted, "");
            assertThat(model.path("id").asText()).as(wanted).isEqualTo("openai/one");
            assertThat(model.path("object").asText()).isEqualTo("model");
        }
        assertThat(answer("GET", "/models/a/b", "").path("id").asText()).isEqualTo("openai/a/b");
        assertThat(answer("GET", "/models/two", "").at("/error/code").asText()).isEqualTo("model_not_found");
        assertThat(status).isEqualTo(404);
    }

    @Test
    void whatElseThereIsNotIsNoModel() throws Exception {
        JsonNode error =
                error("/chat/completions", asking("\"model\":\"default\",\"rungpt\":{\"conversation\":\"no\"}"));
        assertThat(status).isEqualTo(404);
        assertThat(error.path("code").asText()).isEqualTo("not_found");
        error = error("/responses", "{}");
        assertThat(status).isEqualTo(404);
        assertThat(error.path("code").asText()).isEqualTo("not_found");
        assertThat(error.path("param").isNull()).isTrue();
    }

    @Test
    void whatAModelsServerDoesNotFindIsAModel() {
        assertThat(DoorAnswer.error("not_found", "x").at("/error/code").asText())
                .isEqualTo("model_not_found");
    }
}
