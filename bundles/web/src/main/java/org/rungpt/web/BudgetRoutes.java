package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budget;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.ChatException;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** What may be spent, in one conversation and in all. */
final class BudgetRoutes {
    private static final Set<String> PARTS = Set.of("turn", "conversation");
    private static final Set<String> OF_A_TURN = Set.of("steps", "calls", "tokens", "dollars", "minutes");
    private static final Set<String> OF_A_CONVERSATION = Set.of("calls", "tokens", "dollars", "minutes");

    private final Services services;

    BudgetRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/budgets", call -> Answer.ok(budgets(null)))
                .on("PUT", "/budgets", call -> put(call, null))
                .on("GET", "/conversations/{id}/budgets", call -> Answer.ok(budgets(call.variable("id"))))
                .on("PUT", "/conversations/{id}/budgets", call -> put(call, call.variable("id")));
    }

    private ObjectNode budgets(@Nullable String conversation) throws ApiException {
        try {
            ObjectNode answer = write(services.spending().budgets(conversation));
            answer.set("effective", write(services.spending().effective(conversation)));
            return answer;
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private Answer put(Call call, @Nullable String conversation) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), PARTS);
        var wanted = new Budgets(budget(body, "turn", OF_A_TURN), budget(body, "conversation", OF_A_CONVERSATION));
        try {
            services.spending().setBudgets(conversation, wanted);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        return Answer.ok(budgets(conversation));
    }

    private static ObjectNode write(Budgets budgets) {
        ObjectNode node = Json.object();
        node.set("turn", write(budgets.turn()));
        node.set("conversation", write(budgets.conversation()));
        return node;
    }

    private static ObjectNode write(Budget budget) {
        ObjectNode node = Json.object();
        if (budget.steps() != null) {
            node.put("steps", budget.steps());
        }
        if (budget.calls() != null) {
            node.put("calls", budget.calls());
        }
        if (budget.tokens() != null) {
            node.put("tokens", budget.tokens());
        }
        if (budget.dollars() != null) {
            node.put("dollars", budget.dollars());
        }
        if (budget.minutes() != null) {
            node.put("minutes", budget.minutes());
        }
        return node;
    }

    private static Budget budget(ObjectNode body, String part, Set<String> known) throws ApiException {
        JsonNode node = body.path(part);
        if (node.isMissingNode() || node.isNull()) {
            return Budget.NONE;
        }
        if (!node.isObject()) {
            throw ApiException.invalid("\"" + part + "\" must be an object.");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!known.contains(field.getKey())) {
                throw ApiException.invalid("An unknown field in \"" + part + "\"; known are "
                        + String.join(", ", new java.util.TreeSet<>(known)) + ".");
            }
        }
        Long steps = whole(node, part, "steps", Integer.MAX_VALUE);
        Long calls = whole(node, part, "calls", Integer.MAX_VALUE);
        JsonNode dollars = node.path("dollars");
        if (!dollars.isMissingNode() && !dollars.isNull() && !dollars.isNumber()) {
            throw ApiException.invalid("\"" + part + ".dollars\" must be a number, or null.");
        }
        try {
            return new Budget(
                    steps == null ? null : Math.toIntExact(steps),
                    calls == null ? null : Math.toIntExact(calls),
                    whole(node, part, "tokens", Long.MAX_VALUE),
                    dollars.isNumber() ? dollars.doubleValue() : null,
                    whole(node, part, "minutes", Long.MAX_VALUE));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("\"" + part + "\": " + e.getMessage() + ".");
        }
    }

    private static @Nullable Long whole(JsonNode node, String part, String name, long most) throws ApiException {
        JsonNode value = node.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() > most) {
            throw ApiException.invalid("\"" + part + "." + name + "\" must be a whole number, or null.");
        }
        return value.longValue();
    }
}
