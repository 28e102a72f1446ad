package org.rungpt.model.demo;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The prompts that the demo model knows; the page shows the same. Word for word:
 *
 * <ol>
 *   <li>What machine are you running on?
 *   <li>Make a random file and tell me what is in it
 *   <li>What time is it in Tokyo?
 *   <li>List the files in the workspace
 * </ol>
 */
enum Example {
    MACHINE("What machine are you running on?"),
    RANDOM_FILE("Make a random file and tell me what is in it"),
    TOKYO("What time is it in Tokyo?"),
    FILES("List the files in the workspace");

    private final String prompt;

    Example(String prompt) {
        this.prompt = prompt;
    }

    String prompt() {
        return prompt;
    }

    /** The example that a user means: case, blanks and punctuation do not matter. */
    static Optional<Example> of(String text) {
        return Arrays.stream(values())
                .filter(example -> plain(example.prompt).equals(plain(text)))
                .findFirst();
    }

    private static String plain(String text) {
        return text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", " ").strip();
    }
}
