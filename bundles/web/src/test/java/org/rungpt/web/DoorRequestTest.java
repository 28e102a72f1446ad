package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.Sampling;

class DoorRequestTest {
    private static final String ASKED = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

    private static DoorRequest read(String json) throws ApiException {
        return DoorRequest.of((ObjectNode) Json.own(json));
    }

    @Test
    void howWordsAreChosenIsTaken() throws Exception {
        DoorRequest asked = read(
                "{\"temperature\":0.5,\"top_p\":1,\"presence_penalty\":-1,\"frequency_penalty\":2,\"max_tokens\":9,"
                        + "\"seed\":7,\"stop\":[\"a\",\"b\"],\"reasoning_effort\":\"low\"," + ASKED + "}");
        assertThat(asked.sampling()).isEqualTo(new Sampling(9, 0.5, 1.0, -1.0, 2.0, 7L, List.of("a", "b"), "low"));
        assertThat(read("{\"max_tokens\":9,\"max_completion_tokens\":5,\"stop\":\"END\"," + ASKED + "}")
                        .sampling())
                .isEqualTo(new Sampling(5, null, null, null, null, null, List.of("END"), null));
        assertThat(
                        read("{\"temperature\":null,\"stop\":null,\"response_format\":{\"type\":\"text\"},\"tool_choice\":\"auto\",\"user\":\"u\","
                                        + ASKED + "}")
                                .sampling())
                .isEqualTo(Sampling.NONE);
    }

    @Test
    void actionsThatCannotBeHeldBackAreNotSaidToBe() throws Exception {
        assertThat(read("{\"tool_choice\":null," + ASKED + "}").text()).isEqualTo("x");
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read("{\"tool_choice\":\"none\"," + ASKED + "}"))
                .withMessageContaining("plain:");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            temperature           | 2.1
            temperature           | "hot"
            top_p                 | -0.1
            presence_penalty      | 3
            frequency_penalty     | [1]
            max_tokens            | 0
            max_completion_tokens | 1.5
            seed                  | "a"
            stop                  | ["a","b","c","d","e"]
            stop                  | [""]
            stop                  | {"a":1}
            reasoning_effort      | 7
            n                     | 2
            logprobs              | true
            top_logprobs          | 2
            logit_bias            | {"1":2}
            response_format       | {"type":"json_object"}
            response_format       | {"type":"json_schema","json_schema":{}}
            tools                 | [{"type":"function"}]
            functions             | [{"name":"x"}]
            tool_choice           | "none"
            tool_choice           | "required"
            tool_choice           | {"type":"function","function":{"name":"x"}}
            modalities            | ["text","audio"]
            audio                 | {"voice":"x"}
            """)
    void whatCannotBeKeptIsRefusedByItsName(String name, String value) {
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read("{\"" + name + "\":" + value + "," + ASKED + "}"))
                .satisfies(error -> assertThat(error.parameter()).isEqualTo(name))
                .satisfies(error -> assertThat(error.status()).isEqualTo(400))
                .withMessageContaining("\"" + name + "\"");
    }

    @Test
    void callsOfAnotherProgramsToolsAreText() throws Exception {
        DoorRequest asked = read("""
                {"messages":[
                  {"role":"user","content":"What is the weather?"},
                  {"role":"assistant","content":null,"tool_calls":[
                    {"id":"t1","type":"function","function":{"name":"weather","arguments":"{\\"at\\":\\"Bonn\\"}"}}]},
                  {"role":"tool","tool_call_id":"t1","content":"rain"},
                  {"role":"assistant","content":"It rains."},
                  {"role":"user","content":"And now?"}]}""");
        assertThat(asked.before())
                .extracting(Opening.Said::role)
                .containsExactly(Opening.Role.USER, Opening.Role.ASSISTANT, Opening.Role.USER, Opening.Role.ASSISTANT);
        assertThat(asked.before().get(1).text())
                .isEqualTo("[Called the tool weather of another program with {\"at\":\"Bonn\"}]");
        assertThat(asked.before().get(2).text())
                .isEqualTo("[The tool weather of another program gave this result:]\nrain");
        assertThat(asked.text()).isEqualTo("And now?");
    }

    @Test
    void theLastMessageMayHoldPdf() throws Exception {
        String message = """
                {"role":"user","content":[{"type":"text","text":"Read it."},
                  {"type":"file","file":{"filename":"a.pdf","file_data":"data:%s;base64,JVBERi0="}}]}""";
        String pdf = message.formatted("application/pdf");
        assertThat(read("{\"messages\":[" + pdf + "]}").files())
                .containsExactly(new ContentPart.File("a.pdf", "application/pdf", "JVBERi0="));
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read("{\"messages\":[" + message.formatted("text/html") + "]}"))
                .withMessageContaining("data URL of a PDF");
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read("{\"messages\":[" + pdf + ",{\"role\":\"user\",\"content\":\"x\"}]}"))
                .withMessageContaining("\"messages[0]\" holds a file");
    }

    @Test
    void theLastMessageMayHoldAudio() throws Exception {
        String message = """
                {"role":"user","content":[{"type":"text","text":"Listen."},
                  {"type":"input_audio","input_audio":{"data":"%s","format":"%s"}}]}""";
        String recording = message.formatted("SUQz", "mp3");
        assertThat(read("{\"messages\":[" + recording + "]}").audio())
                .containsExactly(new ContentPart.Audio("audio/mpeg", "SUQz"));
        assertThat(read("{\"messages\":[" + message.formatted("UklG", "wav") + "]}")
                        .audio())
                .containsExactly(new ContentPart.Audio("audio/wav", "UklG"));
        for (String wrong : List.of(message.formatted("SUQz", "flac"), message.formatted("", "wav"))) {
            assertThatExceptionOfType(ApiException.class)
                    .isThrownBy(() -> read("{\"messages\":[" + wrong + "]}"))
                    .withMessageContaining("\"messages[0]\" holds audio that is not \"data\" in Base64");
        }
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(() -> read("{\"messages\":[" + recording + ",{\"role\":\"user\",\"content\":\"x\"}]}"))
                .withMessageContaining("only the last message may");
    }

    @Test
    void theLastWordIsTheUsers() {
        assertThatExceptionOfType(ApiException.class)
                .isThrownBy(
                        () -> read(
                                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"tool\",\"tool_call_id\":\"t\",\"content\":\"y\"}]}"))
                .withMessageContaining("user's");
    }
}
