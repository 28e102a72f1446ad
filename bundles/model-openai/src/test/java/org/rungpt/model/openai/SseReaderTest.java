package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SseReaderTest {
    private final List<String> events = new ArrayList<>();
    private final SseReader reader = new SseReader((type, data) -> events.add(type + "|" + data));

    private void read(byte[] bytes, int piece) throws Exception {
        for (int at = 0; at < bytes.length; at += piece) {
            reader.read(ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 1000})
    void readsTheSameHoweverItIsCut(int piece) throws Exception {
        String stream = "\ufeff: comment\n\ndata: ä\ud83d\ude80\r\n\r\nevent: x\rdata:a\rdata: b\rdata\rid: 7\r\r"
                + "event: nothing\n\ndata:  two blanks\n\nunknown: y\nretry: 1\ndata\n\n\n\ndata: not ended";
        read(stream.getBytes(StandardCharsets.UTF_8), piece);

        assertThat(events).containsExactly("message|ä\ud83d\ude80", "x|a\nb\n", "message| two blanks", "message|");
    }

    @Test
    void aMarkInTheMiddleIsText() throws Exception {
        read("data: \ufeffa\n\n\ufeffdata: b\n\n".getBytes(StandardCharsets.UTF_8), 4);

        assertThat(events).containsExactly("message|\ufeffa");
    }

    @Test
    void keepsItsMemoryBounded() {
        byte[] endless = new byte[SseReader.MAX + 1];
        assertThatThrownBy(() -> read(endless, 4096)).isInstanceOf(SseReader.TooLongException.class);

        byte[] lines = ("data: " + "x".repeat(1000) + "\n").repeat(1100).getBytes(StandardCharsets.UTF_8);
        var other = new SseReader((type, data) -> true);
        assertThatThrownBy(() -> other.read(ByteBuffer.wrap(lines))).isInstanceOf(SseReader.TooLongException.class);
    }
}
