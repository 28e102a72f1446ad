package org.rungpt.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.testkit.SecretStoreContract;

final class FileSecretStoreTest extends SecretStoreContract {
    private static final String CANARY = "sk-canary-51e0c7d2b9";

    @TempDir
    Path directory;

    private FileSecretStore store;

    @BeforeEach
    void open() {
        store = new FileSecretStore(directory);
    }

    @Override
    protected SecretStore secrets() {
        return store;
    }

    @Override
    protected SecretStore reopen() {
        store = new FileSecretStore(directory);
        return store;
    }

    @Test
    @DisplayName("E.56 no file holds the secret in any form")
    void noFileHoldsTheSecretInAnyForm() throws Exception {
        store.put("connection/openai/key", CANARY);
        byte[] plain = CANARY.getBytes(StandardCharsets.UTF_8);
        List<String> forms = List.of(
                CANARY,
                new StringBuilder(CANARY).reverse().toString(),
                Base64.getEncoder().encodeToString(plain).replace("=", ""),
                java.util.HexFormat.of().formatHex(plain));
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1))
                        .doesNotContain(forms.toArray(String[]::new));
                assertThat(mode(path)).isEqualTo("rw-------");
            }
        }
        assertThat(mode(directory.resolve("secret"))).isEqualTo("rwx------");
    }

    @Test
    @DisplayName("E.59 the old value is gone after a change and a delete")
    void theOldValueIsGoneAfterAChangeAndADelete() throws Exception {
        store.put("a", "one");
        String first = Files.readString(file());
        String ciphertext = first.replaceAll("(?s).*\"value\" : \"([^\"]+)\".*", "$1");
        store.put("a", "two");
        assertThat(Files.readString(file())).doesNotContain(ciphertext);
        store.remove("a");
        assertThat(Files.readString(file())).doesNotContain("\"a\"").doesNotContain("nonce");
        try (Stream<Path> files = Files.list(directory.resolve("secret"))) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    @DisplayName("E.58 no flipped byte ever gives a wrong value")
    void noFlippedByteEverGivesAWrongValue() throws Exception {
        store.put("connection/openai/key", CANARY);
        store.put("other", "x");
        byte[] sound = Files.readAllBytes(file());
        int told = 0;
        for (int i = 0; i < sound.length; i++) {
            byte[] damaged = sound.clone();
            damaged[i] ^= (byte) (1 << i % 8);
            Files.write(file(), damaged);
            told += readsRightOrTells(new FileSecretStore(directory)) ? 0 : 1;
        }
        assertThat(told).isGreaterThan(sound.length / 3);
    }

    /** False if it told that something is wrong. A changed blank changes nothing. */
    private static boolean readsRightOrTells(FileSecretStore started) {
        try {
            assertThat(started.get("connection/openai/key")).contains(CANARY);
            return true;
        } catch (SecretException e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContain(CANARY, "\n");
            assertThat(started.readiness().ready()).isFalse();
            return false;
        }
    }

    @Test
    @DisplayName("E.58 a truncated file is told at every length")
    void aTruncatedFileIsToldAtEveryLength() throws Exception {
        store.put("a", CANARY);
        byte[] sound = Files.readAllBytes(file());
        for (int length = 0; length < sound.length; length++) {
            Files.write(file(), Arrays.copyOf(sound, length));
            FileSecretStore started = new FileSecretStore(directory);
            assertThat(started.readiness().ready()).isFalse();
            assertThat(failure(() -> started.get("a"))).contains("secrets.json", "damaged");
            assertThat(failure(() -> started.get("b"))).contains("secrets.json", "damaged");
        }
    }

    @Test
    @DisplayName("E.58 another installation's master key is told")
    void anotherMasterKeyIsTold() throws Exception {
        store.put("a", CANARY);
        FileSecretStore other = new FileSecretStore(directory.resolve("other"));
        other.put("a", "x");
        Files.write(keyFile(), Files.readAllBytes(directory.resolve("other/secret/master.key")));

        FileSecretStore started = new FileSecretStore(directory);
        assertThat(failure(() -> started.get("a"))).contains("another master.key");
        assertThat(started.readiness().ready()).isFalse();
        assertThat(started.names()).containsExactly("a");
        started.put("a", "again");
        assertThat(started.get("a")).contains("again");
        assertThat(started.readiness().ready()).isTrue();
    }

    @Test
    @DisplayName("E.58 a missing or damaged master key is told and the user gets on")
    void aMissingOrDamagedMasterKeyIsToldAndTheUserGetsOn() throws Exception {
        for (byte[] damaged : new byte[][] {null, {}, {1, 2, 3}, "AAAA".getBytes(StandardCharsets.US_ASCII)}) {
            store.put("a", CANARY);
            Files.delete(keyFile());
            if (damaged != null) {
                Files.write(keyFile(), damaged);
            }
            FileSecretStore started = new FileSecretStore(directory);
            assertThat(failure(() -> started.get("a"))).contains("master.key");
            assertThat(started.readiness().ready()).isFalse();
            started.put("a", "again");
            assertThat(started.get("a")).contains("again");
        }
    }

    @Test
    @DisplayName("E.58 values of other names and other installations do not open")
    void valuesOfOtherNamesAndOtherInstallationsDoNotOpen() throws Exception {
        store.put("a", CANARY);
        store.put("b", "x");
        String text = Files.readString(file());
        Files.writeString(file(), text.replace("\"a\"", "\"c\""));
        assertThat(failure(() -> store.get("c"))).contains("changed outside");
        assertThat(failure(() -> store.get("a"))).contains("changed outside");

        Files.writeString(file(), text.replaceAll("\"instance\" : \"[^\"]+\"", "\"instance\" : \"mine\""));
        assertThat(failure(() -> store.get("a"))).contains("changed outside");
    }

    @Test
    void aDamagedFileIsKeptAsideWhenASecretIsEnteredAnew() throws Exception {
        store.put("a", CANARY);
        Files.writeString(file(), "{ broken");
        store.put("b", "x");
        assertThat(store.get("b")).contains("x");
        assertThat(store.readiness().ready()).isTrue();
        try (Stream<Path> files = Files.list(directory.resolve("secret"))) {
            Path aside = files.filter(p -> p.toString().contains(".damaged-"))
                    .findFirst()
                    .orElseThrow();
            assertThat(aside).hasContent("{ broken");
        }
    }

    @Test
    @DisplayName("E.55 E.58 files that others could read are made private")
    void filesThatOthersCouldReadAreMadePrivate() throws Exception {
        store.put("a", CANARY);
        for (Path path : List.of(file(), keyFile())) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        assertThat(new FileSecretStore(directory).get("a")).contains(CANARY);
        assertThat(mode(file())).isEqualTo("rw-------");
        assertThat(mode(keyFile())).isEqualTo("rw-------");
    }

    @Test
    @DisplayName("E.58 every write has a nonce of its own")
    void everyWriteHasANonceOfItsOwn() throws Exception {
        MasterKey key =
                MasterKey.make(Files.createDirectories(directory.resolve("k")).resolve("master.key"));
        Set<String> nonces = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            nonces.add(key.seal("the same", "purpose").nonce());
        }
        assertThat(nonces).hasSize(10_000);
    }

    @Test
    void manyThreadsMayUseIt() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Boolean>> done = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                String name = "n" + t;
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 10; i++) {
                        store.put(name, name + i);
                        assertThat(store.get(name)).contains(name + i);
                    }
                    return true;
                }));
            }
            for (Future<Boolean> one : done) {
                assertThat(one.get(30, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(store.names()).hasSize(8);
        } finally {
            pool.shutdownNow();
        }
    }

    private static String failure(Callable<?> call) {
        SecretException failed = catchThrowableOfType(SecretException.class, call::call);
        assertThat(failed).isNotNull();
        return String.valueOf(failed.getMessage());
    }

    private Path file() {
        return directory.resolve("secret/secrets.json");
    }

    private Path keyFile() {
        return directory.resolve("secret/master.key");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
