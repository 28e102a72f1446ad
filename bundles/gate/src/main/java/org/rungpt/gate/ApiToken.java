package org.rungpt.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The token of programs, 256 random bits in {@code secret/token}. Made when it is missing. */
final class ApiToken {
    private static final Logger LOG = LoggerFactory.getLogger(ApiToken.class);
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43}");

    private final String value;

    private ApiToken(String value) {
        this.value = value;
    }

    static ApiToken load(Path file) throws IOException {
        if (Files.exists(file)) {
            PrivateFiles.restrict(file);
            String kept =
                    Files.size(file) > 1024 ? "" : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
            if (FORM.matcher(kept).matches()) {
                return new ApiToken(kept);
            }
            LOG.warn("{} does not hold a token; a new one is made", file);
        }
        String made = Secrets.make(32);
        PrivateFiles.replace(file, (made + "\n").getBytes(StandardCharsets.UTF_8));
        return new ApiToken(made);
    }

    /** A token that nobody knows, for when none can be kept. */
    static ApiToken unknown() {
        return new ApiToken(Secrets.make(32));
    }

    boolean is(String candidate) {
        return Secrets.equal(value, candidate);
    }
}
