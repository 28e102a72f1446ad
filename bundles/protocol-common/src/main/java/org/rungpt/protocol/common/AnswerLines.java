package org.rungpt.protocol.common;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The lines of an answer, and what many of them ask of the text behind them: it is looked at once for all, or from one line that says
 * something to the next, so that to ask for every line takes no longer than to read the answer.
 */
final class AnswerLines {
    private static final Pattern INVENTED = Pattern.compile(
            "(?i)\\s*+(?:\\**+(?:observation|result|results|output|response|tool[ _](?:result|output|response))\\**+\\s*+:|```(?:tool_?)?outputs?\\b)");

    private final List<String> lines;
    private final String text;
    private final int[] starts;
    /** Where what is not blank ends. */
    private final int end;

    private final int lastBracket;
    private final boolean bracketIsLast;
    private final int lastTag;
    private final boolean tagIsLast;

    AnswerLines(List<String> lines) {
        this.lines = lines;
        text = String.join("\n", lines);
        starts = new int[lines.size()];
        for (int i = 1; i < starts.length; i++) {
            starts[i] = starts[i - 1] + lines.get(i - 1).length() + 1;
        }
        end = text.stripTrailing().length();
        lastBracket = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
        bracketIsLast = lastBracket + 1 >= end || isInvented(lastBracket + 1);
        lastTag = text.lastIndexOf("</run");
        int close = lastTag < 0 ? -1 : text.indexOf('>', lastTag);
        tagIsLast = close >= 0 && (close == end - 1 || isInvented(close + 1));
    }

    int count() {
        return lines.size();
    }

    String line(int at) {
        return lines.get(at);
    }

    /** So many lines from one on, or as many as there are. */
    List<String> lines(int from, int most) {
        return lines.subList(from, Math.min(lines.size(), from + most));
    }

    /** The lines from one on and before another as a text of their own. */
    AnswerLines part(int from, int to) {
        return new AnswerLines(lines.subList(from, to));
    }

    /** Where a line begins to say something. */
    int start(int at) {
        return visible(starts[at]);
    }

    /** The end of as many characters as are looked at from a place on. */
    int head(int from, int most) {
        return Math.min(text.length(), from + most);
    }

    /** Everything, without the blanks around it. */
    String stripped() {
        return text.substring(visible(0), end);
    }

    /** The places of what a pattern finds. */
    Occurrences occurrences(Pattern pattern) {
        return new Occurrences(pattern.matcher(text));
    }

    /** Whether nothing follows a line but a result that the model invented. */
    boolean isLast(int at) {
        return isBlankAfter(at) || isInvented(starts[at + 1]);
    }

    /** Whether nothing follows a line but such a result or a code block. */
    boolean isLastButCode(int at) {
        return isLast(at) || text.startsWith("```", visible(starts[at + 1]));
    }

    /** Whether there is a closing bracket behind a place, and nothing behind the last one but such a result. */
    boolean endsWithBracket(int from) {
        return lastBracket >= from && bracketIsLast;
    }

    /** Whether the answer ends with a tag that stands at a line: one of another conversation is a quotation otherwise. */
    boolean endsWithTag(int at) {
        return lastTag >= starts[at] ? tagIsLast : isBlankAfter(at) || text.startsWith("/>", end - 2);
    }

    private boolean isBlankAfter(int at) {
        return at + 1 >= starts.length || starts[at + 1] >= end;
    }

    private boolean isInvented(int from) {
        return INVENTED.matcher(text).region(from, text.length()).lookingAt();
    }

    /** The first place from another on that is not blank. */
    private int visible(int from) {
        int at = from;
        while (at < end && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** What a pattern finds in the text, one after the other. Who asks for later and later places reads the text once. */
    static final class Occurrences {
        private final Matcher matcher;
        private boolean there;
        private boolean begun;

        private Occurrences(Matcher matcher) {
            this.matcher = matcher;
        }

        /** Whether one stands between two places, of which the first is never before one that was asked for, nor inside one. */
        boolean within(int from, int to) {
            if (!begun) {
                next();
            }
            while (there && matcher.start() < from) {
                next();
            }
            return there && matcher.end() <= to;
        }

        /** What the first group of this one says. */
        String name() {
            return matcher.group(1);
        }

        /** Goes on behind this one. */
        void next() {
            begun = true;
            there = matcher.find();
        }
    }
}
