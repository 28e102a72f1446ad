package org.rungpt.store.sqlite;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Databases as earlier versions wrote them. */
final class Schemas {
    private Schemas() {}

    /** Schema 1, with one conversation {@code c1}. */
    static void first(Path directory, int messages) throws Exception {
        Files.createDirectories(directory);
        String script;
        try (var in = Schema.class.getResourceAsStream("schema/1.sql")) {
            script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        Database database = Database.open(directory, new Schema(List.of(script)), Clock.systemUTC());
        database.write(session -> {
            session.update(
                    "insert into conversation values (1, 'c1', 'Old title', 0, 0, 'IDLE', 'm', 'tags', ?)", messages);
            for (long seq = 1; seq <= messages; seq++) {
                session.update("insert into event values (1, ?, 0, 'message.user', '{}')", seq);
            }
            return true;
        });
        database.close();
    }
}
