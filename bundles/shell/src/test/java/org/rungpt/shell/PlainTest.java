package org.rungpt.shell;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PlainTest {
    @Test
    void nothingSteersTheTerminal() {
        assertThat(Plain.line("a\u001b[31mb\u0007\u009bc")).isEqualTo("a\\u{1B}[31mb\\u{7}\\u{9B}c");
        assertThat(Plain.line("one\ntwo\r\u2028")).isEqualTo("one\\u{A}two\\u{D}\\u{2028}");
        assertThat(Plain.line("x\u202Eevil\u2066")).isEqualTo("x\\u{202E}evil\\u{2066}");
    }

    @Test
    void nothingIsThereThatTheEyeCannotSee() {
        assertThat(Plain.line("a\u115Fb\u3164\u200B")).isEqualTo("a\\u{115F}b\\u{3164}\\u{200B}");
        assertThat(Plain.text("a" + Character.toString(0xE0000) + Character.toString(0xE0100)))
                .isEqualTo("a\\u{E0000}\\u{E0100}");
    }

    @Test
    void textKeepsItsLinesAndLetters() {
        assertThat(Plain.text("one\r\n\ttwo\u001b")).isEqualTo("one\n\ttwo\\u{1B}");
        assertThat(Plain.text("grün 漢字 👩‍💻")).isEqualTo("grün 漢字 👩‍💻");
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
