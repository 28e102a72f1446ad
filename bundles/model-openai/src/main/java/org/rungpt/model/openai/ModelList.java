package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;

/** Reads a server's list of models. OpenAI's own is cleared of what does not chat and put in order; others are taken as they are. */
final class ModelList {
    private static final Pattern NO_CHAT = Pattern.compile(
            "audio|realtime|tts|transcribe|whisper|dall-e|image|sora|embedding|moderation|instruct|davinci|babbage|codex|deep-research|"
                    + "computer-use|search-api|o1-pro|o3-pro|gpt-5(\\.\\d+)?-pro|^ft:(davinci|babbage)");
    private static final Pattern DATED = Pattern.compile("-(\\d{4}-\\d{2}-\\d{2}|\\d{4})(-preview)?$");
    private static final Pattern FAMILY = Pattern.compile("gpt-(\\d+(?:\\.\\d+)?)(o?)(-.*)?");
    private static final Pattern SEES =
            Pattern.compile("gpt-4o|gpt-4\\.|gpt-4-turbo|gpt-[5-9]|chatgpt-4o|^o[134](-|$)(?!mini)");

    private ModelList() {}

    static List<ModelInfo> read(BaseUrl base, String json) throws JsonProcessingException {
        JsonNode root = Json.MAPPER.readTree(json);
        JsonNode list = root == null ? Json.MAPPER.missingNode() : root.isArray() ? root : root.path("data");
        if (!list.isArray()) {
            throw new JsonProcessingException("no list") {
                private static final long serialVersionUID = 1;
            };
        }
        List<ModelInfo> models = new ArrayList<>();
        for (JsonNode each : list) {
            String id = each.path("id").asText("");
            boolean listed = models.stream().anyMatch(model -> model.id().equals(id));
            if (!id.isEmpty()
                    && id.length() <= 300
                    && !listed
                    && !(base.isOpenAi() && NO_CHAT.matcher(id).find())) {
                String title = Redaction.plain(each.path("name").asText(""), 100);
                KnownModels.Known known = base.isOpenAi() ? KnownModels.of(id) : KnownModels.NOTHING;
                Integer context = context(each);
                models.add(new ModelInfo(
                        id,
                        title.isEmpty() ? id : title,
                        context == null ? known.contextTokens() : context,
                        takes(base, id, each),
                        each.path("pricing").isObject() ? prices(each.path("pricing")) : known.prices()));
            }
        }
        if (base.isOpenAi()) {
            models.sort(Comparator.comparingDouble((ModelInfo model) -> -rank(model.id()))
                    .thenComparing(ModelInfo::id));
        }
        return List.copyOf(models);
    }

    /** The newest general model first, then its smaller sisters, then older ones; dated copies and other families last. */
    private static double rank(String id) {
        Matcher family = FAMILY.matcher(DATED.matcher(id).replaceFirst(""));
        if (!family.matches()) {
            return id.startsWith("o") ? 1 : 0;
        }
        String variant = family.group(3) == null ? "" : family.group(3);
        double version = Double.parseDouble(family.group(1)) * 100;
        double plain = variant.isEmpty() ? 9 : variant.equals("-mini") ? 6 : variant.equals("-nano") ? 3 : 1;
        double omni = family.group(2).isEmpty() ? 0 : 20;
        return version + plain + omni - (DATED.matcher(id).find() ? 2000 : 0);
    }

    private static @Nullable Integer context(JsonNode model) {
        List<JsonNode> places = List.of(
                model.path("context_length"),
                model.path("max_model_len"),
                model.path("context_window"),
                model.path("max_context_length"),
                model.path("meta").path("n_ctx"),
                model.path("meta").path("n_ctx_train"));
        for (JsonNode place : places) {
            if (place.canConvertToInt() && place.isIntegralNumber() && place.asInt() > 0) {
                return place.asInt();
            }
        }
        return null;
    }

    /** Prices for one token, as OpenRouter tells them. */
    private static @Nullable Prices prices(JsonNode pricing) {
        double input = perMillion(pricing.path("prompt"));
        double output = perMillion(pricing.path("completion"));
        double cached = perMillion(pricing.path("input_cache_read"));
        return input >= 0 && output >= 0 ? new Prices(input, output, cached >= 0 ? cached : null) : null;
    }

    private static double perMillion(JsonNode price) {
        try {
            String text = price.asText("");
            return text.isEmpty() ? -1 : new BigDecimal(text).movePointRight(6).doubleValue();
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** OpenAI's models that see take PDF too, and those that hear are for other ways of asking; OpenRouter says it of each. */
    private static Inputs takes(BaseUrl base, String id, JsonNode model) {
        if (base.isOpenAi()) {
            boolean sees = SEES.matcher(id).find();
            return new Inputs(sees, sees, false);
        }
        Inputs told = new Inputs(told(model, "image"), told(model, "file"), told(model, "audio"));
        for (JsonNode capability : model.path("capabilities")) {
            if (capability.asText("").equals("multimodal")
                    || capability.asText("").equals("vision")) {
                return Inputs.images(true).or(told); // llama.cpp and LM Studio
            }
        }
        JsonNode vision = model.path("capabilities").path("vision");
        return vision.isBoolean() && !Boolean.TRUE.equals(told.images())
                ? Inputs.images(vision.asBoolean()).or(told)
                : told;
    }

    private static @Nullable Boolean told(JsonNode model, String modality) {
        JsonNode modalities = model.path("architecture").path("input_modalities");
        for (JsonNode input : modalities) {
            if (input.asText("").equals(modality)) {
                return true;
            }
        }
        return modalities.isArray() ? Boolean.FALSE : null;
    }
}
