package org.rungpt.chat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallObserver;

/** What one runner is given to tell of a call: makes text of the bytes on the runner's thread and puts it into the mailbox. */
final class CallWatch implements CallObserver, EventLines.Reader {
    /**
     * From where on a call is watched.
     *
     * @param events whether standard output holds events
     * @param stdout bytes of standard output that are known
     * @param texts where the text of {@code stdout}, {@code log} and {@code error} goes on, if there are events
     */
    record Start(boolean events, long stdout, long stderr, Map<String, Long> texts) {}

    /** How much output waits to be written down before the program has to wait, in bytes. */
    static final int CREDIT = 1 << 20;

    /** The most that one event holds, in bytes. */
    private static final int SLICE = 32 << 10;

    /** Takes text in the mailbox. */
    @FunctionalInterface
    interface Taker {
        void take(CallWatch from, Said said);
    }

    /** A piece of a stream, and how many bytes of the program's output it stands for, with all before it. */
    record Said(String stream, OutputText.Piece piece, long read) {}

    private static final long PROGRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int MOST_FILES = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final ConversationActor actor;
    private final String call;
    private final Semaphore credit;
    private final OutputText out;
    private final OutputText err;
    private final @Nullable EventLines lines;
    private final Map<String, Long> texts;
    private long lastProgress;
    private int files;
    /** Takes the rest, in the mailbox, when the output has ended. */
    private @Nullable Consumer<Said> ending;

    private final Taker taker;
    private volatile boolean closed;

    CallWatch(ConversationActor actor, String call, Semaphore credit, Start start, Taker taker) {
        this.actor = actor;
        this.call = call;
        this.credit = credit;
        this.out = new OutputText(start.stdout());
        this.err = new OutputText(start.stderr());
        this.lines = start.events() ? new EventLines(start.stdout(), this) : null;
        this.texts = new HashMap<>(start.texts());
        this.lastProgress = System.nanoTime() - PROGRESS_NANOS;
        this.taker = taker;
    }

    @Override
    public void output(Stream stream, long offset, ByteBuffer bytes) {
        EventLines events = stream == Stream.STDOUT ? lines : null;
        if (events != null) {
            if (!closed) {
                events.accept(offset, bytes);
            }
            return;
        }
        long at = offset;
        ByteBuffer rest = bytes.duplicate();
        while (rest.hasRemaining() && !closed) {
            int length = Math.min(rest.remaining(), SLICE);
            pass(
                    stream == Stream.STDERR ? "stderr" : "stdout",
                    (stream == Stream.STDERR ? err : out).accept(at, rest.slice(rest.position(), length)));
            rest.position(rest.position() + length);
            at += length;
        }
    }

    private void pass(String stream, OutputText.@Nullable Piece piece) {
        if (piece != null) {
            pass(new Said(stream, piece, piece.offset() + piece.bytes()));
        }
    }

    private void pass(Said said) {
        Consumer<Said> last = ending;
        if (last != null) {
            last.accept(said);
            return;
        }
        OutputText.Piece piece = said.piece();
        int cost = (int) Math.min(CREDIT, piece.bytes());
        boolean paid = pay(cost);
        boolean taken = actor.enqueue(() -> {
            if (paid) {
                credit.release(cost);
            }
            taker.take(this, said);
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
        tell(Draft.callProgress(call, step));
    }

    @Override
    public void connection(CallConnection connection) {
        actor.enqueue(() -> {
            if (!closed) {
                actor.connected(call, connection);
            }
        });
    }

    @Override
    public void said(String stream, String text, long read) {
        String whole = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        for (int from = 0; from < whole.length(); ) {
            int to = Math.min(whole.length(), from + SLICE / 4);
            if (to < whole.length() && Character.isHighSurrogate(whole.charAt(to - 1))) {
                to--;
            }
            String slice = whole.substring(from, to);
            long length = OutputExcerpt.utf8Length(slice);
            long at = texts.merge(stream, length, Long::sum) - length;
            pass(new Said(stream, new OutputText.Piece(at, slice, length), read));
            from = to;
        }
    }

    @Override
    public void progress(String step, @Nullable Double done, @Nullable Double total) {
        long now = System.nanoTime();
        if (now - lastProgress >= PROGRESS_NANOS || done != null && done.equals(total)) {
            lastProgress = now;
            tell(Draft.callProgress(call, step, done, total));
        }
    }

    private void tell(Draft event) {
        actor.enqueue(() -> {
            if (!closed) {
                actor.tell(event);
            }
        });
    }

    @Override
    public void file(String name, byte[] content) {
        try {
            if (++files > MOST_FILES) {
                throw new IOException("a call may tell " + MOST_FILES + " files");
            }
            artifact(name, content.length, new ByteArrayInputStream(content));
        } catch (IOException e) {
            said("log", name.replaceAll("\\p{Cntrl}", " ") + " was not kept: " + e.getMessage() + "\n", 0);
        }
    }

    @Override
    public void artifact(String name, long size, InputStream bytes) throws IOException {
        Optional<ArtifactStore> store = actor.services().artifacts.await((ArtifactStore) null, PATIENCE);
        if (store.isEmpty()) {
            throw new IOException("nobody keeps files: start the bundle org.rungpt.artifacts");
        }
        Artifact artifact = store.get().put(actor.id(), call, name, bytes);
        Runnable tell = () -> {
            if (!closed) {
                actor.artifact(call, artifact);
            }
        };
        if (ending != null) {
            tell.run();
        } else {
            actor.enqueue(tell);
        }
    }

    /** Nobody listens any more: the program is not held up. */
    void close() {
        closed = true;
        credit.release(CREDIT);
    }

    /** The output has ended: what is left of the last bytes is no whole character. In the mailbox. */
    void end(Consumer<Said> last) {
        ending = last;
        if (lines != null) {
            lines.end();
        }
        pass("stdout", out.end());
        pass("stderr", err.end());
    }
}
