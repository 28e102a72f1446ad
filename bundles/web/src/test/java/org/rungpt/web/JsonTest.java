package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class JsonTest {
    private static final String NUMBERS =
            "{\"a\":0.12345678901234567890,\"b\":1.00,\"c\":9007199254740993,\"d\":1E+400}";

    @Test
    void numbersKeepTheirDigits() throws Exception {
        assertThat(text(Json.bytes(Json.own(NUMBERS)))).isEqualTo(NUMBERS);
        assertThat(text(Json.bytes(Json.parse(NUMBERS.getBytes(StandardCharsets.UTF_8)))))
                .isEqualTo(NUMBERS);
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }
}
