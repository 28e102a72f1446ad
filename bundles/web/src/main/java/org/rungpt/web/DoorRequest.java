package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.Sampling;

/**
 * A request for a chat completion. What makes no difference here is ignored, as other servers do; what it cannot do is refused.
 *
 * @param model as asked for
 * @param before everything before the last message
 * @param text the last message, the user's
 * @param pictures those of the last message
 * @param files those of the last message
 * @param audio that of the last message
 * @param sampling how the model chooses its words
 * @param stream whether the answer is wanted piece by piece
 * @param usage whether a stream ends with the usage
 * @param conversation the conversation to go on with; null for one of its own
 * @param keep whether the conversation stays when the answer is complete
 * @see <a href="https://platform.openai.com/docs/api-reference/chat/create">Create chat completion</a>
 */
record DoorRequest(
        String model,
        List<Opening.Said> before,
        String text,
        List<ContentPart.Image> pictures,
        List<ContentPart.File> files,
        List<ContentPart.Audio> audio,
        Sampling sampling,
        boolean stream,
        boolean usage,
        @Nullable String conversation,
        boolean keep) {
    private static final Pattern DATA_URL = Pattern.compile("data:(image/(?:png|jpeg|gif|webp));base64,");
    private static final String PDF_URL = "data:application/pdf;base64,";
    static final String MP3 = "audio/mpeg";
    private static final int MAX_NAME = 200;
    private static final int MAX_PICTURE = 5 << 20;

    /** What a message holds beside its text. */
    private static final class Parts {
        final List<ContentPart.Image> pictures = new ArrayList<>();
        final List<ContentPart.File> files = new ArrayList<>();
        final List<ContentPart.Audio> audio = new ArrayList<>();

        /** What is kept of the last message only. */
        boolean isForTheLast() {
            return !files.isEmpty() || !audio.isEmpty();
        }
    }

    static DoorRequest of(ObjectNode body) throws ApiException {
        JsonNode own = body.path("rungpt");
        DoorParameters.refuse(body);
        if (!body.path("messages").isArray() || body.path("messages").isEmpty()) {
            throw ApiException.parameter("messages", "\"messages\" must be a list with at least one message.");
        }
        List<Opening.Said> said = new ArrayList<>();
        int number = 0;
        var parts = new Parts();
        String role = "";
        var calls = new DoorCalls();
        for (JsonNode message : body.path("messages")) {
            if (parts.isForTheLast()) {
                throw wrong(number - 1, "", "holds a file or audio: only the last message may.");
            }
            parts = new Parts();
            role = message.path("role").asText("").toLowerCase(Locale.ROOT);
            said.add(said(message, role, number++, calls, parts));
        }
        Opening.Said last = said.remove(said.size() - 1);
        if (!role.equals("user")) {
            throw ApiException.parameter("messages", "The last message must be the user's.");
        }
        return new DoorRequest(
                body.path("model").asText(""),
                said,
                last.text(),
                last.pictures(),
                parts.files,
                parts.audio,
                DoorParameters.sampling(body),
                body.path("stream").asBoolean(),
                body.path("stream_options").path("include_usage").asBoolean(),
                own.path("conversation").isTextual() ? own.path("conversation").asText() : null,
                own.path("keep").asBoolean());
    }

    private static Opening.Said said(JsonNode message, String role, int number, DoorCalls calls, Parts parts)
            throws ApiException {
        String text = content(message.path("content"), number, parts);
        if (!parts.pictures.isEmpty() && !role.equals("user")) {
            throw wrong(number, "", "only a user's message may hold pictures.");
        }
        return switch (role) {
            case "system", "developer" -> new Opening.Said(Opening.Role.SYSTEM, text);
            case "user" -> new Opening.Said(Opening.Role.USER, text, parts.pictures);
            case "assistant" -> new Opening.Said(Opening.Role.ASSISTANT, calls.made(text, message));
            case "tool", "function" -> new Opening.Said(Opening.Role.USER, calls.result(text, message));
            default -> throw wrong(number, ".role", "must be system, developer, user, assistant or tool.");
        };
    }

    private static ApiException wrong(int number, String field, String what) {
        String place = "messages[" + number + "]" + field;
        return ApiException.parameter(place, "\"" + place + "\" " + what);
    }

    /** Whether it holds something to see. */
    boolean shows() {
        return !pictures.isEmpty()
                || before.stream().anyMatch(said -> !said.pictures().isEmpty());
    }

    private static String content(JsonNode content, int number, Parts parts) throws ApiException {
        if (content.isTextual()) {
            return content.textValue();
        }
        if (content.isNull() || content.isMissingNode()) {
            return "";
        }
        if (!content.isArray()) {
            throw wrong(number, ".content", "must be a string or a list of parts.");
        }
        var text = new StringBuilder();
        for (JsonNode part : content) {
            switch (part.path("type").asText()) {
                case "text" -> text.append(part.path("text").asText());
                case "image_url" ->
                    parts.pictures.add(
                            picture(part.path("image_url").path("url").asText(""), number));
                case "refusal" -> text.append(part.path("refusal").asText());
                case "file" -> parts.files.add(file(part.path("file"), number));
                case "input_audio" -> parts.audio.add(audio(part.path("input_audio"), number));
                default ->
                    throw wrong(
                            number, ".content", "may hold parts of type text, image_url, file and input_audio only.");
            }
        }
        return text.toString();
    }

    private static ContentPart.File file(JsonNode file, int number) throws ApiException {
        String data = file.path("file_data").asText("");
        String name = file.path("filename").asText("file.pdf");
        if (!data.startsWith(PDF_URL) || name.isBlank() || name.length() > MAX_NAME) {
            throw wrong(
                    number,
                    "",
                    "holds a file that is not \"filename\" and \"file_data\" with a data URL of a PDF (" + PDF_URL
                            + "...).");
        }
        return new ContentPart.File(name, "application/pdf", data.substring(PDF_URL.length()));
    }

    private static ContentPart.Audio audio(JsonNode audio, int number) throws ApiException {
        String format = audio.path("format").asText("");
        String data = audio.path("data").asText("");
        if (data.isEmpty() || !(format.equals("wav") || format.equals("mp3"))) {
            throw wrong(number, "", "holds audio that is not \"data\" in Base64 and \"format\", wav or mp3.");
        }
        return new ContentPart.Audio(format.equals("mp3") ? MP3 : "audio/wav", data);
    }

    private static ContentPart.Image picture(String url, int number) throws ApiException {
        Matcher data = DATA_URL.matcher(url);
        if (!data.lookingAt()) {
            throw wrong(
                    number,
                    "",
                    "holds a picture that is no data URL (data:image/png;base64,...; also jpeg, gif, webp): RunGPT fetches none.");
        }
        String base64 = url.substring(data.end());
        try {
            if (Base64.getDecoder().decode(base64).length > MAX_PICTURE) {
                throw wrong(number, "", "holds a picture that is larger than 5 MiB.");
            }
        } catch (IllegalArgumentException e) {
            throw wrong(number, "", "holds a picture whose data is no Base64.");
        }
        return new ContentPart.Image(data.group(1), base64);
    }
}
