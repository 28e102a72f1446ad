package org.rungpt.protocol.nativecalls;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;
import org.rungpt.protocol.common.ForeignCalls;
import org.rungpt.protocol.common.Json;
import org.rungpt.protocol.common.Problems;
import org.rungpt.protocol.common.TaskSchema;
import org.rungpt.protocol.common.Words;

/**
 * Puts the pieces of tool calls together. Text goes out at once; calls when the answer has ended well, all of them or none: an answer
 * that was cut off, by its length or by anybody, runs nothing. Behind a call only blanks and further calls are accepted.
 */
final class NativeParser implements AnswerParser {
    private static final Pattern REF = Pattern.compile("[A-Za-z0-9_.:-]{1,64}");
    private static final int MAX_CALLS = 64;

    private final ParserContext context;
    private final ForeignCalls foreign;
    private final List<OpenCall> calls = new ArrayList<>();
    private final Set<String> refs = new HashSet<>();
    private boolean over;

    NativeParser(ParserContext context) {
        this.context = context;
        this.foreign = new ForeignCalls(context.tasks(), "");
    }

    @Override
    public List<Segment> accept(ModelDelta delta) {
        if (over) {
            return List.of();
        }
        if (delta instanceof ModelDelta.Reasoning reasoning) {
            return reasoning.text().isEmpty() ? List.of() : List.of(new Segment.Reasoning(reasoning.text()));
        }
        if (delta instanceof ModelDelta.Text text) {
            return text(text.text());
        }
        return piece((ModelDelta.ToolCall) delta);
    }

    private List<Segment> text(String text) {
        if (text.isEmpty()) {
            return List.of();
        }
        if (calls.isEmpty()) {
            foreign.add(text);
            return List.of(new Segment.Text(text));
        }
        int words = 0;
        while (words < text.length() && Character.isWhitespace(text.charAt(words))) {
            words++;
        }
        List<Segment> out = new ArrayList<>();
        if (words > 0) {
            out.add(new Segment.Text(text.substring(0, words)));
        }
        if (words < text.length()) {
            // What a model says behind its call, before the result is there, is invented.
            out.addAll(closed(null));
            out.add(new Segment.Cut("text after a call"));
            over = true;
        }
        return out;
    }

    private List<Segment> piece(ModelDelta.ToolCall piece) {
        OpenCall call = calls.stream()
                .filter(each -> each.goesOnWith(piece, name -> Names.isKnown(name, context.tasks())))
                .reduce((first, second) -> second)
                .orElse(null);
        List<Segment> out = new ArrayList<>();
        if (call == null) {
            if (calls.size() == MAX_CALLS) {
                out.addAll(closed(null));
                out.add(new Segment.Cut("more than " + MAX_CALLS + " calls in one answer"));
                over = true;
                return out;
            }
            call = new OpenCall(piece.index());
            calls.add(call);
        }
        call.add(piece);
        if (call.isTooLong()) {
            out.addAll(closed("it is longer than " + OpenCall.MAX + " characters; do it in several calls"));
            out.add(new Segment.Cut("a call that is too long"));
            over = true;
        } else if (call.hasArguments() && call.tellOnce()) {
            List<InstalledTask> tasks = Names.tasks(call.name(), context.tasks());
            String id = call.id();
            if (tasks.size() == 1 && id != null && isFree(id)) {
                out.add(new Segment.CallOpened(id, tasks.get(0).name()));
            }
        }
        return out;
    }

    @Override
    public List<Segment> end(FinishReason reason) {
        if (over) {
            return List.of();
        }
        over = true;
        if (calls.isEmpty()) {
            ForeignCalls.Found found = foreign.find();
            return found == null ? List.of() : List.of(correction(found));
        }
        return closed(
                switch (reason) {
                    case STOP, TOOL_CALLS -> null;
                    case LENGTH -> "the answer reached its length limit in its calls, so none of them ran";
                    case CANCELLED -> "the answer was stopped before its calls were complete";
                    case CONTENT_FILTER -> "the server's content filter ended the answer";
                });
    }

    /** @param problem why none of them runs; null if there is no such reason */
    private List<Segment> closed(@Nullable String problem) {
        List<Segment> out = new ArrayList<>();
        OpenCall before = null;
        for (OpenCall call : calls) {
            if (before != null && call.repeats(before)) {
                continue;
            }
            before = call;
            String ref = ref(call.id());
            refs.add(ref);
            out.add(closed(call, ref, problem));
        }
        return out;
    }

    private Segment closed(OpenCall call, String ref, @Nullable String problem) {
        List<InstalledTask> tasks = Names.tasks(call.name(), context.tasks());
        InstalledTask task = tasks.size() == 1 ? tasks.get(0) : null;
        String written = call.arguments();
        if (problem != null) {
            return malformed(call, ref, task, problem);
        }
        ObjectNode arguments;
        try {
            JsonNode read = written.isBlank() ? Json.MAPPER.createObjectNode() : Json.MAPPER.readTree(written);
            if (!(read instanceof ObjectNode object)) {
                return malformed(call, ref, task, "its arguments are no JSON object");
            }
            arguments = object;
        } catch (JsonProcessingException e) {
            return malformed(call, ref, task, "its arguments are no valid JSON: " + Json.problem(e));
        }
        if (call.name().equals(Names.ANY) && tasks.isEmpty()) {
            String name = arguments.path("task").asText("");
            task = context.tasks().apply(name).orElse(null);
            if (task == null) {
                return malformed(call, ref, null, Problems.unknownTask(name, context.tasks()));
            }
            JsonNode inner = arguments.path("arguments");
            if (!inner.isMissingNode() && !inner.isObject()) {
                return malformed(call, ref, task, "its \"arguments\" are no JSON object");
            }
            arguments = inner instanceof ObjectNode object ? object : Json.MAPPER.createObjectNode();
        }
        if (task == null) {
            return malformed(
                    call,
                    ref,
                    null,
                    tasks.isEmpty()
                            ? unknown(call.name())
                            : "the tool " + call.name() + " stands for several tasks; use " + Names.ANY);
        }
        TaskSchema schema = TaskSchema.of(task.task());
        for (String name : List.copyOf(schema.names())) {
            if (arguments.path(name).isNull()
                    && !schema.required().contains(name)
                    && !schema.types(name).isEmpty()
                    && !schema.types(name).contains("null")) {
                arguments.remove(name); // that is how a strict schema leaves an optional argument out
            }
        }
        for (String name : schema.required()) {
            if (!arguments.has(name)) {
                return malformed(call, ref, task, "the argument " + name + " is missing");
            }
        }
        return new Segment.Call(new ParsedCall(
                ref,
                task.name(),
                Json.write(arguments),
                new Written(ref, call.name(), written.isBlank() ? "{}" : written).raw()));
    }

    private String unknown(String name) {
        return Problems.meant(name, context.tasks())
                .map(task ->
                        "there is no tool " + Words.oneLine(name, 100) + "; it is called " + Names.tool(task.name()))
                .orElse("there is no tool " + Words.oneLine(name, 100) + "; use the tools that are offered");
    }

    private static Segment malformed(OpenCall call, String ref, @Nullable InstalledTask task, String problem) {
        String text =
                "This call did not run: " + problem + "." + Problems.arguments(task) + "\nMake the whole call again.";
        String name = task == null ? call.name().isEmpty() ? null : call.name() : task.name();
        return new Segment.Malformed(ref, name, text, new Written(ref, call.name(), call.arguments()).raw());
    }

    private static Segment correction(ForeignCalls.Found found) {
        InstalledTask task = found.task();
        String tool = task == null ? "the tools that are offered" : "the tool " + Names.tool(task.name());
        String text = "This call did not run: it was written in the answer's text, as " + found.dialect()
                + ". Text is only shown to the user. To call, use " + tool
                + " through the tool calling interface; to show an example, put it into a code fence and go on behind it."
                + Problems.arguments(task);
        return new Segment.Malformed(null, found.name(), text, "");
    }

    /** The server's id. One that was there before, or that is none, is no quotation but a habit of the server: it gets another. */
    private String ref(@Nullable String id) {
        String base = id != null && REF.matcher(id).matches() ? id : "call";
        if (id != null && base.equals(id) && isFree(id)) {
            return id;
        }
        int number = 1;
        String ref;
        do {
            ref = base.substring(0, Math.min(50, base.length())) + "-" + number++;
        } while (!isFree(ref));
        return ref;
    }

    private boolean isFree(String ref) {
        return REF.matcher(ref).matches()
                && !refs.contains(ref)
                && !context.usedRef().test(ref);
    }
}
