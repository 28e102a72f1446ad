package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WorkspacesTest {
    @TempDir
    Path data;

    @Test
    void whatIsBoundIsThereAgain() throws Exception {
        new Workspaces(data, true).bind("c1", "v1");
        Workspaces again = new Workspaces(data, false);
        assertThat(again.isLost()).isFalse();
        assertThat(again.volumeOf("c1")).isEqualTo("v1");
        assertThat(again.isNeeded("v1")).isTrue();
        assertThat(again.isNeeded("v2")).isFalse();
    }

    @Test
    void aFileThatIsLostCostsNoWorkspace() throws Exception {
        new Workspaces(data, true).bind("c1", "v1");
        Files.delete(data.resolve("workspaces.json"));
        Workspaces lost = new Workspaces(data, false);
        assertThat(lost.isLost()).isTrue();
        assertThat(lost.isNeeded("v1")).isTrue();
        lost.bind("c3", "v3");
        lost.recover(Map.of("v1", "c1", "v2", "", "v3", ""));
        Workspaces again = new Workspaces(data, false);
        assertThat(again.isLost()).isFalse();
        assertThat(again.volumeOf("c1")).isEqualTo("v1");
        assertThat(again.volumes()).containsExactlyInAnyOrder("v1", "v2", "v3");
        assertThat(again.volumeOf("c3")).isEqualTo("v3");
    }
}
