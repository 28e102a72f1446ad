package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;

/** Grants and policies in requests, which are hostile, and answers. */
final class PermissionsJson {
    private static final Set<String> ACCESS = Set.of("network", "shares", "secrets", "workspace");
    private static final Set<String> FOR_ACTION =
            Set.of("action", "contentHash", "network", "shares", "secrets", "workspace");
    private static final Set<String> SHARE = Set.of("name", "source", "writable", "forced");

    private PermissionsJson() {}

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

    private static ObjectNode write(Access access) {
        ObjectNode node = Json.object();
        node.set("network", strings(access.network()));
        ArrayNode shares = node.putArray("shares");
        for (Grants.Share share : access.shares()) {
            shares.addObject()
                    .put("name", share.name())
                    .put("source", share.source())
                    .put("writable", share.writable())
                    .put("forced", share.forced());
        }
        node.set("secrets", strings(access.secrets()));
        return node.put("workspace", access.workspace());
    }

    static ArrayNode strings(List<String> texts) {
        ArrayNode array = Json.array();
        texts.forEach(array::add);
        return array;
    }

    static GrantSet grants(ObjectNode body) throws ApiException {
        JsonNode workspace = body.get("workspace");
        var actions = new ArrayList<GrantSet.ForAction>();
        for (JsonNode one : array(body, "actions")) {
            ObjectNode entry = object(one, "actions", FOR_ACTION);
            actions.add(new GrantSet.ForAction(
                    action(Json.requiredText(entry, "action")), Json.requiredText(entry, "contentHash"), read(entry)));
        }
        return new GrantSet(workspace == null ? Access.NONE : access(workspace, "workspace"), actions);
    }

    private static ActionId action(String text) throws ApiException {
        try {
            return new ActionId(text);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("\"action\": " + e.getMessage() + ".");
        }
    }

    /** @param field what is read, for the message */
    static Access access(JsonNode node, String field) throws ApiException {
        return read(object(node, field, ACCESS));
    }

    private static Access read(ObjectNode node) throws ApiException {
        var shares = new ArrayList<Grants.Share>();
        for (JsonNode one : array(node, "shares")) {
            ObjectNode share = object(one, "shares", SHARE);
            shares.add(new Grants.Share(
                    Json.requiredText(share, "name"),
                    Json.requiredText(share, "source"),
                    flag(share, "writable"),
                    flag(share, "forced")));
        }
        return new Access(texts(node, "network"), shares, texts(node, "secrets"), flag(node, "workspace"));
    }

    /** @param before what stays where the body says nothing */
    static Policy policy(ObjectNode body, Policy before) throws ApiException {
        List<Policy.Rule> rules = before.rules();
        if (body.has("rules")) {
            rules = new ArrayList<>();
            for (JsonNode one : array(body, "rules")) {
                ObjectNode rule = object(one, "rules", Set.of("effect", "match"));
                rules.add(rule(Json.requiredText(rule, "effect"), Json.requiredText(rule, "match")));
            }
        }
        Policy.Mode mode = body.has("mode") ? mode(Json.text(body, "mode")) : before.mode();
        return new Policy(mode, rules, body.has("approvals") ? texts(body, "approvals") : before.approvals());
    }

    private static Policy.@Nullable Mode mode(@Nullable String text) throws ApiException {
        if (text == null) {
            return null;
        }
        for (Policy.Mode mode : Policy.Mode.values()) {
            if (mode.wire().equals(text)) {
                return mode;
            }
        }
        throw ApiException.invalid("\"mode\" must be border, always, full or null.");
    }

    private static Policy.Rule rule(String effect, String match) throws ApiException {
        try {
            if (effect.equals(effect.toLowerCase(Locale.ROOT))) {
                return new Policy.Rule(Policy.Effect.valueOf(effect.toUpperCase(Locale.ROOT)), match);
            }
        } catch (IllegalArgumentException e) {
            if (Set.of("allow", "ask", "deny").contains(effect)) {
                throw ApiException.invalid("\"match\": " + e.getMessage() + ".");
            }
        }
        throw ApiException.invalid("\"effect\" must be allow, ask or deny.");
    }

    private static JsonNode array(ObjectNode node, String field) throws ApiException {
        JsonNode array = node.path(field);
        if (!array.isMissingNode() && !array.isArray()) {
            throw ApiException.invalid("\"" + field + "\" must be an array.");
        }
        return array;
    }

    private static List<String> texts(ObjectNode node, String field) throws ApiException {
        var texts = new ArrayList<String>();
        for (JsonNode one : array(node, field)) {
            if (!one.isTextual()) {
                throw ApiException.invalid("\"" + field + "\" must be an array of strings.");
            }
            texts.add(one.textValue());
        }
        return texts;
    }

    private static boolean flag(ObjectNode node, String field) throws ApiException {
        JsonNode flag = node.path(field);
        if (!flag.isMissingNode() && !flag.isBoolean()) {
            throw ApiException.invalid("\"" + field + "\" must be true or false.");
        }
        return flag.asBoolean();
    }

    private static ObjectNode object(JsonNode node, String field, Set<String> known) throws ApiException {
        if (!(node instanceof ObjectNode object)) {
            throw ApiException.invalid("\"" + field + "\" must hold objects.");
        }
        for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
            if (!known.contains(names.next())) {
                throw ApiException.invalid("An unknown field in \"" + field + "\"; known are "
                        + String.join(", ", new java.util.TreeSet<>(known)) + ".");
            }
        }
        return object;
    }
}
