package org.rungpt.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no reference is refused by its grammar, before any network. */
class BadReferencesTest extends Fixture {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "owner",
                "owner/",
                "/repo",
                "owner/repo@",
                "owner/repo@--upload-pack=touch X",
                "-oProxyCommand=x/repo",
                "owner/repo@-oProxyCommand=x",
                "owner/../../x",
                "owner/..",
                "owner/repo/../x",
                "owner/.git",
                "owner/repo/.GIT/hooks",
                "file:///etc",
                "ext::sh -c touch% PWN",
                "https://github.com/owner/repo",
                "git@github.com:owner/repo",
                "owner/repo@v1;id",
                "owner/repo@v1\nid",
                "owner/repo@../../main",
                "owner/repo@a//b",
                "owner/repo@{u}",
                "owner/repo@v1:path",
                "owner/repo@v1@v2",
                "owner/repo?x=y",
                "owner/repo#main",
                "owner/re po",
                "\u043ewner/repo",
                "owner\\repo",
                "owner/repo\0",
                "owner/repo@refs/heads/main^{commit}"
            })
    void isRefusedByItsGrammar(String text) {
        assertThatThrownBy(() -> install(text)).isInstanceOf(IllegalArgumentException.class);
        assertThat(server.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 5000})
    void isRefusedIfItIsLong(int length) {
        assertThatThrownBy(() -> install("owner/" + "x".repeat(length))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> install("owner/repo@" + "x".repeat(length)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
