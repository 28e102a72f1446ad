package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.rungpt.api.runner.CallObserver.Stream;

final class OutputBufferTest {
    @Property
    void givesBackWhatCameInTheOrderInWhichItCame(
            @ForAll @Size(max = 60) List<@IntRange(max = 40_000) Integer> sizes, @ForAll long seed) {
        Random random = new Random(seed);
        OutputBuffer buffer = new OutputBuffer();
        ByteArrayOutputStream[] in = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
        ByteArrayOutputStream[] out = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
        for (int size : sizes) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Stream stream = random.nextBoolean() ? Stream.STDOUT : Stream.STDERR;
            buffer.add(stream, bytes);
            in[stream.ordinal()].writeBytes(bytes);
            while (random.nextInt(3) > 0) {
                take(buffer, out);
            }
        }
        while (!buffer.isEmpty()) {
            take(buffer, out);
        }
        assertThat(buffer.take()).isNull();
        for (int stream = 0; stream < 2; stream++) {
            assertThat(out[stream].toByteArray()).isEqualTo(in[stream].toByteArray());
        }
    }

    private static void take(OutputBuffer buffer, ByteArrayOutputStream[] out) {
        OutputBuffer.Piece piece = buffer.take();
        if (piece != null) {
            assertThat(piece.bytes().length).isBetween(1, OutputBuffer.PIECE);
            out[piece.stream().ordinal()].writeBytes(piece.bytes());
        }
    }

    @Test
    void keepsTheOrderBetweenTheStreams() {
        OutputBuffer buffer = new OutputBuffer();
        buffer.add(Stream.STDOUT, new byte[] {1});
        buffer.add(Stream.STDERR, new byte[] {2});
        buffer.add(Stream.STDERR, new byte[] {3});
        buffer.add(Stream.STDOUT, new byte[] {4});
        assertThat(buffer.take().bytes()).containsExactly(1);
        assertThat(buffer.take().bytes()).containsExactly(2, 3);
        assertThat(buffer.take().stream()).isEqualTo(Stream.STDOUT);
    }
}
