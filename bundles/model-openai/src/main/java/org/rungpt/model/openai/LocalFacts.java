package org.rungpt.model.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;

/**
 * What a server on this machine says of its models in its own words: how much they take, and whether they see and hear. Its list in OpenAI's form
 * says neither. Blocks; one thread at a time.
 *
 * @see <a href="https://docs.ollama.com/api-reference/show-model-details">Ollama</a>
 * @see <a href="https://docs.ollama.com/context-length">Ollama's default context</a>
 * @see <a href="https://lmstudio.ai/docs/developer/rest/endpoints">LM Studio</a>
 * @see <a href="https://github.com/ggml-org/llama.cpp/tree/master/tools/server">llama.cpp</a>
 */
final class LocalFacts {
    /** What Ollama gives a model unless it is told otherwise, on the machines where it gives least. It cuts the rest without a word. */
    private static final int OLLAMA_CONTEXT = 4096;

    private static final int MOST_MODELS = 200;
    private static final Pattern NUM_CTX = Pattern.compile("(?m)^num_ctx\\s+(\\d{1,9})\\s*$");

    private final LocalServer server;
    private final LocalHttp http;
    private volatile boolean provisional;

    LocalFacts(LocalServer server) {
        this(server, new LocalHttp());
    }

    LocalFacts(LocalServer server, LocalHttp http) {
        this.server = server;
        this.http = http;
    }

    /** Whether something is better known once the model has been asked: a model that is not loaded has no context yet. */
    boolean isProvisional() {
        return provisional;
    }

    /** The models that chat, with what the server knows of them. */
    List<ModelInfo> of(BaseUrl base, List<ModelInfo> listed) throws InterruptedException {
        provisional = false;
        return switch (server) {
            case OLLAMA -> ollama(base, listed);
            case LM_STUDIO -> lmStudio(base, listed);
            case LLAMA_CPP -> llamaCpp(base, listed);
            case VLLM -> listed; // its list says max_model_len
        };
    }

    private static URI at(BaseUrl base, String path) {
        return base.uri().resolve(path);
    }

    private List<ModelInfo> ollama(BaseUrl base, List<ModelInfo> listed) throws InterruptedException {
        Map<String, Integer> loaded = new HashMap<>();
        for (JsonNode model : http.ask(at(base, "/api/ps"), null).path("models")) {
            Integer context = positive(model.path("context_length"));
            if (context != null) {
                loaded.put(model.path("name").asText(""), context);
            }
        }
        List<ModelInfo> models = new ArrayList<>();
        for (ModelInfo model : listed) {
            ObjectNode asked = Json.MAPPER.createObjectNode().put("model", model.id());
            JsonNode shown = models.size() < MOST_MODELS
                    ? http.ask(at(base, "/api/show"), asked.toString())
                    : Json.MAPPER.missingNode();
            JsonNode can = shown.path("capabilities");
            if (!can.isArray() || can.isEmpty() || holds(can, "completion")) {
                Integer context = loaded.get(model.id());
                models.add(with(
                        model,
                        context == null ? ollamaContext(shown) : context,
                        Inputs.images(can.isArray() ? holds(can, "vision") : null)));
            }
        }
        return models;
    }

    /** What a model will have when it is loaded. */
    private int ollamaContext(JsonNode shown) {
        Integer most = null;
        for (Map.Entry<String, JsonNode> fact : shown.path("model_info").properties()) {
            if (fact.getKey().endsWith(".context_length")) {
                most = positive(fact.getValue());
            }
        }
        if (most != null && shown.hasNonNull("remote_model")) {
            return most; // Ollama's own servers give all of it
        }
        provisional = true;
        Matcher written = NUM_CTX.matcher(shown.path("parameters").asText(""));
        int given = written.find() ? Integer.parseInt(written.group(1)) : OLLAMA_CONTEXT;
        return most == null ? given : Math.min(most, given);
    }

    private List<ModelInfo> lmStudio(BaseUrl base, List<ModelInfo> listed) throws InterruptedException {
        Map<String, JsonNode> known = new HashMap<>();
        for (JsonNode model : http.ask(at(base, "/api/v0/models"), null).path("data")) {
            known.put(model.path("id").asText(""), model);
        }
        List<ModelInfo> models = new ArrayList<>();
        for (ModelInfo model : listed) {
            JsonNode facts = known.get(model.id());
            String type = facts == null ? "" : facts.path("type").asText("");
            if (facts == null) {
                models.add(model);
            } else if (!type.equals("embeddings")) {
                Integer loaded = positive(facts.path("loaded_context_length"));
                provisional |= loaded == null;
                models.add(with(
                        model,
                        loaded == null ? positive(facts.path("max_context_length")) : loaded,
                        Inputs.images(type.equals("vlm") ? Boolean.TRUE : type.equals("llm") ? Boolean.FALSE : null)));
            }
        }
        return models;
    }

    /** It serves one model, unless it routes to several, of which it would say nothing here. */
    private List<ModelInfo> llamaCpp(BaseUrl base, List<ModelInfo> listed) throws InterruptedException {
        JsonNode props = listed.size() == 1 ? http.ask(at(base, "/props"), null) : Json.MAPPER.missingNode();
        if (!props.isObject()) {
            return listed;
        }
        JsonNode modalities = props.path("modalities");
        return List.of(with(
                listed.get(0),
                positive(props.path("default_generation_settings").path("n_ctx")),
                new Inputs(flag(modalities.path("vision")), null, flag(modalities.path("audio")))));
    }

    private static @Nullable Boolean flag(JsonNode said) {
        return said.isBoolean() ? Boolean.valueOf(said.booleanValue()) : null;
    }

    private static ModelInfo with(ModelInfo model, @Nullable Integer context, Inputs takes) {
        return new ModelInfo(
                model.id(),
                model.title(),
                context == null ? model.contextTokens() : context,
                takes.or(model.takes()),
                model.prices());
    }

    private static boolean holds(JsonNode array, String word) {
        for (JsonNode each : array) {
            if (each.asText("").equals(word)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Integer positive(JsonNode number) {
        return number.isIntegralNumber() && number.canConvertToInt() && number.asInt() > 0 ? number.asInt() : null;
    }
}
