package org.rungpt.webapp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilesTest {
    private final Files files =
            new Files(Set.of("/index.html", "/favicon.svg", "/assets/index-a1b2.js", "/assets/inter-c3.woff2"));

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "/c/c1", "/c/c1/more", "/settings", "/settings/status"})
    void everyAddressInsideThePageGetsThePage(String path) {
        assertThat(files.find(path)).isEqualTo(new Files.File("/index.html", "text/html;charset=utf-8", false));
    }

    @Test
    void hashedFilesMayBeKeptForEver() {
        assertThat(files.find("/assets/index-a1b2.js"))
                .isEqualTo(new Files.File("/assets/index-a1b2.js", "text/javascript;charset=utf-8", true));
        assertThat(files.find("/assets/inter-c3.woff2"))
                .isEqualTo(new Files.File("/assets/inter-c3.woff2", "font/woff2", true));
    }

    @Test
    void otherFilesAreAskedForAnew() {
        assertThat(files.find("/favicon.svg")).isEqualTo(new Files.File("/favicon.svg", "image/svg+xml", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets",
                "/assets/",
                "/assets/old-0000.js",
                "/assets/../index.html",
                "/../META-INF/MANIFEST.MF",
                "/META-INF/MANIFEST.MF",
                "/static/index.html",
                "/c",
                "/settingsx",
                "/wp-admin"
            })
    void nothingElseIsThere(String path) {
        assertThat(files.find(path)).isNull();
    }
}
