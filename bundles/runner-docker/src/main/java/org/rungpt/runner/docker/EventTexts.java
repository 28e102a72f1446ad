package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream of events (docs/actions.md) as whoever joins their texts does: a secret may begin in one and end in another. A line
 * waits until it is whole, which holds nothing up, since nobody understands an event earlier; one whose text may end with the
 * beginning of a secret waits for the line after it.
 */
final class EventTexts {
    /** A longer line is no event. */
    private static final int LONGEST = 1 << 20;

    /** Fewer bytes of a secret than these end many a text by chance, and tell little. */
    private static final int TELLING = 4;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final Event NO_EVENT = new Event("", Map.of());
    private static final Piece NOTHING = new Piece(0, 0, true);

    private final PatternAutomaton automaton;
    private final MaskView.Finds finds;
    private final Joined output;
    private final Joined log;
    private final Joined errors;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long start;
    private boolean skips;
    /** To what the last line was joined. */
    private @Nullable Joined last;

    /**
     * A piece of a line.
     *
     * @param isText whether it has the escapes of JSON
     */
    private record Piece(int from, int to, boolean isText) {}

    /** @param fields where their values lie in the line */
    private record Event(String type, Map<String, Piece> fields) {}

    /** @param where null if it is joined to nothing */
    private record Said(@Nullable Joined where, Piece piece) {}

    EventTexts(PatternAutomaton automaton, MaskView.Finds finds) {
        this.automaton = automaton;
        this.finds = finds;
        this.output = new Joined();
        this.log = new Joined();
        this.errors = new Joined();
    }

    /** One byte of the stream. */
    void accept(int b, long position) {
        if (b == '\n') {
            if (!skips) {
                endOfLine(position);
            }
            skips = false;
        } else if (!skips) {
            if (line.size() == 0) {
                start = position;
            }
            line.write(b);
            if (line.size() > LONGEST) {
                endOfLine(position);
                waitNoLonger();
                skips = true;
            }
        }
    }

    /** The stream has ended, perhaps in the middle of a line. */
    void end() {
        if (line.size() > 0) {
            endOfLine(start + line.size());
        }
    }

    /** From where on the stream may belong to a secret, or to a line that is not whole. */
    long undecided() {
        return Math.min(line.size() == 0 ? Long.MAX_VALUE : start, last == null ? Long.MAX_VALUE : last.undecided());
    }

    private void endOfLine(long end) {
        byte[] bytes = line.toByteArray();
        line.reset();
        Said said = understand(bytes);
        if (last != said.where()) {
            waitNoLonger();
        }
        last = said.where();
        if (last != null) {
            last.goOn(bytes, said.piece(), start);
            if (end - last.undecided() > LONGEST) {
                waitNoLonger();
            }
        }
    }

    private void waitNoLonger() {
        if (last != null) {
            last.giveUp();
            last = null;
        }
    }

    private Said understand(byte[] bytes) {
        // A character for each byte, so that places are the same.
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (text.isBlank()) {
            return new Said(last, NOTHING);
        }
        Event event = text.length() > LONGEST ? NO_EVENT : event(text);
        Piece said = event.fields().get("text");
        if (said == null || !said.isText()) {
            said = event.type().equals("result") ? event.fields().get("value") : null;
        }
        return switch (event.type()) {
            case "progress", "artifact" -> new Said(null, NOTHING);
            case "error" -> new Said(errors, event.fields().getOrDefault("message", NOTHING));
            case "text", "result", "log" ->
                said != null ? new Said(event.type().equals("log") ? log : output, said) : bad(text);
            default -> bad(text);
        };
    }

    /** It is shown as it is. */
    private Said bad(String text) {
        return new Said(log, new Piece(0, text.length(), false));
    }

    private static Event event(String text) {
        Map<String, Piece> fields = new HashMap<>();
        String type = "";
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return NO_EVENT;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
                int from = (int) parser.currentTokenLocation().getCharOffset();
                if (isText && name.equals("type")) {
                    type = parser.getText();
                }
                parser.skipChildren();
                parser.finishToken();
                int to = (int) parser.currentLocation().getCharOffset();
                fields.put(name, isText ? new Piece(from + 1, to - 1, true) : new Piece(from, to, false));
            }
            return parser.nextToken() == null ? new Event(type, fields) : NO_EVENT;
        } catch (IOException e) {
            return NO_EVENT;
        }
    }

    /** What is shown in one place, one piece after the other. The views see its bytes by their numbers; where each lies is known here. */
    private final class Joined implements MaskView.Finds {
        private static final int LENGTH_BITS = 4;

        private final List<MaskView> views = MaskView.all(automaton, this);
        private final MaskView text = new MaskView.Backslash(automaton, this) {
            @Override
            void read(int b, long from, long to) {
                next(b, from, to);
            }
        };
        private long[] places = new long[256];
        private int count;
        /** The number of the first byte whose place is known. */
        private long first;

        void goOn(byte[] bytes, Piece piece, long at) {
            for (int i = piece.from(); i < piece.to(); i++) {
                if (piece.isText()) {
                    text.accept(bytes[i] & 0xff, at + i);
                } else {
                    next(bytes[i] & 0xff, at + i, at + i + 1);
                }
            }
            forget(waitsFrom());
        }

        private void next(int b, long from, long to) {
            if (count == places.length) {
                places = Arrays.copyOf(places, 2 * count);
            }
            // An escape is shorter than 16 bytes.
            places[count++] = from << LENGTH_BITS | to - from;
            for (MaskView view : views) {
                view.accept(b, first + count - 1);
            }
        }

        @Override
        public void found(long from, long to) {
            for (int i = (int) (Math.max(from, first) - first); i < to - first; i++) {
                long begin = places[i] >> LENGTH_BITS;
                finds.found(begin, begin + (places[i] & (1 << LENGTH_BITS) - 1));
            }
        }

        /** The number of the first byte that may belong to a secret. */
        private long waitsFrom() {
            long from = first + count;
            for (MaskView view : views) {
                from = Math.min(from, view.undecided());
            }
            return Math.max(from, first);
        }

        private void forget(long before) {
            int gone = (int) (before - first);
            places = Arrays.copyOfRange(places, gone, Math.max(count, gone + 256));
            count -= gone;
            first = before;
        }

        /** Where that lies; {@link Long#MAX_VALUE} if there is none. */
        long undecided() {
            return count == 0 ? Long.MAX_VALUE : places[0] >> LENGTH_BITS;
        }

        /** What may be the beginning of a secret is let go, hidden if it tells something of it; what comes of the rest is found all the same. */
        void giveUp() {
            for (MaskView view : views) {
                found(Math.min(view.begun(TELLING), first + count), first + count);
            }
            forget(first + count);
        }
    }
}
