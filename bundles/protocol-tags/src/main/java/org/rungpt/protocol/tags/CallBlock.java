package org.rungpt.protocol.tags;

import java.util.ArrayList;
import java.util.List;

/**
 * Collects one call as it streams and finds where it closes.
 *
 * <p>The closing tag {@code </run-NONCE>} counts only where the call can be complete: directly (blanks aside) after the opening
 * tag, after an {@code </arg>}, or after the JSON object. Anywhere else it is content, like any other text. A whole call quoted
 * in an argument is content too: a tag that opens inside an argument, at a line start or behind another tag, takes the next closing tag for itself, and
 * {@code <arg>} inside it is content. So text of any kind can be written without escaping, and what is left open is never run.
 */
final class CallBlock {
    /** How long a call may be, in characters. */
    static final int MAX = 1 << 20;
    /** How long an opening tag may be. */
    static final int MAX_HEADER = 1024;

    static final String ARG_OPEN = "<arg";
    static final String ARG_CLOSE = "</arg>";

    /** How far it has come. */
    enum State {
        HEADER,
        START,
        ARGS,
        JSON,
        JSON_END,
        OTHER,
        CLOSED,
        TOO_LONG
    }

    private enum Match {
        NO,
        PART,
        WHOLE
    }

    private final String open;
    private final String close;
    private final StringBuilder raw = new StringBuilder();
    private final List<Integer> argStarts = new ArrayList<>();
    private final List<Integer> nestedStarts = new ArrayList<>();
    private State state = State.HEADER;
    private State body = State.START;
    private char quote;
    private int at;
    private int bodyStart;
    private int bodyEnd;
    private int argEnd = -1;
    private int nested;
    private int braces;
    private boolean inString;
    private boolean escaped;

    CallBlock(String open, String close) {
        this.open = open;
        this.close = close;
        raw.append(open);
    }

    State state() {
        return state;
    }

    /** What kind of body it has: {@code START} for an empty one, {@code ARGS}, {@code JSON_END} or, if it is none, {@code OTHER}. */
    State body() {
        return body;
    }

    /** Everything read so far, as written. */
    String raw() {
        return raw.toString();
    }

    int headerEnd() {
        return bodyStart;
    }

    int bodyEnd() {
        return bodyEnd;
    }

    /** Where an {@code <arg} stands at a line start, outside calls quoted in arguments. */
    List<Integer> argStarts() {
        return argStarts;
    }

    /** Where a call opens at a line start inside this one. */
    List<Integer> nestedStarts() {
        return nestedStarts;
    }

    /** The tag closed itself: there is no body. */
    void closeEmpty() {
        bodyEnd = bodyStart;
        state = State.CLOSED;
    }

    /**
     * Takes what belongs to the call. Returns after the opening tag, when the call has closed or grew too long, and at the end of
     * the text.
     *
     * @return the index of the first character that was not taken
     */
    int take(String text, int from) {
        return state == State.HEADER ? takeHeader(text, from) : takeBody(text, from);
    }

    private int takeHeader(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            raw.append(c);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            }
            if (c == '\n' || (c == '>' && quote == 0) || raw.length() >= open.length() + MAX_HEADER) {
                state = State.START;
                bodyStart = raw.length();
                at = bodyStart;
                return i + 1;
            }
        }
        return text.length();
    }

    private int takeBody(String text, int from) {
        int i = from;
        while (i < text.length() && state != State.CLOSED && state != State.TOO_LONG) {
            // A call can only close at a '>': up to there nothing is taken that does not belong to it.
            int next = text.indexOf('>', i);
            int end = Math.min(next < 0 ? text.length() : next + 1, i + MAX - raw.length());
            raw.append(text, i, end);
            i = end;
            read();
            if (state != State.CLOSED && raw.length() >= MAX) {
                state = State.TOO_LONG;
            }
        }
        return i;
    }

    private void read() {
        boolean more = true;
        while (more && at < raw.length()) {
            more = switch (state) {
                case START -> readStart();
                case ARGS -> readArgs();
                case JSON -> readJson();
                case JSON_END -> readJsonEnd();
                case OTHER -> readOther();
                case HEADER, CLOSED, TOO_LONG -> false;
            };
            if (state != State.CLOSED) {
                body = state;
            }
        }
    }

    private boolean readStart() {
        char c = raw.charAt(at);
        if (isBlank(c)) {
            at++;
        } else if (c == '{') {
            state = State.JSON;
        } else if (c != '<') {
            state = State.OTHER;
        } else {
            switch (match(close)) {
                case WHOLE -> closed();
                case PART -> {
                    return false;
                }
                case NO -> {
                    Match arg = match(ARG_OPEN);
                    if (arg == Match.PART) {
                        return false;
                    }
                    if (arg == Match.WHOLE) {
                        argStarts.add(at);
                        at += ARG_OPEN.length();
                    }
                    state = arg == Match.WHOLE ? State.ARGS : State.OTHER;
                }
            }
        }
        return true;
    }

    private boolean readArgs() {
        if (!toNextAngle()) {
            return false;
        }
        Match closes = match(close);
        Match argCloses = match(ARG_CLOSE);
        boolean lineStart = isLineStart(at);
        Match opens = lineStart || raw.charAt(at - 1) == '>' ? matchOpen() : Match.NO;
        Match arg = lineStart && nested == 0 ? match(ARG_OPEN) : Match.NO;
        if (closes == Match.PART || argCloses == Match.PART || opens == Match.PART || arg == Match.PART) {
            return false;
        }
        if (closes == Match.WHOLE) {
            if (nested > 0) {
                nested--;
                at += close.length();
            } else if (blankBackTo(at) == argEnd) {
                closed();
            } else {
                at++;
            }
        } else if (argCloses == Match.WHOLE) {
            at += ARG_CLOSE.length();
            argEnd = at;
        } else if (opens == Match.WHOLE) {
            nested++;
            nestedStarts.add(at);
            at += open.length();
        } else if (arg == Match.WHOLE) {
            argStarts.add(at);
            at += ARG_OPEN.length();
        } else {
            at++;
        }
        return true;
    }

    private boolean readJson() {
        char c = raw.charAt(at);
        if (c == '<' && (!inString || isLineStart(at))) {
            Match closes = match(close);
            if (closes == Match.PART) {
                return false;
            }
            if (closes == Match.WHOLE) {
                // No JSON string holds a raw line break, so this is no content: the object is broken.
                body = State.OTHER;
                closed();
                return true;
            }
        }
        at++;
        if (inString) {
            if (escaped) {
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else if (c == '"') {
                inString = false;
            }
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            braces++;
        } else if ((c == '}' || c == ']') && --braces == 0) {
            state = State.JSON_END;
        }
        return true;
    }

    private boolean readJsonEnd() {
        char c = raw.charAt(at);
        if (isBlank(c)) {
            at++;
            return true;
        }
        Match closes = match(close);
        if (closes == Match.PART) {
            return false;
        }
        if (closes == Match.WHOLE) {
            closed();
        } else {
            state = State.OTHER;
        }
        return true;
    }

    private boolean readOther() {
        if (!toNextAngle()) {
            return false;
        }
        Match closes = match(close);
        if (closes == Match.PART) {
            return false;
        }
        if (closes == Match.WHOLE) {
            closed();
        } else {
            at++;
        }
        return true;
    }

    private void closed() {
        bodyEnd = at;
        at += close.length();
        state = State.CLOSED;
    }

    private boolean toNextAngle() {
        int length = raw.length();
        while (at < length && raw.charAt(at) != '<') {
            at++;
        }
        return at < length;
    }

    private Match match(String token) {
        int available = Math.min(token.length(), raw.length() - at);
        for (int i = 0; i < available; i++) {
            if (raw.charAt(at + i) != token.charAt(i)) {
                return Match.NO;
            }
        }
        return available == token.length() ? Match.WHOLE : Match.PART;
    }

    private Match matchOpen() {
        Match name = match(open);
        if (name != Match.WHOLE) {
            return name;
        }
        int behind = at + open.length();
        if (behind >= raw.length()) {
            return Match.PART;
        }
        return MarkdownLines.endsName(raw.charAt(behind)) ? Match.WHOLE : Match.NO;
    }

    private boolean isLineStart(int index) {
        int i = index;
        while (i > bodyStart && index - i <= 3 && raw.charAt(i - 1) == ' ') {
            i--;
        }
        return index - i <= 3 && i > bodyStart && raw.charAt(i - 1) == '\n';
    }

    private int blankBackTo(int index) {
        int i = index;
        while (i > bodyStart && isBlank(raw.charAt(i - 1))) {
            i--;
        }
        return i;
    }

    static boolean isBlank(char c) {
        return c == ' ' || c == '\n' || c == '\t' || c == '\r';
    }
}
