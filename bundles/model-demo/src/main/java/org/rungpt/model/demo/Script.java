package org.rungpt.model.demo;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the demo model answers. Its calls are real, and what it tells of their results it reads in them. */
final class Script {
    private static final String NO_AI = "I am a scripted demo, not an AI";
    private static final Pattern HOST = Pattern.compile("(?m)^host name: (\\S+)$");
    private static final Pattern BACKTICKS = Pattern.compile("`{3,}");

    private final Dialogue dialogue;

    private Script(Dialogue dialogue) {
        this.dialogue = dialogue;
    }

    static String answer(Dialogue dialogue) {
        return Example.of(dialogue.prompt())
                .map(example -> new Script(dialogue).answer(example))
                .orElseGet(Script::help);
    }

    private static String help() {
        var text = new StringBuilder("I am the demo model: a script, not an AI. I cannot answer that. What I can show, "
                + "with real calls in a real container:\n\n");
        for (Example example : Example.values()) {
            text.append("- ").append(example.prompt()).append('\n');
        }
        return text.append(
                        "\nTo talk to a real model, open **Settings**, paste an OpenAI key or the address of any compatible server ")
                .append(
                        "(Ollama, llama.cpp, LM Studio, OpenRouter, …), and choose one of its models. Or set `OPENAI_API_KEY` before you start RunGPT.")
                .toString();
    }

    private String answer(Example example) {
        Optional<Dialogue.Result> trouble = dialogue.results().stream()
                .filter(result -> !result.completed())
                .findFirst();
        if (dialogue.step() > 0 && trouble.isPresent()) {
            return trouble(trouble.get());
        }
        if (dialogue.step() > 0 && dialogue.results().isEmpty()) {
            return NO_AI + ", and I was told no result of my call. Ask again, please.";
        }
        return switch (example) {
            case MACHINE -> machine();
            case RANDOM_FILE -> randomFile();
            case TOKYO -> tokyo();
            case FILES -> files();
        };
    }

    private String machine() {
        if (dialogue.step() == 0) {
            return dialogue.has("system.info")
                    ? call("I ask the sandbox that belongs to this conversation.", "system.info")
                    : call(
                            "I ask the sandbox that belongs to this conversation.",
                            "system.shell",
                            "command",
                            "echo \"host name: $(hostname)\"; uname -srm");
        }
        String output = output();
        Matcher host = HOST.matcher(output);
        return (host.find() ? "My commands run in a container with the host name **" + host.group(1) + "**. " : "")
                + "It says of itself:\n\n" + quoted(output) + "\n" + NO_AI
                + ": the call was real, and I only repeat what came out.";
    }

    private String randomFile() {
        return switch (dialogue.step()) {
            case 0 ->
                call(
                        "First I write random bytes into a file, so that nobody can know what is in it.",
                        "system.shell",
                        "command",
                        "head -c 12 /dev/urandom | base64 > /workspace/random.txt && ls -l /workspace/random.txt");
            case 1 ->
                call("The file is there. Now I read it.", "filesystem.read_file", "path", "/workspace/random.txt");
            default ->
                "In `/workspace/random.txt` stands:\n\n" + quoted(output()) + "\n" + NO_AI
                        + ", but no script could know this: it was made at random in the container a moment ago.";
        };
    }

    private String tokyo() {
        if (dialogue.step() == 0) {
            return dialogue.has("system.now")
                    ? call("I look at the clock.", "system.now", "zone", "Asia/Tokyo")
                    : call(
                            "I look at the clock.",
                            "system.shell",
                            "command",
                            "TZ=JST-9 date '+%A, %d %B %Y, %H:%M:%S'");
        }
        return "In Tokyo it is now:\n\n" + quoted(output()) + "\n" + NO_AI + ": the container's clock said it.";
    }

    private String files() {
        if (dialogue.step() == 0) {
            return dialogue.has("filesystem.list_directory")
                    ? call("I look.", "filesystem.list_directory", "path", "/workspace")
                    : call("I look.", "system.shell", "command", "ls -la /workspace");
        }
        String output = output();
        return (output.isBlank()
                        ? "The workspace of this conversation is empty. Ask me to make a random file, then look again.\n\n"
                        : "In the workspace of this conversation are:\n\n" + quoted(output) + "\n")
                + NO_AI + ": I only repeat what the call has printed.";
    }

    private String trouble(Dialogue.Result result) {
        String words =
                switch (result.status()) {
                    case "working", "input_required" -> "My call is not done yet; its result will come by itself.";
                    case "denied" -> "My call was denied.";
                    case "cancelled" -> "My call was cancelled.";
                    default -> "My call did not work: " + result.status().replace('_', ' ') + ".";
                };
        return words + "\n\n" + (result.output().isBlank() ? "" : quoted(result.output()) + "\n") + NO_AI
                + ", so I cannot think of another way.";
    }

    private String output() {
        List<Dialogue.Result> results = dialogue.results();
        return results.get(results.size() - 1).output();
    }

    /** In a code fence that what is quoted cannot close. */
    private static String quoted(String output) {
        int longest = 2;
        Matcher runs = BACKTICKS.matcher(output);
        while (runs.find()) {
            longest = Math.max(longest, runs.end() - runs.start());
        }
        String fence = "`".repeat(longest + 1);
        return fence + "\n" + output.stripTrailing() + "\n" + fence + "\n";
    }

    private String call(String words, String task, String... arguments) {
        if (dialogue.nonce() == null || !dialogue.has(task)) {
            return NO_AI + ", and for this example I need the task " + task
                    + ", which is not available in this conversation.";
        }
        var text = new StringBuilder(words)
                .append("\n\n<run-")
                .append(dialogue.nonce())
                .append(" action=\"")
                .append(task)
                .append("\" id=\"")
                .append(dialogue.nextId())
                .append("\">\n");
        for (int i = 0; i < arguments.length; i += 2) {
            text.append("<arg name=\"")
                    .append(arguments[i])
                    .append("\">")
                    .append(arguments[i + 1])
                    .append("</arg>\n");
        }
        return text.append("</run-").append(dialogue.nonce()).append('>').toString();
    }
}
