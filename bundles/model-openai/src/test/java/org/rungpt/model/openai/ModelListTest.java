package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;

final class ModelListTest {
    private static List<ModelInfo> read(String base, String json) throws JsonProcessingException {
        return ModelList.read(BaseUrl.of(base), json);
    }

    @Test
    void leavesOutWhatDoesNotChatAtOpenAiAndPutsTheNewestFirst() throws Exception {
        var json = new StringBuilder("{\"data\":[");
        for (String id : List.of(
                "gpt-4o-mini",
                "text-embedding-3-small",
                "gpt-4o-2024-08-06",
                "whisper-1",
                "gpt-5-mini",
                "gpt-5",
                "dall-e-3",
                "gpt-5.1",
                "gpt-4o-realtime-preview",
                "gpt-5-codex",
                "tts-1-hd",
                "o3",
                "gpt-4.1",
                "omni-moderation-latest",
                "gpt-3.5-turbo-instruct",
                "gpt-image-1",
                "gpt-4o")) {
            json.append(json.charAt(json.length() - 1) == '[' ? "" : ",")
                    .append("{\"id\":\"")
                    .append(id)
                    .append("\"}");
        }
        List<ModelInfo> models = read(BaseUrl.OPENAI, json.append("]}").toString());

        assertThat(models)
                .extracting(ModelInfo::id)
                .containsExactly(
                        "gpt-5.1",
                        "gpt-5",
                        "gpt-5-mini",
                        "gpt-4o",
                        "gpt-4o-mini",
                        "gpt-4.1",
                        "o3",
                        "gpt-4o-2024-08-06");
        assertThat(models.get(0).takes()).isEqualTo(new Inputs(true, true, false));
        assertThat(models.get(1).contextTokens()).isEqualTo(400_000);
        assertThat(models.get(1).prices()).isEqualTo(new Prices(1.25, 10, 0.125));
        assertThat(models.get(7).contextTokens()).isEqualTo(128_000);
        assertThat(models.get(7).prices())
                .as("a dated copy may have cost something else")
                .isNull();
    }

    @Test
    void takesOtherServersAsTheyAre() throws Exception {
        List<ModelInfo> models = read("http://localhost:1/v1", """
                {"data":[{"id":"whisper-1"},{"id":"v","max_model_len":32768},{"id":"l","meta":{"n_ctx_train":8192}},{"id":"whisper-1"},{"id":""},{},
                {"id":"o","name":"Open\\nModel","context_length":10,"pricing":{"prompt":"0.0000025","completion":"0.00001"},"architecture":{"input_modalities":["text","image"]}},
                {"id":"p","architecture":{"input_modalities":["text","file","audio"]}}]}""");

        assertThat(models)
                .containsExactly(
                        new ModelInfo("whisper-1", "whisper-1", null, null),
                        new ModelInfo("v", "v", 32768, null),
                        new ModelInfo("l", "l", 8192, null),
                        new ModelInfo("o", "Open Model", 10, new Inputs(true, false, false), new Prices(2.5, 10, null)),
                        new ModelInfo("p", "p", null, new Inputs(false, true, true), null));
    }

    @Test
    void knowsWhatIsNoList() {
        assertThatThrownBy(() -> read("http://localhost:1/v1", "<html>")).isInstanceOf(JsonProcessingException.class);
        assertThatThrownBy(() -> read("http://localhost:1/v1", "{}")).isInstanceOf(JsonProcessingException.class);
    }
}
