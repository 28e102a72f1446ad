package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.chat.ChatException;

/**
 * The calls that a user writes: {@code /run alias.task key=value …}, which is a whole message, and {@code {{ alias.task("x", key=value) }}}
 * inside one. What names no installed task is text, so that templates of other programs can be talked about, and so is what stands behind
 * a backslash, which is left out.
 */
final class UserCalls {
    private static final Pattern RUN = Pattern.compile("/run(?:\\s+(.*))?", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("([a-z][a-z0-9_]{0,30})\\.([a-z][a-z0-9_]*)");
    private static final Pattern PLACEHOLDER =
            Pattern.compile("(\\\\)?\\{\\{\\s*(([a-z][a-z0-9_]{0,30})\\.[a-z][a-z0-9_]*)\\s*\\(");
    private static final int MOST = 20;

    /**
     * A call as a user wrote it.
     *
     * @param start where it begins in the message, and {@code end} where it ends
     */
    record UserCall(String task, String arguments, int start, int end) {
        static List<UserCall> read(JsonNode array) {
            var calls = new ArrayList<UserCall>();
            for (JsonNode one : array) {
                calls.add(new UserCall(
                        one.path("task").asText(),
                        one.path("arguments").toString(),
                        one.path("start").asInt(),
                        one.path("end").asInt()));
            }
            return List.copyOf(calls);
        }
    }

    /**
     * What a message holds.
     *
     * @param escapes where the backslashes stand that make text of what would be a call
     * @param notes what looks like a call and is left as text, and why
     */
    record Parsed(List<UserCall> calls, List<Integer> escapes, List<String> notes) {
        static final Parsed NOTHING = new Parsed(List.of(), List.of(), List.of());
    }

    private final Actions actions;
    private final Arguments arguments;

    UserCalls(Actions actions, Arguments arguments) {
        this.actions = actions;
        this.arguments = arguments;
    }

    /** Whether the whole message is one call, for which no model is needed. */
    static boolean isRun(String text) {
        return RUN.matcher(text.strip()).matches();
    }

    /** The calls in a message. @throws ChatException of kind {@code INVALID}: one line that says what is wrong with one of them */
    Parsed parse(String text) throws ChatException {
        Matcher run = RUN.matcher(text.strip());
        return run.matches()
                ? new Parsed(List.of(run(run.group(1), text.length())), List.of(), List.of())
                : placeholders(text);
    }

    private UserCall run(@Nullable String command, int end) throws ChatException {
        if (command == null || command.isBlank()) {
            throw invalid("write /run alias.task key=value, for example /run filesystem.read_file path=notes.md");
        }
        var scanner = new Scanner(command);
        String name = scanner.word();
        InstalledTask task = task(name);
        ObjectNode given = Json.object();
        Iterator<String> positions = positions(task);
        scanner.blanks();
        if (scanner.peek() == '{') {
            given = Json.object();
            JsonNode whole = scanner.json();
            if (whole instanceof ObjectNode object) {
                given = object;
            }
            scanner.blanks();
            if (!scanner.atEnd()) {
                throw invalid("nothing may follow the JSON object of arguments");
            }
            return checked(task, given, 0, end);
        }
        while (!scanner.atEnd()) {
            String key = scanner.key();
            take(task, given, key, scanner.value(" \t\r\n"), positions);
            scanner.blanks();
        }
        return checked(task, given, 0, end);
    }

    private Parsed placeholders(String text) throws ChatException {
        var calls = new ArrayList<UserCall>();
        var escapes = new ArrayList<Integer>();
        Set<String> notes = new LinkedHashSet<>();
        Matcher matcher = PLACEHOLDER.matcher(text);
        int from = 0;
        while (matcher.find(from)) {
            String name = matcher.group(2);
            String alias = matcher.group(3);
            if (actions.installed().stream().noneMatch(one -> one.alias().equals(alias))) {
                from = matcher.end();
                continue;
            }
            if (matcher.group(1) != null) {
                escapes.add(matcher.start());
                from = matcher.end();
                continue;
            }
            if (actions.task(name).isEmpty() && actions.areKnown()) {
                notes.add("{{ " + name + "(…) }} was left as text. " + actions.unknown(name));
                from = matcher.end();
                continue;
            }
            if (calls.size() == MOST) {
                throw invalid("a message may hold " + MOST + " calls");
            }
            InstalledTask task = task(name);
            var scanner = new Scanner(text);
            scanner.at = matcher.end();
            ObjectNode given = Json.object();
            Iterator<String> positions = positions(task);
            scanner.blanks();
            while (scanner.peek() != ')') {
                String key = scanner.key();
                take(task, given, key, scanner.value(",) \t\r\n"), positions);
                scanner.blanks();
                if (scanner.peek() == ',') {
                    scanner.at++;
                    scanner.blanks();
                } else if (scanner.peek() != ')') {
                    throw invalid("the call of " + task.name()
                            + " is not closed: write {{ alias.task(\"value\", key=\"value\") }}");
                }
            }
            scanner.at++;
            scanner.blanks();
            if (!text.startsWith("}}", scanner.at)) {
                throw invalid("the call of " + task.name() + " is not closed: }} is missing");
            }
            from = scanner.at + 2;
            calls.add(checked(task, given, matcher.start(), from));
        }
        return new Parsed(List.copyOf(calls), List.copyOf(escapes), List.copyOf(notes));
    }

    private InstalledTask task(String name) throws ChatException {
        if (!NAME.matcher(name).matches()) {
            throw invalid(printable(name) + " is no task: write alias.task, like filesystem.read_file");
        }
        Optional<InstalledTask> task = actions.task(name);
        if (task.isEmpty() && !actions.areKnown()) {
            throw new ChatException(
                    ChatException.Kind.UNAVAILABLE, "the registry of actions is away: try again in a moment");
        }
        return task.orElseThrow(() -> invalid(actions.unknown(name)));
    }

    private UserCall checked(InstalledTask task, ObjectNode given, int start, int end) throws ChatException {
        String json = given.toString();
        Optional<String> problem = arguments.problem(task, json);
        if (problem.isPresent()) {
            throw invalid(problem.get().replaceAll("\\s+", " "));
        }
        return new UserCall(task.name(), json, start, end);
    }

    /** Values without a name go to what is required, then to the others, in the schema's order. */
    private static Iterator<String> positions(InstalledTask task) {
        JsonNode schema = Json.parse(task.task().parameters());
        Set<String> names = new LinkedHashSet<>();
        schema.path("required").forEach(name -> names.add(name.asText()));
        schema.path("properties").fieldNames().forEachRemaining(names::add);
        return names.iterator();
    }

    private static void take(
            InstalledTask task, ObjectNode given, @Nullable String key, Value value, Iterator<String> positions)
            throws ChatException {
        String name = key;
        while (name == null) {
            if (!positions.hasNext()) {
                throw invalid(task.name() + " takes no further value; name it: key=value");
            }
            String next = positions.next();
            name = given.has(next) ? null : next;
        }
        if (given.has(name)) {
            throw invalid("the argument " + name + " of " + task.name() + " is given twice");
        }
        JsonNode type = Json.parse(task.task().parameters())
                .path("properties")
                .path(name)
                .path("type");
        boolean text = type.asText().equals("string");
        given.set(name, value.json == null || text && value.bare ? TextNode.valueOf(value.raw) : value.json);
    }

    /** What stands for an argument: as written, as JSON if it is some, and whether it is without quotes. */
    private record Value(String raw, @Nullable JsonNode json, boolean bare) {}

    private static ChatException invalid(String message) {
        return new ChatException(ChatException.Kind.INVALID, message);
    }

    private static String printable(String text) {
        String cut = text.length() > 60 ? text.substring(0, 60) + "…" : text;
        return cut.replaceAll("[\\p{Cntrl}\\p{Cf}]", "\uFFFD");
    }

    /** Reads names and values one after the other. */
    private static final class Scanner {
        private static final Pattern KEY = Pattern.compile("([A-Za-z_][A-Za-z0-9_-]*)\\s*=(?!=)\\s*");

        private final String text;
        int at;

        Scanner(String text) {
            this.text = text;
        }

        boolean atEnd() {
            return at >= text.length();
        }

        int peek() throws ChatException {
            if (atEnd()) {
                return -1;
            }
            return text.charAt(at);
        }

        void blanks() {
            while (!atEnd() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        String word() {
            blanks();
            int start = at;
            while (!atEnd() && !Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            return text.substring(start, at);
        }

        @Nullable
        String key() {
            Matcher matcher = KEY.matcher(text).region(at, text.length());
            if (!matcher.lookingAt()) {
                return null;
            }
            at = matcher.end();
            return matcher.group(1);
        }

        Value value(String ends) throws ChatException {
            int c = peek();
            if (c == '\'') {
                int end = text.indexOf('\'', at + 1);
                if (end < 0) {
                    throw invalid("a quotation mark ' is not closed");
                }
                String raw = text.substring(at + 1, end);
                at = end + 1;
                return new Value(raw, TextNode.valueOf(raw), false);
            }
            if (c == '"' || c == '{' || c == '[') {
                int start = at;
                JsonNode json = json();
                return new Value(text.substring(start, at), json, false);
            }
            int start = at;
            while (!atEnd() && ends.indexOf(text.charAt(at)) < 0) {
                at++;
            }
            if (at == start && !ends.startsWith(" ")) {
                throw invalid("a value is missing: write {{ alias.task(\"value\") }}");
            }
            String raw = text.substring(start, at);
            return new Value(raw, bare(raw), true);
        }

        /** A number, true, false or null is what it looks like, unless the schema wants text. */
        private static @Nullable JsonNode bare(String raw) {
            if (!raw.matches("true|false|null|-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?")) {
                return null;
            }
            try {
                return Json.parse(raw);
            } catch (IllegalArgumentException e) {
                return null;
            }
        }

        /** A JSON string, object or array: up to where it is balanced. In quotes a tab or the end of a line stands for itself. */
        JsonNode json() throws ChatException {
            int start = at;
            int depth = 0;
            boolean quoted = false;
            boolean escaped = false;
            var json = new StringBuilder();
            for (; at < text.length(); at++) {
                char c = text.charAt(at);
                if (quoted && c < ' ') {
                    // A backslash before it escapes nothing: it stands for itself too.
                    json.append(escaped ? "\\" : "").append(String.format("\\u%04x", (int) c));
                    escaped = false;
                    continue;
                }
                json.append(c);
                if (escaped) {
                    escaped = false;
                } else if (quoted) {
                    escaped = c == '\\';
                    quoted = c != '"';
                } else if (c == '"') {
                    quoted = true;
                } else if (c == '{' || c == '[') {
                    depth++;
                } else if (c == '}' || c == ']') {
                    depth--;
                }
                if (!quoted && depth == 0) {
                    at++;
                    try {
                        return Json.parse(json.toString());
                    } catch (IllegalArgumentException e) {
                        throw invalid("no JSON: " + printable(text.substring(start, at)) + " (" + e.getMessage() + ")");
                    }
                }
            }
            at = text.length();
            throw invalid(quoted ? "a quotation mark \" is not closed" : "a bracket of a JSON value is not closed");
        }
    }
}
