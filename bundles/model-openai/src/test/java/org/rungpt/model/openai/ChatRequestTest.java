package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelMessage.Role;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.Sampling;

class ChatRequestTest {
    private static final ChatRequest.Dialect DIALECT = new ChatRequest.Dialect(true, true, true);

    @Property(tries = 300)
    void textIsReadAsItWasGivenTheFirstTimeAndAgain(@ForAll @StringLength(max = 600) String text) throws Exception {
        String readable = new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
        for (int i = 0; i < 2; i++) {
            assertThat(content(ModelMessage.text(Role.USER, text)).textValue()).isEqualTo(readable);
        }
    }

    @Test
    void halfACharacterIsSentAsItsReplacement() throws Exception {
        for (String rest : List.of("", "x".repeat(1000))) {
            assertThat(content(ModelMessage.text(Role.ASSISTANT, "a\uD83D b\uDE00" + rest))
                            .textValue())
                    .isEqualTo("a\uFFFD b\uFFFD" + rest);
            assertThat(content(ModelMessage.text(Role.ASSISTANT, "\uD83D\uDE00" + rest))
                            .textValue())
                    .isEqualTo("\uD83D\uDE00" + rest);
        }
    }

    @Test
    void everyKindOfMessageAndToolIsWritten() throws Exception {
        var image = new ModelMessage(
                Role.USER,
                List.of(
                        new ContentPart.Text("see"),
                        new ContentPart.Image("image/png", "AAAA"),
                        new ContentPart.File("a.pdf", "application/pdf", "JVBERi0="),
                        new ContentPart.Audio("audio/wav", "UklG"),
                        new ContentPart.Audio("audio/mpeg", "SUQz")),
                List.of(),
                null);
        var call = new ModelMessage(
                Role.ASSISTANT,
                List.of(),
                List.of(new ModelMessage.ToolCall("c1", "system__shell", "{\"command\":\"ls\"}")),
                null);
        var result = new ModelMessage(Role.TOOL, List.of(new ContentPart.Text("out")), List.of(), "c1");
        var tool = new ModelRequest.Tool("system__shell", "Runs a command", "{\"type\":\"object\"}", true);
        JsonNode body = Json.MAPPER.readTree(ChatRequest.body(
                new ModelRequest("m", List.of(image, call, result), List.of(tool), Sampling.atMost(7)), DIALECT));
        assertThat(body).isEqualTo(Json.MAPPER.readTree("""
                        {"model": "m", "messages": [
                          {"role": "user", "content": [
                            {"type": "text", "text": "see"},
                            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
                            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                            {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}}]},
                          {"role": "assistant", "content": null, "tool_calls": [
                            {"id": "c1", "type": "function", "function": {"name": "system__shell", "arguments": "{\\"command\\":\\"ls\\"}"}}]},
                          {"role": "tool", "content": "out", "tool_call_id": "c1"}],
                         "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 7,
                         "tools": [{"type": "function", "function": {
                           "name": "system__shell", "description": "Runs a command", "parameters": {"type": "object"}, "strict": true}}]}
                        """));
    }

    @Test
    void howWordsAreChosenIsWrittenOnlyWhereSomebodySaidIt() throws Exception {
        var sampling = new Sampling(9, 0.5, 0.25, -1.0, 2.0, 42L, List.of("END", "\n\n"), "low");
        JsonNode body =
                Json.MAPPER.readTree(ChatRequest.body(new ModelRequest("m", List.of(), List.of(), sampling), DIALECT));
        assertThat(body).isEqualTo(Json.MAPPER.readTree("""
                {"model": "m", "messages": [], "stream": true, "stream_options": {"include_usage": true},
                 "max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.25, "presence_penalty": -1.0,
                 "frequency_penalty": 2.0, "seed": 42, "stop": ["END", "\\n\\n"], "reasoning_effort": "low"}
                """));
        assertThat(Json.MAPPER.readTree(ChatRequest.body(new ModelRequest("m", List.of(), List.of()), DIALECT)))
                .isEqualTo(Json.MAPPER.readTree("""
                        {"model": "m", "messages": [], "stream": true, "stream_options": {"include_usage": true}}"""));
    }

    private static JsonNode content(ModelMessage message) throws Exception {
        return Json.MAPPER
                .readTree(ChatRequest.body(new ModelRequest("m", List.of(message), List.of()), DIALECT))
                .at("/messages/0/content");
    }
}
