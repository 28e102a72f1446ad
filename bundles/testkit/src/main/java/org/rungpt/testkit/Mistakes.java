package org.rungpt.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;

/**
 * Mistakes that models make when they call, as written cases with what must come of them. A file holds cases that begin with
 * {@code === name}; a line {@code @@text}, {@code @@reasoning} or {@code @@call INDEX ID NAME} ({@code -} for none) begins a piece of
 * the answer, which is the following lines; {@code @@finish REASON} says how it ended, {@code stop} if nothing does; then
 * {@code @@tags}, {@code @@native} or {@code @@both} each say one thing that comes of it, in order: {@code text} for nothing but text,
 * {@code call TASK ARGUMENTS}, {@code wrong WORDS} for a call that does not run and a correction with these words, {@code cut}.
 */
final class Mistakes {
    private static final List<String> FILES = List.of(
            "nonce.txt",
            "dialects.txt",
            "json.txt",
            "halves.txt",
            "fences.txt",
            "prose.txt",
            "invented.txt",
            "native.txt");

    /** One case. */
    record Case(String name, List<ModelDelta> answer, FinishReason finish, List<String> tags, List<String> natives) {
        @Override
        public String toString() {
            return name;
        }
    }

    private Mistakes() {}

    static Stream<Case> all() {
        return FILES.stream().flatMap(Mistakes::read);
    }

    private static Stream<Case> read(String file) {
        try (InputStream in = Mistakes.class.getResourceAsStream("mistakes/" + file)) {
            if (in == null) {
                throw new IllegalStateException("no " + file);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(("\n" + text).split("\n=== ")).skip(1).map(each -> parse(file, each));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Case parse(String file, String text) {
        List<String> lines = text.lines().toList();
        List<ModelDelta> answer = new ArrayList<>();
        FinishReason finish = FinishReason.STOP;
        List<String> tags = new ArrayList<>();
        List<String> natives = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            String[] words = lines.get(i).split(" ", 2);
            String rest = words.length > 1 ? words[1] : "";
            if (!words[0].startsWith("@@")) {
                continue;
            }
            if (words[0].equals("@@finish")) {
                finish = FinishReason.valueOf(rest.toUpperCase(java.util.Locale.ROOT));
            } else if (words[0].equals("@@tags") || words[0].equals("@@both") || words[0].equals("@@native")) {
                if (!words[0].equals("@@native")) {
                    tags.add(rest);
                }
                if (!words[0].equals("@@tags")) {
                    natives.add(rest);
                }
            } else {
                var body = new ArrayList<String>();
                while (i + 1 < lines.size() && !lines.get(i + 1).startsWith("@@")) {
                    body.add(lines.get(++i));
                }
                answer.add(delta(words[0], rest.split(" ", -1), String.join("\n", body)));
            }
        }
        if (answer.isEmpty() || tags.isEmpty() || natives.isEmpty()) {
            throw new IllegalStateException(file + ": " + lines.get(0) + " is not complete");
        }
        return new Case(file + ": " + lines.get(0), answer, finish, tags, natives);
    }

    private static ModelDelta delta(String kind, String[] words, String body) {
        return switch (kind) {
            case "@@text" -> new ModelDelta.Text(body);
            case "@@reasoning" -> new ModelDelta.Reasoning(body);
            case "@@call" ->
                new ModelDelta.ToolCall(
                        Integer.parseInt(words[0]),
                        words[1].equals("-") ? null : words[1],
                        words[2].equals("-") ? null : words[2],
                        body);
            default -> throw new IllegalStateException(kind);
        };
    }
}
