package org.rungpt.api.chat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** What can be done with whole conversations: branch, export, import. Any thread; durable on return. */
@ProviderType
public interface Library {
    /** How a conversation is written. */
    enum Format {
        /** For people and programs of text. */
        MARKDOWN,
        /** Everything, to be imported again. */
        JSON,
        /** One page that needs nothing else and runs nothing. */
        HTML
    }

    /**
     * Makes a conversation that shares the beginning of another one. Both are kept.
     *
     * @param message the user's message before which they part, to be said anew in the branch; null to branch after {@code seq}
     * @param seq the last event that both share, between two turns; null for the latest end of a turn. Ignored with a message
     * @throws ChatException of kind {@code CONFLICT} if a turn is under way there
     */
    Conversation branch(String conversation, @Nullable String message, @Nullable Long seq) throws ChatException;

    /** Writes a conversation. Grants, tokens and directories of this machine are not part of it. */
    String export(String conversation, Format format) throws ChatException;

    /**
     * Makes conversations of what {@link #export} wrote as JSON, or of the {@code conversations.json} of a ChatGPT export.
     *
     * Times, labels, model and files come with them, as far as the file has them; nothing of it is ever run.
     *
     * @throws ChatException of kind {@code INVALID} if it is something else; nothing was imported then
     */
    Imported importAll(InputStream json) throws ChatException, IOException;

    /**
     * What came of a file.
     *
     * @param conversations the ids, in the order of the file; of a tree of messages first the path that was shown last, then its branches
     * @param notes what was left out or is other than in the file, one line each
     */
    record Imported(List<String> conversations, List<String> notes) {
        public Imported {
            conversations = List.copyOf(conversations);
            notes = List.copyOf(notes);
        }
    }
}
