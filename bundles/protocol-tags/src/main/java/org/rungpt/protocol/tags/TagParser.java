package org.rungpt.protocol.tags;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

/**
 * Finds the calls in one answer as it streams. Text goes out at once; only what may still become the opening of a call is held
 * back. {@link MarkdownLines} says where a call opens, {@link CallBlock} where it closes, {@link CallArguments} what it says.
 *
 * <p>It fails closed: a call that is not closed when the answer ends, that is too long or wrong in any way is {@code Malformed}. A call
 * with an id that was used before is a quotation and stays text, with all that is in it. Behind a call (a malformed one too) only
 * blanks and further calls are accepted: the first other character cuts the answer.
 */
final class TagParser implements AnswerParser {
    private enum Mode {
        PROSE,
        CALL,
        QUOTE,
        AFTER,
        CUT
    }

    private final ParserContext context;
    private final String open;
    private final String close;
    private final MarkdownLines lines;
    private final Set<String> refs = new HashSet<>();
    private final NativeCalls nativeCalls = new NativeCalls();
    private final ForeignCalls foreign;
    private final List<Segment> out = new ArrayList<>();
    private final List<String> text = new ArrayList<>();
    private Mode mode = Mode.PROSE;
    private CallBlock block;
    private @Nullable CallHeader header;
    private @Nullable InstalledTask task;
    private boolean afterCall;
    private int indent;
    private int matched;

    TagParser(ParserContext context) {
        this.context = context;
        this.foreign = new ForeignCalls(context.tasks(), context.nonce());
        this.open = "<run-" + context.nonce();
        this.close = "</run-" + context.nonce() + ">";
        this.lines = new MarkdownLines(open);
        this.block = new CallBlock(open, close);
    }

    @Override
    public List<Segment> accept(ModelDelta delta) {
        if (mode == Mode.CUT) {
            return List.of();
        }
        if (delta instanceof ModelDelta.Reasoning reasoning) {
            return reasoning.text().isEmpty() ? List.of() : List.of(new Segment.Reasoning(reasoning.text()));
        }
        if (delta instanceof ModelDelta.ToolCall call) {
            nativeCalls.add(call);
            return List.of();
        }
        String piece = ((ModelDelta.Text) delta).text();
        if (mode == Mode.PROSE && lines.held() == 0) {
            int at = lines.scan(piece, 0);
            if (!lines.opened() && lines.held() == 0) {
                foreign.add(piece);
                return at == 0 ? List.of() : List.of(new Segment.Text(piece)); // nearly always
            }
            read(piece, prose(piece, 0, 0, at));
        } else {
            read(piece, 0);
        }
        return segments();
    }

    @Override
    public List<Segment> end(FinishReason reason) {
        switch (mode) {
            case PROSE -> {
                text(open.substring(0, lines.held()));
                hint(lines.hiddenBy(), lines.hiddenHeaders());
            }
            case CALL -> malformed(unclosed(reason));
            case QUOTE -> hint("quotation of an earlier call", nestedHeaders());
            case AFTER -> {
                if (matched > 0) {
                    out.add(new Segment.Cut("text after a call"));
                }
            }
            case CUT -> {
                return List.of();
            }
        }
        mode = Mode.CUT;
        flush();
        Segment.Malformed wrongWay = nativeCalls.malformed(context.nonce());
        if (wrongWay != null) {
            out.add(wrongWay);
        } else if (!afterCall && out.stream().noneMatch(Segment.Malformed.class::isInstance)) {
            ForeignCalls.Found found = foreign.find();
            if (found != null) {
                out.add(Corrections.of(found, context.nonce()));
            }
        }
        return segments();
    }

    private void read(String piece, int from) {
        int at = from;
        while (at < piece.length()) {
            at = switch (mode) {
                case PROSE -> prose(piece, at);
                case CALL -> call(piece, at);
                case QUOTE -> quote(piece, at);
                case AFTER -> after(piece, at);
                case CUT -> piece.length();
            };
        }
    }

    private int prose(String piece, int from) {
        int held = lines.held();
        return prose(piece, from, held, lines.scan(piece, from));
    }

    /** The lines were read up to an index; {@code held} characters before them were held back. */
    private int prose(String piece, int from, int held, int at) {
        int end = lines.opened() ? at - open.length() : at - lines.held();
        if (end < from) {
            // What was held back still is, or has become the opening of a call.
            if (lines.opened()) {
                openCall();
            }
            return at;
        }
        text(open.substring(0, held));
        text(piece.substring(from, end));
        if (lines.opened()) {
            openCall();
        }
        return at;
    }

    private void openCall() {
        flush();
        block = new CallBlock(open, close);
        header = null;
        task = null;
        mode = Mode.CALL;
    }

    private int call(String piece, int from) {
        int at = block.take(piece, from);
        if (header == null && block.state() != CallBlock.State.HEADER) {
            readHeader();
        }
        if (mode == Mode.CALL && block.state() == CallBlock.State.CLOSED) {
            closed();
        } else if (mode == Mode.CALL && block.state() == CallBlock.State.TOO_LONG) {
            malformed("it is longer than " + CallBlock.MAX + " characters; do it in several calls");
            beginAfter();
        }
        return at;
    }

    private void readHeader() {
        CallHeader read = CallHeader.parse(block.raw(), open.length());
        header = read;
        String ref = read.ref();
        String name = read.task();
        if (ref != null && (refs.contains(ref) || context.usedRef().test(ref))) {
            quoted();
        } else if (read.problem() == null && ref != null && name != null) {
            task = context.tasks().apply(name).orElse(null);
            if (task != null) {
                out.add(new Segment.CallOpened(ref, name));
            }
        }
        if (mode == Mode.CALL && read.empty()) {
            block.closeEmpty();
        }
    }

    private void quoted() {
        if (afterCall) {
            cut("a repeated call");
            return;
        }
        text.add(block.raw());
        mode = Mode.QUOTE;
        if (header != null && header.empty()) {
            endQuote();
        }
    }

    private int quote(String piece, int from) {
        int at = block.take(piece, from);
        if (at > from) {
            text.add(piece.substring(from, at));
        }
        if (block.state() == CallBlock.State.CLOSED || block.state() == CallBlock.State.TOO_LONG) {
            endQuote();
        }
        return at;
    }

    private void endQuote() {
        lines.resumeInLine();
        mode = Mode.PROSE;
    }

    private void closed() {
        CallHeader head = header;
        String ref = head == null ? null : head.ref();
        String name = head == null ? null : head.task();
        if (head == null || head.problem() != null || ref == null || name == null) {
            malformed(head == null || head.problem() == null ? "its opening tag cannot be read" : head.problem());
        } else if (task == null) {
            malformed(Problems.unknownTask(name, context.tasks()));
        } else {
            CallArguments.Result result = CallArguments.read(block, TaskSchema.of(task.task()));
            if (result.arguments() == null) {
                malformed(result.problem() == null ? "its arguments cannot be read" : result.problem());
            } else {
                refs.add(ref);
                out.add(new Segment.Call(new ParsedCall(ref, name, Json.write(result.arguments()), block.raw())));
            }
        }
        beginAfter();
    }

    private void beginAfter() {
        mode = Mode.AFTER;
        afterCall = true;
        indent = 0;
        matched = 0;
    }

    /** Behind a call: blanks and calls only. A call may also follow on the same line. */
    private int after(String piece, int from) {
        int blanks = from;
        for (int at = from; at < piece.length(); at++) {
            char c = piece.charAt(at);
            if (matched == open.length() && MarkdownLines.endsName(c)) {
                openCall();
                return at;
            }
            if (matched > 0 && matched < open.length() && c == open.charAt(matched)) {
                matched++;
            } else if (matched == 0 && c == '<' && indent <= 3) {
                text(piece.substring(blanks, at));
                matched = 1;
            } else if (matched > 0 || !CallBlock.isBlank(c)) {
                if (matched == 0) {
                    text(piece.substring(blanks, at));
                }
                cut("text after a call");
                return piece.length();
            } else if (c == '\n') {
                indent = 0;
            } else if (c != '\r') {
                indent += c == '\t' ? 4 : 1;
            }
        }
        if (matched == 0) {
            text(piece.substring(blanks));
        }
        return piece.length();
    }

    private void cut(String reason) {
        flush();
        out.add(new Segment.Cut(reason));
        mode = Mode.CUT;
    }

    private void malformed(String problem) {
        flush();
        String ref = header == null ? null : header.ref();
        String name = header == null ? null : header.task();
        out.add(new Segment.Malformed(ref, name, Problems.call(problem, task), block.raw()));
    }

    private String unclosed(FinishReason reason) {
        String why =
                switch (reason) {
                    case LENGTH -> "the answer reached its length limit inside the call";
                    case CANCELLED -> "the answer was stopped inside the call";
                    case CONTENT_FILTER -> "the server's content filter ended the answer inside the call";
                    case STOP, TOOL_CALLS -> "the answer ended inside the call";
                };
        return why + ", before " + close;
    }

    private List<String> nestedHeaders() {
        String raw = block.raw();
        List<String> headers = new ArrayList<>();
        for (int start : block.nestedStarts()) {
            int end = raw.indexOf('>', start);
            if (end > 0 && end - start <= CallBlock.MAX_HEADER && headers.size() < 8) {
                headers.add(raw.substring(start, end + 1));
            }
        }
        return headers;
    }

    /** A call inside something that the answer never closed was probably meant. */
    private void hint(String hiddenBy, List<String> headers) {
        if (hiddenBy.isEmpty()) {
            return;
        }
        for (String each : headers) {
            CallHeader hidden = CallHeader.parse(each, open.length());
            String ref = hidden.ref();
            if (hidden.problem() == null && ref != null && !context.usedRef().test(ref) && !refs.contains(ref)) {
                flush();
                out.add(new Segment.Malformed(ref, hidden.task(), Problems.hidden(hiddenBy, hidden.task()), ""));
                return;
            }
        }
    }

    private void text(String piece) {
        if (!piece.isEmpty()) {
            foreign.add(piece);
            text.add(piece);
        }
    }

    private void flush() {
        if (!text.isEmpty()) {
            out.add(new Segment.Text(text.size() == 1 ? text.get(0) : String.join("", text)));
            text.clear();
        }
    }

    private List<Segment> segments() {
        flush();
        List<Segment> segments = List.copyOf(out);
        out.clear();
        return segments;
    }
}
