package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.Sampling;

/** How words are chosen belongs to a message, and holds for every request that follows from it. */
final class SamplingTest {
    private static final Sampling CHOSEN = new Sampling(100, 0.5, 0.9, -1.0, 1.0, 42L, List.of("END"), "low");

    @Test
    void holdsForEveryStepAndForWhatComesLateUntilTheNextMessage() throws Exception {
        ChatLimits brief = ChatLimits.DEFAULT.withForeground(Duration.ofMillis(20));
        try (House house = new House(new Disk(), new Sandboxes(), brief)) {
            house.sandboxes.behaviour = program -> {};
            String id = house.conversation();
            house.chat.postText(id, null, "go", List.of(), CHOSEN);
            ScriptedModel.Answer first = house.model.next();
            first.say("@call 1 fs.write {\"path\":\"a\"}\n").end();
            ScriptedModel.Answer second = house.model.next();
            second.say("It works.").end();
            house.awaitTurns(id, 1);
            assertThat(house.state(id).sampling()).as("as the log tells it").isEqualTo(CHOSEN);
            house.sandboxes.next().exit(0);
            ScriptedModel.Answer late = house.model.next();
            late.say("Done.").end();
            house.awaitTurns(id, 2);
            assertThat(List.of(first, second, late))
                    .allSatisfy(answer -> assertThat(answer.request.sampling()).isEqualTo(CHOSEN));
            house.chat.post(id, null, "more");
            assertThat(house.model.next().request.sampling()).isEqualTo(Sampling.NONE);
        }
    }
}
