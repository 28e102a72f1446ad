package org.rungpt.registry;

import com.networknt.schema.regex.RegularExpression;
import com.networknt.schema.regex.RegularExpressionFactory;
import java.util.regex.Pattern;

/** Regular expressions of strangers: matching gives up after a number of steps instead of running for ever. */
final class BoundedRegex implements RegularExpressionFactory {
    private static final int STEPS = 2_000_000;

    /** A pattern took too many steps. */
    static final class TooSlow extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooSlow(String pattern) {
            super("the pattern " + Problems.quote(pattern) + " takes too long to match", null, false, false);
        }
    }

    @Override
    public RegularExpression getRegularExpression(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return value ->
                pattern.matcher(new Counted(value, regex, new int[] {STEPS})).find();
    }

    /** Each look at a character is a step. */
    private record Counted(CharSequence text, String regex, int[] left) implements CharSequence {
        @Override
        public char charAt(int index) {
            if (--left[0] < 0) {
                throw new TooSlow(regex);
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Counted(text.subSequence(start, end), regex, left);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
