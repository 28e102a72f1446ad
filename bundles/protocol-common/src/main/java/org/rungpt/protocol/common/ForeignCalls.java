package org.rungpt.protocol.common;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;

/**
 * Recognises calls that a model wrote in another dialect than the one it was told: such a call never runs, the model is told how it is
 * written right. Looks once, at the end of an answer, at its text outside code fences; what looks like an ordinary code block or
 * ordinary JSON counts only if it names a task that there is and the answer ends with it. An answer may be long and each of its lines look
 * like a call: none of them reads the rest of it.
 */
public final class ForeignCalls {
    /** A longer answer is not searched. */
    static final int MAX = 1 << 19;

    private static final int LOOK_AHEAD = 4000;

    /**
     * A call in another dialect.
     *
     * @param dialect what it looks like, in words
     * @param name the task it names; null if none can be read
     * @param task the task that was probably meant; null if there is none
     */
    public record Found(
            String dialect, @Nullable String name, @Nullable InstalledTask task) {}

    private record Dialect(
            String words, Pattern begins, @Nullable Pattern name) {
        static Dialect of(String words, String begins) {
            return new Dialect(words, Pattern.compile(begins), null);
        }

        static Dialect of(String words, String begins, String name) {
            return new Dialect(words, Pattern.compile(begins), Pattern.compile(name));
        }
    }

    private static final String NAME = "([A-Za-z][A-Za-z0-9_.:/-]{0,99})";
    private static final Pattern JSON_NAME = Pattern.compile(
            "[\"'](?:name|tool|tool_name|function|function_name|action|recipient_name|task)[\"']\\s{0,9}:\\s{0,9}[\"']"
                    + NAME + "[\"']");
    private static final Pattern JSON_ARGUMENTS = Pattern.compile(
            "[\"'](?:arguments|args|parameters|params|input|tool_input|action_input|kwargs)[\"']\\s{0,9}:");
    private static final Pattern TOOL_CALLS = Pattern.compile("tool_calls");

    /** Begin a line (or stand anywhere, where the pattern says so) and mean nothing else. */
    private static final List<Dialect> DIALECTS = List.of(
            Dialect.of(
                    "<tool_call>",
                    "^\\s{0,3}<\\|?/?tool[_▁]calls?(?:[_▁](?:begin|start))?\\|?>|<tool_call>\\s{0,9}\\{"),
            Dialect.of(
                    "<|tool_calls_section_begin|>", "<\\|tool[_▁]calls?[_▁]section[_▁]begin\\|>|<｜tool▁calls?▁begin｜>"),
            Dialect.of("<tool_use>", "^\\s{0,3}<tool_use>", "<(?:name|tool_name)>\\s{0,9}" + NAME),
            Dialect.of("<function=…>", "^\\s{0,3}<function=", "<function=\"?" + NAME),
            Dialect.of(
                    "<function_calls>",
                    "^\\s{0,3}<(?:antml:)?function_calls?>",
                    "name=[\"']" + NAME + "[\"']|[\"']name[\"']\\s{0,9}:\\s{0,9}[\"']" + NAME),
            Dialect.of("<invoke name=…>", "^\\s{0,3}<(?:antml:)?invoke\\s", "name=[\"']" + NAME + "[\"']"),
            Dialect.of(
                    "<tool name=…>", "^\\s{0,3}<(?:tool|function|action)\\s{1,3}name=", "name=[\"']" + NAME + "[\"']"),
            Dialect.of("[TOOL_CALLS]", "^\\s{0,3}\\[/?TOOL_CALLS?\\]", "\\[TOOL_CALLS\\]\\s{0,3}" + NAME),
            Dialect.of("<|python_tag|>", "<\\|python_tag\\|>", "<\\|python_tag\\|>\\s{0,3}" + NAME),
            Dialect.of(
                    "a channel of the harmony format",
                    "<\\|(?:channel|start)\\|>[^\\n]{0,80}to=|<\\|channel\\|>commentary|^\\s{0,3}(?:commentary|analysis)\\s{1,3}to=",
                    "to=(?:functions\\.)?" + NAME),
            Dialect.of("<|action_start|>", "<\\|action_start\\|>"),
            Dialect.of("<start_function_call>", "<start_function_call>", "call:" + NAME));

    private static final Pattern TAG = Pattern.compile(
            "^ {0,3}<run(?:-([A-Za-z0-9]{1,32}))?\\s[^>\\n]{0,400}action=[\"']([^\"'\\n]{1,200})[\"'][^>\\n]{0,200}>");
    private static final Pattern ACTION = Pattern.compile("^\\s{0,3}\\**Action:?\\**:?\\s{0,9}`?" + NAME + "`?\\s*$");
    private static final Pattern ACTION_INPUT = Pattern.compile("^\\s{0,3}\\**Action[ _]Input:?\\**:?");
    private static final Pattern ELEMENT = Pattern.compile("^\\s{0,3}<" + NAME + ">");
    private static final Pattern FUNCTION = Pattern.compile(
            "^\\s{0,3}(?:print\\()?(?:await )?(?:functions\\.|default_api\\.)?" + NAME + "\\(.{0,2000}\\)\\s*;?$");
    private static final Pattern USERS =
            Pattern.compile("^\\s{0,3}(?:/run\\s{1,3}|\\{\\{\\s{0,3})" + NAME + "[\\s(].*");
    private static final Pattern FENCE = Pattern.compile("^ {0,3}(`{3,}+|~{3,}+)\\s*+([^`\\s]*+).*");
    private static final Pattern TOOL_FENCE =
            Pattern.compile("(?i)tool|tools|tool_?calls?|tool_?code|tool_?use|function_?calls?|action|run|call");

    private final Function<String, Optional<InstalledTask>> tasks;
    private final String nonce;
    private final Map<String, Optional<InstalledTask>> asked = new HashMap<>();
    private @Nullable StringBuilder text = new StringBuilder();

    /** @param nonce of the tags that are no foreign dialect; empty if every tag is one */
    public ForeignCalls(Function<String, Optional<InstalledTask>> tasks, String nonce) {
        this.nonce = nonce;
        this.tasks = tasks;
    }

    /** Takes the next piece of the answer's text. */
    public void add(String piece) {
        StringBuilder all = text;
        if (all != null) {
            if (all.length() + piece.length() > MAX) {
                text = null;
            } else {
                all.append(piece);
            }
        }
    }

    /** The first call in another dialect; null if there is none. */
    public @Nullable Found find() {
        StringBuilder all = text;
        if (all == null || isPlain(all)) {
            return null;
        }
        var lines = new AnswerLines(all.toString().lines().toList());
        var json = new JsonCalls(lines);
        String fence = "";
        int fenceLine = 0;
        for (int i = 0; i < lines.count(); i++) {
            String line = lines.line(i);
            Matcher marker = FENCE.matcher(line);
            if (!fence.isEmpty()) {
                if (marker.matches()
                        && marker.group(1).startsWith(fence)
                        && marker.group(2).isEmpty()) {
                    Found found = inFence(lines, fenceLine, i);
                    if (found != null) {
                        return found;
                    }
                    fence = "";
                }
            } else if (marker.matches()) {
                fence = marker.group(1);
                fenceLine = i;
            } else if (!line.isBlank()) {
                Found found = atLine(lines, i, json);
                if (found != null) {
                    return found;
                }
            }
        }
        return fence.isEmpty() ? null : inFence(lines, fenceLine, lines.count());
    }

    /** Without any of these there is no dialect that we know. */
    private static boolean isPlain(StringBuilder all) {
        for (int i = 0; i < all.length(); i++) {
            char c = all.charAt(i);
            if (c == '<' || c == '{' || c == '[' || c == '(' || c == '/' || c == '`' || c == ':') {
                return false;
            }
        }
        return true;
    }

    private @Nullable Found atLine(AnswerLines lines, int at, JsonCalls json) {
        String line = head(lines.line(at));
        for (Dialect dialect : DIALECTS) {
            if (line.indexOf(dialect.words().charAt(0)) < 0 && !line.contains("to=") && !line.contains("<")) {
                continue;
            }
            Matcher begins = dialect.begins().matcher(line);
            if (begins.find() && !isInlineCode(line, begins.start())) {
                return named(dialect.words(), name(dialect, rest(lines, at)));
            }
        }
        Matcher tag = TAG.matcher(line);
        if (tag.find() && !nonce.equals(tag.group(1)) && lines.endsWithTag(at)) {
            return named("a tag without the code of this conversation", tag.group(2));
        }
        Matcher action = ACTION.matcher(line);
        if (action.matches()
                && lines.lines(at + 1, 3).stream()
                        .anyMatch(l -> ACTION_INPUT.matcher(l).lookingAt())) {
            return named("Action: and Action Input:", action.group(1));
        }
        Matcher element = ELEMENT.matcher(line);
        if (element.find()) {
            Found found = known("<" + element.group(1) + ">", element.group(1));
            if (found != null && rest(lines, at).contains("</" + element.group(1) + ">")) {
                return found;
            }
        }
        Matcher users = USERS.matcher(line);
        if (users.matches()) {
            Found found = known(
                    line.strip().startsWith("/") ? "/run, which is for users" : "{{ }}, which is for users",
                    users.group(1));
            if (found != null && lines.isLast(at)) {
                return found;
            }
        }
        Matcher function = FUNCTION.matcher(line);
        if (function.matches() && lines.isLast(at)) {
            return known("a function call", function.group(1));
        }
        String stripped = line.strip();
        if (stripped.startsWith("{") || stripped.startsWith("[")) {
            return json.at(lines.start(at), "JSON in the text");
        }
        return null;
    }

    private @Nullable Found inFence(AnswerLines lines, int open, int close) {
        if (!lines.isLastButCode(close)) {
            return null;
        }
        String info = FENCE.matcher(lines.line(open)).replaceFirst("$2");
        AnswerLines body = lines.part(open + 1, close);
        String words = info.isEmpty() ? "a code block" : "a code block ```" + Words.oneLine(info, 20);
        String text = body.stripped();
        if (text.startsWith("{") || text.startsWith("[")) {
            Found found = new JsonCalls(body).at(body.start(0), words);
            if (found != null) {
                return found;
            }
        }
        if (!TOOL_FENCE.matcher(info).matches()) {
            return null;
        }
        for (String line : body.lines(0, body.count())) {
            Matcher function = FUNCTION.matcher(head(line));
            if (function.matches()) {
                return known(words, function.group(1));
            }
        }
        return known(words, text.split("[\\s(]", 2)[0]);
    }

    /** The calls in JSON of one text. */
    private final class JsonCalls {
        private final AnswerLines lines;
        private final AnswerLines.Occurrences arguments;
        private final AnswerLines.Occurrences toolCalls;
        private final AnswerLines.Occurrences names;

        JsonCalls(AnswerLines lines) {
            this.lines = lines;
            arguments = lines.occurrences(JSON_ARGUMENTS);
            toolCalls = lines.occurrences(TOOL_CALLS);
            names = lines.occurrences(JSON_NAME);
        }

        /**
         * JSON that names a task that there is, with arguments, and nothing after it but an invented result.
         *
         * @param from where its first bracket is: behind those that were asked for before
         */
        @Nullable
        Found at(int from, String words) {
            int to = lines.head(from, LOOK_AHEAD);
            if (!lines.endsWithBracket(from) || !arguments.within(from, to) && !toolCalls.within(from, to)) {
                return null;
            }
            for (; names.within(from, to); names.next()) {
                Found found = known(words, names.name());
                if (found != null) {
                    return found;
                }
            }
            return null;
        }
    }

    private static String name(Dialect dialect, String rest) {
        if (dialect.name() != null) {
            Matcher own = dialect.name().matcher(rest);
            if (own.find()) {
                for (int i = 1; i <= own.groupCount(); i++) {
                    if (own.group(i) != null) {
                        return own.group(i);
                    }
                }
            }
        }
        Matcher json = JSON_NAME.matcher(rest);
        if (json.find()) {
            return json.group(1);
        }
        Matcher function = Pattern.compile("(?:<function=|functions\\.|<name>\\s{0,9})" + NAME)
                .matcher(rest);
        return function.find() ? function.group(1) : "";
    }

    private Found named(String dialect, String name) {
        Optional<InstalledTask> task = task(name);
        return new Found(
                dialect,
                task.map(InstalledTask::name).orElse(name.isEmpty() ? null : Words.oneLine(name, 100)),
                task.orElse(null));
    }

    private @Nullable Found known(String dialect, String name) {
        return task(name).isPresent() ? named(dialect, name) : null;
    }

    private Optional<InstalledTask> task(String name) {
        String bare = name.startsWith("functions.") ? name.substring("functions.".length()) : name;
        bare = bare.replaceFirst(":\\d++$", "");
        return bare.isEmpty() || bare.length() > 200
                ? Optional.empty()
                : asked.computeIfAbsent(bare, one -> Problems.meant(one, tasks));
    }

    private static boolean isInlineCode(String line, int at) {
        return line.substring(0, at).chars().filter(c -> c == '`').count() % 2 == 1;
    }

    private static String head(String line) {
        return line.length() > LOOK_AHEAD ? line.substring(0, LOOK_AHEAD) : line;
    }

    private static String rest(AnswerLines lines, int at) {
        var rest = new StringBuilder();
        for (String line : lines.lines(at, 40)) {
            if (rest.length() > LOOK_AHEAD) {
                break;
            }
            rest.append(head(line)).append('\n');
        }
        return rest.toString();
    }
}
