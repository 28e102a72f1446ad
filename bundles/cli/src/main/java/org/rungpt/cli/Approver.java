package org.rungpt.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.plain.Plain;

/** Decides about calls that wait: by the patterns of {@code --allow}, by asking on a terminal, else by denying with the reason. */
final class Approver {
    private static final int CONFLICT = 409;
    private static final int INVALID = 400;

    private final Server server;
    private final Terminal terminal;
    private final TurnView view;
    private final List<Pattern> allowed;

    /** @param allowed patterns on {@code owner/repo.task} that need no question */
    Approver(Server server, Terminal terminal, TurnView view, List<Pattern> allowed) {
        this.server = server;
        this.terminal = terminal;
        this.view = view;
        this.allowed = allowed;
    }

    /** @param path of the conversation, {@code approval} the data of an {@code approval.requested} event */
    void decide(String path, JsonNode approval) throws CliException {
        String call = approval.path("call").asText();
        String name = view.identity(call);
        boolean asks = false;
        while (true) {
            ObjectNode decision = Server.JSON.createObjectNode();
            if (allowed.stream().anyMatch(glob -> glob.matcher(name).matches())) {
                decision.put("decision", "allow").put("scope", "once");
            } else if (terminal.canAsk()) {
                asks = true;
                ask(name, approval, decision);
            } else {
                String reason = "nobody is at the terminal to approve it; --allow '" + name + "' would grant it";
                terminal.noteLine(Plain.line("Denied " + name + ": " + reason + "."));
                deny(decision).put("reason", reason);
            }
            if (decision.path("decision").asText().equals("allow")) {
                grant(approval, decision);
            }
            try {
                server.post(path + "/calls/" + call + "/approval", decision);
                return;
            } catch (CliException e) {
                if (e.status() == CONFLICT) {
                    terminal.noteLine("  It was decided elsewhere already.");
                    return;
                }
                if (e.status() != INVALID || !asks) {
                    throw e;
                }
                terminal.noteLine("  " + e.getMessage());
            }
        }
    }

    private void ask(String name, JsonNode approval, ObjectNode decision) {
        terminal.noteLine("");
        approval.path("reasons").forEach(reason -> terminal.noteLine("  " + Plain.line(reason.asText())));
        JsonNode edited = null;
        String typed;
        do {
            typed = terminal.ask("Allow " + name + "? " + choices(approval) + ": ");
            if (typed.equals("e") || typed.equals("edit")) {
                edited = edited();
            }
        } while (edited == null && (typed.equals("e") || typed.equals("edit")));
        if (edited != null) {
            decision.put("decision", "allow").put("scope", "once").set("arguments", edited);
            return;
        }
        String scope =
                switch (typed) {
                    case "y", "yes" -> "once";
                    case "c", "conversation" -> "conversation";
                    case "a", "always" -> "always";
                    default -> "";
                };
        if (scope.isEmpty() || !offers(approval, scope)) {
            deny(decision);
        } else {
            decision.put("decision", "allow").put("scope", scope);
        }
    }

    private static String choices(JsonNode approval) {
        List<String> choices = new ArrayList<>(List.of("[y]es once"));
        if (offers(approval, "conversation")) {
            choices.add("[c]onversation");
        }
        if (offers(approval, "always")) {
            choices.add("[a]lways");
        }
        choices.add("[e]dit");
        choices.add("[N]o");
        return String.join(", ", choices);
    }

    private static boolean offers(JsonNode approval, String scope) {
        JsonNode scopes = approval.path("scopes");
        for (JsonNode one : scopes) {
            if (one.asText().equals(scope)) {
                return true;
            }
        }
        return scopes.isEmpty();
    }

    /** The arguments as the user wants them; null if what was typed are none. */
    private @Nullable JsonNode edited() {
        String typed = terminal.ask("The arguments as JSON, on one line: ");
        try {
            if (Server.JSON.readTree(typed) instanceof ObjectNode arguments) {
                return arguments;
            }
            terminal.noteLine("  That is no JSON object.");
        } catch (JsonProcessingException e) {
            terminal.noteLine("  That is no JSON object: " + e.getOriginalMessage());
        }
        return null;
    }

    private static ObjectNode deny(ObjectNode decision) {
        return decision.put("decision", "deny").put("scope", "once");
    }

    /** What was shown is what is granted; directories cannot be chosen here. */
    private void grant(JsonNode approval, ObjectNode decision) {
        decision.put("approval", approval.path("approval").asText());
        JsonNode needs = approval.path("needs");
        if (!needs.path("shares").isEmpty()) {
            terminal.noteLine("  No directory is shared from here; rungpt:grants or the page can do that.");
            ObjectNode grant = decision.putObject("grant");
            grant.set("network", needs.path("network"));
            needs.path("secrets").forEach(secret -> grant.withArray("secrets")
                    .add(secret.path("name").asText()));
            grant.put("workspace", needs.path("workspace").asBoolean());
        }
    }
}
