package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class FrameDecoderTest {
    private final List<String> frames = new ArrayList<>();
    private final FrameDecoder decoder = new FrameDecoder(
            (bytes, offset, length) -> frames.add(new String(bytes, offset, length, StandardCharsets.UTF_8)));

    @Property
    void givesTheSameFramesHoweverTheBytesAreCut(
            @ForAll @Size(max = 20) List<@IntRange(max = 9000) Integer> lengths,
            @ForAll @IntRange(min = 1, max = 5000) int cut)
            throws Violation {
        StringBuilder text = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int length : lengths) {
            String line = "x".repeat(length);
            text.append(line).append('\n');
            if (length > 0) {
                expected.add(line);
            }
        }
        List<String> got = new ArrayList<>();
        FrameDecoder one = new FrameDecoder(
                (bytes, offset, length) -> got.add(new String(bytes, offset, length, StandardCharsets.UTF_8)));
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < bytes.length; at += cut) {
            one.accept(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + cut)));
        }
        assertThat(got).isEqualTo(expected);
    }

    @Test
    void refusesAFrameThatNeverEnds() throws Violation {
        byte[] piece = new byte[64 << 10];
        Arrays.fill(piece, (byte) 'x');
        for (int i = 0; i < 15; i++) {
            decoder.accept(piece);
        }
        assertThatThrownBy(() -> decoder.accept(piece))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("1 MiB");
        assertThat(frames).isEmpty();
    }

    @Test
    void refusesATooLongFrameInOnePiece() {
        byte[] piece = new byte[(1 << 20) + 1];
        piece[1 << 20] = '\n';
        assertThatThrownBy(() -> decoder.accept(piece)).isInstanceOf(Violation.class);
    }
}
