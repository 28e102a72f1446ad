package org.rungpt.store.sqlite;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore.Change;

/** A process that writes until it is killed, and says what was acknowledged. */
final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 1 && arguments[1].equals("migrate")) {
            System.out.println("begins");
            SqliteStore migrated = Stores.open(Path.of(arguments[0]));
            System.out.println("done " + migrated.readiness().ready());
            System.exit(0);
        }
        SqliteStore store = Stores.open(Path.of(arguments[0]));
        if (arguments.length > 1 && arguments[1].equals("copy")) {
            store.backUp(Path.of(arguments[2]));
            System.exit(0);
        }
        if (arguments.length > 1) {
            System.out.println(store.readiness().ready() + " " + tryToRead(store));
            System.exit(0);
        }
        PrintStream out = System.out;
        for (int t = 0; t < 4; t++) {
            String own = "own" + t;
            if (store.find(own).isEmpty()) {
                store.create(Stores.conversation(own));
            }
        }
        if (store.find("all").isEmpty()) {
            store.create(Stores.conversation("all"));
        }
        for (int t = 0; t < 4; t++) {
            String own = "own" + t;
            new Thread(() -> {
                        try {
                            for (int i = 0; ; i++) {
                                tell(out, store.append(own, List.of(Stores.event("a" + i)), Change.NONE));
                                tell(
                                        out,
                                        store.append(
                                                "all",
                                                List.of(Stores.event("b" + i), Stores.event("x".repeat(i % 5000))),
                                                Change.NONE));
                            }
                        } catch (Exception e) {
                            out.println("failed " + e);
                        }
                    })
                    .start();
        }
    }

    private static String tryToRead(SqliteStore store) {
        try {
            return "read " + store.busy().size();
        } catch (org.rungpt.api.store.StoreException e) {
            return e.kind() + " " + e.getMessage();
        }
    }

    private static void tell(PrintStream out, List<ConversationEvent> acknowledged) {
        ConversationEvent last = acknowledged.get(acknowledged.size() - 1);
        synchronized (out) {
            out.println("ack " + last.conversation() + " " + last.seq() + " "
                    + last.data().hashCode() + " .");
            out.flush();
        }
    }
}
