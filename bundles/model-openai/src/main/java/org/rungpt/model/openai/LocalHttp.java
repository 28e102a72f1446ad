package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks servers on this machine, which answer at once or not at all. */
final class LocalHttp {
    static final Duration CONNECT = Duration.ofMillis(500);
    private static final Duration ANSWER = Duration.ofSeconds(2);
    private static final int MAX_ANSWER = 4 << 20;

    private final Duration patience;
    private final HttpClient http;

    LocalHttp() {
        this(CONNECT, ANSWER);
    }

    /**
     * @param connect how long to wait until somebody takes the call
     * @param patience how long to wait for the answer
     */
    LocalHttp(Duration connect, Duration patience) {
        this.patience = patience;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connect)
                .executor(Runnable::run)
                .build();
    }

    /**
     * Blocks for two seconds at most, unless it was told otherwise.
     *
     * @param body JSON to send; null for a GET
     * @return the JSON that came with 200; a missing node if anything else did, a null node if nothing came in time
     */
    JsonNode ask(URI address, @Nullable String body) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .timeout(patience)
                .header("Accept", "application/json")
                .header("User-Agent", "RunGPT");
        if (body != null) {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        try {
            HttpResponse<String> response = http.send(request.build(), info -> {
                var collected = new Collected(MAX_ANSWER);
                return HttpResponse.BodySubscribers.mapping(
                        HttpResponse.BodySubscribers.ofByteArrayConsumer(
                                piece -> piece.ifPresent(bytes -> collected.add(ByteBuffer.wrap(bytes)))),
                        nothing -> collected.text());
            });
            JsonNode answer = response.statusCode() == 200 ? Json.MAPPER.readTree(response.body()) : null;
            return answer == null ? Json.MAPPER.missingNode() : answer;
        } catch (HttpTimeoutException e) {
            return Json.MAPPER.nullNode();
        } catch (JsonProcessingException e) {
            return Json.MAPPER.missingNode(); // something else listens there
        } catch (IOException e) {
            return Json.MAPPER.missingNode();
        }
    }
}
