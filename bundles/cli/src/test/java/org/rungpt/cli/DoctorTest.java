package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor tells of a server's parts, and how it ends. */
class DoctorTest {
    private static final String WEAKNESS = "Programs can break out of runc 1.1.5 (CVE-2025-31133).";

    @TempDir
    Path data;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private int doctor(boolean strict, ObjectNode status) throws Exception {
        try (FakeServer server = new FakeServer(data)) {
            server.answers("/api/status", status.toString());
            PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
            return Main.doctor(server.server(), strict, new Terminal(print, print, null, true));
        }
    }

    private static ObjectNode status(boolean ready, String remedy) {
        ObjectNode status = Server.JSON.createObjectNode().put("ready", ready);
        ObjectNode part = status.putArray("parts")
                .addObject()
                .put("title", "Docker engine")
                .put("ready", ready)
                .put("reason", "Docker 20.10.24.");
        if (remedy != null) {
            part.put("remedy", remedy);
        }
        return status;
    }

    @Test
    @DisplayName("A.14 a runc with known break-outs is told, and is a failure with --strict only")
    void aWeaknessIsAFailureWhenStrict() throws Exception {
        assertThat(doctor(false, status(true, WEAKNESS))).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("✓ Docker engine", "→ " + WEAKNESS);
        out.reset();
        assertThat(doctor(true, status(true, WEAKNESS))).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("→ " + WEAKNESS, "weakness (--strict): Docker engine");
    }

    @Test
    void whatIsReadyAndSoundIsNoFailure() throws Exception {
        assertThat(doctor(true, status(true, null))).isZero();
    }

    @Test
    void whatIsNotReadyIsAFailure() throws Exception {
        assertThat(doctor(false, status(false, "Start it."))).isEqualTo(1);
        assertThat(doctor(true, status(false, "Start it."))).isEqualTo(1);
    }
}
