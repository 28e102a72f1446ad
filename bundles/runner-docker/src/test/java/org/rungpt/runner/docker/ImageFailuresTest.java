package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

final class ImageFailuresTest {
    @ParameterizedTest
    @DisplayName("I.100 what engines say is told apart")
    @CsvSource(delimiter = '|', textBlock = """
                    DISK_FULL | write /var/lib/docker/tmp/x: no space left on device
                    DISK_FULL | ApplyLayer exit status 1 stdout: stderr: write /usr/a: no space left on device
                    IMAGE_NOT_FOUND | manifest for 127.0.0.1:5000/a@sha256:b not found: manifest unknown: manifest unknown
                    IMAGE_NOT_FOUND | pull access denied for x, repository does not exist or may require 'docker login'
                    IMAGE_DENIED | unauthorized: authentication required
                    IMAGE_DENIED | denied: requested access to the resource is denied
                    IMAGE_DIGEST | manifest verification failed for digest sha256:abc
                    IMAGE_DIGEST | filesystem layer verification failed for digest sha256:abc
                    IMAGE_PLATFORM | no matching manifest for linux/amd64 in the manifest list entries
                    IMAGE | received unexpected HTTP status: 500 Internal Server Error
                    IMAGE | COPY failed: stat unauthorized/not found: file does not exist
                    IMAGE | something that nobody has ever heard
                    """)
    void kinds(Kind kind, String said) {
        RunnerException failure = ImageFailures.of("the image of acme/x could not be built", said);
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.getMessage()).startsWith("the image of acme/x").hasLineCount(1);
    }

    @ParameterizedTest
    @DisplayName("I.100 a file that a Dockerfile wants and the action lacks is no image that is missing")
    @ValueSource(
            strings = {
                "COPY failed: file not found in build context or excluded by .dockerignore: stat nosuch.txt: file does not exist",
                "ADD failed: file not found in build context or excluded by .dockerignore: stat denied: file does not exist",
                "COPY failed: forbidden path outside the build context: ../x ()",
                "COPY failed: no source files were specified"
            })
    void missingFiles(String said) {
        RunnerException failure = ImageFailures.of("the image of acme/x could not be built", said);
        assertThat(failure.kind()).isEqualTo(Kind.IMAGE);
        assertThat(failure)
                .hasMessage(
                        "the image of acme/x could not be built: a COPY or ADD in its Dockerfile names a file that is"
                                + " not in the action (" + said + ")");
    }
}
