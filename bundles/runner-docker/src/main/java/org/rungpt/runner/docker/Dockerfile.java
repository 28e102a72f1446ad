package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An action's own Dockerfile, taken apart: what executes nothing is for the engine, what executes something for {@link BuildStep}s. What
 * is not known to be harmless is refused, with its line and why.
 *
 * @param stages never empty; the last one is the image
 */
record Dockerfile(List<Stage> stages) {
    private static final int MOST = 100;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SHELL = List.of("/bin/sh", "-c");

    private static final Pattern CONTINUED = Pattern.compile("\\\\[ \\t]*$");
    private static final Pattern INSTRUCTION = Pattern.compile("([A-Za-z]+)(?:\\s+(.*))?");
    private static final Pattern FROM = Pattern.compile("(\\S+)(?:\\s+(?i:as)\\s+([A-Za-z][A-Za-z0-9_.-]*))?");
    private static final Pattern DIGEST =
            Pattern.compile("([a-z0-9][a-z0-9._/:-]*?)(?::[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})");
    private static final Pattern FLAG = Pattern.compile("--([a-z]+)=(\\S+)\\s+(.*)");
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?");
    private static final Pattern LOCAL_FILES = Pattern.compile("[A-Za-z0-9_.*?/+@ \\t-]+");
    private static final Pattern ARGUMENT =
            Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)(?:=(\"[^\"$\\\\]*\"|'[^'$\\\\]*'|[^\\s\"'$\\\\]*))?(?:\\s+|$)");

    /** What says something about how a container is run; here RunGPT says that. */
    private static final Set<String> PASSED_OVER =
            Set.of("ENTRYPOINT", "CMD", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME");

    /** Where the files of a stage come from. */
    sealed interface Source permits Nothing, Base, Reference, Earlier {}

    /** {@code scratch}. */
    record Nothing() implements Source {}

    /** {@code base}: the base image of the sandboxes. */
    record Base() implements Source {}

    /** Somebody's image, by digest. */
    record Reference(String reference) implements Source {}

    /** Another stage, by its number. */
    record Earlier(int stage) implements Source {}

    /** A part of a stage. */
    sealed interface Part permits Layer, Run {}

    /** What the engine does and which executes nothing. */
    record Layer(List<Line> lines) implements Part {
        boolean needsFiles() {
            return lines.stream().anyMatch(line -> line.files() && line.from() == null);
        }
    }

    /**
     * One instruction.
     *
     * @param files whether it brings files
     * @param from where from, if not from the action
     */
    record Line(String before, @Nullable Source from, String after, boolean files) {
        /** @param image id of the image that {@link #from} is; null if it is nothing */
        String text(@Nullable String image) {
            return before + (image == null ? "" : "--from=" + ImageRecipe.bare(image) + " ") + after;
        }
    }

    /** A command. */
    record Run(int line, List<String> command, Map<String, String> arguments) implements Part {}

    record Stage(Source from, @Nullable String name, List<Part> parts, List<String> shell) {}

    /** What cannot be built, in one line that tells where and why. */
    static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1L;

        Unsupported(int line, String why) {
            super("line " + line + " of its Dockerfile: " + why);
        }
    }

    private record Logical(int line, String text) {}

    static Dockerfile parse(String text) throws Unsupported {
        Reader reader = new Reader();
        List<Logical> lines = logical(text);
        if (lines.size() > MOST) {
            throw new Unsupported(lines.get(MOST).line(), "it has more than " + MOST + " instructions");
        }
        for (Logical line : lines) {
            reader.read(line);
        }
        return reader.end(lines.isEmpty() ? 1 : lines.get(lines.size() - 1).line());
    }

    /** Lines without comments, each with what continues it. */
    private static List<Logical> logical(String text) throws Unsupported {
        List<Logical> lines = new ArrayList<>();
        StringBuilder begun = new StringBuilder();
        int first = 0;
        int number = 0;
        for (String raw : text.split("\\R", -1)) {
            number++;
            String line = raw.strip();
            if (lines.isEmpty() && begun.isEmpty() && line.matches("(?i)#\\s*escape\\s*=.*")) {
                throw new Unsupported(number, "another escape character is not supported");
            }
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            if (begun.isEmpty()) {
                first = number;
            }
            Matcher continued = CONTINUED.matcher(raw);
            if (continued.find()) {
                begun.append(raw, 0, continued.start());
            } else {
                lines.add(new Logical(first, begun.append(raw).toString().strip()));
                begun.setLength(0);
            }
        }
        if (!begun.toString().isBlank()) {
            lines.add(new Logical(first, begun.toString().strip()));
        }
        return lines;
    }

    /** What was read so far. */
    private static final class Reader {
        private final List<Stage> stages = new ArrayList<>();
        private final List<String> declared = new ArrayList<>();
        private final Map<String, String> arguments = new LinkedHashMap<>();
        private @Nullable Source from;
        private @Nullable String name;
        private List<Part> parts = new ArrayList<>();
        private List<Line> layer = new ArrayList<>();
        /** Whether the layer does more than declare arguments. */
        private boolean changes;

        private List<String> shell = SHELL;

        void read(Logical line) throws Unsupported {
            Matcher matcher = INSTRUCTION.matcher(line.text());
            if (!matcher.matches() || line.text().endsWith("\\")) {
                throw new Unsupported(line.line(), "it is no instruction");
            }
            String keyword = matcher.group(1).toUpperCase(Locale.ROOT);
            String rest = matcher.group(2) == null ? "" : matcher.group(2).strip();
            if (rest.isEmpty()) {
                throw new Unsupported(line.line(), keyword + " says nothing");
            }
            if (keyword.equals("FROM")) {
                begin(line.line(), rest);
                return;
            }
            if (from == null) {
                throw new Unsupported(line.line(), "it begins with " + keyword + ", not with FROM");
            }
            switch (keyword) {
                case "RUN" -> run(line.line(), rest);
                case "COPY", "ADD" -> files(line.line(), keyword, rest);
                case "ENV", "WORKDIR", "USER" -> add(new Line(keyword + " ", null, rest, false));
                case "ARG" -> argument(line.line(), rest);
                case "SHELL" -> shell = shell(line.line(), rest);
                default -> {
                    if (!PASSED_OVER.contains(keyword)) {
                        throw new Unsupported(
                                line.line(),
                                EngineFailures.oneLine(keyword, 30)
                                        + (keyword.equals("ONBUILD")
                                                ? " is not supported: it would run unasked"
                                                : " is not supported"));
                    }
                }
            }
        }

        private void begin(int line, String rest) throws Unsupported {
            finish(line);
            Matcher matcher = FROM.matcher(rest);
            if (!matcher.matches()) {
                throw new Unsupported(line, "FROM takes an image and perhaps AS and a name, nothing else");
            }
            Source source = source(matcher.group(1), false);
            if (source == null) {
                throw new Unsupported(
                        line,
                        "FROM " + EngineFailures.oneLine(matcher.group(1), 100)
                                + ": name an earlier stage, base, scratch, or an image by its digest"
                                + " (name@sha256:…), which is the same everywhere");
            }
            from = source;
            name = matcher.group(2) == null ? null : matcher.group(2).toLowerCase(Locale.ROOT);
            shell = source instanceof Earlier earlier
                    ? stages.get(earlier.stage()).shell()
                    : SHELL;
        }

        private @Nullable Source source(String wanted, boolean numbers) {
            String lower = wanted.toLowerCase(Locale.ROOT);
            for (int i = stages.size() - 1; i >= 0; i--) {
                if (lower.equals(stages.get(i).name()) || numbers && lower.equals(Integer.toString(i))) {
                    return new Earlier(i);
                }
            }
            if (wanted.equals("base")) {
                return new Base();
            }
            if (wanted.equals("scratch") && !numbers) {
                return new Nothing();
            }
            Matcher digest = DIGEST.matcher(wanted);
            // A tag beside a digest says nothing.
            return digest.matches() ? new Reference(digest.group(1) + digest.group(2)) : null;
        }

        private void run(int line, String rest) throws Unsupported {
            if (rest.startsWith("--") || rest.startsWith("<<")) {
                throw new Unsupported(line, "RUN takes no flags and no text of further lines here");
            }
            endLayer();
            List<String> words = words(rest);
            List<String> command = words == null ? new ArrayList<>(shell) : words;
            if (words == null) {
                command.add(rest);
            }
            parts.add(new Run(line, List.copyOf(command), Map.copyOf(arguments)));
        }

        private void files(int line, String keyword, String rest) throws Unsupported {
            String left = rest;
            String before = keyword + " ";
            Source source = null;
            for (Matcher flag = FLAG.matcher(left); left.startsWith("--"); flag = FLAG.matcher(left)) {
                boolean known = flag.matches();
                if (known
                        && flag.group(1).equals("chown")
                        && OWNER.matcher(flag.group(2)).matches()) {
                    before += "--chown=" + flag.group(2) + " ";
                } else if (known && flag.group(1).equals("from") && keyword.equals("COPY")) {
                    source = source(flag.group(2), true);
                    if (source == null) {
                        throw new Unsupported(
                                line,
                                "--from=" + EngineFailures.oneLine(flag.group(2), 100)
                                        + ": name an earlier stage, base, or an image by its digest (name@sha256:…)");
                    }
                } else {
                    throw new Unsupported(
                            line,
                            keyword + " takes --chown=user:group" + (keyword.equals("COPY") ? " and --from=stage" : "")
                                    + ", no other flag");
                }
                left = flag.group(3);
            }
            if (left.contains("<<")) {
                throw new Unsupported(line, keyword + " takes files, no text of further lines");
            }
            // The engine would fetch an address, from wherever it is itself.
            if (keyword.equals("ADD") && !LOCAL_FILES.matcher(left).matches()) {
                throw new Unsupported(
                        line, "ADD takes plain names of files of the action; use COPY for others, and RUN to fetch");
            }
            add(new Line(before, source, left, true));
        }

        private void argument(int line, String rest) throws Unsupported {
            Matcher matcher = ARGUMENT.matcher(rest);
            int end = 0;
            while (end < rest.length()) {
                if (!matcher.find(end) || matcher.start() != end) {
                    throw new Unsupported(line, "ARG takes names with plain values: NAME=value");
                }
                end = matcher.end();
                String value = matcher.group(2);
                if (value != null) {
                    boolean quoted = value.startsWith("\"") || value.startsWith("'");
                    arguments.put(matcher.group(1), quoted ? value.substring(1, value.length() - 1) : value);
                    String declaration = "ARG " + matcher.group().strip();
                    declared.add(declaration);
                    layer.add(new Line("", null, declaration, false));
                }
            }
        }

        private static List<String> shell(int line, String rest) throws Unsupported {
            List<String> words = words(rest);
            if (words == null || words.isEmpty()) {
                throw new Unsupported(line, "SHELL takes a list of words: [\"/bin/bash\", \"-c\"]");
            }
            return words;
        }

        /** @return null if it is no list of words */
        private static @Nullable List<String> words(String text) {
            if (!text.startsWith("[")) {
                return null;
            }
            try {
                JsonNode list = JSON.readTree(text);
                List<String> words = new ArrayList<>();
                for (JsonNode word : list) {
                    if (!word.isTextual()) {
                        return null;
                    }
                    words.add(word.textValue());
                }
                return list.isArray() && !words.isEmpty() ? words : null;
            } catch (JsonProcessingException e) {
                return null;
            }
        }

        private void add(Line line) {
            layer.add(line);
            changes = true;
        }

        /** Declarations hold until the end of the stage, and the engine sees each layer alone. */
        private void endLayer() {
            if (changes) {
                parts.add(new Layer(List.copyOf(layer)));
            }
            changes = false;
            layer = new ArrayList<>();
            declared.forEach(declaration -> layer.add(new Line("", null, declaration, false)));
        }

        private void finish(int line) throws Unsupported {
            if (from != null) {
                boolean empty = parts.isEmpty() && !changes;
                if (empty && from instanceof Nothing) {
                    throw new Unsupported(line, "before it, nothing is put into the image");
                }
                endLayer();
                stages.add(new Stage(from, name, List.copyOf(parts), shell));
            }
            from = null;
            declared.clear();
            arguments.clear();
            parts = new ArrayList<>();
            layer = new ArrayList<>();
        }

        Dockerfile end(int line) throws Unsupported {
            if (from == null) {
                throw new Unsupported(line, "there is no FROM");
            }
            finish(line);
            return new Dockerfile(List.copyOf(stages));
        }
    }
}
