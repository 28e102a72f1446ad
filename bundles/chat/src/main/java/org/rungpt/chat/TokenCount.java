package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;

/** What the answers of a model taught about its tokens; another model begins anew. */
final class TokenCount {
    private String model = "";
    /** By our estimate, corrected. */
    private long asked;

    private double factor = 1;
    private long limit;

    void asked(String ofModel, long tokens) {
        asked = tokens;
        if (!model.equals(ofModel)) {
            model = ofModel;
            factor = 1;
            limit = 0;
        }
    }

    /** The server's count corrects our estimate. */
    void answered(JsonNode usage) {
        long input = usage.path("input").asLong();
        if (asked > 0 && input > 0 && !usage.path("estimated").asBoolean()) {
            factor = Math.max(0.5, Math.min(3, input / (asked / factor)));
        }
    }

    /** So much was more than the model takes. */
    void tooLong(long tokens) {
        limit = tokens * 7 / 10;
    }

    /** What the server counted for a token of our estimate. */
    double factor() {
        return factor;
    }

    /** What the model may take, in tokens of our estimate; 0 if it took all until now. */
    long limit() {
        return limit;
    }
}
