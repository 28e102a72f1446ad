package org.rungpt.chat;

import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallObserver;

/** What one runner is given to tell of a call: makes text of the bytes on the runner's thread and puts it into the mailbox. */
final class CallWatch implements CallObserver {
    /** How much output waits to be written down before the program has to wait, in bytes. */
    static final int CREDIT = 1 << 20;

    /** The most that one event holds, in bytes. */
    private static final int SLICE = 32 << 10;

    /** Takes text in the mailbox. */
    @FunctionalInterface
    interface Taker {
        void take(CallWatch from, OutputText.Piece piece, Stream stream);
    }

    private final ConversationActor actor;
    private final String call;
    private final Semaphore credit;
    private final OutputText out;
    private final OutputText err;
    private final Taker taker;
    private volatile boolean closed;

    CallWatch(
            ConversationActor actor, String call, Semaphore credit, long stdoutOffset, long stderrOffset, Taker taker) {
        this.actor = actor;
        this.call = call;
        this.credit = credit;
        this.out = new OutputText(stdoutOffset);
        this.err = new OutputText(stderrOffset);
        this.taker = taker;
    }

    @Override
    public void output(Stream stream, long offset, ByteBuffer bytes) {
        long at = offset;
        ByteBuffer rest = bytes.duplicate();
        while (rest.hasRemaining() && !closed) {
            int length = Math.min(rest.remaining(), SLICE);
            pass(stream, (stream == Stream.STDERR ? err : out).accept(at, rest.slice(rest.position(), length)));
            rest.position(rest.position() + length);
            at += length;
        }
    }

    private void pass(Stream stream, OutputText.@Nullable Piece piece) {
        if (piece == null) {
            return;
        }
        int cost = (int) Math.min(CREDIT, piece.bytes());
        boolean paid = pay(cost);
        boolean taken = actor.enqueue(() -> {
            if (paid) {
                credit.release(cost);
            }
            taker.take(this, piece, stream);
        });
        if (!taken && paid) {
            credit.release(cost);
        }
    }

    /** A program waits while much of its output does; the mailbox, which writes it down, must not. */
    private boolean pay(int cost) {
        if (actor.isOwnThread()) {
            return false;
        }
        try {
            return credit.tryAcquire(cost, actor.limits().patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void progress(String step) {
        actor.enqueue(() -> actor.tell(Draft.callProgress(call, step)));
    }

    @Override
    public void connection(CallConnection connection) {
        actor.enqueue(() -> {
            if (!closed) {
                actor.connected(call, connection);
            }
        });
    }

    /** Nobody listens any more: the program is not held up. */
    void close() {
        closed = true;
        credit.release(CREDIT);
    }

    /** The output has ended: what is left of the last bytes is no whole character. In the mailbox. */
    void end(BiConsumer<OutputText.Piece, Stream> last) {
        OutputText.Piece rest = out.end();
        if (rest != null) {
            last.accept(rest, Stream.STDOUT);
        }
        rest = err.end();
        if (rest != null) {
            last.accept(rest, Stream.STDERR);
        }
    }
}
