package org.rungpt.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MediaTypesTest {
    private static String of(String latin1) {
        return MediaTypes.of(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource({
        "GIF89a....,image/gif",
        "RIFF....WEBPVP8 ,image/webp",
        "RIFF....WAVEfmt ,audio/wav",
        "....ftypisom,video/mp4",
        "....ftypavif,image/avif",
        "'....ftypM4A ',audio/mp4",
        "....ftypwhat,application/octet-stream",
        "OggS....vorbis,audio/ogg",
        "fLaC,audio/flac",
        "ID3.,audio/mpeg",
        "%PDF-1.7,application/pdf",
        "hello world,text/plain",
        "'{\"a\": 1}',text/plain",
        "<svg xmlns='x'>,image/svg+xml",
        "'  <?xml version=\"1.0\"?><!-- x --><svg>',image/svg+xml",
        "<?xml version='1.0'?><rss/>,application/xml",
        "<!DOCTYPE HTML><p>,text/html",
        "<!-- x --> <script>alert(1)</script>,text/html",
    })
    void whatItIsIsReadFromItsBeginning(String head, String expected) {
        assertThat(of(head)).isEqualTo(expected);
    }

    @Test
    void binaryKindsAreKnown() {
        assertThat(of("\u0089PNG\r\n\u001a\n")).isEqualTo("image/png");
        assertThat(of("\u00ff\u00d8\u00ff\u00e0")).isEqualTo("image/jpeg");
        assertThat(of("\u001aE\u00df\u00a3....webm")).isEqualTo("video/webm");
        assertThat(of("\u00ff\u00fb\u0090\u0000")).isEqualTo("audio/mpeg");
        assertThat(of("PK\u0003\u0004")).isEqualTo("application/zip");
        assertThat(of("\u0000\u0001\u0002")).isEqualTo("application/octet-stream");
        assertThat(of("\u00e4\u00f6")).isEqualTo("application/octet-stream");
        assertThat(MediaTypes.of("ä".repeat(2048).getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("text/plain");
        assertThat(MediaTypes.of(("a" + "ä".repeat(2047) + "x").getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("text/plain");
        assertThat(of("")).isEqualTo("text/plain");
    }

    @Property
    void anyBytesAreSomething(@ForAll byte[] head) {
        assertThat(MediaTypes.of(head)).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'.\u3000x',x",
        "'x\u3000.',x",
        "' . .x. . ',x",
        "a b.txt,a b.txt",
    })
    void theEndsOfANameAreToBeSeen(String name, String harmless) {
        assertThat(Names.harmless(name)).isEqualTo(harmless);
    }

    @Test
    void whereANameIsCutItDoesNotEndInASpace() {
        assertThat(Names.harmless("a".repeat(119) + " b".repeat(9))).isEqualTo("a".repeat(119));
    }

    @Property
    void anyNameBecomesHarmless(@ForAll String name) {
        String harmless = Names.harmless(name);
        assertThat(harmless).isNotEmpty().doesNotStartWith("/").doesNotContain("\n", "\\", "\0", "\u202e");
        for (String part : harmless.split("/", -1)) {
            assertThat(part).isNotEmpty().doesNotStartWith(".");
        }
        assertThat(Names.harmless(harmless)).isEqualTo(harmless);
    }

    @Test
    void namesKeepWhatIsFineInThem() {
        assertThat(Names.harmless("plots/Übersicht 1.png")).isEqualTo("plots/Übersicht 1.png");
        assertThat(Names.harmless("../../etc/passwd")).isEqualTo("etc/passwd");
        assertThat(Names.harmless("/a/./b")).isEqualTo("a/b");
        assertThat(Names.harmless("a\u202egpj.exe\r\nX: y")).isEqualTo("a_gpj.exe__X_ y");
        assertThat(Names.harmless("..")).isEqualTo("file");
        assertThat(Names.harmless("x".repeat(500) + ".png")).hasSize(120).endsWith("x.png");
    }
}
