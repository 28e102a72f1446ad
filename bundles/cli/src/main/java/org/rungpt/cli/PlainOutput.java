package org.rungpt.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Leaves out colours, which Karaf's commands write wherever their output goes. */
final class PlainOutput extends FilterOutputStream {
    private static final int ESCAPE = 0x1B;

    private enum At {
        TEXT,
        ESCAPE,
        SEQUENCE
    }

    private At at = At.TEXT;

    PlainOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        switch (at) {
            case TEXT -> {
                if (b == ESCAPE) {
                    at = At.ESCAPE;
                } else {
                    out.write(b);
                }
            }
            case ESCAPE -> {
                if (b == '[') {
                    at = At.SEQUENCE;
                } else {
                    at = At.TEXT;
                    out.write(ESCAPE);
                    out.write(b);
                }
            }
            case SEQUENCE -> {
                if (b >= '@' && b <= '~') {
                    at = At.TEXT;
                }
            }
        }
    }
}
