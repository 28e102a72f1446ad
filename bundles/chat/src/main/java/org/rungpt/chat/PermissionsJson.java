package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;

/** Grants and policies as JSON, the same in events and in settings. */
final class PermissionsJson {
    private PermissionsJson() {}

    static ObjectNode write(Access access) {
        ObjectNode node = Json.object();
        strings(node.putArray("network"), access.network());
        ArrayNode shares = node.putArray("shares");
        for (Grants.Share share : access.shares()) {
            shares.addObject()
                    .put("name", share.name())
                    .put("source", share.source())
                    .put("writable", share.writable())
                    .put("forced", share.forced());
        }
        strings(node.putArray("secrets"), access.secrets());
        return node.put("workspace", access.workspace());
    }

    static Access access(JsonNode node) {
        var shares = new ArrayList<Grants.Share>();
        for (JsonNode share : node.path("shares")) {
            shares.add(new Grants.Share(
                    share.path("name").asText(),
                    share.path("source").asText(),
                    share.path("writable").asBoolean(),
                    share.path("forced").asBoolean()));
        }
        return new Access(
                strings(node.path("network")),
                shares,
                strings(node.path("secrets")),
                node.path("workspace").asBoolean());
    }

    static ObjectNode write(GrantSet grants) {
        ObjectNode node = Json.object();
        node.set("workspace", write(grants.workspace()));
        ArrayNode actions = node.putArray("actions");
        for (GrantSet.ForAction one : grants.actions()) {
            ObjectNode entry = actions.addObject();
            entry.put("action", one.action().value()).put("contentHash", one.contentHash());
            entry.setAll(write(one.access()));
        }
        return node;
    }

    static GrantSet grants(JsonNode node) {
        var actions = new ArrayList<GrantSet.ForAction>();
        for (JsonNode one : node.path("actions")) {
            actions.add(new GrantSet.ForAction(
                    new ActionId(one.path("action").asText()),
                    one.path("contentHash").asText(),
                    access(one)));
        }
        return new GrantSet(access(node.path("workspace")), actions);
    }

    /** Mode and rules; approvals only if {@code approvals}. */
    static ObjectNode write(Policy policy, boolean approvals) {
        ObjectNode node = Json.object();
        if (policy.mode() != null) {
            node.put("mode", policy.mode().wire());
        }
        ArrayNode rules = node.putArray("rules");
        for (Policy.Rule rule : policy.rules()) {
            rules.addObject().put("effect", rule.effect().wire()).put("match", rule.match());
        }
        if (approvals) {
            strings(node.putArray("approvals"), policy.approvals());
        }
        return node;
    }

    static Policy policy(JsonNode node) {
        var rules = new ArrayList<Policy.Rule>();
        for (JsonNode rule : node.path("rules")) {
            rules.add(new Policy.Rule(
                    Policy.Effect.valueOf(upper(rule.path("effect").asText())),
                    rule.path("match").asText()));
        }
        String mode = Json.text(node, "mode");
        return new Policy(
                mode == null ? null : Policy.Mode.valueOf(upper(mode)), rules, strings(node.path("approvals")));
    }

    private static String upper(String wire) {
        return wire.toUpperCase(Locale.ROOT);
    }

    static void strings(ArrayNode array, List<String> texts) {
        texts.forEach(array::add);
    }

    static List<String> strings(JsonNode array) {
        var texts = new ArrayList<String>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
