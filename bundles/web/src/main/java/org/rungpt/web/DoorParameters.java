package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Sampling;

/** The parameters of a chat completion: those that reach the model, and those that would change an answer in a way that cannot be kept. */
final class DoorParameters {
    private static final String PLAIN = " Write plain: before the model to have it as its server does.";
    /** What would change the answer, and is not done. */
    private static final List<String> NOT_DONE = List.of(
            "audio",
            "function_call",
            "functions",
            "logit_bias",
            "prediction",
            "tools",
            "top_logprobs",
            "web_search_options");

    private static final int MOST_STOPS = 4;
    private static final int LONGEST_STOP = 1000;
    private static final Pattern EFFORT = Pattern.compile("[a-z_]{1,20}");

    private DoorParameters() {}

    static void refuse(ObjectNode body) throws ApiException {
        for (String name : NOT_DONE) {
            JsonNode value = body.path(name);
            if (!value.isMissingNode() && !value.isNull() && !(value.isContainerNode() && value.isEmpty())) {
                throw ApiException.parameter(
                        name,
                        "\"" + name
                                + "\" cannot be taken: here the model uses the actions that are installed in RunGPT."
                                + PLAIN);
            }
        }
        if (body.path("n").asInt(1) != 1) {
            throw ApiException.parameter("n", "\"n\" must be 1." + PLAIN);
        }
        if (body.path("logprobs").asBoolean()) {
            throw ApiException.parameter("logprobs", "\"logprobs\" cannot be given." + PLAIN);
        }
        if (!body.path("response_format").path("type").asText("text").equals("text")) {
            throw ApiException.parameter(
                    "response_format",
                    "\"response_format\" must be text: a model that is held to JSON can make no call." + PLAIN);
        }
        // "none" too: the actions run all the same.
        if (isGiven(body.path("tool_choice"))
                && !body.path("tool_choice").asText().equals("auto")) {
            throw ApiException.parameter(
                    "tool_choice", "\"tool_choice\" must be auto: the model chooses among the actions." + PLAIN);
        }
        for (JsonNode modality : body.path("modalities")) {
            if (!modality.asText().equals("text")) {
                throw ApiException.parameter("modalities", "\"modalities\" must be text." + PLAIN);
            }
        }
    }

    static Sampling sampling(ObjectNode body) throws ApiException {
        Integer most = most(body, "max_completion_tokens");
        return new Sampling(
                most == null ? most(body, "max_tokens") : most,
                number(body, "temperature", 0, 2),
                number(body, "top_p", 0, 1),
                number(body, "presence_penalty", -2, 2),
                number(body, "frequency_penalty", -2, 2),
                seed(body),
                stops(body),
                effort(body));
    }

    private static boolean isGiven(JsonNode value) {
        return !value.isMissingNode() && !value.isNull();
    }

    private static @Nullable Integer most(ObjectNode body, String name) throws ApiException {
        JsonNode value = body.path(name);
        if (!isGiven(value)) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() < 1) {
            throw ApiException.parameter(name, "\"" + name + "\" must be a whole number above 0.");
        }
        return value.asInt();
    }

    private static @Nullable Double number(ObjectNode body, String name, int least, int most) throws ApiException {
        JsonNode value = body.path(name);
        if (!isGiven(value)) {
            return null;
        }
        if (!value.isNumber() || !(value.asDouble() >= least && value.asDouble() <= most)) {
            throw ApiException.parameter(name, "\"" + name + "\" must be a number from " + least + " to " + most + ".");
        }
        return value.asDouble();
    }

    private static @Nullable Long seed(ObjectNode body) throws ApiException {
        JsonNode value = body.path("seed");
        if (!isGiven(value)) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw ApiException.parameter("seed", "\"seed\" must be a whole number.");
        }
        return value.asLong();
    }

    private static List<String> stops(ObjectNode body) throws ApiException {
        JsonNode value = body.path("stop");
        List<String> stops = new ArrayList<>();
        if (value.isTextual()) {
            stops.add(value.textValue());
        } else if (isGiven(value)) {
            for (JsonNode each : value) {
                stops.add(each.isTextual() ? each.textValue() : "");
            }
            if (!value.isArray()) {
                stops.add("");
            }
        }
        if (stops.size() > MOST_STOPS
                || stops.stream().anyMatch(stop -> stop.isEmpty() || stop.length() > LONGEST_STOP)) {
            throw ApiException.parameter(
                    "stop",
                    "\"stop\" must be a text, or at most " + MOST_STOPS + " of them, none of them empty or longer than "
                            + LONGEST_STOP + " characters.");
        }
        return stops;
    }

    private static @Nullable String effort(ObjectNode body) throws ApiException {
        JsonNode value = body.path("reasoning_effort");
        if (!isGiven(value)) {
            return null;
        }
        if (!EFFORT.matcher(value.asText()).matches()) {
            throw ApiException.parameter(
                    "reasoning_effort", "\"reasoning_effort\" must be a word such as low, medium or high.");
        }
        return value.asText();
    }
}
