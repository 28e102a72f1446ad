package org.rungpt.runner.docker;

import java.io.IOException;

/** The connection ended before the answer came. */
final class LinkBroken extends IOException {
    private static final long serialVersionUID = 1;

    LinkBroken(String message) {
        super(message);
    }
}
