package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.util.Map;
import java.util.WeakHashMap;

/** Remembers how long texts are written in JSON, for as long as they are in use: a request repeats nearly all of the one before. */
final class QuotedTexts {
    /** What is shorter is written as fast as it is found. */
    private static final int SHORT = 128;

    private final Map<String, byte[]> known = new WeakHashMap<>();

    void write(JsonGenerator to, String text) throws IOException {
        if (text.length() < SHORT) {
            to.writeString(whole(text));
        } else {
            byte[] quoted = quoted(text);
            to.writeRawUTF8String(quoted, 0, quoted.length);
        }
    }

    private byte[] quoted(String text) {
        byte[] quoted;
        synchronized (known) {
            quoted = known.get(text);
        }
        if (quoted == null) {
            quoted = JsonStringEncoder.getInstance().quoteAsUTF8(whole(text));
            synchronized (known) {
                known.put(text, quoted);
            }
        }
        return quoted;
    }

    /** Half a character, which a model can write as an escape, is not to spoil every further request. */
    private static String whole(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                mended = mended == null ? new StringBuilder(text) : mended;
                mended.setCharAt(i, '\uFFFD');
            }
        }
        return mended == null ? text : mended.toString();
    }
}
