package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Base64;
import org.apache.karaf.jaas.modules.publickey.PublickeyLoginModule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The key of the shell as Karaf, which is to recognise it, reads it. */
final class ShellKeyTest {
    /** A point of secp256r1 of which a coordinate begins as small negative numbers do. */
    private static final String[] POINT = {
        "1b463875cc1e1befd9ad0d06dc61b0b3bb36c9d8714c7d39a87874cd1b06ce87",
        "ffd8964166bf065807b651b1f523d023e47a2078778a1ea4e14d2e4c03089609"
    };

    @TempDir
    Path directory;

    private static boolean isRecognised(PublicKey key, String written) throws Exception {
        return PublickeyLoginModule.equals(key, written.strip());
    }

    private static String written(ECPublicKey key) throws Exception {
        return Base64.getEncoder().encodeToString(ShellKey.wireFormat(key));
    }

    @Test
    void theShellRecognisesEachThatIsMade() throws Exception {
        for (int i = 0; i < 3000; i++) {
            ECPublicKey key = (ECPublicKey) ShellKey.pair().getPublic();
            assertThat(isRecognised(key, written(key))).as(written(key)).isTrue();
        }
    }

    @Test
    void oneThatTheShellWouldNotRecogniseIsKnown() throws Exception {
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        ECPoint point = new ECPoint(new BigInteger(POINT[0], 16), new BigInteger(POINT[1], 16));
        ECPublicKey key = (ECPublicKey) KeyFactory.getInstance("EC")
                .generatePublic(new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
        assertThat(isRecognised(key, written(key))).isFalse();
        assertThat(ShellKey.isRecognised(key)).isFalse();
    }

    @Test
    void itIsMadeOnce() throws Exception {
        Path file = directory.resolve("shell");
        ShellKey.main(new String[] {file.toString()});
        KeyPair made = ShellKey.read(file);
        assertThat(isRecognised(made.getPublic(), Files.readString(directory.resolve("shell.pub"))))
                .isTrue();
        ShellKey.main(new String[] {file.toString()});
        assertThat(ShellKey.read(file).getPublic()).isEqualTo(made.getPublic());
    }

    @Test
    void oneThatCannotBeReadIsMadeAnew() throws Exception {
        Path file = directory.resolve("shell");
        Files.writeString(file, "half");
        Files.writeString(directory.resolve("shell.pub"), "a key");
        ShellKey.main(new String[] {file.toString()});
        assertThat(isRecognised(ShellKey.read(file).getPublic(), Files.readString(directory.resolve("shell.pub"))))
                .isTrue();
    }
}
