package org.rungpt.store.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.rungpt.api.store.ConversationStore.Change;

/** Appends a second, each durable: {@code Measure DIRECTORY}. */
final class Measure {
    private Measure() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(arguments[0]), "measure");
        SqliteStore store = Stores.open(directory);
        for (int threads : new int[] {1, 1, 50, 50}) {
            int each = threads == 1 ? 3000 : 400;
            ExecutorService pool = Executors.newFixedThreadPool(threads);
            List<Future<?>> writers = new ArrayList<>();
            String run = System.nanoTime() + "-";
            for (int t = 0; t < threads; t++) {
                store.create(Stores.conversation(run + t));
            }
            long begin = System.nanoTime();
            for (int t = 0; t < threads; t++) {
                String id = run + t;
                writers.add(pool.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        store.append(id, List.of(Stores.event("x".repeat(200))), Change.NONE);
                    }
                    return true;
                }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            System.out.printf("%d threads: %.0f appends/s%n", threads, threads * each / seconds);
            pool.shutdown();
        }
        store.close();
    }
}
