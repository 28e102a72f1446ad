package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.web.ArtifactRoutes.Range;

final class ArtifactRoutesTest {
    @ParameterizedTest
    @CsvSource({"bytes=0-9,0,9", "bytes=90-,90,99", "bytes=-5,95,99", "bytes=-500,0,99", "bytes=10-1000,10,99"})
    void aRangeIsPartOfTheFile(String header, long from, long to) {
        assertThat(Range.of(header, 100)).isEqualTo(new Range(from, to));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=-",
                "bytes=1-2,4-5",
                "lines=1-2",
                "bytes=9-3",
                "bytes=a-b",
                "",
                "bytes=99999999999999999999-"
            })
    void whatIsNoSingleRangeIsIgnored(String header) {
        assertThat(Range.of(header, 100)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=100-", "bytes=-0", "bytes=200-300"})
    void aRangeBeyondTheEndCannotBeSatisfied(String header) {
        assertThat(Range.of(header, 100))
                .satisfies(range -> assertThat(range.from()).isGreaterThan(range.to()));
    }

    @Test
    void onlyWhatCannotRunIsShown() {
        for (String shown : new String[] {"image/png", "image/jpeg", "audio/mpeg", "video/mp4", "application/pdf"}) {
            assertThat(ArtifactRoutes.isShown(shown)).as(shown).isTrue();
        }
        for (String never : new String[] {
            "text/html", "image/svg+xml", "application/xml", "text/plain", "application/octet-stream", "application/zip"
        }) {
            assertThat(ArtifactRoutes.isShown(never)).as(never).isFalse();
        }
    }

    @Test
    void aNameCannotBreakTheHeader() {
        assertThat(ArtifactRoutes.disposition(false, "d/Übersicht \"1\"; x=\r\n.png"))
                .isEqualTo(
                        "attachment; filename=\"_bersicht _1__ x___.png\"; filename*=UTF-8''%C3%9Cbersicht%20%221%22%3B%20x%3D%0D%0A.png");
    }
}
