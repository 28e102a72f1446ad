package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** A receipt as Markdown. Whatever came from a model or a program stands in code, so that it is shown as it is. */
final class ReceiptText {
    private final StringBuilder text = new StringBuilder();

    private ReceiptText() {}

    static String of(JsonNode receipt) {
        var writer = new ReceiptText();
        writer.write(receipt);
        return writer.text.toString();
    }

    private void write(JsonNode receipt) {
        line("# Receipt");
        line("");
        line("- Conversation: " + code(receipt.path("conversation").asText()));
        line("- Message: " + code(receipt.path("message").asText()));
        line("- From " + receipt.path("began").asText() + " to "
                + receipt.path("ended").asText("now") + ": "
                + receipt.path("reason").asText("under way"));
        JsonNode tokens = receipt.path("tokens");
        if (!tokens.isMissingNode()) {
            line("- Tokens: " + tokens.path("input").asLong() + " in, "
                    + tokens.path("output").asLong() + " out"
                    + (tokens.path("estimated").asBoolean() ? " (partly estimated)" : ""));
        }
        if (receipt.has("cost")) {
            line(String.format(
                    Locale.ROOT, "- Cost: $%.6f", receipt.path("cost").asDouble()));
        }
        receipt.path("leftOut").forEach(one -> line("- To make room, " + one.asText() + "."));
        for (JsonNode answer : receipt.path("answers")) {
            line("- Answer of " + code(answer.path("model").asText()) + ": "
                    + answer.path("reason").asText("under way"));
        }
        if (receipt.path("calls").isEmpty()) {
            line("");
            line("No calls were made.");
        }
        int number = 0;
        for (JsonNode call : receipt.path("calls")) {
            call(++number, call);
        }
    }

    private void call(int number, JsonNode call) {
        line("");
        line("## " + number + ". " + code(call.path("task").asText()) + ": "
                + call.path("status").asText("under way"));
        line("");
        if (call.has("action")) {
            line("- Action: " + code(call.path("action").asText()) + " "
                    + code(call.path("version").asText()) + ", files "
                    + code(call.path("contentHash").asText()));
        }
        line("- Written by the " + call.path("by").asText());
        JsonNode approval = call.path("approval");
        if (!approval.isMissingNode()) {
            line("- " + (approval.path("decision").asText().equals("allow") ? "Allowed" : "Denied") + " by "
                    + (approval.path("by").asText().equals("user") ? "the user" : "the policy") + " ("
                    + approval.path("scope").asText() + ")");
        }
        if (call.has("exit")) {
            line("- Exit code: " + call.path("exit").asInt());
        }
        if (call.has("message")) {
            line("- " + code(call.path("message").asText().replace('\n', ' ')));
        }
        if (call.has("durationMillis")) {
            line("- Took " + call.path("durationMillis").asLong() + " ms, wrote "
                    + (call.path("stdout").asLong() + call.path("stderr").asLong()) + " bytes");
        }
        for (JsonNode host : call.path("hosts")) {
            line("- " + (host.path("allowed").asBoolean() ? "Reached " : "Was refused ")
                    + code(host.path("host").asText() + ":" + host.path("port").asInt()) + ": "
                    + host.path("connections").asInt() + " connections, "
                    + host.path("sent").asLong() + " bytes sent, "
                    + host.path("received").asLong() + " received");
        }
        for (JsonNode file : call.path("files")) {
            line("- File " + file.path("kind").asText() + ": "
                    + code(file.path("path").asText()));
        }
        for (JsonNode file : call.path("artifacts")) {
            line("- Left the file " + code(file.path("name").asText()));
        }
        line("");
        line("Exactly what ran:".replace("ran", call.has("began") ? "ran" : "was asked for"));
        line("");
        String arguments = call.path("arguments").toPrettyString();
        String fence = "`".repeat(Math.max(3, longestRun(arguments) + 1));
        line(fence + "json");
        line(arguments);
        line(fence);
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private static int longestRun(String text) {
        int longest = 0;
        int run = 0;
        for (int i = 0; i < text.length(); i++) {
            run = text.charAt(i) == '`' ? run + 1 : 0;
            longest = Math.max(longest, run);
        }
        return longest;
    }

    /** One line as code; what is invisible becomes visible. */
    private static String code(String text) {
        String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}]", "\uFFFD");
        String fence = "`".repeat(longestRun(line) + 1);
        String pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
        return line.isEmpty() ? "–" : fence + pad + line + pad + fence;
    }
}
