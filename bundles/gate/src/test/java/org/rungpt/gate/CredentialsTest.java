package org.rungpt.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token, codes, sessions and what slows guessing down. */
final class CredentialsTest {
    @TempDir
    Path directory;

    private final ManualClock clock = new ManualClock();

    @Test
    void theTokenIsMadeOnceAndKeptPrivate() throws Exception {
        Path file = directory.resolve("token");
        ApiToken token = ApiToken.load(file);
        String kept = Files.readString(file).strip();

        assertThat(kept).hasSize(43);
        assertThat(token.is(kept)).isTrue();
        assertThat(token.is(kept.substring(1))).isFalse();
        assertThat(token.is("")).isFalse();
        assertThat(ApiToken.load(file).is(kept)).isTrue();
        assertThat(mode(file)).isEqualTo("rw-------");
    }

    @Test
    void aTokenThatOthersCouldReadIsMadePrivate() throws Exception {
        Path file = directory.resolve("token");
        ApiToken.load(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        ApiToken.load(file);
        assertThat(mode(file)).isEqualTo("rw-------");
    }

    @Test
    void aDamagedTokenIsReplacedNotAccepted() throws Exception {
        Path file = directory.resolve("token");
        for (String damaged : new String[] {"", "\n", "short", "x".repeat(5000)}) {
            Files.writeString(file, damaged);
            ApiToken token = ApiToken.load(file);
            assertThat(token.is(damaged.strip())).isFalse();
            assertThat(token.is(Files.readString(file).strip())).isTrue();
        }
    }

    @Test
    void aCodeWorksOnceAndForFiveMinutes() {
        LoginCodes codes = new LoginCodes(clock);
        String used = codes.make();
        String old = codes.make();
        clock.pass(Duration.ofMinutes(5).minusMillis(1));
        assertThat(codes.redeem(used)).isTrue();
        assertThat(codes.redeem(used)).isFalse();
        clock.pass(Duration.ofMillis(1));
        assertThat(codes.redeem(old)).isFalse();
        assertThat(codes.redeem("")).isFalse();
    }

    @Test
    void codesAreUnguessableAndBounded() {
        LoginCodes codes = new LoginCodes(clock);
        Set<String> made = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            made.add(codes.make());
        }
        assertThat(made).hasSize(10_000).allMatch(code -> code.length() == 22);
        assertThat(made.stream().filter(codes::redeem).count()).isEqualTo(100);
    }

    @Test
    void sessionsOutliveARestartAndAreKeptAsHashes() throws Exception {
        Path file = directory.resolve("sessions.json");
        String cookie = new Sessions(file, clock).begin();

        assertThat(Files.readString(file)).doesNotContain(cookie);
        assertThat(mode(file)).isEqualTo("rw-------");
        Sessions successor = new Sessions(file, clock);
        assertThat(successor.isOpen(cookie)).isTrue();
        assertThat(successor.isOpen(Secrets.hash(cookie))).isFalse();
        successor.end(cookie);
        assertThat(new Sessions(file, clock).isOpen(cookie)).isFalse();
    }

    @Test
    void aSessionEndsThirtyDaysAfterItsLastUse() {
        Path file = directory.resolve("sessions.json");
        Sessions sessions = new Sessions(file, clock);
        String used = sessions.begin();
        String unused = sessions.begin();
        clock.pass(Duration.ofDays(29));
        assertThat(sessions.touch(used)).isTrue();
        assertThat(sessions.touch(used)).isFalse();
        clock.pass(Duration.ofDays(1));
        assertThat(sessions.isOpen(unused)).isFalse();
        assertThat(sessions.touch(unused)).as("what has ended stays ended").isFalse();
        assertThat(sessions.isOpen(unused)).isFalse();
        assertThat(sessions.isOpen(used)).isTrue();
        assertThat(new Sessions(file, clock).isOpen(used)).isTrue();
        clock.pass(Duration.ofDays(29));
        assertThat(sessions.isOpen(used)).isFalse();
    }

    @Test
    void damagedSessionsMeanLoggingInAgain() throws Exception {
        Path file = directory.resolve("sessions.json");
        for (String damaged : new String[] {"", "{", "[]", "{\"sessions\":3}", "\u0000\u0001"}) {
            Files.writeString(file, damaged);
            Sessions sessions = new Sessions(file, clock);
            assertThat(sessions.isOpen(sessions.begin())).isTrue();
        }
    }

    @Test
    void afterTenFailuresInAMinuteTheRestHasToWait() {
        Throttle throttle = new Throttle(clock);
        for (int i = 0; i < 10; i++) {
            assertThat(throttle.failed()).isZero();
            clock.pass(Duration.ofSeconds(1));
        }
        assertThat(throttle.failed()).isEqualTo(50);
        clock.pass(Duration.ofSeconds(50));
        assertThat(throttle.failed()).isZero();
        assertThat(throttle.failed()).isEqualTo(1);
    }

    private static String mode(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
