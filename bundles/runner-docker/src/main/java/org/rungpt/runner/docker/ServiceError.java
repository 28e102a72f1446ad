package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;

/** The action service refused a request. */
final class ServiceError extends Exception {
    private static final long serialVersionUID = 1;

    private final String type;

    private ServiceError(String type, String message) {
        super(message);
        this.type = type;
    }

    static ServiceError of(JsonNode error) {
        return new ServiceError(
                EngineFailures.oneLine(error.path("data").path("type").asText("unknown"), 60),
                EngineFailures.oneLine(error.path("message").asText("no reason given"), 300));
    }

    /** The protocol's word for it, for example {@code unknown-call}. */
    String type() {
        return type;
    }
}
