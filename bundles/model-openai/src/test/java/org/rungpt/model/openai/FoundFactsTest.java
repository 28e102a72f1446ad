package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.Prices;

final class FoundFactsTest {
    private final MemoryConfigurations configurations = new MemoryConfigurations();
    private final FoundFacts facts = new FoundFacts(configurations.admin());

    @Test
    void whatIsSaidOfAServerIsKeptForItAloneUntilItIsForgotten() throws Exception {
        ModelFacts said = ModelFacts.checked(
                List.of("a"), 32_000, new Prices(1, 2, null), new Inputs(true, false, true), "native");
        facts.save(LocalServer.OLLAMA, said);
        assertThat(new FoundFacts(configurations.admin()).of(LocalServer.OLLAMA))
                .isEqualTo(said);
        assertThat(facts.of(LocalServer.VLLM)).isEqualTo(ModelFacts.NONE);
        facts.forget(LocalServer.OLLAMA);
        assertThat(facts.of(LocalServer.OLLAMA)).isEqualTo(ModelFacts.NONE);
    }

    @Test
    void whatIsWrittenWronglySaysNothing() {
        configurations.stored.put(
                "ollama", new java.util.Hashtable<>(Map.of("name", "ollama", "contextTokens", "many")));
        assertThat(facts.of(LocalServer.OLLAMA)).isEqualTo(ModelFacts.NONE);
    }
}
