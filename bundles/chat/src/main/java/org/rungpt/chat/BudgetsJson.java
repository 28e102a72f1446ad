package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budget;
import org.rungpt.api.chat.Budgets;

/** Budgets as JSON, the same in events and in settings. */
final class BudgetsJson {
    private BudgetsJson() {}

    static ObjectNode write(Budgets budgets) {
        ObjectNode node = Json.object();
        node.set("turn", write(budgets.turn()));
        node.set("conversation", write(budgets.conversation()));
        return node;
    }

    private static ObjectNode write(Budget budget) {
        ObjectNode node = Json.object();
        put(node, "steps", budget.steps());
        put(node, "calls", budget.calls());
        put(node, "tokens", budget.tokens());
        if (budget.dollars() != null) {
            node.put("dollars", budget.dollars());
        }
        put(node, "minutes", budget.minutes());
        return node;
    }

    private static void put(ObjectNode node, String name, @Nullable Number value) {
        if (value != null) {
            node.put(name, value.longValue());
        }
    }

    static Budgets read(JsonNode node) {
        return new Budgets(budget(node.path("turn")), budget(node.path("conversation")));
    }

    private static Budget budget(JsonNode node) {
        Long steps = number(node, "steps");
        Long calls = number(node, "calls");
        return new Budget(
                steps == null ? null : Math.toIntExact(steps),
                calls == null ? null : Math.toIntExact(calls),
                number(node, "tokens"),
                node.has("dollars") ? node.path("dollars").asDouble() : null,
                number(node, "minutes"));
    }

    private static @Nullable Long number(JsonNode node, String name) {
        return node.has(name) ? node.path(name).asLong() : null;
    }
}
