package org.rungpt.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A response's body as a stream whose reads can be ended from outside; one piece is asked for at a time. */
final class SlicedBody extends InputStream implements HttpResponse.BodySubscriber<InputStream> {
    /** Waits for the next piece. */
    interface Waiter {
        <T> T await(BoundedHttp.Waiting<T> waiting) throws IOException;
    }

    /** Told how many bytes came; throws if there are too many. */
    interface Counter {
        void spend(int bytes) throws IOException;
    }

    /** A piece of the body, or its end, by an error or without one. */
    private record Piece(
            List<ByteBuffer> buffers, boolean end, @Nullable Throwable error) {}

    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscribed = new CompletableFuture<>();
    private final Waiter waiter;
    private final Counter counter;
    private List<ByteBuffer> current = List.of();
    private boolean ended;

    SlicedBody(Waiter waiter, Counter counter) {
        this.waiter = waiter;
        this.counter = counter;
    }

    @Override
    public CompletionStage<InputStream> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscribed.complete(subscription);
        subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        pieces.add(new Piece(buffers, false, null));
    }

    @Override
    public void onError(Throwable error) {
        pieces.add(new Piece(List.of(), true, error));
    }

    @Override
    public void onComplete() {
        pieces.add(new Piece(List.of(), true, null));
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        ByteBuffer buffer = buffer();
        if (buffer == null) {
            return -1;
        }
        int count = Math.min(length, buffer.remaining());
        buffer.get(target, offset, count);
        counter.spend(count);
        return count;
    }

    private @Nullable ByteBuffer buffer() throws IOException {
        while (true) {
            for (ByteBuffer buffer : current) {
                if (buffer.hasRemaining()) {
                    return buffer;
                }
            }
            if (ended) {
                return null;
            }
            Piece piece = waiter.await(millis -> pieces.poll(millis, TimeUnit.MILLISECONDS));
            if (piece.error() != null) {
                ended = true;
                throw new IOException("the connection broke off", piece.error());
            }
            ended = piece.end();
            current = piece.buffers();
            if (!ended) {
                subscribed.join().request(1);
            }
        }
    }

    @Override
    public void close() {
        ended = true;
        current = List.of();
        subscribed.thenAccept(Flow.Subscription::cancel);
    }
}
