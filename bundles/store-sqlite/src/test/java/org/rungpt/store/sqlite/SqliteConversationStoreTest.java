package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.testkit.ConversationStoreContract;

final class SqliteConversationStoreTest extends ConversationStoreContract {
    @TempDir
    Path directory;

    private SqliteStore store;

    @BeforeEach
    void open() throws IOException {
        store = Stores.open(directory);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Override
    protected ConversationStore store() {
        return store;
    }

    @Override
    protected ConversationStore reopen() throws IOException {
        store.close();
        store = Stores.open(directory);
        return store;
    }
}
