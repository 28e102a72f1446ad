package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;

final class ImageRecipeTest {
    @TempDir
    Path directory;

    @Test
    void namesAnImageByWhatIsInIt() throws Exception {
        TestActions actions = new TestActions(directory);
        InstalledAction one = actions.action("acme/one", false, "#!/bin/sh\n");
        InstalledAction same = actions.action("acme/one", false, "#!/bin/sh\n");
        InstalledAction changed = actions.action("acme/one", false, "#!/bin/sh\n# other\n");
        String hash = ImageRecipe.action("sha256:abc", one.files()).hash();
        assertThat(ImageRecipe.action("sha256:abc", same.files()).hash()).isEqualTo(hash);
        assertThat(ImageRecipe.action("sha256:abc", changed.files()).hash()).isNotEqualTo(hash);
        assertThat(ImageRecipe.action("sha256:abd", one.files()).hash()).isNotEqualTo(hash);
    }

    @Test
    void passesWordsOfAManifestOnAsWords() {
        Manifest.Packages packages = new Manifest.Packages(
                List.of("jq", "x\"; rm -rf / #", "$(id)"), List.of("requests==2"), List.of("a@1"));
        List<BuildStep> steps = BuildStep.packages("sha256:abc", false, packages);
        assertThat(steps).hasSize(3).allMatch(BuildStep::network);
        assertThat(steps.get(0).command()).startsWith("/bin/sh", "-ec").endsWith("jq", "x\"; rm -rf / #", "$(id)");
        assertThat(steps.get(1).command()).endsWith("--", "requests==2");
        assertThat(steps.get(2).command()).endsWith("--", "a@1");
    }

    @Test
    void setupIsAStepWithoutNetwork() throws Exception {
        InstalledAction one = new TestActions(directory).action("acme/one/sub", false, "#!/bin/sh\n");
        BuildStep setup = BuildStep.setup("sha256:abc", false, one.files());
        assertThat(setup.network()).isFalse();
        assertThat(setup.command()).containsExactly("/rungpt/actions/acme/one/sub/setup");
        assertThat(ImageRecipe.action("sha256:abc", one.files()).dockerfile())
                .contains("COPY [\"actions/acme/one/sub/\",\"/rungpt/actions/acme/one/sub/\"]");
    }

    @Test
    void theContextHoldsTheFilesWithoutTimesAndOwners() throws Exception {
        InstalledAction one = new TestActions(directory)
                .action("acme/one", false, "#!/bin/sh\n", "data/ä " + "x".repeat(150), "text");
        List<String> entries = new ArrayList<>();
        try (BuildContext context = BuildContext.in(directory)) {
            context.addText("Dockerfile", "FROM x");
            context.addTree(one.files().directory(), "actions/acme/one");
            try (InputStream in = context.read();
                    TarArchiveInputStream tar = new TarArchiveInputStream(in, "UTF-8")) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    entries.add(Integer.toOctalString(entry.getMode()) + " " + entry.getName());
                    assertThat(entry.getLastModifiedTime().toMillis()).isZero();
                    assertThat(entry.getLongUserId()).isZero();
                }
            }
        }
        assertThat(entries)
                .containsExactly(
                        "100644 Dockerfile",
                        "100644 actions/acme/one/data/ä " + "x".repeat(150),
                        "100644 actions/acme/one/manifest.json",
                        "100755 actions/acme/one/run");
        try (var left = Files.list(directory)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void aLinkInAnActionIsRefused() throws Exception {
        InstalledAction one = new TestActions(directory).action("acme/one", false, "#!/bin/sh\n");
        Files.createSymbolicLink(one.files().directory().resolve("leak"), Path.of("/etc/passwd"));
        try (BuildContext context = BuildContext.in(directory)) {
            assertThatThrownBy(() -> context.addTree(one.files().directory(), "x"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("leak is no regular file");
        }
    }
}
