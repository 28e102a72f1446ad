package org.rungpt.runner.docker;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Reads a stream in one way, escapes taken back and white space left out, and tells where in it patterns lie. A piece of text may be
 * the beginning of a pattern: how far back that goes, it tells too.
 */
abstract class MaskView {
    /** Nothing is broken into pieces farther apart than this. */
    private static final int GAP = 256;

    /** Hears where a pattern lies: from the first position to before the last. */
    interface Finds {
        void found(long from, long to);
    }

    private final PatternAutomaton automaton;
    private final Finds finds;
    private final long[] starts;
    private int state;
    private long index = -1;
    private int gap;

    MaskView(PatternAutomaton automaton, Finds finds) {
        this.automaton = automaton;
        this.finds = finds;
        this.starts = new long[automaton.deepest() + 1];
    }

    /** One byte of the stream. */
    abstract void accept(int b, long position);

    /** From where on the stream is not understood yet; {@link Long#MAX_VALUE} if all is. */
    abstract long pending();

    /** From where on the stream may belong to a pattern. */
    final long undecided() {
        return Math.min(begun(1), pending());
    }

    /** From where on the beginning of a pattern lies, if at least so many bytes of it are there; {@link Long#MAX_VALUE} if not. */
    final long begun(int least) {
        int depth = automaton.depth(state);
        return depth < least ? Long.MAX_VALUE : starts[(int) ((index - depth + 1) % starts.length)];
    }

    /** @param b what was read from {@code from} to before {@code to} */
    void read(int b, long from, long to) {
        if (SecretPatterns.isSpace(b)) {
            if (++gap > GAP) {
                state = 0;
            }
            return;
        }
        gap = 0;
        index++;
        starts[(int) (index % starts.length)] = from;
        state = automaton.next(state, b);
        int length = automaton.longest(state);
        if (length > 0) {
            finds.found(starts[(int) ((index - length + 1) % starts.length)], to);
        }
    }

    /** All ways of reading. */
    static List<MaskView> all(PatternAutomaton automaton, Finds finds) {
        return List.of(new Plain(automaton, finds), new Percent(automaton, finds), new Backslash(automaton, finds));
    }

    private static int hex(int b) {
        return Character.digit((char) b, 16);
    }

    /** Reads it as it is. */
    static final class Plain extends MaskView {
        Plain(PatternAutomaton automaton, Finds finds) {
            super(automaton, finds);
        }

        @Override
        void accept(int b, long position) {
            read(b, position, position + 1);
        }

        @Override
        long pending() {
            return Long.MAX_VALUE;
        }
    }

    /** Takes {@code %41} for A. */
    static final class Percent extends MaskView {
        private long start = Long.MAX_VALUE;
        private int first = -1;

        Percent(PatternAutomaton automaton, Finds finds) {
            super(automaton, finds);
        }

        @Override
        void accept(int b, long position) {
            if (start != Long.MAX_VALUE) {
                if (hex(b) >= 0) {
                    if (first < 0) {
                        first = b;
                        return;
                    }
                    long from = start;
                    start = Long.MAX_VALUE;
                    read(hex(first) << 4 | hex(b), from, position + 1);
                    return;
                }
                // No escape after all.
                read('%', start, start + 1);
                if (first >= 0) {
                    read(first, start + 1, start + 2);
                }
                start = Long.MAX_VALUE;
            }
            if (b == '%') {
                start = position;
                first = -1;
            } else {
                read(b, position, position + 1);
            }
        }

        @Override
        long pending() {
            return start;
        }
    }

    /** Takes back the escapes of JSON and of most programming languages. */
    static class Backslash extends MaskView {
        private long start = Long.MAX_VALUE;
        private int digits;
        private int value;
        private long highStart = Long.MAX_VALUE;
        private int high;

        Backslash(PatternAutomaton automaton, Finds finds) {
            super(automaton, finds);
        }

        @Override
        final void accept(int b, long position) {
            if (start == Long.MAX_VALUE) {
                if (b == '\\') {
                    begin(position);
                } else {
                    highStart = Long.MAX_VALUE;
                    read(b, position, position + 1);
                }
            } else if (digits > 0) {
                digit(b, position);
            } else if (b == 'u') {
                digits = 4;
            } else if (b == 'x') {
                digits = 2;
            } else {
                long from = start;
                start = Long.MAX_VALUE;
                highStart = Long.MAX_VALUE;
                read(control(b), from, position + 1);
            }
        }

        private void begin(long position) {
            start = position;
            digits = 0;
            value = 0;
        }

        private void digit(int b, long position) {
            if (hex(b) < 0) {
                start = Long.MAX_VALUE;
                accept(b, position);
                return;
            }
            value = value << 4 | hex(b);
            if (--digits == 0) {
                long from = start;
                start = Long.MAX_VALUE;
                unit((char) value, from, position + 1);
            }
        }

        private void unit(char unit, long from, long to) {
            if (Character.isHighSurrogate(unit)) {
                high = unit;
                highStart = from;
            } else if (Character.isLowSurrogate(unit) && highStart != Long.MAX_VALUE) {
                long whole = highStart;
                highStart = Long.MAX_VALUE;
                text(new String(new char[] {(char) high, unit}), whole, to);
            } else {
                highStart = Long.MAX_VALUE;
                text(String.valueOf(unit), from, to);
            }
        }

        private void text(String text, long from, long to) {
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                read(b & 0xff, from, to);
            }
        }

        private static int control(int b) {
            return switch (b) {
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'b' -> '\b';
                case 'f' -> '\f';
                default -> b;
            };
        }

        @Override
        final long pending() {
            return Math.min(start, highStart);
        }
    }
}
