package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.model.ConnectionSettings;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.Prices;

final class OpenAiConnectionsTest {
    private static final String KEY = "sk-CANARY-0123456789abcdefghij-last";

    private final MemoryConfigurations configurations = new MemoryConfigurations();
    private final MemorySecrets secrets = new MemorySecrets();
    private final Map<String, String> environment = new HashMap<>();
    private final OpenAiConnections connections =
            new OpenAiConnections(configurations.admin(), environment::get, Duration.ZERO);

    @BeforeEach
    void bind() {
        connections.bindSecrets(secrets);
    }

    private static ConnectionSettings settings(String name, String baseUrl) {
        return new ConnectionSettings(name, "openai", baseUrl, Map.of(), null);
    }

    private ConnectionSettings only() {
        assertThat(connections.connections()).hasSize(1);
        return connections.connections().get(0);
    }

    @Test
    void keepsTheKeyApartFromTheConfigurationAndNeverShowsIt() {
        connections.save(settings("router", "https://openrouter.ai/api/v1/"), KEY);

        assertThat(secrets.values).containsEntry("connection/router/key", KEY);
        assertThat(configurations.stored.toString()).doesNotContain("CANARY");
        assertThat(only().keyHint()).isEqualTo("sk-…last");
        assertThat(only().baseUrl()).isEqualTo("https://openrouter.ai/api/v1");
    }

    @Test
    void keepsTheKeyWhenOnlyThePathChanges() {
        connections.save(settings("a", "https://x.example/v1"), KEY);
        connections.save(settings("a", "https://x.example:443/v2"), null);

        assertThat(only().keyHint()).isEqualTo("sk-…last");
    }

    @DisplayName("E.60 another origin drops the key")
    @ParameterizedTest
    @ValueSource(strings = {"https://y.example/v1", "http://x.example/v1", "https://x.example:8443/v1"})
    void anotherOriginDropsTheKey(String other) {
        connections.save(settings("a", "https://x.example/v1"), KEY);
        connections.save(settings("a", other), null);

        assertThat(secrets.values).isEmpty();
        assertThat(only().keyHint()).isNull();
    }

    @Test
    void atNoMomentAKeyAndTheWrongAddressStandTogether() {
        List<String> moments = new ArrayList<>();
        configurations.updated =
                values -> moments.add(values.get("baseUrl") + " " + secrets.values.get("connection/a/key"));
        connections.save(settings("a", "https://x.example/v1"), "key-for-x");
        connections.save(settings("a", "https://y.example/v1"), "key-for-y");

        assertThat(moments)
                .containsExactly(
                        "https://x.example/v1 key-for-x",
                        "https://y.example/v1 null",
                        "https://y.example/v1 key-for-y");
    }

    @Test
    void aConfigurationChangedByHandDoesNotGetTheKeyOfAnotherOrigin() {
        connections.save(settings("a", "https://x.example/v1"), KEY);
        configurations.stored.get("a").put("baseUrl", "https://evil.example/v1");

        assertThat(only().keyHint()).isNull();
        assertThat(only().baseUrl()).isEqualTo("https://evil.example/v1");
    }

    @Test
    @DisplayName(
            "E.56 the key may lie in a file, which is read each time, for the connection openai and its origin only")
    void readsTheKeyFromAFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("key"), KEY + "\n");
        environment.put("OPENAI_API_KEY_FILE", file.toString());
        var keys = new Keys(() -> null, environment::get);
        assertThat(keys.find(openai("")).orElseThrow().key()).isEqualTo(KEY);
        assertThat(keys.find(openai("")).orElseThrow().hint()).isEqualTo("from OPENAI_API_KEY_FILE");
        assertThat(keys.find(openai("https://evil.example/v1"))).isEmpty();

        Files.writeString(file, "sk-another");
        assertThat(keys.find(openai("")).orElseThrow().key()).isEqualTo("sk-another");

        Files.writeString(file, "two words\nand lines");
        assertThatThrownBy(() -> keys.find(openai("")))
                .hasMessageContaining(file.toString())
                .hasMessageNotContaining("words")
                .hasMessageNotContaining("\n");
        Files.delete(file);
        assertThatThrownBy(() -> keys.find(openai(""))).hasMessageContaining("OPENAI_API_KEY_FILE");

        environment.put("OPENAI_API_KEY", KEY);
        assertThat(keys.find(openai("")).orElseThrow().hint()).isEqualTo("from OPENAI_API_KEY");
    }

    private Settings openai(String baseUrl) {
        return new Settings(
                "openai",
                "openai",
                Settings.base("openai", baseUrl, environment::get),
                Map.of(),
                "",
                Duration.ofSeconds(1),
                new OpenAiClient.Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1)),
                ModelFacts.written(List.of(), 0, "", "", "", "", "", "", ""));
    }

    @Test
    void anEmptyKeyRemovesIt() {
        connections.save(settings("a", "https://x.example/v1"), KEY);
        connections.save(settings("a", "https://x.example/v1"), "");

        assertThat(secrets.values).isEmpty();
    }

    @Test
    void usesTheEnvironmentForTheConnectionOpenaiAndItsOriginOnly() {
        environment.put("OPENAI_API_KEY", KEY);
        configurations.stored.put("openai", new Hashtable<>(Map.of("name", "openai")));
        assertThat(only().keyHint()).isEqualTo("from OPENAI_API_KEY");
        assertThat(only().baseUrl()).isEqualTo("https://api.openai.com/v1");

        connections.save(settings("openai", "https://evil.example/v1"), null);
        assertThat(only().keyHint()).isNull();

        environment.put("OPENAI_BASE_URL", "https://evil.example/v9");
        assertThat(only().keyHint()).isEqualTo("from OPENAI_API_KEY");

        configurations.stored.clear();
        configurations.stored.put(
                "other", new Hashtable<>(Map.of("name", "other", "baseUrl", "https://evil.example/v9")));
        assertThat(only().keyHint()).isNull();
    }

    @Test
    void theDefaultAddressStaysTheDefault() {
        environment.put("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
        configurations.stored.put("openai", new Hashtable<>(Map.of("name", "openai", "title", "OpenAI")));
        connections.save(only(), KEY);

        assertThat(configurations.stored.get("openai").get("baseUrl")).isEqualTo("");
        assertThat(configurations.stored.get("openai").get("title")).isEqualTo("OpenAI");
        environment.remove("OPENAI_BASE_URL");
        assertThat(only().baseUrl()).isEqualTo("https://api.openai.com/v1");
        assertThat(only().keyHint()).as("it was given for another origin").isNull();
    }

    @Test
    void removesAConnectionWithItsKey() {
        connections.save(settings("a", "https://x.example/v1"), KEY);
        connections.remove("a");
        connections.remove("a");

        assertThat(connections.connections()).isEmpty();
        assertThat(secrets.values).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "Big, https://x/v1, name",
        "'', https://x/v1, name",
        "a, ftp://x/v1, baseUrl",
        "a, //x/v1, baseUrl",
        "a, https://u:p@x/v1, baseUrl",
        "a, https://x/v1?key=1, baseUrl",
        "a, https://x/v1#a, baseUrl",
        "a, 'https://x y/v1', baseUrl",
        "a, '', baseUrl",
        "openai, ' ', baseUrl",
        "demo, https://x/v1, name",
        "a, http://169.254.169.254/latest, baseUrl",
        "a, http://169.254.0.1:8000/v1, baseUrl",
        "a, http://169.254.169.254./v1, baseUrl",
        "a, http://2852039166/v1, baseUrl",
        "a, http://0xA9FEA9FE/v1, baseUrl",
        "a, http://0xa9.0xfe.0xa9.0xfe/v1, baseUrl",
        "a, http://0251.0376.0251.0376/v1, baseUrl",
        "a, http://169.254.43518/v1, baseUrl",
        "a, 'http://[fe80::1]/v1', baseUrl",
        "a, 'http://[fe80::1%25eth0]/v1', baseUrl",
        "a, 'http://[febf::1]/v1', baseUrl",
        "a, 'http://[fd00:ec2::254]/v1', baseUrl",
        "a, 'http://[::ffff:169.254.169.254]/v1', baseUrl",
        "a, 'http://[::ffff:a9fe:a9fe]/v1', baseUrl",
        "a, 'http://[64:ff9b::a9fe:a9fe]/v1', baseUrl"
    })
    void refusesWhatIsWrongInOneLineThatNamesIt(String name, String baseUrl, String key) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connections.save(settings(name, baseUrl), null))
                .withMessageStartingWith(key + ": ")
                .withMessageNotContaining("\n")
                .withMessageNotContaining("u:p");
        assertThat(configurations.stored).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"Authorization, x", "Host, x", "'a b', x", "X-A, 'a\nb'"})
    void refusesHeadersThatAreNotTheUsers(String name, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connections.save(
                        new ConnectionSettings("a", "openai", "https://x/v1", Map.of(name, value), null), null))
                .withMessageStartingWith("headers: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:11434/v1",
                "http://10.0.0.5/v1",
                "http://[::1]:8000/v1",
                "http://[fd00::1]/v1",
                "http://169.253.1.1/v1",
                "http://169254.example/v1"
            })
    void takesAddressesOfHomes(String baseUrl) {
        connections.save(settings("a", baseUrl), null);

        assertThat(only().baseUrl()).isEqualTo(baseUrl);
    }

    @Test
    void keepsWhatIsSaidOfItsModels() {
        var said = new ConnectionSettings(
                "a",
                "openai",
                "http://127.0.0.1:1/v1",
                Map.of(),
                null,
                List.of("one", "two"),
                8192,
                new Prices(1.5, 3, 0.5),
                new Inputs(true, false, true),
                "native");
        connections.save(said, null);

        assertThat(only()).isEqualTo(said);
        connections.save(settings("a", "http://127.0.0.1:1/v1"), null);
        assertThat(only()).isEqualTo(settings("a", "http://127.0.0.1:1/v1"));
    }

    @Test
    void keepsHeaders() {
        connections.save(
                new ConnectionSettings("a", "openai", "https://x/v1", Map.of("X-A", "1: 2", "X-B", ""), null), null);

        assertThat(only().headers()).isEqualTo(Map.of("X-A", "1: 2", "X-B", ""));
    }

    @Test
    void saysWhenAKeyCannotBeKept() {
        connections.unbindSecrets(secrets);

        assertThatThrownBy(() -> connections.save(settings("a", "https://x/v1"), KEY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("secret store is not running")
                .hasMessageNotContaining("CANARY");
    }
}
