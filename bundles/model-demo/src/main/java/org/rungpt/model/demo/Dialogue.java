package org.rungpt.model.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelMessage.Role;

/**
 * What the demo model understands of a request. It sees what every model sees, the messages, and nothing else: how to call it reads in
 * the system message, what came of its calls in the messages of the user.
 *
 * @param nonce the nonce in the tags of this conversation; null if nobody told it
 * @param told everything that RunGPT said about actions
 * @param prompt what the user wants
 * @param step how many answers it has given to that already
 * @param results what came of the calls in its last answer
 * @param nextId an id that no call has yet
 */
record Dialogue(@Nullable String nonce, String told, String prompt, int step, List<Result> results, int nextId) {
    /** What came of a call. */
    record Result(String status, String output) {
        boolean completed() {
            return status.equals("completed");
        }
    }

    private static final Pattern TAG = Pattern.compile("<run-([^\\s>/]+) action=");

    static Dialogue of(List<ModelMessage> messages) {
        var told = new StringBuilder();
        messages.stream()
                .filter(message -> message.role() == Role.SYSTEM)
                .forEach(message -> told.append(message.text()).append('\n'));
        String nonce = null;
        Matcher tag = TAG.matcher(told);
        while (tag.find()) {
            nonce = tag.group(1);
        }
        String marks = nonce == null ? "[^\\s>]+" : Pattern.quote(nonce);
        Pattern result = Pattern.compile(
                "<result-" + marks + " [^>]*?status=\"([a-z_]+)\"[^>]*>\\R(.*?)\\R?</result-" + marks + ">",
                Pattern.DOTALL);
        Pattern notice = Pattern.compile("<notice-" + marks + ">(.*?)</notice-" + marks + ">", Pattern.DOTALL);
        Pattern call = Pattern.compile("<run-" + marks + " action=\"[^\"]*\" id=\"(\\d{1,6})\"");

        String prompt = "";
        int step = 0;
        int nextId = 1;
        List<Result> results = List.of();
        for (ModelMessage message : messages) {
            if (message.role() == Role.ASSISTANT) {
                step++;
                Matcher made = call.matcher(message.text());
                while (made.find()) {
                    nextId = Math.max(nextId, Integer.parseInt(made.group(1)) + 1);
                }
            } else if (message.role() == Role.USER) {
                Matcher notices = notice.matcher(message.text());
                while (notices.find()) {
                    told.append(notices.group(1)).append('\n');
                }
                String words = notices.reset().replaceAll("");
                results = results(result.matcher(words));
                String said = result.matcher(words).replaceAll("").strip();
                if (!said.isEmpty()) {
                    prompt = said;
                    step = 0;
                }
            }
        }
        return new Dialogue(nonce, told.toString(), prompt, step, results, nextId);
    }

    private static List<Result> results(Matcher matcher) {
        List<Result> results = new ArrayList<>();
        while (matcher.find()) {
            results.add(new Result(matcher.group(1), matcher.group(2)));
        }
        return List.copyOf(results);
    }

    /** Whether it was told of a task. */
    boolean has(String task) {
        return Pattern.compile("(?<![\\w.])" + Pattern.quote(task) + "(?!\\w)")
                .matcher(told)
                .find();
    }
}
