package org.rungpt.chat;

import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;

/**
 * Estimates how many tokens a text is, as today's tokenizers cut it: words of a few letters, short groups of digits, signs one by one, a
 * character of East Asian scripts each. What a server counts corrects the estimate for the next request.
 */
final class Tokens {
    private static final int PER_MESSAGE = 4;
    /** So much of a PDF in Base64 counts as a token: how many pages it has, only the server knows. */
    private static final int FILE_CHARACTERS = 60;
    /** So much of a recording in Base64 counts as a token: some 20 of them are a second of speech. */
    private static final int WAV_CHARACTERS = 2000;

    private static final int MP3_CHARACTERS = 500;

    private static final int PER_IMAGE = 800;
    private static final double LETTER = 1 / 4.6;
    private static final double DIGIT = 1 / 2.6;
    private static final double SIGN = 0.7;
    private static final double OTHER_LETTER = 0.45;

    /** What is shorter is counted as fast as it is found. */
    private static final int SHORT = 128;

    /** Of texts in use: a request repeats nearly all of the one before. */
    private static final Map<String, Long> KNOWN = new WeakHashMap<>();

    private Tokens() {}

    static long of(List<ModelMessage> messages, List<ModelRequest.Tool> tools) {
        long all = of(messages);
        for (ModelRequest.Tool tool : tools) {
            all += PER_MESSAGE + of(tool.name()) + of(tool.description()) + of(tool.parameters());
        }
        return all;
    }

    static long of(List<ModelMessage> messages) {
        long all = 0;
        for (ModelMessage message : messages) {
            all += PER_MESSAGE;
            for (ContentPart part : message.content()) {
                all += of(part);
            }
            for (ModelMessage.ToolCall call : message.toolCalls()) {
                all += PER_MESSAGE + of(call.name()) + of(call.arguments());
            }
        }
        return all;
    }

    private static long of(ContentPart part) {
        if (part instanceof ContentPart.Text text) {
            return of(text.text());
        } else if (part instanceof ContentPart.File file) {
            return Math.max(PER_IMAGE, file.base64().length() / FILE_CHARACTERS);
        } else if (part instanceof ContentPart.Audio audio) {
            boolean packed = audio.mediaType().equals("audio/mpeg");
            return PER_MESSAGE + audio.base64().length() / (packed ? MP3_CHARACTERS : WAV_CHARACTERS);
        }
        return PER_IMAGE;
    }

    static long of(String text) {
        if (text.length() < SHORT) {
            return count(text);
        }
        Long known;
        synchronized (KNOWN) {
            known = KNOWN.get(text);
        }
        if (known == null) {
            known = count(text);
            synchronized (KNOWN) {
                KNOWN.put(text, known);
            }
        }
        return known;
    }

    private static long count(String text) {
        double tokens = 0;
        int word = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (letter) {
                word++;
                continue;
            }
            tokens += word(word);
            word = 0;
            if (c == '\n') {
                tokens += SIGN;
            } else if (c >= '0' && c <= '9') {
                tokens += DIGIT;
            } else if (c > ' ' && c < 0x80) {
                tokens += SIGN;
            } else if (c >= 0x2E80 || Character.isSurrogate(c)) {
                tokens += 1;
            } else if (c >= 0x80) {
                tokens += OTHER_LETTER;
            } else if (i > 0 && text.charAt(i - 1) == c) {
                // Runs of blanks are few tokens, a single blank belongs to the word behind it.
                tokens += 0.1;
            }
        }
        return Math.round(Math.ceil(tokens + word(word)));
    }

    /** A common word is one token, a long one several. */
    private static double word(int letters) {
        return letters == 0 ? 0 : Math.max(letters < 3 ? 0.7 : 1, letters * LETTER);
    }
}
