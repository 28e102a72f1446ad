package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class AskOptionsTest {
    @Test
    void readsEveryOption() throws Exception {
        Ask.Options options =
                Ask.Options.of(List.of("--model", "a/b", "--conversation", "c", "--allow", "acme/*", "Why?"));
        assertThat(options.model()).isEqualTo("a/b");
        assertThat(options.conversation()).isEqualTo("c");
        assertThat(options.question()).isEqualTo("Why?");
        assertThat(options.allowed()).hasSize(1);
    }

    @Test
    void aStarStandsForAnythingAndNothingElseDoes() {
        assertThat(Ask.Options.glob("acme/*.say").matcher("acme/word.say").matches())
                .isTrue();
        assertThat(Ask.Options.glob("acme/*.say").matcher("acme/wordXsay").matches())
                .isFalse();
        assertThat(Ask.Options.glob("acme/a.b").matcher("acme/aXb").matches()).isFalse();
        assertThat(Ask.Options.glob("*").matcher("x/y.z").matches()).isTrue();
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        for (List<String> wrong : List.of(
                List.of("--nope", "q"), List.<String>of(), List.of("a", "b"), List.of("q", "--model"), List.of(" "))) {
            assertThatThrownBy(() -> Ask.Options.of(wrong))
                    .isInstanceOfSatisfying(CliException.class, error -> assertThat(error.exitCode())
                            .isEqualTo(2));
        }
    }
}
