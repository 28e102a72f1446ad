package org.rungpt.model.openai;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;

/**
 * What a connection's settings say of its models; it overrides what the server says.
 *
 * @param models their ids; empty for those that the server lists
 * @param protocol id of the protocol for new conversations; empty for the general one
 */
record ModelFacts(
        List<String> models,
        @Nullable Integer contextTokens,
        @Nullable Prices prices,
        Inputs takes,
        String protocol) {
    static final ModelFacts NONE = new ModelFacts(List.of(), null, null, Inputs.UNKNOWN, "");

    private static final int MAX_MODELS = 1000;
    private static final int MAX_ID = 300;
    private static final Pattern PROTOCOL = Pattern.compile("[a-z]{1,30}");

    ModelFacts {
        models = List.copyOf(models);
    }

    /** @throws IllegalArgumentException if something is wrong; one line that names the key */
    static ModelFacts checked(
            List<String> models,
            @Nullable Integer contextTokens,
            @Nullable Prices prices,
            Inputs takes,
            @Nullable String protocol) {
        Set<String> ids = new LinkedHashSet<>();
        models.stream().map(String::strip).filter(id -> !id.isEmpty()).forEach(ids::add);
        if (ids.size() > MAX_MODELS
                || ids.stream()
                        .anyMatch(id -> id.length() > MAX_ID
                                || id.chars().anyMatch(c -> Character.isISOControl(c) || Character.isWhitespace(c)))) {
            throw new IllegalArgumentException("models: write at most " + MAX_MODELS
                    + " ids without blanks, each of at most " + MAX_ID + " characters");
        }
        if (contextTokens != null && (contextTokens < 1 || contextTokens > 100_000_000)) {
            throw new IllegalArgumentException("contextTokens: " + contextTokens + " is not from 1 to 100000000");
        }
        String chosen = protocol == null ? "" : protocol.strip();
        if (!chosen.isEmpty() && !PROTOCOL.matcher(chosen).matches()) {
            throw new IllegalArgumentException("protocol: write tags or native");
        }
        return new ModelFacts(List.copyOf(ids), contextTokens, prices, takes, chosen);
    }

    /** As a configuration has them. */
    static ModelFacts written(
            List<String> models,
            int contextTokens,
            String input,
            String output,
            String cachedInput,
            String images,
            String files,
            String audio,
            String protocol) {
        Inputs takes = new Inputs(flag("images", images), flag("files", files), flag("audio", audio));
        Double in = price("priceInput", input);
        Double out = price("priceOutput", output);
        Double cached = price("priceCachedInput", cachedInput);
        if ((in == null) != (out == null) || (in == null && cached != null)) {
            throw new IllegalArgumentException("priceInput, priceOutput: set both or none");
        }
        Prices prices = in == null || out == null ? null : new Prices(in, out, cached);
        return checked(
                models.stream()
                        .flatMap(text -> Arrays.stream(text.split("[,\\s]+", -1)))
                        .toList(),
                contextTokens == 0 ? null : contextTokens,
                prices,
                takes,
                protocol);
    }

    private static @Nullable Boolean flag(String key, String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "" -> null;
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> throw new IllegalArgumentException(key + ": write true or false");
        };
    }

    private static @Nullable Double price(String key, String text) {
        if (text.isBlank()) {
            return null;
        }
        try {
            double price = Double.parseDouble(text.strip());
            if (price >= 0 && price < 1e6) {
                return price;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(key + ": write US dollars for a million tokens, such as 2.50");
    }

    /** The models to offer, with what is said of them here before what is known otherwise. */
    List<ModelInfo> of(List<ModelInfo> listed) {
        List<ModelInfo> offered = models.isEmpty()
                ? listed
                : models.stream()
                        .map(id -> listed.stream()
                                .filter(model -> model.id().equals(id))
                                .findFirst()
                                .orElse(new ModelInfo(id, id, null, null)))
                        .toList();
        return offered.stream()
                .map(model -> new ModelInfo(
                        model.id(),
                        model.title(),
                        contextTokens == null ? model.contextTokens() : contextTokens,
                        takes.or(model.takes()),
                        prices == null ? model.prices() : prices))
                .toList();
    }
}
