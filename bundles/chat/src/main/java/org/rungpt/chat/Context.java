package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.chat.Message;

/** Makes a history fit a model: old outputs are shortened first, then old messages give way to a summary. Pure functions. */
final class Context {
    /** An output of more characters can be shortened, to about this. */
    private static final int SHORT = 600;

    private static final int TRANSCRIPT_PIECE = 1500;
    private static final int FALLBACK_LINE = 200;
    private static final int FALLBACK_LINES = 40;
    private static final String LEFT_OUT = "\n[…]\n";

    private Context() {}

    /**
     * The calls whose outputs are to be shortened, the oldest first, until about so many tokens are saved; those of the latest results stay.
     */
    static List<String> toShorten(List<Message> history, long tokens) {
        var calls = new ArrayList<String>();
        long saved = 0;
        int last = lastResults(history);
        for (int i = 0; i < last && saved < tokens; i++) {
            if (history.get(i) instanceof Message.Results results) {
                for (CallResult result : results.results()) {
                    if (result.text().length() > SHORT) {
                        calls.add(result.call());
                        saved += Tokens.of(result.text()) - SHORT / 4;
                    }
                }
            }
        }
        return calls;
    }

    static int lastResults(List<Message> history) {
        for (int i = history.size() - 1; i >= 0; i--) {
            if (history.get(i) instanceof Message.Results) {
                return i;
            }
        }
        return -1;
    }

    /** The same result with the middle of its output left out. */
    static CallResult shortened(CallResult result) {
        String text = result.text();
        if (text.length() <= SHORT) {
            return result;
        }
        int head = boundary(text, SHORT / 2);
        int tail = boundary(text, text.length() - SHORT / 4);
        return new CallResult(
                result.call(),
                result.ref(),
                result.task(),
                result.status(),
                result.exit(),
                text.substring(0, head) + "\n[… " + (tail - head)
                        + " characters left out to make room in the conversation …]\n" + text.substring(tail),
                result.bytes(),
                result.note());
    }

    private static int boundary(String text, int at) {
        return at > 0 && Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
    }

    private static int boundaryAfter(String text, int at) {
        return at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? at + 1 : at;
    }

    /**
     * Messages that give way to a summary.
     *
     * @param through id of the last of the first messages, which give way or stay
     * @param dropped those that give way
     * @param kept ids of those that stay word by word
     */
    record Cut(String through, List<Message> dropped, List<String> kept) {}

    /**
     * The first messages give way, so that the rest has at most so many tokens, or as few as possible. Calls and their results stay together;
     * the user's latest message and what is pinned stay always.
     *
     * @param pinned ids of messages that never give way
     * @return null if nothing can give way
     */
    static @Nullable Cut cut(List<Message> history, Set<String> pinned, long tokens) {
        int latest = latestOfUser(history);
        long rest = tokens(history);
        int cut = 0;
        for (int i = 1; i < history.size(); i++) {
            if (!stays(history, i - 1, latest, pinned)) {
                rest -= tokens(history.get(i - 1));
            }
            boolean start = history.get(i) instanceof Message.User
                    || history.get(i) instanceof Message.Assistant && history.get(i - 1) instanceof Message.Results;
            if (start && givesWay(history, i, latest, pinned)) {
                cut = i;
                if (rest <= tokens) {
                    break;
                }
            }
        }
        if (cut == 0) {
            return null;
        }
        var dropped = new ArrayList<Message>();
        var kept = new ArrayList<String>();
        for (int i = 0; i < cut; i++) {
            if (stays(history, i, latest, pinned)) {
                kept.add(Summary.id(history.get(i)));
            } else {
                dropped.add(history.get(i));
            }
        }
        return new Cut(Summary.id(history.get(cut - 1)), List.copyOf(dropped), List.copyOf(kept));
    }

    private static int latestOfUser(List<Message> history) {
        for (int i = history.size() - 1; i >= 0; i--) {
            if (history.get(i) instanceof Message.User) {
                return i;
            }
        }
        return -1;
    }

    private static boolean stays(List<Message> history, int at, int latestOfUser, Set<String> pinned) {
        return at == latestOfUser || pinned.contains(Summary.id(history.get(at)));
    }

    /** A summary alone is nothing that can give way. */
    private static boolean givesWay(List<Message> history, int cut, int latestOfUser, Set<String> pinned) {
        int count = 0;
        boolean more = false;
        for (int i = 0; i < cut && !more; i++) {
            if (!stays(history, i, latestOfUser, pinned)) {
                count++;
                more = count > 1 || !(history.get(i) instanceof Message.Notice);
            }
        }
        return more;
    }

    /** Of the messages without the system message, by our estimate. */
    static long tokens(List<Message> history) {
        return history.stream().mapToLong(Context::tokens).sum();
    }

    private static long tokens(Message message) {
        return Tokens.of(text(message)) + 4;
    }

    private static String text(Message message) {
        if (message instanceof Message.User user) {
            return user.text();
        }
        if (message instanceof Message.Notice notice) {
            return notice.text();
        }
        var text = new StringBuilder();
        if (message instanceof Message.Assistant assistant) {
            for (Message.Part part : assistant.parts()) {
                text.append(
                        part instanceof Message.Part.Text words
                                ? words.text()
                                : part instanceof Message.Part.Call call
                                        ? call.call().raw()
                                        : ((Message.Part.Malformed) part).raw());
            }
        } else if (message instanceof Message.Results results) {
            results.results().forEach(result -> text.append(result.task())
                    .append(' ')
                    .append(result.status().wire())
                    .append(": ")
                    .append(result.text())
                    .append('\n'));
        }
        return text.toString();
    }

    /**
     * What gives way, for the model that sums it up, within a bound of characters: of what is too long the middle is left out. A note
     * at the beginning comes whole, if that leaves a quarter to the rest: it may be all that is left of what came before it.
     */
    static String transcript(List<Message> dropped, int bound) {
        List<Message> rest = dropped;
        String beginning = "";
        if (!dropped.isEmpty() && dropped.get(0) instanceof Message.Notice) {
            rest = dropped.subList(1, dropped.size());
            beginning = within(piece(dropped.get(0), Summary.LONGEST), bound - bound / 4);
        }
        int left = bound - beginning.length();
        int most = Math.max(200, Math.min(TRANSCRIPT_PIECE * 4, left / Math.max(1, rest.size())));
        var transcript = new StringBuilder();
        rest.forEach(message -> transcript.append(piece(message, most)));
        return beginning + within(transcript.toString(), left);
    }

    private static String piece(Message message, int most) {
        String who = message instanceof Message.User
                ? "USER"
                : message instanceof Message.Assistant
                        ? "ASSISTANT"
                        : message instanceof Message.Results ? "RESULTS" : "NOTE";
        return "### " + who + "\n" + within(text(message), most) + "\n\n";
    }

    /** A text of at most so many characters: the middle is left out. */
    private static String within(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int room = Math.max(0, most - LEFT_OUT.length());
        return text.substring(0, boundary(text, room * 2 / 3))
                + LEFT_OUT
                + text.substring(boundaryAfter(text, text.length() - room / 3));
    }

    /** What the model is told instead of what gave way. */
    static String notice(String summary) {
        return "Earlier messages of this conversation were left out to make room. What happened in them:\n" + summary;
    }

    /** A summary without a model, within a bound of characters: notes, and what the user said last, line by line. */
    static String fallback(List<Message> dropped, int bound) {
        long older = dropped.stream().filter(Message.User.class::isInstance).count() - FALLBACK_LINES;
        var lines = new ArrayList<String>();
        for (Message message : dropped) {
            if (message instanceof Message.User user && older-- <= 0) {
                String line = user.text().strip().lines().findFirst().orElse("");
                lines.add("- The user said: " + line.substring(0, Math.min(FALLBACK_LINE, line.length())));
            } else if (message instanceof Message.Notice notice) {
                lines.add(notice.text());
            }
        }
        return within(String.join("\n", lines), Math.min(Summary.LONGEST, bound));
    }
}
