package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.chat.Policy;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** What is granted and who is asked, in one conversation and in all. */
final class PermissionRoutes {
    private final Services services;

    PermissionRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/grants", call -> Answer.ok(grants(null)))
                .on("PUT", "/grants", call -> putGrants(call, null))
                .on("GET", "/policy", call -> Answer.ok(policy(null)))
                .on("PUT", "/policy", call -> putPolicy(call, null))
                .on("GET", "/conversations/{id}/grants", call -> Answer.ok(grants(call.variable("id"))))
                .on("PUT", "/conversations/{id}/grants", call -> putGrants(call, call.variable("id")))
                .on("GET", "/conversations/{id}/policy", call -> Answer.ok(policy(call.variable("id"))))
                .on("PUT", "/conversations/{id}/policy", call -> putPolicy(call, call.variable("id")));
    }

    private interface Read<T> {
        T of(Permissions permissions, @Nullable String conversation) throws ChatException;
    }

    private <T> T read(Read<T> read, @Nullable String conversation) throws ApiException {
        try {
            return read.of(services.permissions(), conversation);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private ObjectNode grants(@Nullable String conversation) throws ApiException {
        ObjectNode answer = PermissionsJson.write(read(Permissions::grants, conversation));
        if (conversation != null) {
            answer.set("everywhere", PermissionsJson.write(read(Permissions::grants, null)));
        }
        return answer;
    }

    private Answer putGrants(Call call, @Nullable String conversation) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("workspace", "actions"));
        GrantSet wanted = PermissionsJson.grants(body);
        try {
            services.permissions().setGrants(conversation, wanted);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        return Answer.ok(grants(conversation));
    }

    private ObjectNode policy(@Nullable String conversation) throws ApiException {
        ObjectNode answer = json(read(Permissions::policy, conversation));
        if (conversation != null) {
            answer.set("everywhere", json(read(Permissions::policy, null)));
        }
        return answer;
    }

    private Answer putPolicy(Call call, @Nullable String conversation) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("mode", "rules", "approvals"));
        Policy before = read(Permissions::policy, conversation);
        Policy wanted = PermissionsJson.policy(body, before);
        try {
            services.permissions().setPolicy(conversation, wanted);
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        return Answer.ok(policy(conversation));
    }

    private static ObjectNode json(Policy policy) {
        ObjectNode node = Json.object();
        node.put("mode", policy.mode() == null ? null : policy.mode().wire());
        ArrayNode rules = node.putArray("rules");
        policy.rules()
                .forEach(rule ->
                        rules.addObject().put("effect", rule.effect().wire()).put("match", rule.match()));
        JsonNode approvals = PermissionsJson.strings(policy.approvals());
        node.set("approvals", approvals);
        return node;
    }
}
