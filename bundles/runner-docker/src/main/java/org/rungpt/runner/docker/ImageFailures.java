package org.rungpt.runner.docker;

import java.util.List;
import java.util.Locale;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** Tells from what an engine says why there is no image, and what helps. */
final class ImageFailures {
    private record Sign(Kind kind, List<String> words, String remedy) {}

    /** The first that fits. An engine says all of them in words only. */
    private static final List<Sign> SIGNS = List.of(
            new Sign(
                    Kind.DISK_FULL,
                    List.of("no space left on device", "disk quota exceeded", "not enough space"),
                    "the disk of the engine is full: make room (`rungpt:sandboxes gc`, `docker system df`) and try again"),
            // Before what registries say: these come with the name of a file, which may sound like anything.
            new Sign(
                    Kind.IMAGE,
                    List.of(
                            "file not found in build context",
                            "forbidden path outside the build context",
                            "no source files were specified"),
                    "a COPY or ADD in its Dockerfile names a file that is not in the action"),
            new Sign(Kind.IMAGE, List.of("copy failed:", "add failed:"), "a COPY or ADD in its Dockerfile failed"),
            new Sign(
                    Kind.IMAGE_PLATFORM,
                    List.of("no matching manifest", "exec format error", "does not match the specified platform"),
                    "the image is not made for this machine's processor: pin one that is"),
            new Sign(
                    Kind.IMAGE_NOT_FOUND,
                    List.of(
                            "repository does not exist",
                            "manifest unknown",
                            "name unknown",
                            "name_unknown",
                            "not found",
                            "no such image"),
                    "there is no such image there: check name and digest in the manifest"),
            new Sign(
                    Kind.IMAGE_DENIED,
                    List.of(
                            "unauthorized",
                            "authentication required",
                            "access denied",
                            "denied:",
                            "no basic auth credentials",
                            "forbidden"),
                    "the registry asks for a login: pull it once yourself with `docker login` and `docker pull`"),
            new Sign(
                    Kind.IMAGE_DIGEST,
                    List.of(
                            "manifest verification failed",
                            "digest mismatch",
                            "layer verification failed",
                            "failed to verify",
                            "does not match digest",
                            "unexpected digest",
                            "verification failed for digest"),
                    "the registry sent something else than the digest says: do not use this registry until that is cleared up"),
            new Sign(
                    Kind.IMAGE,
                    List.of(
                            "unexpected eof",
                            "connection reset",
                            "unexpected http status: 5",
                            "500 internal server error",
                            "no such host",
                            "connection refused",
                            "i/o timeout",
                            "client.timeout",
                            "tls handshake"),
                    "the registry does not work: try again later"));

    private ImageFailures() {}

    static RunnerException of(String what, String said) {
        return of(what, said, "");
    }

    /**
     * @param said by the engine: nothing is concluded from what programs say
     * @param last what was told before, for people
     */
    static RunnerException of(String what, String said, String last) {
        String text = said.toLowerCase(Locale.ROOT);
        for (Sign sign : SIGNS) {
            if (sign.words().stream().anyMatch(text::contains)) {
                return new RunnerException(
                        sign.kind(),
                        what + ": " + sign.remedy() + " (" + EngineFailures.oneLine(said, 300) + ")" + last);
            }
        }
        return new RunnerException(Kind.IMAGE, what + ": " + EngineFailures.oneLine(said, 600) + last);
    }

    static RunnerException of(String what, Throwable failure) {
        if (failure instanceof RunnerException known) {
            return known;
        }
        return EngineFailures.isAbsence(failure)
                ? new RunnerException(
                        Kind.UNAVAILABLE,
                        what + ": the engine does not answer (" + EngineFailures.line(failure) + ")",
                        failure)
                : of(what, EngineFailures.line(failure));
    }
}
