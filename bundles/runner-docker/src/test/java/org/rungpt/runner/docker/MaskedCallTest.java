package org.rungpt.runner.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;

final class MaskedCallTest {
    private static final String CANARY = "sk-CANARY-0123456789";
    private static final String STARS = "*".repeat(CANARY.length());

    private final StringBuilder heard = new StringBuilder();
    private final MaskedCall masked = new MaskedCall(Mask.of(List.of(CANARY)), false, new CallObserver() {
        @Override
        public void output(Stream stream, long offset, ByteBuffer bytes) {
            heard.append(stream == Stream.STDOUT ? "out:" : "err:").append(UTF_8.decode(bytes.duplicate()));
        }

        @Override
        public void progress(String step) {
            heard.append("step:").append(step);
        }

        @Override
        public void artifact(String name, long size, InputStream bytes) throws IOException {
            heard.append("file:").append(name).append('=').append(new String(bytes.readAllBytes(), UTF_8));
        }
    });

    private final CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
    private final CallHandle seen = masked.handle(
            new CallHandle() {
                @Override
                public String call() {
                    return "c";
                }

                @Override
                public void cancel() {}

                @Override
                public CompletionStage<CallOutcome> outcome() {
                    return outcome;
                }

                @Override
                public void forget() {}
            },
            () -> {});

    private void out(String text) {
        masked.output(CallObserver.Stream.STDOUT, 0, ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    @Test
    @DisplayName("E.57 steps, files, names of files and the words of an end are masked like output")
    void everything() throws Exception {
        masked.progress("with " + CANARY);
        masked.artifact(CANARY + ".txt", 30, new ByteArrayInputStream(("in " + CANARY).getBytes(UTF_8)));
        assertThat(heard.toString()).isEqualTo("step:with " + STARS + "file:" + STARS + ".txt=in " + STARS);
        outcome.complete(
                new CallOutcome(1, CallOutcome.Reason.EXITED, "cannot read " + CANARY, 0, 0, Duration.ZERO, "s"));
        assertThat(seen.outcome().toCompletableFuture().join().message()).isEqualTo("cannot read " + STARS);
    }

    @Test
    void whatWaitsIsToldBeforeTheEnd() {
        out("the end s");
        assertThat(heard.toString()).isEqualTo("out:the end ");
        outcome.complete(new CallOutcome(0, CallOutcome.Reason.EXITED, null, 9, 0, Duration.ZERO, "s"));
        assertThat(heard.toString()).isEqualTo("out:the end out:s");
    }

    @Test
    void whatWaitsIsLeftToTheSuccessor() {
        out("half sk-CANARY-");
        outcome.completeExceptionally(new RunnerException(RunnerException.Kind.DETACHED, "gone"));
        assertThat(heard.toString()).isEqualTo("out:half ");
        assertThatThrownBy(() -> seen.outcome().toCompletableFuture().join()).hasCauseInstanceOf(RunnerException.class);
    }

    @Test
    void failuresAreMasked() {
        outcome.completeExceptionally(new RunnerException(RunnerException.Kind.SANDBOX, "no " + CANARY));
        assertThatThrownBy(() -> seen.outcome().toCompletableFuture().join())
                .hasMessageContaining("no " + STARS)
                .hasMessageNotContaining("CANARY");
    }
}
