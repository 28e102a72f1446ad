package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.Grants.Share;

/**
 * What of the grants is built into a container: another border needs another container. What is granted to a call alone (its
 * secrets, which hosts it may reach) is not part of it.
 *
 * @param shares by name, in order
 * @param workspace whether a third-party action sees the workspace of its conversation
 */
record Border(List<Share> shares, boolean workspace) {
    static final Border CLOSED = new Border(List.of(), false);
    /** Equal to no other: a share without a place is never granted. */
    private static final Border UNREADABLE = new Border(List.of(new Share("", "", true, true)), true);

    Border {
        shares = shares.stream().sorted(Comparator.comparing(Share::name)).toList();
    }

    /** @param thirdParty a workspace sandbox has its workspace without being asked */
    static Border of(Grants grants, boolean thirdParty) {
        return new Border(grants.shares(), thirdParty && grants.workspace());
    }

    /** Whether anything of the host's can be written. */
    boolean isWritable() {
        return shares.stream().anyMatch(Share::writable);
    }

    /** The same border gives the same text. */
    String text() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode all = root.putArray("shares");
        for (Share share : shares) {
            all.addObject()
                    .put("name", share.name())
                    .put("source", share.source())
                    .put("writable", share.writable())
                    .put("forced", share.forced());
        }
        root.put("workspace", workspace);
        return root.toString();
    }

    /** @return a border that serves nothing if it is no text of one: then its container is not used again */
    static Border parse(String text) {
        try {
            JsonNode root = ServiceLink.JSON.readTree(text);
            if (!root.path("workspace").isBoolean() || !root.path("shares").isArray()) {
                return UNREADABLE;
            }
            List<Share> shares = new ArrayList<>();
            for (JsonNode share : root.path("shares")) {
                shares.add(new Share(
                        share.path("name").asText(),
                        share.path("source").asText(),
                        share.path("writable").asBoolean(),
                        share.path("forced").asBoolean()));
            }
            return new Border(shares, root.path("workspace").asBoolean());
        } catch (JsonProcessingException e) {
            return UNREADABLE;
        }
    }
}
