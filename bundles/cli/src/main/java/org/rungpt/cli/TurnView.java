package org.rungpt.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.rungpt.plain.Plain;

/** Shows a turn as it happens. Texts come twice, transient and stored, and are merged by their offsets. */
final class TurnView {
    private final Terminal terminal;
    private final Map<String, Integer> shownText = new HashMap<>();
    private final Map<String, Long> shownOutput = new HashMap<>();
    private final Map<String, String> identities = new HashMap<>();
    /** Text that may turn out to be the final answer; empty if somebody watches it come. */
    private final StringBuilder held = new StringBuilder();

    TurnView(Terminal terminal) {
        this.terminal = terminal;
    }

    /** {@code owner/repo.task} of a call, by which it is allowed. */
    String identity(String call) {
        return identities.getOrDefault(call, call);
    }

    void show(String type, JsonNode data) {
        switch (type) {
            case "message.delta", "message.text" -> text(data);
            case "message.started" -> release();
            case "message.retrying" ->
                terminal.noteLine("… " + data.path("reason").asText() + "; trying again");
            case "call.requested" -> requested(data);
            case "call.progress" -> terminal.noteLine("  … " + data.path("step").asText());
            case "call.output.delta", "call.output" -> output(data);
            case "call.finished" -> finished(data);
            case "message.finished" -> failed(data.path("error"));
            default -> {
                // nothing to show
            }
        }
    }

    private void text(JsonNode data) {
        if (!data.path("channel").asText("answer").equals("answer")) {
            return;
        }
        String message = data.path("message").asText();
        String text = data.path("text").asText();
        int offset = data.path("offset").asInt();
        int shown = shownText.getOrDefault(message, 0);
        if (offset <= shown && offset + text.length() > shown) {
            String fresh = text.substring(shown - offset);
            if (terminal.isWatched()) {
                terminal.answer(fresh);
            } else {
                held.append(fresh);
            }
            shownText.put(message, offset + text.length());
        }
    }

    /** What is held is not the final answer: more follows. */
    private void release() {
        terminal.note(held.toString());
        held.setLength(0);
    }

    /** Nothing follows: what is held is the final answer. */
    void end() {
        terminal.answer(held + "\n");
        held.setLength(0);
    }

    private void requested(JsonNode data) {
        release();
        String task = data.path("task").asText();
        String name = task.substring(task.indexOf('.') + 1);
        identities.put(
                data.path("call").asText(),
                data.has("action") ? data.path("action").asText() + "." + name : task);
        terminal.noteLine("\n▸ " + Plain.line(task + " " + data.path("arguments")));
        if (data.has("problem")) {
            terminal.noteLine("  " + data.path("problem").asText());
        }
    }

    private void output(JsonNode data) {
        String text = data.path("text").asText();
        String stream = data.path("call").asText() + " " + data.path("stream").asText();
        long offset = data.path("offset").asLong();
        long shown = shownOutput.getOrDefault(stream, 0L);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long end = offset + (data.has("bytes") ? data.path("bytes").asLong() : bytes.length);
        if (offset <= shown && end > shown) {
            int from = (int) Math.min(bytes.length, shown - offset);
            terminal.note(new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8));
            shownOutput.put(stream, end);
        }
    }

    private void finished(JsonNode data) {
        String exit = data.has("exit") ? ", exit code " + data.path("exit").asInt() : "";
        String message = data.path("message").asText("");
        terminal.noteLine("◂ " + data.path("status").asText() + exit + (message.isEmpty() ? "" : ": " + message));
    }

    private void failed(JsonNode error) {
        if (error.has("message")) {
            terminal.noteLine("\n" + error.path("message").asText() + " "
                    + error.path("remedy").asText(""));
        }
    }
}
