package org.rungpt.model.demo;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.testkit.ModelConnectionContract;

final class DemoModelContractTest extends ModelConnectionContract {
    private final DemoModel demo = new DemoModel(Duration.ofMillis(100), Duration.ofMinutes(1));

    @AfterEach
    void end() {
        demo.deactivate();
    }

    private static ModelRequest request(String model, String prompt) {
        return new ModelRequest(model, List.of(ModelMessage.text(ModelMessage.Role.USER, prompt)), List.of());
    }

    @Override
    protected ModelConnection connection() {
        return demo;
    }

    @Override
    protected ModelRequest answered() {
        return request("demo", Example.TOKYO.prompt());
    }

    @Override
    protected ModelRequest endless() {
        return request("demo", "tell me everything");
    }

    @Override
    protected ModelRequest failing() {
        return request("gpt-5", "x");
    }

    @Override
    protected void stop() {
        demo.deactivate();
    }
}
