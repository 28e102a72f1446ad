package org.rungpt.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rungpt.plain.Plain;

/**
 * {@code Main DATA COMMAND [ARGUMENT …]}: what the {@code rungpt} script runs against the server of a data directory. Exit codes: 0 it
 * did what was asked, 1 it did not, 2 wrong usage, 3 no server is running.
 */
public final class Main {
    private Main() {}

    /** Called by the script only. */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        Terminal terminal = new Terminal(out, err, typed(), Boolean.getBoolean("rungpt.terminal.out"));
        int exit = run(terminal, args);
        out.flush();
        System.exit(exit);
    }

    /** Where the user types, if the script has found a terminal there. */
    private static @Nullable BufferedReader typed() {
        return Boolean.getBoolean("rungpt.terminal.in")
                ? new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()))
                : null;
    }

    /** @return the exit code; what went wrong is told */
    static int run(Terminal terminal, String... args) {
        try {
            return command(terminal, args);
        } catch (CliException e) {
            terminal.noteLine("rungpt: " + e.getMessage());
            return e.exitCode();
        } catch (IOException | RuntimeException e) {
            File log = new File(args[0], "logs/rungpt.log");
            terminal.noteLine("rungpt: This should not have happened: " + Plain.line(e.toString())
                    + ". Whether all is well tells: rungpt doctor"
                    + (log.exists() ? "; the server's log is " + log : ""));
            return 1;
        }
    }

    private static int command(Terminal terminal, String[] args) throws CliException, IOException {
        if (args.length < 2) {
            throw CliException.usage("This is run by the rungpt script.");
        }
        Path data = Path.of(args[0]);
        List<String> arguments = new ArrayList<>(List.of(args).subList(2, args.length));
        return switch (args[1]) {
            case "ask" -> {
                Ask.Options options = Ask.Options.of(arguments);
                yield new Ask(Server.of(data), terminal, options).run();
            }
            case "status" -> status(Server.of(data), data, terminal);
            case "doctor" -> doctor(Server.of(data), arguments.contains("--strict"), terminal);
            case "login" -> login(Server.of(data), terminal);
            case "model" -> model(Server.of(data), arguments);
            case "shell" -> new Shell(data, terminal.isWatched()).command(one(arguments));
            case "shell-script" -> new Shell(data, terminal.isWatched()).script();
            case "shell-terminal" ->
                new Shell(data, terminal.isWatched())
                        .terminal(
                                arguments.get(0),
                                Integer.parseInt(arguments.get(1)),
                                Integer.parseInt(arguments.get(2)));
            default -> throw CliException.usage("Unknown command " + args[1] + ".");
        };
    }

    private static int status(Server server, Path data, Terminal terminal) throws CliException {
        JsonNode status = server.get("/api/status");
        terminal.line("RunGPT " + status.path("version").asText() + " is running: " + server.url() + " on " + data);
        parts(status, terminal);
        return 0;
    }

    /** @param strict whether a part that is ready but weak is a failure too */
    static int doctor(Server server, boolean strict, Terminal terminal) throws CliException {
        JsonNode status = server.get("/api/status");
        parts(status, terminal);
        if (!status.path("ready").asBoolean()) {
            return 1;
        }
        for (JsonNode part : status.path("parts")) {
            if (strict && part.path("ready").asBoolean() && part.has("remedy")) {
                terminal.line("Everything is ready, but not without weakness (--strict): "
                        + part.path("title").asText());
                return 1;
            }
        }
        return 0;
    }

    private static void parts(JsonNode status, Terminal terminal) {
        for (JsonNode part : status.path("parts")) {
            terminal.line((part.path("ready").asBoolean() ? "  ✓ " : "  ✗ ")
                    + part.path("title").asText() + ": " + part.path("reason").asText());
            if (part.has("remedy")) {
                terminal.line("      → " + part.path("remedy").asText());
            }
        }
    }

    /** Prints a link with a one-time code. */
    private static int login(Server server, Terminal terminal) throws CliException {
        terminal.line(server.post("/api/session/codes", Server.JSON.createObjectNode())
                .path("url")
                .asText());
        return 0;
    }

    /** Sets the model of new conversations. */
    private static int model(Server server, List<String> arguments) throws CliException {
        server.patch("/api/settings", Server.JSON.createObjectNode().put("defaultModel", one(arguments)));
        return 0;
    }

    private static String one(List<String> arguments) throws CliException {
        if (arguments.size() != 1) {
            throw CliException.usage("Say one.");
        }
        return arguments.get(0);
    }
}
