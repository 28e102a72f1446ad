package org.rungpt.runner.docker;

import com.github.dockerjava.api.exception.ConflictException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes everything of conversations, for ever. Any thread. */
final class Deletion {
    private static final Logger LOG = LoggerFactory.getLogger(Deletion.class);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final long IN_USE_MILLIS = 50;

    private final Roster roster;
    private final Containers containers;
    private final Workspaces workspaces;
    private final Journals journals;
    /** Conversations that are no more: nothing is made for them again. */
    private final Set<String> deleted = ConcurrentHashMap.newKeySet();

    Deletion(Means means, Roster roster, Workspaces workspaces) {
        this.roster = roster;
        this.containers = means.containers();
        this.workspaces = workspaces;
        this.journals = new Journals(means, containers, workspaces, deleted::contains);
    }

    /** What calls changed in workspaces, of conversations that are not deleted. */
    Journals journals() {
        return journals;
    }

    boolean isDeleted(String conversation) {
        return deleted.contains(conversation);
    }

    /**
     * What is being made for the conversation is removed when it is made, and calls that come later are refused. What the engine does
     * not let go of within seconds goes with the next {@link Adoption#tidy}. Blocking.
     */
    void release(String conversation) throws RunnerException {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        String volume = forget(conversation, ends);
        try {
            CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (volume != null) {
                removeWorkspace(volume);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("That a workspace is removed is noted another time: {}", EngineFailures.line(e));
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Something of {} is still being made or removed", conversation);
        } catch (RuntimeException e) {
            throw EngineFailures.wrap(Kind.SANDBOX, "the workspace stays until the engine lets it go", e);
        }
    }

    /**
     * Ends everything of a conversation, notes that it is to be removed, and deletes its journal.
     *
     * @param ends gets what tells when its sandboxes are no more
     * @return the volume of its workspace, if it has one
     */
    @Nullable
    String forget(String conversation, List<CompletableFuture<Void>> ends) throws RunnerException {
        List<Sandbox> its;
        synchronized (roster) {
            // In here, so that no sandbox becomes its own from now on.
            deleted.add(conversation);
            its = roster.allAndLeaving().stream()
                    .filter(sandbox -> conversation.equals(sandbox.conversation()))
                    .toList();
        }
        String volume;
        try {
            volume = workspaces.unbind(conversation);
        } catch (IOException e) {
            throw new RunnerException(Kind.SANDBOX, "the workspace stays: " + EngineFailures.line(e), e);
        } finally {
            its.forEach(sandbox -> ends.add(sandbox.destroy()));
        }
        journals.release(conversation);
        return volume;
    }

    /** A container that is being removed has it a while longer. */
    private void removeWorkspace(String volume) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                containers.removeWorkspace(volume);
                workspaces.removed(volume);
                return;
            } catch (ConflictException e) {
                if (System.nanoTime() > end) {
                    LOG.debug("Workspace {} is still in use", volume);
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(IN_USE_MILLIS);
            }
        }
    }
}
