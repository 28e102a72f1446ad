package org.rungpt.plain;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainTest {
    @ParameterizedTest
    @ValueSource(
            ints = {
                0x7, 0x1B, 0x7F, 0x9B, 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x200B, 0x200E, 0x2028, 0x2029, 0x202E,
                0x2060, 0x2066, 0x3164, 0xD800, 0xDFFF, 0xFEFF, 0xFFA0, 0xE0000, 0xE0001, 0xE0041, 0xE007F, 0xE0100
            })
    void whatTheEyeCannotSeeIsShown(int c) {
        String text = "a" + Character.toString(c) + "b";
        String shown = String.format("a\\u{%X}b", c);
        assertThat(Plain.text(text)).isEqualTo(shown);
        assertThat(Plain.line(text)).isEqualTo(shown);
    }

    @Test
    void aLineShowsItsBreaks() {
        assertThat(Plain.line("one\r\n\ttwo")).isEqualTo("one\\u{D}\\u{A}\\u{9}two");
    }

    @Test
    void textKeepsItsLinesAndLetters() {
        assertThat(Plain.text("one\r\n\ttwo\u001b")).isEqualTo("one\n\ttwo\\u{1B}");
        assertThat(Plain.text("grün 漢字 ❤️ 👩‍💻 می‌خواهم")).isEqualTo("grün 漢字 ❤️ 👩‍💻 می‌خواهم");
    }

    @Test
    void longLinesAreCutBetweenCharacters() {
        assertThat(Plain.line("👩👩👩👩", 3)).isEqualTo("👩👩…");
        assertThat(Plain.line("abc", 3)).isEqualTo("abc");
    }

    @Property
    boolean whateverComesNoControlCharacterLeaves(@ForAll String text) {
        return Plain.line(text).codePoints().noneMatch(Character::isISOControl)
                && Plain.text(text).codePoints().noneMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t');
    }
}
