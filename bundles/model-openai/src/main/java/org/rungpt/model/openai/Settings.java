package org.rungpt.model.openai;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A connection's configuration, checked.
 *
 * @param keyOrigin the origin that the stored key was given for; empty if nobody said
 */
record Settings(
        String name,
        String title,
        BaseUrl base,
        Map<String, String> headers,
        String keyOrigin,
        Duration connectTimeout,
        OpenAiClient.Timeouts timeouts,
        ModelFacts facts) {
    static final String ENVIRONMENT_NAME = "openai";
    static final String BASE_URL_VARIABLE = "OPENAI_BASE_URL";
    static final String KEY_VARIABLE = "OPENAI_API_KEY";
    /** Names a file that holds the key. */
    static final String KEY_FILE_VARIABLE = "OPENAI_API_KEY_FILE";

    /** Names of connections that other bundles bring; taken even while those are away. */
    private static final Set<String> RESERVED = Set.of("demo");

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");
    private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~A-Za-z0-9-]+");
    private static final Set<String> OURS = Set.of(
            "authorization",
            "accept",
            "accept-encoding",
            "connection",
            "content-length",
            "content-type",
            "expect",
            "host",
            "transfer-encoding",
            "upgrade");

    Settings {
        headers = Map.copyOf(headers);
    }

    /** @throws IllegalArgumentException if something is wrong; one line that names the key */
    static Settings of(ConnectionConfig config, UnaryOperator<@Nullable String> environment) {
        String name = checkedName(config.name());
        return new Settings(
                name,
                config.title().isBlank() ? name : config.title().strip(),
                base(name, config.baseUrl(), environment),
                headers(List.of(config.headers())),
                config.keyOrigin().strip(),
                seconds("connectTimeoutSeconds", config.connectTimeoutSeconds()),
                new OpenAiClient.Timeouts(
                        seconds("firstByteTimeoutSeconds", config.firstByteTimeoutSeconds()),
                        seconds("idleTimeoutSeconds", config.idleTimeoutSeconds()),
                        seconds("totalTimeoutSeconds", config.totalTimeoutSeconds())),
                ModelFacts.written(
                        List.of(config.models()),
                        config.contextTokens(),
                        config.priceInput(),
                        config.priceOutput(),
                        config.priceCachedInput(),
                        config.images(),
                        config.files(),
                        config.audio(),
                        config.protocol()));
    }

    static String checkedName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "name: begin with a lower-case letter, then up to 30 lower-case letters, digits or dashes");
        }
        if (RESERVED.contains(name)) {
            throw new IllegalArgumentException(
                    "name: " + name + " is the name of a built-in connection; choose another");
        }
        return name;
    }

    static BaseUrl base(String name, String written, UnaryOperator<@Nullable String> environment) {
        return written.isBlank() ? defaultBase(name, environment) : BaseUrl.of(written);
    }

    /** Where a connection goes that does not say. */
    static BaseUrl defaultBase(String name, UnaryOperator<@Nullable String> environment) {
        String given = name.equals(ENVIRONMENT_NAME) ? environment.apply(BASE_URL_VARIABLE) : null;
        if (given == null || given.isBlank()) {
            return BaseUrl.of(BaseUrl.OPENAI);
        }
        try {
            return BaseUrl.of(given);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("environment variable " + BASE_URL_VARIABLE + ": " + e.getMessage(), e);
        }
    }

    /** Headers as written, each {@code Name: value}, also several in one text on lines of their own. */
    static Map<String, String> headers(List<String> written) {
        Map<String, String> headers = new LinkedHashMap<>();
        written.stream()
                .flatMap(text -> Arrays.stream(text.split("\\R", -1)))
                .filter(line -> !line.isBlank())
                .forEach(line -> {
                    int colon = line.indexOf(':');
                    if (colon < 1) {
                        throw new IllegalArgumentException("headers: write each as Name: value");
                    }
                    headers.put(
                            line.substring(0, colon).strip(),
                            line.substring(colon + 1).strip());
                });
        headers.forEach(Settings::checkHeader);
        return headers;
    }

    static void checkHeader(String name, String value) {
        if (!HEADER_NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("headers: " + Redaction.plain(name, 60) + " is no name of a header");
        }
        if (OURS.contains(name.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException("headers: " + name + " cannot be set here"
                    + (name.equalsIgnoreCase("authorization") ? "; set the key instead" : ""));
        }
        if (!value.chars().allMatch(c -> c >= ' ' && c < 127)) {
            throw new IllegalArgumentException(
                    "headers: the value of " + name + " holds characters that no header takes");
        }
    }

    private static Duration seconds(String key, int value) {
        if (value < 1 || value > 86_400) {
            throw new IllegalArgumentException(key + ": " + value + " is not from 1 to 86400");
        }
        return Duration.ofSeconds(value);
    }
}
