package org.rungpt.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionReference;

/** Each way in which a server fails has its own words, and changes nothing. */
class OutagesTest extends Fixture {
    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | there is no public repository at",
                "403 | there is no public repository at",
                "404 | there is no repository at",
                "429 | too many requests",
                "500 | answers with an error (HTTP 500)",
                "503 | answers with an error (HTTP 503)"
            })
    void statusHasItsOwnWords(int status, String words) {
        server.answerInstead(exchange -> answer(exchange, status, "<h1>\u001b[31mno</h1>"));

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageStartingWith("acme/plot: ")
                .hasMessageContaining(words)
                .hasMessageContaining(server.url() + "/acme/plot");
    }

    @Test
    void aRepositoryThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> install("acme/nothing"))
                .isInstanceOf(ActionException.class)
                .hasMessage("acme/nothing: there is no repository at " + server.url()
                        + "/acme/nothing: check the spelling");
    }

    @Test
    void redirectsAreNotFollowed() {
        server.answerInstead(exchange -> {
            exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/evil");
            answer(exchange, 302, "");
        });

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("has moved to http://127.0.0.1:1/evil: install it by its new name");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void aCompressedAnswerIsRefusedBeforeItUnfolds() {
        server.answerInstead(exchange -> {
            exchange.getResponseHeaders().add("Content-Encoding", "gzip");
            exchange.getResponseHeaders().add("Content-Type", "application/x-git-upload-pack-advertisement");
            answer(exchange, 200, "\u001f\u008b");
        });

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("the answer is compressed");
    }

    @Test
    void somethingElseThanGitIsSaidSo() {
        server.answerInstead(exchange -> answer(exchange, 200, "<html>hello</html>"));

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageStartingWith("acme/plot: fetching " + server.url() + "/acme/plot failed");
    }

    @Test
    void nobodyAtTheAddressIsSaidSo() {
        server.close();

        assertThatThrownBy(() -> install("acme/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("cannot be reached: is this machine online?");
    }

    @Test
    void aSilentServerIsGivenUp() {
        var release = new CountDownLatch(1);
        server.answerInstead(exchange -> await(release));
        var impatient = new Limits(10, MIB, MIB, 5, 10, MIB, MIB, Duration.ofMillis(300), Duration.ofMinutes(1));
        var source = new GitSource(data, server.url(), impatient, Instant.EPOCH);
        source.setReader(Fixture::read);

        assertThatThrownBy(() -> source.install(ActionReference.parse("acme/plot"), (s, d, t) -> {}))
                .isInstanceOf(ActionException.class)
                .hasMessageContaining("has sent nothing for");
        release.countDown();
    }

    @Test
    void aServerWithoutEndIsGivenUp() {
        server.answerInstead(exchange -> {
            exchange.getResponseHeaders().add("Content-Type", "application/x-git-upload-pack-advertisement");
            exchange.sendResponseHeaders(200, 0);
            byte[] line = "0032".getBytes(StandardCharsets.US_ASCII);
            byte[] rest = ("ab".repeat(20) + " a\n").getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseBody().write("001e# service=git-upload-pack\n0000".getBytes(StandardCharsets.US_ASCII));
            while (true) {
                exchange.getResponseBody().write(line);
                exchange.getResponseBody().write(rest);
                exchange.getResponseBody().write("    ".getBytes(StandardCharsets.US_ASCII), 0, 50 - 4 - rest.length);
            }
        });

        assertThatThrownBy(() -> install("acme/plot")).isInstanceOf(ActionException.class);
        assertThat(source.packages()).isEmpty();
    }

    @Test
    void interruptingCancelsAtOnce() throws Exception {
        var asked = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        server.answerInstead(exchange -> {
            asked.countDown();
            await(release);
        });
        var error = new AtomicReference<Throwable>();
        var interrupted = new CompletableFuture<Boolean>();
        var worker = new Thread(() -> {
            try {
                install("acme/plot");
            } catch (ActionException | RuntimeException e) {
                error.set(e);
            }
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        worker.start();
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

        worker.interrupt();

        assertThat(interrupted.get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(error.get())
                .isInstanceOf(ActionException.class)
                .hasMessage("acme/plot: cancelled; nothing has changed");
        assertThat(staged()).isEmpty();
        release.countDown();
    }

    @Test
    void stoppingTheBundleCancels() throws Exception {
        var asked = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        server.answerInstead(exchange -> {
            asked.countDown();
            await(release);
        });
        CompletableFuture<Throwable> error = CompletableFuture.supplyAsync(() -> {
            try {
                install("acme/plot");
                return new AssertionError("installed");
            } catch (ActionException e) {
                return e;
            }
        });
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

        source.stop();

        assertThat(error.get(30, TimeUnit.SECONDS)).hasMessage("acme/plot: cancelled; nothing has changed");
        release.countDown();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///srv/git",
                "ssh://git.example.org",
                "http://git.example.org",
                "https://",
                "",
                "https://a@b",
                "https://x/?y",
                "ext::sh"
            })
    void anAddressThatMayNotBeUsedMakesItUnready(String address) {
        var source = new GitSource(data, address, SMALL, Instant.EPOCH);

        assertThat(source.readiness().ready()).isFalse();
        assertThat(source.readiness().reason()).startsWith("baseUrl: ");
        assertThat(source.readiness().remedy()).contains("RUNGPT_GIT_BASE_URL");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
