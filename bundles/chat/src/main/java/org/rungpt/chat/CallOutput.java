package org.rungpt.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.EventType;

/** One stream of a call's output on its way into the log: the beginning is stored as it comes, of the rest the end. */
final class CallOutput {
    private static final long STORED_AS_IT_COMES = 512 << 10;
    private static final long STORED_AT_THE_END = 512 << 10;
    private static final int EVENT_BYTES = 32 << 10;
    /** Small pieces are kept together up to this. */
    private static final int GATHERED_BYTES = 4 << 10;

    private final String call;
    private final String stream;
    private final boolean events;
    private final Deque<OutputText.Piece> tail = new ArrayDeque<>();
    private long tailBytes;
    private OutputText.@Nullable Piece unstored;

    private long read;

    /** @param events whether the text is what the program's events say, and not its bytes */
    CallOutput(String call, String stream, boolean events) {
        this.call = call;
        this.stream = stream;
        this.events = events;
    }

    /** Whether this is beyond what is stored as it comes: of that, the log keeps the end only. */
    static boolean isBeyondTheLog(OutputText.Piece piece) {
        return piece.offset() >= STORED_AS_IT_COMES;
    }

    /**
     * Takes a piece.
     *
     * @param upTo how many bytes of the program's output it stands for, with all before it
     * @return the transient event that tells of it
     */
    Draft accept(OutputText.Piece piece, long upTo) {
        read = upTo;
        if (piece.offset() < STORED_AS_IT_COMES) {
            unstored = unstored == null ? piece : unstored.and(piece);
        } else {
            OutputText.Piece last = tail.peekLast();
            if (last != null && last.isFollowedBy(piece) && last.bytes() + piece.bytes() <= GATHERED_BYTES) {
                tail.removeLast();
                tail.addLast(last.and(piece));
            } else {
                tail.addLast(piece);
            }
            tailBytes += piece.bytes();
            while (tailBytes > STORED_AT_THE_END && tail.size() > 1) {
                tailBytes -= tail.removeFirst().bytes();
            }
        }
        return Draft.output(EventType.CALL_OUTPUT_DELTA, call, stream, piece);
    }

    long unstored() {
        return unstored == null ? 0 : unstored.bytes();
    }

    /** What is to be stored now; null if there is nothing. */
    @Nullable
    Draft take() {
        OutputText.Piece piece = unstored;
        unstored = null;
        return piece == null ? null : stored(piece);
    }

    private Draft stored(OutputText.Piece piece) {
        Draft draft = Draft.output(EventType.CALL_OUTPUT, call, stream, piece);
        if (events) {
            draft.data().put("read", read);
        }
        return draft;
    }

    /** All that is left to be stored when the call has ended. */
    List<Draft> end() {
        var drafts = new ArrayList<Draft>();
        Draft first = take();
        if (first != null) {
            drafts.add(first);
        }
        OutputText.Piece gathered = null;
        for (OutputText.Piece piece : tail) {
            if (gathered != null && gathered.bytes() + piece.bytes() <= EVENT_BYTES && gathered.isFollowedBy(piece)) {
                gathered = gathered.and(piece);
            } else {
                if (gathered != null) {
                    drafts.add(stored(gathered));
                }
                gathered = piece;
            }
        }
        if (gathered != null) {
            drafts.add(stored(gathered));
        }
        tail.clear();
        return drafts;
    }
}
