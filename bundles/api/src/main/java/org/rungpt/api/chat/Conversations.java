package org.rungpt.api.chat;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;
import org.rungpt.api.model.Sampling;
import org.rungpt.api.runner.WorkspaceJournal;

/**
 * What can be done with conversations; what there is to read is in the {@link org.rungpt.api.store.ConversationStore}. Every
 * method returns when what it did is durable; turns go on behind it. Any thread.
 */
@ProviderType
public interface Conversations {
    /**
     * Makes a conversation.
     *
     * @param model full id of a model; null for the default one
     * @param protocol id of a protocol; null for the one of the model's connection, or the general one
     * @throws ChatException if no such model or protocol is known
     */
    default Conversation create(@Nullable String model, @Nullable String protocol) throws ChatException {
        return open(new Opening(model, protocol, null, List.of()));
    }

    /** Makes a conversation that uses the protocol of the model's connection, or the general one. */
    default Conversation create(@Nullable String model) throws ChatException {
        return create(model, null);
    }

    /**
     * Makes a conversation that begins with what was said elsewhere.
     *
     * @throws ChatException if no such model is known, or what was said before is too much
     */
    Conversation open(Opening opening) throws ChatException;

    /**
     * Says something and starts a turn. If a turn is under way, the message waits for its end.
     *
     * @param id the message's id, chosen by the caller so that a repeated post is the same message; null to have one made
     * @return the id of the message
     * @param artifacts ids of artifacts of this conversation that go with it: pictures for models that see, files of text
     * @throws ChatException if there is no such conversation or artifact, or the text is empty or too long
     */
    String post(String conversation, @Nullable String id, String text, List<String> artifacts) throws ChatException;

    /** Says something without any file. */
    default String post(String conversation, @Nullable String id, String text) throws ChatException {
        return post(conversation, id, text, List.of());
    }

    /**
     * The same for what another program said: it is text, and calls in it ({@code /run}, {@code {{ }}}) are not made.
     *
     * @param sampling how the model chooses its words in the turn that follows, also in what that turn brings late
     */
    String postText(String conversation, @Nullable String id, String text, List<String> artifacts, Sampling sampling)
            throws ChatException;

    /** Stops the turn that is under way, its model's stream and its calls. Harmless if there is none. */
    void stop(String conversation) throws ChatException;

    /** Goes on after a turn that ended early. Harmless if a turn is under way. */
    void resume(String conversation) throws ChatException;

    /**
     * Decides on a call that waits for approval; exactly what was shown runs, once.
     *
     * @throws ChatException of kind {@code CONFLICT} if this approval is decided already
     */
    void decide(String conversation, String call, Decision decision) throws ChatException;

    /** Cancels one call; its turn goes on and the model is told. */
    void cancel(String conversation, String call) throws ChatException;

    /**
     * Brings the files that a call changed back to what they were before it, and tells the model. Undone the same way, with the id
     * that it gives. Returns when it has ended, however long that takes.
     *
     * @param call id of a call or of an earlier revert
     * @return what was done; without an id, nothing was, and what stands in the way
     * @throws ChatException of kind {@code CONFLICT} while a turn is under way, or if it was done but the conversation cannot say so;
     *     {@code NOT_FOUND} if the call changed nothing that is known
     */
    WorkspaceJournal.Revert revert(String conversation, String call) throws ChatException;

    /** Changes its title, and what it talks to and how calls are written, from the next request on; null leaves as it is. */
    Conversation change(String conversation, @Nullable String title, @Nullable String model, @Nullable String protocol)
            throws ChatException;

    /** Changes its title and what it talks to; null leaves as it is. */
    default Conversation change(String conversation, @Nullable String title, @Nullable String model)
            throws ChatException {
        return change(conversation, title, model, null);
    }

    /**
     * Deletes it with its workspace and everything else. Harmless if there is none; called again, it goes on with what is left.
     *
     * @throws ChatException of kind {@code UNAVAILABLE} if it could not be deleted, and then it is whole; or if something of it is left, which
     *     the message names
     */
    void delete(String conversation) throws ChatException;

    /** The model that new conversations get; empty if no connection is ready. */
    Optional<String> defaultModel();

    /** Sets the model that new conversations get; null goes back to what is configured or ready. */
    void setDefaultModel(@Nullable String model) throws ChatException;
}
