package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.runner.docker.DiskReserve.Space;

/** Of a disk of 100 GiB, with a million files, unless it is said otherwise. */
final class DiskReserveTest {
    private static final long MIB = 1 << 20;
    private static final long FILES = 1_000_000;

    private final DiskReserve reserve = new DiskReserve(DiskReserve.FITTING);
    private long now = -5;

    private String look(DiskReserve asked, Space space) {
        now += TimeUnit.SECONDS.toNanos(2);
        return asked.look(space, now);
    }

    private String bytes(long mib) {
        return look(reserve, new Space(102_400 * MIB, mib * MIB, FILES, FILES / 2));
    }

    private String files(long free) {
        return look(reserve, new Space(102_400 * MIB, 51_200 * MIB, FILES, free));
    }

    @Test
    @DisplayName("A.4 a disk that was nearly full before anything ran, and stays so, ends nothing")
    void fullBefore() {
        assertThat(bytes(100)).isNull();
        assertThat(bytes(100)).isNull();
        assertThat(bytes(36)).isNull();
        reserve.rest();
        assertThat(files(1000)).isNull();
        assertThat(files(0)).isNull();
    }

    @Test
    @DisplayName("A.4 a disk that was nearly full before and is filled on ends what runs")
    void filledOn() {
        assertThat(bytes(1500)).isNull();
        assertThat(bytes(1436)).isNull();
        assertThat(bytes(1435)).contains("(1435 MiB left)");
    }

    @Test
    @DisplayName("A.4 a disk that is filled ends nothing as long as its reserve is left")
    void above() {
        for (long free = 90_000; free >= 2048; free -= 1024) {
            assertThat(bytes(free)).isNull();
        }
        assertThat(bytes(2048)).isNull();
    }

    @Test
    @DisplayName(
            "A.4 whoever takes of the reserve is ended, however slowly, and told in a sentence what is left and what to do")
    void crossing() {
        assertThat(bytes(2100)).isNull();
        assertThat(bytes(2060)).isNull();
        assertThat(bytes(2040)).isNull();
        assertThat(bytes(2030))
                .isEqualTo(
                        "the disk of the engine is nearly full (2030 MiB left); delete something in the sandbox, free"
                                + " space on this machine, or lower diskReserveMiB in etc/org.rungpt.runner.docker.cfg");
    }

    @Test
    @DisplayName("A.4 who deletes first and writes then is measured by what was free between")
    void deletedBetween() {
        assertThat(bytes(1000)).isNull();
        assertThat(bytes(1800)).isNull();
        assertThat(bytes(1700)).contains("1700 MiB left");
    }

    @Test
    @DisplayName("A.4 files count as bytes do")
    void files() {
        assertThat(files(60_000)).isNull();
        assertThat(files(50_000)).isNull();
        assertThat(files(43_617)).isNull();
        assertThat(files(43_615))
                .isEqualTo(
                        "the disk of the engine is nearly full (room for 43615 files left); delete files in the sandbox,"
                                + " or on this machine");
    }

    @Test
    @DisplayName("A.4 a file system that knows no limit of files has none left to keep")
    void noLimitOfFiles() {
        assertThat(look(reserve, new Space(102_400 * MIB, 51_200 * MIB, 0, 0))).isNull();
        assertThat(look(reserve, new Space(102_400 * MIB, 51_100 * MIB, 0, 0))).isNull();
    }

    @ParameterizedTest
    @CsvSource({"1024, 51", "10240, 512", "40960, 2048", "4194304, 2048"})
    @DisplayName("A.4 the reserve fits the file system")
    void sizes(long size, long kept) {
        assertThat(look(reserve, new Space(size * MIB, size * MIB / 2, FILES, FILES)))
                .isNull();
        assertThat(look(reserve, new Space(size * MIB, (kept + 1) * MIB, FILES, FILES)))
                .isNull();
        assertThat(look(reserve, new Space(size * MIB, (kept - 1) * MIB, FILES, FILES)))
                .isNotNull();
    }

    @Test
    @DisplayName("A.4 a reserve that was set counts whatever the file system has, and 0 turns it off")
    void set() {
        DiskReserve large = new DiskReserve(50_000 * MIB);
        assertThat(look(large, new Space(102_400 * MIB, 50_050 * MIB, FILES, FILES)))
                .isNull();
        assertThat(look(large, new Space(102_400 * MIB, 49_950 * MIB, FILES, FILES)))
                .isNotNull();
        DiskReserve none = new DiskReserve(0);
        assertThat(look(none, new Space(102_400 * MIB, 5000 * MIB, FILES, FILES)))
                .isNull();
        assertThat(look(none, new Space(102_400 * MIB, 0, FILES, 0))).isNull();
    }

    @Test
    @DisplayName("A.4 what is gone while nothing runs is nobody's who runs then")
    void rest() {
        assertThat(bytes(9000)).isNull();
        reserve.rest();
        assertThat(bytes(1000)).isNull();
        assertThat(bytes(990)).isNull();
    }

    @Test
    @DisplayName(
            "A.4 what was ended may write on for a moment; what runs after that is ended only if it fills the disk itself")
    void settling() {
        assertThat(bytes(2100)).isNull();
        assertThat(bytes(1500)).isNotNull();
        assertThat(bytes(1000)).isNull();
        assertThat(bytes(1000)).isNull();
        assertThat(bytes(950)).isNull();
        assertThat(bytes(900)).isNotNull();
    }

    @Test
    @DisplayName("A.4 the faster it fills, the sooner the next look")
    void waits() {
        assertThat(reserve.patience()).isInfinite();
        bytes(12_048);
        assertThat(reserve.patience()).isInfinite();
        bytes(10_048);
        assertThat(reserve.patience()).isEqualTo(4);
        bytes(4048);
        assertThat(reserve.patience()).isBetween(0.3, 0.4);
        bytes(4048);
        assertThat(reserve.patience()).isInfinite();
    }
}
