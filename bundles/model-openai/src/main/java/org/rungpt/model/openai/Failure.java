package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelException.Kind;

/**
 * What went wrong, and whether asking again may help.
 *
 * @param error for the caller
 * @param retry whether the same request may work later
 * @param after how long the server asks to wait; null if it does not say
 */
record Failure(
        ModelException error, boolean retry, @Nullable Duration after) {
    private static final int MAX_WORDS = 300;
    private static final Set<String> BILLING = Set.of(
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "billing_hard_limit_reached",
            "billing_not_active");
    private static final Pattern TOO_LONG = Pattern.compile(
            "(?i)context (length|window|size)|maximum context|prompt is too long|too many (input )?tokens|exceeds? the (available )?context");
    private static final Pattern NO_MODEL =
            Pattern.compile("(?i)model.{0,80}(not found|does not exist|not available|unknown)|no such model");

    /** Whom the words are about: the connection, its server and the key that must not show. */
    record Subject(
            String connection, BaseUrl base, @Nullable String key) {
        String settings() {
            return "in Settings, connection " + connection;
        }

        String words(@Nullable String text) {
            return Redaction.clean(text, key, MAX_WORDS);
        }
    }

    private static Failure of(
            Kind kind, String message, @Nullable String remedy, boolean retry, @Nullable Duration after) {
        return new Failure(new ModelException(kind, message, remedy), retry, after);
    }

    /** An answer with another status than 2xx. */
    static Failure ofStatus(Subject subject, int status, HttpHeaders headers, String body, String model) {
        if (status / 100 == 3) {
            return of(
                    Kind.NOT_FOUND,
                    subject.base() + " answers with a redirect to "
                            + subject.words(headers.firstValue("location").orElse("nowhere")),
                    "Redirects are not followed, so that the key stays where it belongs: set the final base URL "
                            + subject.settings() + ".",
                    false,
                    null);
        }
        Duration after = Retry.asked(headers, Instant.now());
        Failure failure = ofError(subject, status, error(body), model, after);
        boolean forbidden = headers.firstValue("x-should-retry")
                .map("false"::equalsIgnoreCase)
                .orElse(false);
        return forbidden ? new Failure(failure.error(), false, after) : failure;
    }

    /** An error object, from an answer or from the middle of a stream. */
    static Failure ofError(Subject subject, int status, JsonNode error, String model, @Nullable Duration after) {
        String code = error.path("code").asText("").toLowerCase(Locale.ROOT);
        String type = error.path("type").asText("").toLowerCase(Locale.ROOT);
        int known = status > 0
                ? status
                : error.path("code").isInt() ? error.path("code").asInt() : 0;
        String said = subject.words(
                error.isTextual() ? error.asText() : error.path("message").asText(""));
        String words = said.isEmpty() ? "" : ": " + said;
        if (BILLING.contains(code) || BILLING.contains(type) || known == 402) {
            return of(
                    Kind.BILLING,
                    "No credit left, or a spending limit is reached" + words,
                    "Look at the billing page of the model's provider, or choose another model.",
                    false,
                    null);
        }
        if (code.equals("context_length_exceeded")
                || known == 413
                || ((known == 400 || known == 422 || known == 0)
                        && TOO_LONG.matcher(said).find())) {
            return of(
                    Kind.CONTEXT_LENGTH,
                    "The conversation is longer than " + model + " takes" + words,
                    "Begin a new conversation, or choose a model that takes more.",
                    false,
                    null);
        }
        if (known == 401 || known == 403 || code.equals("invalid_api_key")) {
            return of(
                    Kind.AUTHENTICATION,
                    subject.base() + (subject.key() == null ? " wants a key" : " refuses the key") + " (" + known + ")"
                            + words,
                    "Paste a valid key " + subject.settings() + ".",
                    false,
                    null);
        }
        if (known == 404 || code.equals("model_not_found")) {
            boolean noModel =
                    code.equals("model_not_found") || NO_MODEL.matcher(said).find();
            return of(
                    Kind.NOT_FOUND,
                    (noModel
                                    ? "There is no model " + Redaction.plain(model, 100) + " at " + subject.base()
                                    : "There is no such address at " + subject.base() + " (404)")
                            + words,
                    noModel
                            ? "Choose another model."
                            : "Check the base URL " + subject.settings() + ": most end with /v1.",
                    false,
                    null);
        }
        if (known == 429
                || code.startsWith("rate_limit")
                || code.equals("slow_down")
                || type.startsWith("rate_limit")) {
            String when = after == null || after.compareTo(Retry.MAX_WAIT) <= 0
                    ? ""
                    : "; the server asks to wait " + inWords(after);
            return of(
                    Kind.RATE_LIMITED,
                    "Too many requests" + when + words,
                    "Wait a little, then try again.",
                    true,
                    after);
        }
        if (known >= 500
                || known == 408
                || type.contains("server")
                || type.contains("overloaded")
                || code.contains("overloaded")) {
            return of(
                    Kind.SERVER,
                    subject.base() + " failed" + (known > 0 ? " (" + known + ")" : "") + words,
                    "Try again later.",
                    known != 501 && known != 505,
                    after);
        }
        return of(
                Kind.BAD_REQUEST,
                subject.base() + " refuses the request" + (known > 0 ? " (" + known + ")" : "") + words,
                null,
                false,
                null);
    }

    /** A failure of the connection itself. */
    static Failure ofIo(Subject subject, Throwable thrown, boolean answerBegan) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String remedy = "Is the server running? Its address is set " + subject.settings() + ".";
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof UnresolvedAddressException || each instanceof UnknownHostException) {
                return of(
                        Kind.UNREACHABLE,
                        "There is no host " + subject.base().uri().getHost(),
                        remedy,
                        false,
                        null);
            }
        }
        if (cause instanceof HttpConnectTimeoutException) {
            return of(Kind.UNREACHABLE, "No connection to " + subject.base() + " in time", remedy, false, null);
        }
        if (cause instanceof HttpTimeoutException) {
            return of(Kind.IDLE, "No answer came in time from " + subject.base(), "Try again.", false, null);
        }
        if (cause instanceof ConnectException) {
            return of(Kind.UNREACHABLE, "No connection to " + subject.base() + ": refused", remedy, false, null);
        }
        if (cause instanceof SSLException) {
            return of(
                    Kind.UNREACHABLE,
                    "No secure connection to " + subject.base() + ": " + subject.words(cause.getMessage()),
                    "Check the base URL and its certificate.",
                    false,
                    null);
        }
        if (cause instanceof IOException) {
            return of(
                    Kind.DROPPED,
                    answerBegan
                            ? "The answer broke off: the connection was closed"
                            : subject.base() + " closed the connection",
                    "Try again.",
                    true,
                    null);
        }
        return of(
                Kind.MALFORMED,
                "The answer cannot be read: " + subject.words(String.valueOf(cause)),
                null,
                false,
                null);
    }

    static Failure dropped() {
        return of(Kind.DROPPED, "The answer broke off: the stream ended early", "Try again.", true, null);
    }

    static Failure malformed(String what) {
        return of(Kind.MALFORMED, what, "Is this the base URL of an OpenAI-compatible API?", false, null);
    }

    static Failure idle(Duration silence, boolean began) {
        return of(
                Kind.IDLE,
                (began ? "The answer broke off: nothing came for " : "No answer came for ") + inWords(silence),
                "Try again.",
                false,
                null);
    }

    static Failure endless(Duration limit) {
        return of(Kind.IDLE, "The answer took longer than " + inWords(limit), "Try again.", false, null);
    }

    static Failure stopped() {
        return of(Kind.BACKEND_STOPPED, "The connection was stopped or changed", "Try again.", false, null);
    }

    /** The error object in an answer; missing if there is none to be read. */
    static JsonNode error(String body) {
        try {
            JsonNode root = Json.MAPPER.readTree(body);
            if (root == null) {
                return MissingNode.getInstance();
            }
            if (root.isArray() && !root.isEmpty()) {
                root = root.get(0);
            }
            if (root.hasNonNull("error")) {
                return root.get("error");
            }
            return root.hasNonNull("message") ? root : root.path("detail");
        } catch (JsonProcessingException e) {
            return Json.MAPPER.getNodeFactory().textNode(body.stripLeading().startsWith("<") ? "an HTML page" : body);
        }
    }

    static String inWords(Duration duration) {
        long seconds = Math.max(1, duration.toSeconds());
        return seconds >= 7200
                ? seconds / 3600 + " hours"
                : seconds >= 120 ? seconds / 60 + " minutes" : seconds == 1 ? "1 second" : seconds + " seconds";
    }
}
