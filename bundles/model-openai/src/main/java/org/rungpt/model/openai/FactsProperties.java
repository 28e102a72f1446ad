package org.rungpt.model.openai;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Prices;

/** What is said of a connection's models, as a configuration holds it. */
final class FactsProperties {
    private FactsProperties() {}

    static void put(Map<String, Object> values, ModelFacts facts) {
        Prices prices = facts.prices();
        values.put("models", facts.models().toArray(String[]::new));
        values.put("contextTokens", facts.contextTokens() == null ? 0 : facts.contextTokens());
        values.put("priceInput", prices == null ? "" : Double.toString(prices.input()));
        values.put("priceOutput", prices == null ? "" : Double.toString(prices.output()));
        values.put(
                "priceCachedInput",
                prices == null || prices.cachedInput() == null ? "" : Double.toString(prices.cachedInput()));
        values.put("images", flag(facts.takes().images()));
        values.put("files", flag(facts.takes().files()));
        values.put("audio", flag(facts.takes().audio()));
        values.put("protocol", facts.protocol());
    }

    /** @throws IllegalArgumentException if something is wrong; one line that names the key */
    static ModelFacts read(Map<String, Object> values) {
        return ModelFacts.written(
                texts(values.get("models")),
                number(values.get("contextTokens")),
                text(values, "priceInput"),
                text(values, "priceOutput"),
                text(values, "priceCachedInput"),
                text(values, "images"),
                text(values, "files"),
                text(values, "audio"),
                text(values, "protocol"));
    }

    private static String flag(@Nullable Boolean said) {
        return said == null ? "" : said.toString();
    }

    static String text(Map<String, Object> values, String key) {
        Object value = values.get(key);
        return value == null ? "" : value.toString().strip();
    }

    private static int number(@Nullable Object value) {
        try {
            return value == null || value.toString().isBlank()
                    ? 0
                    : Integer.parseInt(value.toString().strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "contextTokens: " + Redaction.plain(value.toString(), 20) + " is no number", e);
        }
    }

    static List<String> texts(@Nullable Object value) {
        if (value instanceof String[] many) {
            return List.of(many);
        }
        return value == null ? List.of() : List.of(value.toString());
    }
}
