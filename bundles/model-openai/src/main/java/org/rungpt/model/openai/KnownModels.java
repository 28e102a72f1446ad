package org.rungpt.model.openai;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Prices;

/**
 * What OpenAI's list of models does not say of well-known models: context sizes and list prices in US dollars for a million tokens.
 * Prices are those of the undated names only; what is not certain is not here.
 */
final class KnownModels {
    /** What is known of a model. */
    record Known(@Nullable Integer contextTokens, @Nullable Prices prices) {}

    static final Known NOTHING = new Known(null, null);

    private static final Pattern DATED = Pattern.compile("-\\d{4}-\\d{2}-\\d{2}$");
    private static final Map<String, Known> MODELS = new HashMap<>();

    static {
        put("gpt-5", 400_000, 1.25, 10.00, 0.125);
        put("gpt-5-mini", 400_000, 0.25, 2.00, 0.025);
        put("gpt-5-nano", 400_000, 0.05, 0.40, 0.005);
        put("gpt-4.1", 1_047_576, 2.00, 8.00, 0.50);
        put("gpt-4.1-mini", 1_047_576, 0.40, 1.60, 0.10);
        put("gpt-4.1-nano", 1_047_576, 0.10, 0.40, 0.025);
        put("gpt-4o", 128_000, 2.50, 10.00, 1.25);
        put("gpt-4o-mini", 128_000, 0.15, 0.60, 0.075);
        put("o3", 200_000, 2.00, 8.00, 0.50);
        put("o4-mini", 200_000, 1.10, 4.40, 0.275);
        put("o3-mini", 200_000, 1.10, 4.40, 0.55);
        put("o1", 200_000, 15.00, 60.00, 7.50);
        put("gpt-4-turbo", 128_000, 10.00, 30.00, null);
        put("gpt-4", 8_192, 30.00, 60.00, null);
        put("gpt-3.5-turbo", 16_385, 0.50, 1.50, null);
    }

    private KnownModels() {}

    private static void put(String id, int contextTokens, double input, double output, @Nullable Double cachedInput) {
        MODELS.put(id, new Known(contextTokens, new Prices(input, output, cachedInput)));
    }

    static Known of(String id) {
        Known known = MODELS.get(id);
        if (known != null) {
            return known;
        }
        Known undated = MODELS.get(DATED.matcher(id).replaceFirst(""));
        return undated == null ? NOTHING : new Known(undated.contextTokens(), null);
    }
}
