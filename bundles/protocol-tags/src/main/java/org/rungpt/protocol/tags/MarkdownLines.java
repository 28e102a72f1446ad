package org.rungpt.protocol.tags;

import java.util.ArrayList;
import java.util.List;

/**
 * Follows the lines of a Markdown text as it streams and finds where a call opens: at a line start (at most three spaces before
 * it), outside code fences and HTML comments. What a reader of the rendered answer sees as code, or does not see, is no call.
 *
 * <p>Fences are those of CommonMark: three or more backticks or tildes, indented by at most three spaces or right behind a list
 * marker; closed by at least as many of the same. A comment is one that begins at a line start.
 */
final class MarkdownLines {
    private enum State {
        INDENT,
        TAG,
        COMMENT_OPEN,
        FENCE_RUN,
        FENCE_INFO,
        FENCE_CLOSE,
        FENCE_TAIL,
        LIST_DIGITS,
        LIST_MARKER,
        LIST_SPACE,
        HIDDEN_HEADER,
        REST
    }

    private enum Hidden {
        NOT,
        FENCE,
        COMMENT
    }

    private static final String COMMENT = "<!--";
    private static final int MAX_HIDDEN_HEADERS = 8;

    private final String open;
    private final List<String> hiddenHeaders = new ArrayList<>();
    private final StringBuilder header = new StringBuilder();
    private State state = State.INDENT;
    private Hidden hidden = Hidden.NOT;
    private boolean opened;
    private int indent;
    private int matched;
    private int run;
    private int fenceRun;
    private char fenceChar;
    private int closeIndent;
    private int dashes;

    /** @param open how a call's tag begins, for example {@code <run-k7f2} */
    MarkdownLines(String open) {
        this.open = open;
    }

    /** Whether the last scan ended because a call opens. */
    boolean opened() {
        return opened;
    }

    /** How many characters at the end of what was read may be the beginning of a call. */
    int held() {
        return state == State.TAG && hidden == Hidden.NOT ? matched : 0;
    }

    /** Goes on behind something that ended in the middle of a line. */
    void resumeInLine() {
        opened = false;
        state = State.REST;
    }

    /** What hides the text at the end of the answer, in words; empty if nothing does. */
    String hiddenBy() {
        boolean closed = state == State.FENCE_TAIL || (state == State.FENCE_CLOSE && run >= fenceRun);
        return hidden == Hidden.FENCE && !closed ? "code fence" : hidden == Hidden.COMMENT ? "HTML comment" : "";
    }

    /** Tags of calls inside the fence or comment that is not closed yet. */
    List<String> hiddenHeaders() {
        return hiddenHeaders;
    }

    /** Reads on; returns the index behind the opening of a call, or the length of the text. */
    int scan(String text, int from) {
        opened = false;
        int at = from;
        int end = text.length();
        while (at < end) {
            if (state == State.REST && hidden != Hidden.COMMENT) {
                int newline = text.indexOf('\n', at);
                if (newline < 0) {
                    return end;
                }
                newLine();
                at = newline + 1;
                continue;
            }
            char c = text.charAt(at);
            if (c == '\n' && state == State.INDENT) {
                indent = 0;
                dashes = 0;
                at++;
                continue;
            }
            if (state == State.TAG && matched == open.length() && hidden == Hidden.NOT && endsName(c)) {
                opened = true;
                return at;
            }
            step(c);
            at++;
        }
        return end;
    }

    static boolean endsName(char c) {
        return c == ' ' || c == '>' || c == '\t' || c == '\n' || c == '\r' || c == '/';
    }

    private void newLine() {
        state = State.INDENT;
        indent = 0;
    }

    private void step(char c) {
        if (hidden == Hidden.COMMENT && endsComment(c)) {
            return;
        }
        switch (state) {
            case INDENT -> indent(c);
            case TAG -> tag(c);
            case COMMENT_OPEN -> commentOpen(c);
            case FENCE_RUN -> fenceRun(c);
            case FENCE_INFO -> fenceInfo(c);
            case FENCE_CLOSE -> fenceClose(c);
            case FENCE_TAIL -> fenceTail(c);
            case LIST_DIGITS -> listDigits(c);
            case LIST_MARKER -> listMarker(c);
            case LIST_SPACE -> listSpace(c);
            case HIDDEN_HEADER -> hiddenHeader(c);
            case REST -> rest(c);
        }
    }

    private void rest(char c) {
        if (c == '\n') {
            newLine();
        } else {
            state = State.REST;
        }
    }

    private void indent(char c) {
        if (c == ' ') {
            indent++;
        } else if (c == '<' && indent <= 3) {
            state = State.TAG;
            matched = 1;
        } else if (hidden == Hidden.FENCE && c == fenceChar && indent <= closeIndent) {
            state = State.FENCE_CLOSE;
            run = 1;
        } else if (hidden != Hidden.NOT || indent > 3) {
            rest(c);
        } else if (c == '`' || c == '~') {
            beginFence(c, 3);
        } else if (c == '-' || c == '*' || c == '+') {
            indent++;
            state = State.LIST_MARKER;
        } else if (c >= '0' && c <= '9') {
            indent++;
            run = 1;
            state = State.LIST_DIGITS;
        } else {
            rest(c);
        }
    }

    private void tag(char c) {
        if (matched < open.length() && c == open.charAt(matched)) {
            matched++;
        } else if (matched == open.length() && endsName(c)) {
            // Only in a fence or comment: elsewhere the scan has ended here.
            state = State.HIDDEN_HEADER;
            header.setLength(0);
            header.append(open);
            hiddenHeader(c);
        } else if (matched == 1 && c == '!' && hidden == Hidden.NOT) {
            matched++;
            state = State.COMMENT_OPEN;
        } else {
            rest(c);
        }
    }

    private void commentOpen(char c) {
        if (c != COMMENT.charAt(matched)) {
            rest(c);
        } else if (++matched == COMMENT.length()) {
            hide(Hidden.COMMENT);
            dashes = 2;
            state = State.REST;
        }
    }

    private boolean endsComment(char c) {
        if (c == '>' && dashes >= 2) {
            hidden = Hidden.NOT;
            state = State.REST;
            return true;
        }
        dashes = c == '-' ? dashes + 1 : 0;
        return false;
    }

    private void beginFence(char c, int indentOfClose) {
        fenceChar = c;
        closeIndent = indentOfClose;
        run = 1;
        state = State.FENCE_RUN;
    }

    private void fenceRun(char c) {
        if (c == fenceChar) {
            run++;
        } else if (run < 3) {
            rest(c);
        } else {
            fenceRun = run;
            state = State.FENCE_INFO;
            fenceInfo(c);
        }
    }

    private void fenceInfo(char c) {
        if (c == '\n') {
            hide(Hidden.FENCE);
            newLine();
        } else if (c == '`' && fenceChar == '`') {
            state = State.REST; // inline code, no fence
        }
    }

    private void hide(Hidden what) {
        hidden = what;
        hiddenHeaders.clear();
    }

    private void fenceClose(char c) {
        if (c == fenceChar) {
            run++;
        } else if (run < fenceRun) {
            rest(c);
        } else {
            state = State.FENCE_TAIL;
            fenceTail(c);
        }
    }

    private void fenceTail(char c) {
        if (c == '\n') {
            hidden = Hidden.NOT;
            newLine();
        } else if (c != ' ' && c != '\t' && c != '\r') {
            state = State.REST;
        }
    }

    private void listDigits(char c) {
        indent++;
        if (c == '.' || c == ')') {
            state = State.LIST_MARKER;
        } else if (c < '0' || c > '9' || ++run > 9) {
            rest(c);
        }
    }

    private void listMarker(char c) {
        if (c == ' ') {
            indent++;
            run = 1;
            state = State.LIST_SPACE;
        } else {
            rest(c);
        }
    }

    private void listSpace(char c) {
        if (c == '`' || c == '~') {
            beginFence(c, indent + 3);
        } else if (c == ' ' && run < 4) {
            indent++;
            run++;
        } else {
            rest(c);
        }
    }

    private void hiddenHeader(char c) {
        if (c == '\n' || header.length() > CallBlock.MAX_HEADER) {
            rest(c);
            return;
        }
        header.append(c);
        if (c == '>') {
            if (hiddenHeaders.size() < MAX_HIDDEN_HEADERS) {
                hiddenHeaders.add(header.toString());
            }
            state = State.REST;
        }
    }
}
