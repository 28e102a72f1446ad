package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.store.ConversationStore;

/** Errors of the door, in the form that clients of the OpenAI API know. */
final class DoorServletTest {
    private final Services services = new Services();
    private final EventStreams streams = new EventStreams(services);
    private final DoorServlet door = new DoorServlet(services, new DoorTurns(services, streams));
    private int status;

    DoorServletTest() {
        services.bindStore(fake(ConversationStore.class, (self, method, values) -> Optional.empty()));
        services.bindConversations(fake(Conversations.class, (self, method, values) -> {
            throw new ChatException(ChatException.Kind.NOT_FOUND, "there is no such model");
        }));
    }

    @AfterEach
    void close() {
        streams.stop();
    }

    private static <T> T fake(Class<T> type, InvocationHandler does) {
        return type.cast(Proxy.newProxyInstance(DoorServletTest.class.getClassLoader(), new Class<?>[] {type}, does));
    }

    private JsonNode error(String path, String body) throws Exception {
        var in = new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
        var out = new ByteArrayOutputStream();
        var request = fake(HttpServletRequest.class, (self, method, values) -> switch (method.getName()) {
            case "getMethod" -> "POST";
            case "getPathInfo" -> path;
            default ->
                new ServletInputStream() {
                    @Override
                    public int read() {
                        return in.read();
                    }

                    @Override
                    public boolean isFinished() {
                        return in.available() == 0;
                    }

                    @Override
                    public boolean isReady() {
                        return true;
                    }

                    @Override
                    public void setReadListener(ReadListener listener) {}
                };
        });
        var response = fake(HttpServletResponse.class, (self, method, values) -> switch (method.getName()) {
            case "setStatus" -> {
                status = (int) values[0];
                yield null;
            }
            case "getOutputStream" ->
                new ServletOutputStream() {
                    @Override
                    public void write(int b) {
                        out.write(b);
                    }

                    @Override
                    public boolean isReady() {
                        return true;
                    }

                    @Override
                    public void setWriteListener(WriteListener listener) {}
                };
            default -> null;
        });
        door.service(request, response);
        return Json.own(out.toString(StandardCharsets.UTF_8)).path("error");
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
