package org.rungpt.web;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.store.StoreException;

/** A request that is answered with an error: status, code, one line that says what is wrong, one that says what helps. */
final class ApiException extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final @Nullable String remedy;
    private final @Nullable String parameter;

    ApiException(int status, String code, String message, @Nullable String remedy) {
        this(status, code, message, remedy, null);
    }

    private ApiException(int status, String code, String message, @Nullable String remedy, @Nullable String parameter) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
        this.remedy = remedy;
        this.parameter = parameter;
    }

    /** Something is wrong with one parameter of a request. */
    static ApiException parameter(String name, String message) {
        return new ApiException(400, "invalid", message, null, name);
    }

    /** The model that a request names is none. */
    static ApiException noModel(String message) {
        return new ApiException(404, "model_not_found", message, null, "model");
    }

    static ApiException notFound(String message) {
        return new ApiException(404, "not_found", message, null);
    }

    static ApiException invalid(String message) {
        return new ApiException(400, "invalid", message, null);
    }

    static ApiException unavailable(String message) {
        return new ApiException(
                503, "unavailable", message, "Try again in a moment; ./rungpt doctor says what is missing.");
    }

    static ApiException of(ChatException error) {
        int status =
                switch (error.kind()) {
                    case NOT_FOUND -> 404;
                    case INVALID -> 400;
                    case CONFLICT -> 409;
                    case UNAVAILABLE -> 503;
                };
        return new ApiException(status, error.kind().name().toLowerCase(Locale.ROOT), message(error), null);
    }

    static ApiException of(StoreException error) {
        return switch (error.kind()) {
            case NOT_FOUND -> notFound(message(error));
            case UNAVAILABLE -> unavailable(message(error));
            // The message has the remedy.
            case BROKEN -> new ApiException(503, "unavailable", message(error), null);
        };
    }

    private static String message(Exception error) {
        String message = error.getMessage();
        return message == null ? error.getClass().getSimpleName() : message;
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }

    @Nullable
    String remedy() {
        return remedy;
    }

    @Nullable
    String parameter() {
        return parameter;
    }
}
