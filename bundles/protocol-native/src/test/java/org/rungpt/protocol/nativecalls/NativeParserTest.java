package org.rungpt.protocol.nativecalls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;
import org.rungpt.testkit.SampleActions;

/** Where one call ends and the next begins, on servers that tell it in different ways, or not at all. */
final class NativeParserTest {
    private static final InstalledAction FILES = SampleActions.action(
            "files",
            SampleActions.task("list", "{\"type\":\"object\"}"),
            SampleActions.task("listing", "{\"type\":\"object\"}"),
            SampleActions.task("read", "{\"type\":\"object\"}"));

    private static ModelDelta piece(@Nullable String id, @Nullable String name, String arguments) {
        return new ModelDelta.ToolCall(0, id, name, arguments);
    }

    private static List<String> calls(ModelDelta... pieces) {
        var parser = new NativeParser(new ParserContext(
                "n",
                name -> FILES.manifest().tasks().stream()
                        .map(task -> new InstalledTask(FILES, task))
                        .filter(task -> task.name().equals(name))
                        .findFirst(),
                ref -> false));
        List<Segment> segments = new ArrayList<>();
        Stream.of(pieces).forEach(piece -> segments.addAll(parser.accept(piece)));
        segments.addAll(parser.end(FinishReason.TOOL_CALLS));
        return segments.stream()
                .filter(segment -> !(segment instanceof Segment.CallOpened))
                .map(segment -> segment instanceof Segment.Call call
                        ? call.call().ref() + " " + call.call().task() + " "
                                + call.call().arguments()
                        : segment.toString())
                .toList();
    }

    @Test
    void completeCallsWithOneIndexAndOneIdAreTwo() {
        assertThat(calls(
                        piece("x", "files__read", "{\"path\":\"a}\\\"\"}"),
                        piece("x", "files__read", "{\"path\":"),
                        piece("x", "files__read", "\"b\"}")))
                .containsExactly("x files.read {\"path\":\"a}\\\"\"}", "x-1 files.read {\"path\":\"b\"}");
    }

    @Test
    void namesOfTasksThatFollowEachOtherAreCallsWithoutArguments() {
        assertThat(calls(piece(null, "files__list", ""), piece(null, "files__read", "")))
                .containsExactly("call-1 files.list {}", "call-2 files.read {}");
        assertThat(calls(piece("x", "files__list", ""), piece("x", "files__read", ""), piece("x", null, "{\"a\":1}")))
                .containsExactly("x files.list {}", "x-1 files.read {\"a\":1}");
    }

    @Test
    void idAndNameThatComeWithEveryPieceAreOfOneCall() {
        for (String id : new String[] {"x", null}) {
            assertThat(calls(
                            piece(id, "files__read", ""),
                            piece(id, "files__read", "{\"path\":\"{}\","),
                            piece(id, "files__read", "\"in\":{}"),
                            piece(id, "files__read", "}"),
                            piece(id, "files__read", "\n"),
                            piece(id, "files__read", "")))
                    .containsExactly((id == null ? "call-1" : id) + " files.read {\"path\":\"{}\",\"in\":{}}");
        }
    }

    @Test
    void aNameInPiecesIsOfOneCall() {
        assertThat(calls(
                        piece("x", "files__", ""),
                        piece(null, "list", ""),
                        piece(null, "ing", ""),
                        piece(null, null, "{}")))
                .containsExactly("x files.listing {}");
    }

    @Test
    void theSameTaskBeginsAnewWithItsNameAlone() {
        assertThat(calls(
                        piece(null, "files__read", "{\"path\":\"a\"}"),
                        piece(null, "files__read", ""),
                        piece(null, null, "{\"path\":\"b\"}")))
                .containsExactly("call-1 files.read {\"path\":\"a\"}", "call-2 files.read {\"path\":\"b\"}");
    }
}
