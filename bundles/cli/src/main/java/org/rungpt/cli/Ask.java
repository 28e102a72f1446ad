package org.rungpt.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code rungpt ask}: one turn. The answer streams to stdout, calls and their output to stderr. */
final class Ask {
    private static final int RECONNECTS = 20;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private final Server server;
    private final Terminal terminal;
    private final Options options;
    private final TurnView view;
    private final Approver approver;
    private long seen;
    /** Whether another turn was under way, which ends before ours begins. */
    private boolean waits;
    /** Whether the turn of our message has begun. */
    private volatile boolean begun;

    /** What was asked for; {@code allowed} are globs on {@code owner/repo.task} that need no question. */
    record Options(@Nullable String model, @Nullable String conversation, List<Pattern> allowed, String question) {
        static Options of(List<String> arguments) throws CliException, IOException {
            String model = null;
            String conversation = null;
            List<Pattern> allowed = new ArrayList<>();
            List<String> words = new ArrayList<>();
            Arguments rest = new Arguments(arguments);
            while (!rest.isEmpty()) {
                String argument = rest.next();
                switch (argument) {
                    case "--model" -> model = rest.value(argument);
                    case "--conversation" -> conversation = id(rest.value(argument));
                    case "--allow" -> allowed.add(glob(rest.value(argument)));
                    case "-" -> words.add(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
                    default -> {
                        if (argument.startsWith("-")) {
                            throw CliException.usage("Unknown option " + argument + ".");
                        }
                        words.add(argument);
                    }
                }
            }
            if (words.size() != 1 || words.get(0).isBlank()) {
                throw CliException.usage("Say one question, in quotes, or - to read it from standard input.");
            }
            return new Options(model, conversation, allowed, words.get(0));
        }

        /** What is no id could name another path of the server. */
        private static String id(String conversation) throws CliException {
            if (!ID.matcher(conversation).matches()) {
                throw CliException.failed("There is no such conversation.");
            }
            return conversation;
        }

        /** {@code *} stands for anything. */
        static Pattern glob(String glob) {
            StringBuilder regex = new StringBuilder();
            for (String literal : glob.split("\\*", -1)) {
                regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(literal));
            }
            return Pattern.compile(regex.toString());
        }
    }

    Ask(Server server, Terminal terminal, Options options) {
        this.server = server;
        this.terminal = terminal;
        this.options = options;
        this.view = new TurnView(terminal);
        this.approver = new Approver(server, terminal, view, options.allowed());
    }

    /** @return the exit code: 0 only if the turn completed */
    int run() throws CliException {
        String conversation = options.conversation() == null ? newConversation() : options.conversation();
        String path = "/api/conversations/" + conversation;
        JsonNode before = server.get(path);
        seen = before.path("lastSeq").asLong();
        waits = !before.path("state").asText("idle").equals("idle");
        String message = server.post(
                        path + "/messages", Server.JSON.createObjectNode().put("text", options.question()))
                .path("message")
                .asText();
        Thread stop = new Thread(() -> stop(conversation));
        Runtime.getRuntime().addShutdownHook(stop);
        if (waits) {
            terminal.noteLine("(another turn is under way; this is answered after it)");
        }
        JsonNode finished = follow(path, message);
        if (!withdrawn(stop)) {
            return 1;
        }
        view.end();
        if (terminal.isWatched()) {
            terminal.noteLine("\n(" + goOn(conversation) + ")");
        }
        String reason = finished.path("reason").asText();
        if (reason.equals("done")) {
            return 0;
        }
        terminal.noteLine(
                "The turn ended: " + reason + ". " + finished.path("detail").asText(""));
        return 1;
    }

    /** @return false if the user has interrupted meanwhile: then the hook runs already, and tells what became of the turn */
    private static boolean withdrawn(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private String newConversation() throws CliException {
        ObjectNode body = Server.JSON.createObjectNode();
        if (options.model() != null) {
            body.put("model", options.model());
        }
        return server.post("/api/conversations", body).path("id").asText();
    }

    private static String goOn(String conversation) {
        return "to go on: rungpt ask --conversation " + conversation + " …";
    }

    /** Interrupted by the user: the turn ends too, unless it is another's that is under way. */
    private void stop(String conversation) {
        if (waits && !begun) {
            terminal.noteLine("\nNot stopped: it is answered after the turn that is under way; " + goOn(conversation));
            return;
        }
        try {
            server.post("/api/conversations/" + conversation + "/stop");
            terminal.noteLine("\nStopped; " + goOn(conversation));
        } catch (CliException e) {
            terminal.noteLine(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads events until the turn of our message has finished, reconnecting when the server's web bundle is replaced. That turn is the next
     * that starts after the message: what comes before belongs to another, whose approvals are not ours to decide.
     */
    private JsonNode follow(String path, String message) throws CliException {
        boolean said = false;
        for (int attempt = 0; attempt < RECONNECTS; attempt++) {
            try (BufferedReader lines = new BufferedReader(
                    new InputStreamReader(server.stream(path + "/events", seen), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (!line.startsWith("data: ")) {
                        continue;
                    }
                    JsonNode event = Server.JSON.readTree(line.substring("data: ".length()));
                    seen = Math.max(seen, event.path("seq").asLong());
                    String type = event.path("type").asText();
                    JsonNode data = event.path("data");
                    if (!begun) {
                        begun = said && type.equals("turn.started");
                        said |= type.equals("message.user")
                                && data.path("message").asText().equals(message);
                        continue;
                    }
                    view.show(type, data);
                    if (type.equals("approval.requested")) {
                        approver.decide(path, data);
                    } else if (type.equals("turn.finished")) {
                        return data;
                    }
                }
            } catch (IOException e) {
                // the stream broke off: go on where we were
            }
        }
        throw CliException.failed("The server ended the event stream again and again.");
    }
}
