package org.rungpt.runner.docker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;

/**
 * Stands between a call and whoever observes it: nothing of the secrets that the call was given gets through, in its output, in the
 * names and contents of its files, or in what is said of its end.
 */
final class MaskedCall implements CallObserver {
    private static final String WITHHELD =
            "its output is withheld: it was given secrets, and what to mask is not known any more";

    private final Mask mask;
    private final CallObserver observer;
    private final Map<Stream, Mask.Filter> filters = new EnumMap<>(Stream.class);

    /** @param events whether standard output holds events */
    MaskedCall(Mask mask, boolean events, CallObserver observer) {
        this.mask = mask;
        this.observer = observer;
        filters.put(Stream.STDOUT, events ? mask.events() : mask.filter());
        filters.put(Stream.STDERR, mask.filter());
    }

    @Override
    public void output(Stream stream, long offset, ByteBuffer bytes) {
        filter(stream).accept(offset, bytes, (at, shown) -> observer.output(stream, at, shown));
    }

    private Mask.Filter filter(Stream stream) {
        Mask.Filter filter = filters.get(stream);
        if (filter == null) {
            throw new IllegalStateException("no filter for " + stream);
        }
        return filter;
    }

    /** No more output comes: what waited is decided. */
    private void end() {
        for (Stream stream : Stream.values()) {
            filter(stream).end((at, shown) -> observer.output(stream, at, shown));
        }
    }

    @Override
    public void progress(String step) {
        observer.progress(mask.text(step));
    }

    @Override
    public void connection(CallConnection connection) {
        String reason = connection.reason();
        observer.connection(new CallConnection(
                connection.number(),
                connection.at(),
                mask.text(connection.host()),
                connection.port(),
                connection.allowed(),
                reason == null ? null : mask.text(reason),
                connection.sent(),
                connection.received(),
                connection.duration()));
    }

    @Override
    public void artifact(String name, long size, InputStream bytes) throws IOException {
        end();
        observer.artifact(mask.text(name), size, mask.hidesNothing() ? bytes : new MaskedInput(mask, bytes));
    }

    /** The call as its caller sees it. @param forgotten runs when its end is durable */
    CallHandle handle(CallHandle call, Runnable forgotten) {
        if (mask.hidesNothing()) {
            return call;
        }
        CompletionStage<CallOutcome> outcome = call.outcome().handle(this::ended);
        return new CallHandle() {
            @Override
            public String call() {
                return call.call();
            }

            @Override
            public void cancel() {
                call.cancel();
            }

            @Override
            public CompletionStage<CallOutcome> outcome() {
                return outcome;
            }

            @Override
            public void forget() {
                call.forget();
                forgotten.run();
            }
        };
    }

    private CallOutcome ended(@Nullable CallOutcome outcome, @Nullable Throwable failure) {
        if (outcome != null) {
            end();
            return masked(outcome);
        }
        Throwable cause = cause(failure);
        if (isDetached(cause)) {
            // What waits here is told by the successor, from where the observer stands.
            throw new CompletionException(cause);
        }
        end();
        if (cause instanceof RunnerException e) {
            throw new CompletionException(new RunnerException(e.kind(), mask.text(String.valueOf(e.getMessage()))));
        }
        throw new CompletionException(mask.text(String.valueOf(cause)), null);
    }

    private static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** Whether the call goes on, or begins, and somebody else takes it up. */
    static boolean isDetached(@Nullable Throwable failure) {
        return cause(failure) instanceof RunnerException e
                && (e.kind() == RunnerException.Kind.DETACHED || e.kind() == RunnerException.Kind.NOT_BEGUN);
    }

    private CallOutcome masked(CallOutcome outcome) {
        String said = outcome.message();
        String message = said == null ? null : mask.text(said);
        if (mask.hidesEverything()) {
            message = message == null ? WITHHELD : message + "; " + WITHHELD;
        }
        return new CallOutcome(
                outcome.exit(),
                outcome.reason(),
                message,
                outcome.stdout(),
                outcome.stderr(),
                outcome.duration(),
                outcome.sandbox());
    }
}
