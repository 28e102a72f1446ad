package org.rungpt.source.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionRangeTest {
    private static final List<String> VERSIONS = List.of(
            "0.0.3",
            "0.2.3",
            "0.2.9",
            "0.3.0",
            "1.0.0",
            "1.2.3",
            "1.2.4",
            "1.9.0",
            "2.0.0-rc.1",
            "2.0.0",
            "2.1.0-beta",
            "3.0.0");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1.2.3 | 1.2.3",
                "=1.2.3 | 1.2.3",
                "v1.2.3 | 1.2.3",
                "^1.2.3 | 1.2.3 1.2.4 1.9.0",
                "^1 | 1.0.0 1.2.3 1.2.4 1.9.0",
                "1 | 1.0.0 1.2.3 1.2.4 1.9.0",
                "1.x | 1.0.0 1.2.3 1.2.4 1.9.0",
                "1.2 | 1.2.3 1.2.4",
                "1.2.* | 1.2.3 1.2.4",
                "~1.2.3 | 1.2.3 1.2.4",
                "~1 | 1.0.0 1.2.3 1.2.4 1.9.0",
                "^0.2.3 | 0.2.3 0.2.9",
                "^0.0.3 | 0.0.3",
                ">=1.9 <3 | 1.9.0 2.0.0",
                ">1.2.3 <=2.0.0 | 1.2.4 1.9.0 2.0.0",
                ">1 <3 | 2.0.0",
                "<=1.2 | 0.0.3 0.2.3 0.2.9 0.3.0 1.0.0 1.2.3 1.2.4",
                "^2.0.0-rc.1 | 2.0.0-rc.1 2.0.0",
                "<2.0.0 >=1.9 | 1.9.0",
                "* | 0.0.3 0.2.3 0.2.9 0.3.0 1.0.0 1.2.3 1.2.4 1.9.0 2.0.0 3.0.0"
            })
    void contains(String range, String expected) {
        VersionRange parsed = VersionRange.parse(range).orElseThrow();

        Stream<String> inside = VERSIONS.stream()
                .filter(version ->
                        parsed.contains(SemanticVersion.parse(version).orElseThrow()));
        assertThat(String.join(" ", inside.toList())).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "main", "1.2.3.4", "^", "1 || 2", ">=", "1.2.3foo", "^main"})
    void isNoRange(String text) {
        assertThat(VersionRange.parse(text)).isEmpty();
    }

    @Test
    void versionsAreOrderedAsTheSpecificationSays() {
        List<String> ordered = List.of(
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.10",
                "1.2.0",
                "10.0.0");
        assertThat(ordered.stream()
                        .map(v -> SemanticVersion.parse(v).orElseThrow())
                        .sorted()
                        .toList())
                .isEqualTo(ordered.stream()
                        .map(v -> SemanticVersion.parse(v).orElseThrow())
                        .toList());
    }
}
