package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Databases as earlier versions wrote them. */
final class Schemas {
    private Schemas() {}

    /** The scripts up to a version. */
    static List<String> scripts(int version) throws IOException {
        List<String> scripts = new ArrayList<>();
        for (int i = 1; i <= version; i++) {
            try (var in = Schema.class.getResourceAsStream("schema/" + i + ".sql")) {
                scripts.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return scripts;
    }

    /** Schema 1, with one conversation {@code c1}. */
    static void first(Path directory, int messages) throws Exception {
        write(directory, 1, session -> {
            session.update(
                    "insert into conversation values (1, 'c1', 'Old title', 0, 0, 'IDLE', 'm', 'tags', ?)", messages);
            return messages(session, messages);
        });
    }

    /** Schema 2, with one conversation {@code c1}; its title and its first message were indexed as they are. */
    static void second(Path directory, int messages) throws Exception {
        write(directory, 2, session -> {
            session.update(
                    "insert into conversation values (1, 'c1', '旧的标题', 0, 0, 'IDLE', 'm', 'tags', ?, null, 0, 1, 0, 1)",
                    messages);
            session.update("insert into searchable values (1, 1, 0), (2, 1, 1)");
            session.update("insert into search (rowid, text) values (1, '旧的标题'), (2, '你好世界,我们开始 now')");
            return messages(session, messages);
        });
    }

    private static boolean messages(Session session, int messages) throws SQLException {
        for (long seq = 1; seq <= messages; seq++) {
            session.update("insert into event values (1, ?, 0, 'message.user', '{}')", seq);
        }
        return true;
    }

    private static void write(Path directory, int version, Work<Boolean> work) throws Exception {
        Files.createDirectories(directory);
        Database database = Database.open(directory, new Schema(scripts(version)), Clock.systemUTC());
        database.write(work);
        database.close();
    }
}
