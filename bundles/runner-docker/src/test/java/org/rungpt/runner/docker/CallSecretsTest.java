package org.rungpt.runner.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.rungpt.api.runner.CallObserver;

/** A successor masks as the one before did, from what is kept of the call. */
final class CallSecretsTest {
    private static final String FIRST = "{\"type\":\"text\",\"text\":\"sk-live-AB\"}\n";
    private static final String SECOND = "{\"type\":\"text\",\"text\":\"CDEFGH\"}\n";

    private static final Purpose PURPOSE = new Purpose("a", new TreeSet<>(), Border.CLOSED, Settings.MOST);

    private static String shown(String kept, String... output) throws Exception {
        MemorySecrets store = new MemorySecrets();
        store.put("call/c", kept);
        var shown = new StringBuilder();
        MaskedCall call = new CallSecrets(() -> store).resumed("c", PURPOSE, new CallObserver() {
            @Override
            public void output(Stream stream, long offset, ByteBuffer bytes) {
                shown.append(UTF_8.decode(bytes));
            }

            @Override
            public void progress(String step) {}
        });
        long offset = 0;
        for (String text : output) {
            call.output(CallObserver.Stream.STDOUT, offset, ByteBuffer.wrap(text.getBytes(UTF_8)));
            offset += text.length();
        }
        call.artifact("end", 0, InputStream.nullInputStream());
        return shown.toString();
    }

    @Test
    void eventsAreStillEvents() throws Exception {
        assertThat(shown("{\"events\":true,\"values\":[\"sk-live-ABCDEFGH\"]}", FIRST, SECOND))
                .isEqualTo(FIRST.replace("sk-live-AB", "**********") + SECOND.replace("CDEFGH", "******"));
    }

    @Test
    void whatAnEarlierVersionKeptIsUnderstood() throws Exception {
        assertThat(shown("[\"sk-live-ABCDEFGH\"]", "so: sk-live-ABCDEFGH.")).isEqualTo("so: ****************.");
    }
}
