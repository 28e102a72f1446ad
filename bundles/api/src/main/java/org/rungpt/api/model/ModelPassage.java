package org.rungpt.api.model;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.osgi.annotation.versioning.ConsumerType;

/** Carries chat completions of other programs to a connection's server as they are, with nothing of ours added but the key. */
@ConsumerType
public interface ModelPassage {
    /**
     * What the server answered.
     *
     * @param status the HTTP status
     * @param headers those that concern the caller, names in lower case
     * @param body comes as it arrives; subscribe once, cancel to close the connection
     */
    record Answer(int status, Map<String, String> headers, Flow.Publisher<List<ByteBuffer>> body) {
        public Answer {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Asks once, without trying again. Returns at once; any thread.
     *
     * @param request the JSON of a chat completion request, its {@code model} as the server names it
     * @return completes when the answer begins, exceptionally with a {@link ModelException} if none comes or the server refuses our
     *     key; cancelling it ends the request
     */
    CompletableFuture<Answer> pass(byte[] request);
}
