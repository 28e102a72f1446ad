package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.runner.docker.Dockerfile.Unsupported;

final class DockerfileTest {
    private static final String DIGEST = "@sha256:" + "a".repeat(64);

    private static List<String> lines(Dockerfile.Part part) {
        return ((Dockerfile.Layer) part)
                .lines().stream()
                        .map(line -> line.text(line.from() == null ? null : "sha256:1"))
                        .toList();
    }

    @Test
    void isTakenApartIntoWhatRunsAndWhatDoesNot() throws Exception {
        Dockerfile file = Dockerfile.parse("""
                # syntax=docker/dockerfile:1
                from registry.test:5000/some/thing:12%s as One
                arg A=1 B='two words' C
                env X=$A
                RUN echo a && \\
                  # not this
                  echo b
                RUN ["/bin/x", "y z"]
                COPY --chown=1:2 a b/
                FROM one
                COPY --from=ONE /b /
                """.formatted(DIGEST));
        assertThat(file.stages()).hasSize(2);
        Dockerfile.Stage first = file.stages().get(0);
        assertThat(first.from()).isEqualTo(new Dockerfile.Reference("registry.test:5000/some/thing" + DIGEST));
        assertThat(lines(first.parts().get(0))).containsExactly("ARG A=1", "ARG B='two words'", "ENV X=$A");
        Map<String, String> arguments = Map.of("A", "1", "B", "two words");
        assertThat(first.parts().get(1))
                .isEqualTo(new Dockerfile.Run(5, List.of("/bin/sh", "-c", "echo a &&   echo b"), arguments));
        assertThat(first.parts().get(2)).isEqualTo(new Dockerfile.Run(8, List.of("/bin/x", "y z"), arguments));
        assertThat(lines(first.parts().get(3)))
                .containsExactly("ARG A=1", "ARG B='two words'", "COPY --chown=1:2 a b/");
        Dockerfile.Stage second = file.stages().get(1);
        assertThat(second.from()).isEqualTo(new Dockerfile.Earlier(0));
        assertThat(lines(second.parts().get(0))).containsExactly("COPY --from=1 /b /");
        assertThat(((Dockerfile.Layer) second.parts().get(0)).needsFiles()).isFalse();
    }

    @Test
    void whatIsSaidOfRunningAContainerIsPassedOver() throws Exception {
        Dockerfile file = Dockerfile.parse("FROM base\nENTRYPOINT x\nCMD y\nEXPOSE 80\nVOLUME /v\nLABEL a=b\n");
        assertThat(file.stages().get(0).parts()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                   | line 1 of its Dockerfile: there is no FROM
            RUN x                                | line 1 of its Dockerfile: it begins with RUN, not with FROM
            ARG A=1;FROM base                    | line 1 of its Dockerfile: it begins with ARG, not with FROM
            FROM ubuntu                          | line 1 of its Dockerfile: FROM ubuntu: name an earlier stage, base, scratch, or an image by its digest (name@sha256:…), which is the same everywhere
            FROM $BASE                           | line 1 of its Dockerfile: FROM $BASE: name an earlier stage, base, scratch, or an image by its digest (name@sha256:…), which is the same everywhere
            FROM --platform=linux/arm64 base     | line 1 of its Dockerfile: FROM takes an image and perhaps AS and a name, nothing else
            FROM scratch                         | line 1 of its Dockerfile: before it, nothing is put into the image
            FROM base;ONBUILD RUN x              | line 2 of its Dockerfile: ONBUILD is not supported: it would run unasked
            FROM base;HACK x                     | line 2 of its Dockerfile: HACK is not supported
            FROM base;RUN                        | line 2 of its Dockerfile: RUN says nothing
            FROM base;RUN --mount=type=bind x    | line 2 of its Dockerfile: RUN takes no flags and no text of further lines here
            FROM base;RUN <<EOF;x;EOF            | line 2 of its Dockerfile: RUN takes no flags and no text of further lines here
            FROM base;COPY --from=other /a /     | line 2 of its Dockerfile: --from=other: name an earlier stage, base, or an image by its digest (name@sha256:…)
            FROM base;COPY --from=0 /a /         | line 2 of its Dockerfile: --from=0: name an earlier stage, base, or an image by its digest (name@sha256:…)
            FROM base;COPY --chmod=777 a /       | line 2 of its Dockerfile: COPY takes --chown=user:group and --from=stage, no other flag
            FROM base;COPY --chown=$X a /        | line 2 of its Dockerfile: COPY takes --chown=user:group and --from=stage, no other flag
            FROM base;ADD --from=x a /           | line 2 of its Dockerfile: ADD takes --chown=user:group, no other flag
            FROM base;ADD https://x.test/a /     | line 2 of its Dockerfile: ADD takes plain names of files of the action; use COPY for others, and RUN to fetch
            FROM base;ADD $A /                   | line 2 of its Dockerfile: ADD takes plain names of files of the action; use COPY for others, and RUN to fetch
            FROM base;ADD git@x.test:a /         | line 2 of its Dockerfile: ADD takes plain names of files of the action; use COPY for others, and RUN to fetch
            FROM base;COPY <<EOF /a              | line 2 of its Dockerfile: COPY takes files, no text of further lines
            FROM base;ARG A=$B                   | line 2 of its Dockerfile: ARG takes names with plain values: NAME=value
            FROM base;SHELL /bin/bash            | line 2 of its Dockerfile: SHELL takes a list of words: ["/bin/bash", "-c"]
            FROM base;ENV A=b\\\\                 | line 2 of its Dockerfile: it is no instruction
            # escape=`;FROM base                 | line 1 of its Dockerfile: another escape character is not supported
            """)
    void whatIsNotKnownToBeHarmlessIsRefused(String text, String why) {
        assertThatThrownBy(() -> Dockerfile.parse(text.replace(";", "\n")))
                .isInstanceOf(Unsupported.class)
                .hasMessage(why);
    }

    @Test
    void aDockerfileHasAnEnd() {
        assertThatThrownBy(() -> Dockerfile.parse("FROM base\n" + "RUN x\n".repeat(100)))
                .isInstanceOf(Unsupported.class)
                .hasMessage("line 101 of its Dockerfile: it has more than 100 instructions");
    }
}
