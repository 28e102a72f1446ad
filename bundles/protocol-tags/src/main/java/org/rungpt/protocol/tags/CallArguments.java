package org.rungpt.protocol.tags;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.protocol.common.Json;
import org.rungpt.protocol.common.TaskSchema;
import org.rungpt.protocol.common.Words;

/**
 * Decides the arguments of a call whose block has closed.
 *
 * <p>An {@code <arg name="…">} begins an argument at a line start (the first one also right behind the opening tag) if the schema
 * knows the name and it was not used yet; any other is content. The argument ends at the last {@code </arg>} before the next one,
 * or before the end. Strings are raw; if the content begins on a line of its own, that line break and the one before
 * {@code </arg>} are not part of it. Other types are JSON.
 *
 * <p>Where content and a mistake look the same it fails closed: if what stands behind the last but one {@code </arg>} of an
 * argument is itself an {@code <arg>}, it may be a name that the schema does not know, one given twice or one that is not at a line
 * start, so the call is refused. Written as a JSON object it is never ambiguous.
 */
final class CallArguments {
    /** The arguments, or what is wrong with them: one of the two is null. */
    record Result(@Nullable ObjectNode arguments, @Nullable String problem) {
        static Result bad(String problem) {
            return new Result(null, problem);
        }
    }

    private record Arg(String name, int from, int start) {}

    private final String raw;
    private final TaskSchema schema;

    private CallArguments(String raw, TaskSchema schema) {
        this.raw = raw;
        this.schema = schema;
    }

    static Result read(CallBlock block, TaskSchema schema) {
        String raw = block.raw();
        var reader = new CallArguments(raw, schema);
        Result result =
                switch (block.body()) {
                    case START -> new Result(Json.MAPPER.createObjectNode(), null);
                    case ARGS -> reader.elements(block.argStarts(), block.bodyEnd());
                    case JSON_END -> json(raw.substring(block.headerEnd(), block.bodyEnd()));
                    default ->
                        raw.substring(block.headerEnd(), block.bodyEnd())
                                        .stripLeading()
                                        .startsWith("{")
                                ? json(raw.substring(block.headerEnd(), block.bodyEnd()))
                                : Result.bad(
                                        "its body is neither <arg name=\"…\"> elements, each at the start of a line, nor one JSON object");
                };
        return result.arguments() == null ? result : reader.complete(result.arguments());
    }

    private Result complete(ObjectNode arguments) {
        for (String name : schema.required()) {
            if (!arguments.has(name)) {
                return Result.bad("the argument " + name + " is missing");
            }
        }
        return new Result(arguments, null);
    }

    private static Result json(String body) {
        try {
            // The body begins with a brace, so whatever can be read is an object.
            return Json.MAPPER.readTree(body) instanceof ObjectNode object
                    ? new Result(object, null)
                    : Result.bad("its body is no JSON object");
        } catch (JsonProcessingException e) {
            return Result.bad("its body is no valid JSON object: " + Json.problem(e));
        }
    }

    private Result elements(List<Integer> candidates, int end) {
        List<Arg> args = new ArrayList<>();
        Set<String> used = new HashSet<>();
        for (int from : candidates) {
            Arg arg = arg(from);
            if (arg != null && schema.names().contains(arg.name()) && used.add(arg.name())) {
                args.add(arg);
            } else if (args.isEmpty()) {
                return Result.bad(
                        arg == null ? "its first <arg> is not of the form <arg name=\"…\">" : unknown(arg.name()));
            }
        }
        ObjectNode arguments = Json.MAPPER.createObjectNode();
        for (int i = 0; i < args.size(); i++) {
            Arg arg = args.get(i);
            int limit = i + 1 < args.size() ? args.get(i + 1).from() : end;
            int close = raw.lastIndexOf(CallBlock.ARG_CLOSE, limit - CallBlock.ARG_CLOSE.length());
            if (close < arg.start()) {
                return Result.bad("the argument " + arg.name() + " is not closed with </arg>");
            }
            if (!raw.substring(close + CallBlock.ARG_CLOSE.length(), limit).isBlank()) {
                return Result.bad("there is text behind the </arg> of the argument " + arg.name());
            }
            String doubt = doubt(arg, close);
            if (doubt != null) {
                return Result.bad(doubt);
            }
            String problem = set(arguments, arg.name(), raw.substring(arg.start(), close));
            if (problem != null) {
                return Result.bad(problem);
            }
        }
        return new Result(arguments, null);
    }

    /** The {@code <arg name="…">} at an index; null if it is not of that form. */
    private @Nullable Arg arg(int from) {
        int at = skipBlanks(from + CallBlock.ARG_OPEN.length());
        if (at == from + CallBlock.ARG_OPEN.length() || !raw.startsWith("name", at)) {
            return null;
        }
        at = skipBlanks(at + "name".length());
        if (at >= raw.length() || raw.charAt(at) != '=') {
            return null;
        }
        at = skipBlanks(at + 1);
        char quote = at < raw.length() ? raw.charAt(at) : 0;
        if (quote != '"' && quote != '\'') {
            return null;
        }
        int close = at + 1;
        while (close < raw.length() && raw.charAt(close) != quote && raw.charAt(close) != '\n') {
            close++;
        }
        if (close >= raw.length() || raw.charAt(close) != quote) {
            return null;
        }
        int end = skipBlanks(close + 1);
        return end < raw.length() && raw.charAt(end) == '>'
                ? new Arg(raw.substring(at + 1, close), from, end + 1)
                : null;
    }

    private int skipBlanks(int from) {
        int at = from;
        while (at < raw.length() && (raw.charAt(at) == ' ' || raw.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    private @Nullable String doubt(Arg arg, int close) {
        int before = raw.lastIndexOf(CallBlock.ARG_CLOSE, close - 1);
        if (before < arg.start()) {
            return null;
        }
        int at = before + CallBlock.ARG_CLOSE.length();
        while (at < close && CallBlock.isBlank(raw.charAt(at))) {
            at++;
        }
        if (!raw.startsWith(CallBlock.ARG_OPEN, at)) {
            return null;
        }
        Arg second = arg(at);
        if (second == null || second.start() > close) {
            return null;
        }
        return schema.names().contains(second.name())
                ? "the argument " + second.name() + " is given twice or does not begin at the start of a line"
                : unknown(second.name());
    }

    private String unknown(String name) {
        return "there is no argument " + Words.oneLine(name, 60);
    }

    /** Sets a value; returns what is wrong with it, or null. */
    private @Nullable String set(ObjectNode arguments, String name, String content) {
        Set<String> types = schema.types(name);
        if (types.isEmpty() || types.contains("string")) {
            arguments.set(name, TextNode.valueOf(unframed(content)));
            return null;
        }
        String wanted = "the argument " + name + " must be " + String.join(" or ", types);
        try {
            JsonNode value = Json.MAPPER.readTree(content.strip());
            if (value == null || value.isMissingNode() || !TaskSchema.fits(value, types)) {
                return wanted + ", written as JSON";
            }
            arguments.set(name, value);
            return null;
        } catch (JsonProcessingException e) {
            return wanted + ", written as JSON: " + Json.problem(e);
        }
    }

    /** Content on lines of its own loses the line break before it and the one behind it. */
    private static String unframed(String content) {
        int from = content.startsWith("\r\n") ? 2 : content.startsWith("\n") ? 1 : 0;
        if (from == 0) {
            return content;
        }
        int end = content.length();
        if (end > from && content.charAt(end - 1) == '\n') {
            end -= end - 1 > from && content.charAt(end - 2) == '\r' ? 2 : 1;
        }
        return content.substring(from, end);
    }
}
