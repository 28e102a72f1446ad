package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {
    private final Router router = new Router()
            .on(
                    "GET",
                    "/conversations/{id}",
                    call -> Router.Answer.ok(Json.object().put("id", call.variable("id"))))
            .on("DELETE", "/conversations/{id}", call -> Router.Answer.done())
            .on("POST", "/conversations/{id}/stop", call -> Router.Answer.done());

    private static HttpServletRequest request(String method) {
        return (HttpServletRequest) Proxy.newProxyInstance(
                RouterTest.class.getClassLoader(), new Class<?>[] {HttpServletRequest.class}, (proxy, called, args) -> {
                    assertThat(called.getName()).isEqualTo("getMethod");
                    return method;
                });
    }

    @Test
    void takesVariablesFromThePath() throws Exception {
        assertThat(String.valueOf(
                        router.handle(request("GET"), "/conversations/a-b").body()))
                .isEqualTo("{\"id\":\"a-b\"}");
    }

    @Test
    void namesTheMethodsThatAPathHas() {
        assertThatThrownBy(() -> router.handle(request("PUT"), "/conversations/x"))
                .isInstanceOfSatisfying(
                        ApiException.class, error -> assertThat(error.status()).isEqualTo(405))
                .hasMessage("Use GET or DELETE.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/conversations",
                "/conversations/",
                "/conversations//stop",
                "/conversations/a/stop/",
                "/x/../conversations/a",
                "conversations/a/b"
            })
    void hasNothingAtOtherPaths(String path) {
        assertThatThrownBy(() -> router.handle(request("GET"), path))
                .isInstanceOfSatisfying(
                        ApiException.class, error -> assertThat(error.status()).isEqualTo(404));
    }
}
