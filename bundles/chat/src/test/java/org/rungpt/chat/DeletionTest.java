package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.store.StoreException;

/** Whether what is deleted is gone, and who is told when it is not. */
final class DeletionTest {
    private final House house = new House();
    private final LeftFiles files = new LeftFiles();

    @BeforeEach
    void open() {
        house.services.artifacts.add(files, Map.of());
    }

    @AfterEach
    void close() {
        house.close();
    }

    private String said(String answer) throws Exception {
        house.model.script((n, it) -> it.say(n == 1 ? answer : "done").end());
        String id = house.say("go");
        house.awaitTurns(id, 1);
        return id;
    }

    @Test
    void aDiskThatDoesNotLetTheLogGoLeavesTheConversationWhole() throws Exception {
        String id = said("Fine.");
        house.store.failDelete(StoreException.Kind.BROKEN);
        ChatException refused = catchThrowableOfType(ChatException.class, () -> house.chat.delete(id));
        assertThat(refused.kind()).isEqualTo(ChatException.Kind.UNAVAILABLE);
        assertThat(house.disk.conversations).containsKey(id);
        assertThat(files.deleted).isEmpty();
        assertThat(house.sandboxes.released).isEmpty();
        assertThat(house.listener.deleted).isEmpty();

        house.store.failDelete(null);
        house.chat.delete(id);
        assertThat(house.disk.conversations).doesNotContainKey(id);
        assertThat(files.deleted).containsExactly(id);
        assertThat(house.sandboxes.released).containsExactly(id);
        assertThat(house.disk.settings).isEmpty();
    }

    @Test
    void aWorkspaceThatIsLeftIsToldAndGoesLater() throws Exception {
        String id = said("@call 1 fs.read {\"path\":\"a\"}\n");
        house.runner.kept = new RunnerException(RunnerException.Kind.UNAVAILABLE, "Docker is not running.");
        ChatException left = catchThrowableOfType(ChatException.class, () -> house.chat.delete(id));
        assertThat(left).hasMessageContaining("its workspace is left: Docker is not running.");
        assertThat(left).hasMessageContaining("by itself").hasMessageNotContaining("\n");
        assertThat(house.disk.conversations).doesNotContainKey(id);
        assertThat(house.listener.deleted).containsExactly(id);

        house.kill();
        try (House second = new House(house.disk, house.sandboxes, ChatLimits.DEFAULT)) {
            second.services.artifacts.add(new LeftFiles(), Map.of());
            long end = System.nanoTime() + 30_000_000_000L;
            while (!second.disk.settings.isEmpty() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            assertThat(second.disk.settings).isEmpty();
            assertThat(second.sandboxes.released).contains(id);
        }
    }

    @Test
    void aConversationThatCannotBeOpenedAsAskedLeavesNothing() {
        var opening = new Opening(
                null,
                null,
                List.of(new Opening.Said(
                        Opening.Role.USER, "See?", List.of(new ContentPart.Image("image/png", "no Base64!")))));
        ChatException refused = catchThrowableOfType(ChatException.class, () -> house.chat.open(opening));
        assertThat(refused.kind()).isEqualTo(ChatException.Kind.INVALID);
        assertThat(refused).hasMessage("a picture is no Base64");
        assertThat(house.disk.conversations).isEmpty();
        assertThat(files.deleted).hasSize(1);
        assertThat(house.disk.settings).isEmpty();
    }

    @Test
    void aModelThatThereIsNotIsNotFound() {
        String known = house.model.name() + "/nope";
        for (String model : List.of(known, "nowhere/x")) {
            ChatException refused = catchThrowableOfType(ChatException.class, () -> house.chat.create(model));
            assertThat(refused.kind()).as(model).isEqualTo(ChatException.Kind.NOT_FOUND);
        }
        assertThat(house.disk.conversations).isEmpty();
    }

    @Test
    void anEngineThatIsAwayIsNotMissedWhereNothingRan() throws Exception {
        String id = said("Fine.");
        house.runner.kept = new RunnerException(RunnerException.Kind.UNAVAILABLE, "Docker is not running.");
        house.chat.delete(id);
        assertThat(house.disk.settings).as("it is tried again").hasSize(1);
    }

    @Test
    void filesThatAreLeftAreToldAndRepeatingGoesOn() throws Exception {
        String id = said("Fine.");
        files.failure = "objects/ab: read-only file system";
        assertThat(catchThrowableOfType(ChatException.class, () -> house.chat.delete(id)))
                .hasMessageContaining("files of its calls are left: objects/ab");
        files.failure = null;
        house.chat.delete(id);
        assertThat(files.deleted).containsExactly(id);
        assertThat(house.disk.settings).isEmpty();
    }
}
