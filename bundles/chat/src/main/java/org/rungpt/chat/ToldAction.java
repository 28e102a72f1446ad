package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.rungpt.api.action.InstalledAction;

/** An action as the model was told of it. */
record ToldAction(String id, String alias, String version, String contentHash) {
    static ToldAction of(InstalledAction action) {
        return new ToldAction(
                action.id().value(),
                action.alias(),
                action.files().version(),
                action.files().contentHash());
    }

    static List<ToldAction> read(JsonNode array) {
        var told = new ArrayList<ToldAction>();
        for (JsonNode one : array) {
            told.add(new ToldAction(
                    one.path("id").asText(),
                    one.path("alias").asText(),
                    one.path("version").asText(),
                    one.path("contentHash").asText()));
        }
        return List.copyOf(told);
    }

    static void write(List<ToldAction> told, ArrayNode array) {
        for (ToldAction one : told) {
            ObjectNode node = array.addObject();
            node.put("id", one.id).put("alias", one.alias).put("version", one.version);
            node.put("contentHash", one.contentHash);
        }
    }
}
