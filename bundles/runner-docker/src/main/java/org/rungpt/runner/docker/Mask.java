package org.rungpt.runner.docker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hides secrets in what a call lets out: each byte of one becomes an asterisk, so that offsets stay what they are. If it cannot be sure
 * what to hide, it hides everything. Immutable; a stream is hidden by a {@link Filter} of its own.
 */
final class Mask {
    private static final byte HIDDEN = '*';

    /** Nothing is secret. */
    static final Mask NONE = new Mask(null, false);

    /** Everything is. */
    static final Mask EVERYTHING = new Mask(null, true);

    private final @Nullable PatternAutomaton automaton;
    private final boolean everything;

    private Mask(@Nullable PatternAutomaton automaton, boolean everything) {
        this.automaton = automaton;
        this.everything = everything;
    }

    /** @param secrets values; one that is too short to be found for sure makes it hide everything */
    static Mask of(Collection<String> secrets) {
        if (secrets.isEmpty()) {
            return NONE;
        }
        for (String secret : secrets) {
            if (secret.chars().filter(c -> !SecretPatterns.isSpace(c)).count() < SecretPatterns.SHORTEST) {
                return EVERYTHING;
            }
        }
        return new Mask(new PatternAutomaton(SecretPatterns.of(secrets)), false);
    }

    boolean hidesNothing() {
        return automaton == null && !everything;
    }

    boolean hidesEverything() {
        return everything;
    }

    /** A text that is complete. */
    String text(String text) {
        if (hidesNothing()) {
            return text;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder shown = new StringBuilder();
        Filter filter = filter();
        Filter.Out out = (offset, piece) -> shown.append(StandardCharsets.ISO_8859_1.decode(piece.duplicate()));
        filter.accept(0, ByteBuffer.wrap(bytes), out);
        filter.end(out);
        return new String(shown.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** For a stream. */
    Filter filter() {
        return new Filter(false);
    }

    /** For a stream of events, whose texts are joined by who reads them. */
    Filter events() {
        return new Filter(true);
    }

    /** Hides one stream. What may be the beginning of a secret waits for what comes next. One thread at a time. */
    final class Filter implements MaskView.Finds {
        /** Takes what may be shown. */
        interface Out {
            void bytes(long offset, ByteBuffer bytes);
        }

        private final List<MaskView> views;
        private final @Nullable EventTexts texts;
        private final BitSet hidden = new BitSet();
        private byte[] held = new byte[256];
        private int size;
        private long from;

        private Filter(boolean events) {
            PatternAutomaton patterns = automaton;
            views = patterns == null ? List.of() : MaskView.all(patterns, this);
            texts = patterns == null || !events ? null : new EventTexts(patterns, this);
        }

        /** @param offset where the bytes lie in the stream; they continue what came before */
        void accept(long offset, ByteBuffer bytes, Out out) {
            if (hidesNothing()) {
                out.bytes(offset, bytes);
                return;
            }
            if (size == 0) {
                from = offset;
            }
            int count = bytes.remaining();
            if (held.length < size + count) {
                held = Arrays.copyOf(held, Math.max(size + count, held.length * 2));
            }
            bytes.get(held, size, count);
            for (int i = size; i < size + count; i++) {
                for (MaskView view : views) {
                    view.accept(held[i] & 0xff, from + i);
                }
                if (texts != null) {
                    texts.accept(held[i] & 0xff, from + i);
                }
            }
            size += count;
            if (everything) {
                hide(0, size);
            }
            long decided = from + size;
            for (MaskView view : views) {
                decided = Math.min(decided, view.undecided());
            }
            if (texts != null) {
                decided = Math.min(decided, texts.undecided());
            }
            let((int) (decided - from), out);
        }

        /** The stream has ended: nothing waits any more. */
        void end(Out out) {
            if (texts != null) {
                texts.end();
            }
            let(size, out);
        }

        private void let(int count, Out out) {
            if (count <= 0) {
                return;
            }
            byte[] shown = Arrays.copyOf(held, count);
            for (int i = hidden.nextSetBit(0); i >= 0 && i < count; i = hidden.nextSetBit(i + 1)) {
                shown[i] = HIDDEN;
            }
            System.arraycopy(held, count, held, 0, size - count);
            BitSet rest = hidden.get(count, Math.max(count, hidden.length()));
            hidden.clear();
            hidden.or(rest);
            long offset = from;
            from += count;
            size -= count;
            out.bytes(offset, ByteBuffer.wrap(shown).asReadOnlyBuffer());
        }

        @Override
        public void found(long start, long to) {
            hide((int) Math.max(0, start - from), (int) (to - from));
        }

        private void hide(int start, int end) {
            for (int i = start; i < end; i++) {
                // Lines stay lines, whatever is in them.
                if (!everything || held[i] != '\n') {
                    hidden.set(i);
                }
            }
        }
    }
}
