package org.rungpt.model.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The programs that serve models on this machine: where they listen and how one knows that it is they. */
enum LocalServer {
    OLLAMA("ollama", "Ollama", 11434, "/api/version") {
        @Override
        boolean isIt(JsonNode answer) {
            return answer.path("version").isTextual();
        }
    },
    LLAMA_CPP("llamacpp", "llama.cpp", 8080, "/v1/models") {
        @Override
        boolean isIt(JsonNode answer) {
            return isOwnedBy(answer, "llamacpp");
        }
    },
    LM_STUDIO("lmstudio", "LM Studio", 1234, "/v1/models") {
        @Override
        boolean isIt(JsonNode answer) {
            return answer.path("object").asText().equals("list")
                    && answer.path("data").isArray();
        }
    },
    VLLM("vllm", "vLLM", 8000, "/v1/models") {
        @Override
        boolean isIt(JsonNode answer) {
            return isOwnedBy(answer, "vllm");
        }
    };

    private final String connection;
    private final String title;
    private final int port;
    private final String path;

    LocalServer(String connection, String title, int port, String path) {
        this.connection = connection;
        this.title = title;
        this.port = port;
        this.path = path;
    }

    /** The name of its connection. */
    String connection() {
        return connection;
    }

    String title() {
        return title;
    }

    /** Where it listens unless somebody has changed that. */
    int port() {
        return port;
    }

    /** What it is asked. */
    String path() {
        return path;
    }

    /** @param answer what came; a missing node if no JSON did */
    abstract boolean isIt(JsonNode answer);

    private static boolean isOwnedBy(JsonNode answer, String owner) {
        for (JsonNode model : answer.path("data")) {
            if (model.path("owned_by").asText().equals(owner)) {
                return true;
            }
        }
        return false;
    }

    static List<LocalServer> all() {
        return List.of(values());
    }
}
