package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationArchive.Entry;
import org.rungpt.api.store.ConversationArchive.Hit;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.api.store.ConversationArchive.Origin;
import org.rungpt.api.store.ConversationArchive.Range;
import org.rungpt.api.store.ConversationArchive.Which;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.ConversationStore.NewEvent;
import org.rungpt.api.store.StoreException;
import org.sqlite.ProgressHandler;

final class ArchiveTest {
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

    private void say(String conversation, String... texts) throws Exception {
        if (store.find(conversation).isEmpty()) {
            store.create(Stores.conversation(conversation));
        }
        for (String text : texts) {
            store.append(conversation, List.of(new NewEvent("message.user", "{}", text)), Change.NONE);
        }
    }

    @Test
    void findsWordsPrefixesAndPhrasesAndMarksThem() throws Exception {
        say("c1", "The quick brown föx jumps", "another line");
        assertThat(store.search("quick fox", 10)).hasSize(1);
        Hit hit = store.search("\"brown fox\"", 10).get(0);
        assertThat(hit.seq()).isEqualTo(1);
        Range first = hit.ranges().get(0);
        assertThat(hit.snippet().substring(first.start(), first.end())).isEqualTo("brown föx");
        assertThat(store.search("jum", 10)).hasSize(1);
        assertThat(store.search("\"fox brown\"", 10)).isEmpty();
        assertThat(store.search("title", 10)).extracting(Hit::seq).containsExactly(0L);
    }

    private static List<String> marked(Hit hit) {
        return hit.ranges().stream()
                .map(range -> hit.snippet().substring(range.start(), range.end()))
                .toList();
    }

    @Test
    void aSnippetIsShortHoweverLongItsWordsAre() throws Exception {
        say("c1", "needle" + "x".repeat(200_000), "y".repeat(200_001) + " needle " + "\ud801\udc37".repeat(100_000));
        List<Hit> hits = store.search("needle", 10);
        assertThat(hits).hasSize(2).allSatisfy(hit -> {
            assertThat(hit.snippet()).hasSizeBetween(250, 310);
            assertThat(hit.snippet().codePoints()).noneMatch(c -> c >= 0xd800 && c <= 0xdfff);
        });
        assertThat(marked(hits.get(0))).containsExactly("needle");
        assertThat(marked(hits.get(1))).containsExactly("needle" + "x".repeat(294));
        say("c2", "\ud801\udc37".repeat(50) + "y".repeat(150) + " needle " + "z".repeat(300));
        Hit odd = store.search("needle", 1).get(0);
        assertThat(odd.snippet()).startsWith(" … y").endsWith("z … ");
        assertThat(marked(odd)).containsExactly("needle");
    }

    @Test
    void findsWordsInScriptsWithoutSpaces() throws Exception {
        say("c1", "你好世界,我们用Java编程", "サーバーをさいきどう", "เราชอบกินข้าว", "\ud840\udc0b字 and words");
        for (String query : List.of("世界", "你好", "编程", "Java编", "サーバ", "さいき", "กินข้าว", "\ud840\udc0b字")) {
            Hit hit = store.search(query, 10).get(0);
            assertThat(marked(hit)).as(query).containsExactly(query);
            assertThat(hit.snippet()).as(query).doesNotContain("\u0004");
        }
        say("c3", "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳");
        assertThat(store.search("玄黄", 10).get(0).snippet()).hasSize(32);
        assertThat(store.search("世 程", 10)).hasSize(1);
        assertThat(store.search("界世", 10)).isEmpty();
        assertThat(store.search("世编", 10)).isEmpty();
        assertThat(store.search("Java", 10)).hasSize(1);

        store.append("c1", List.of(), new Change(null, "关于搜索", null, null));
        assertThat(store.search("搜索", 10)).extracting(Hit::seq).containsExactly(0L);
        store.branch(Stores.conversation("c2"), new Origin("c1", 4));
        store.delete("c1");
        Hit left = store.search("世界", 10).get(0);
        assertThat(left.snippet()).isEqualTo("你好世界,我们用Java编程");
        assertThat(marked(left)).containsExactly("世界");
    }

    @Test
    void whateverIsTypedIsNoOperatorOfTheIndex() throws Exception {
        say("c1", "a AND b");
        for (String query :
                List.of("\"", "*", "AND", "a AND", "text:a", "NEAR(", "-a", "a^2", "(", "'", "\0", "{a b}: x", "\"a")) {
            assertThat(store.search(query, 10).size()).as(query).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void labelsAreKeptAndFiltered() throws Exception {
        say("c1", "x");
        say("c2", "x");
        store.label("c1", before -> new Labels(true, false, List.of("work", "home")));
        store.label("c2", before -> new Labels(false, true, List.of("work")));
        assertThat(ids(store.list(Which.CURRENT, null, null, 10))).containsExactly("c1");
        assertThat(ids(store.list(Which.ARCHIVED, null, null, 10))).containsExactly("c2");
        assertThat(ids(store.list(Which.PINNED, null, null, 10))).containsExactly("c1");
        assertThat(ids(store.list(Which.ALL, "work", null, 10))).containsExactly("c2", "c1");
        assertThat(store.entry("c1").orElseThrow().labels().tags()).containsExactly("home", "work");
    }

    @Test
    void changesOfLabelsAtTheSameTimeAreAllKept() throws Exception {
        say("c1", "x");
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            String tag = "tag" + i;
            all.add(CompletableFuture.runAsync(() -> {
                try {
                    store.label("c1", before -> {
                        List<String> tags = new ArrayList<>(before.tags());
                        tags.add(tag);
                        return new Labels(before.pinned(), before.archived(), tags);
                    });
                } catch (StoreException e) {
                    throw new CompletionException(e);
                }
            }));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(1, TimeUnit.MINUTES);
        assertThat(store.entry("c1").orElseThrow().labels().tags()).hasSize(15);
        assertThat(store.label("c1", before -> new Labels(true, false, before.tags()))
                        .labels())
                .isEqualTo(store.entry("c1").orElseThrow().labels());
        assertThatThrownBy(() -> store.label("c1", before -> new Labels(false, false, List.of(""))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(store.entry("c1").orElseThrow().labels().pinned()).isTrue();
    }

    @Test
    void aVersionHasTheLabelsOfWhatItCameFrom() throws Exception {
        say("c1", "one", "two");
        var labels = new Labels(true, true, List.of("home", "work"));
        store.label("c1", before -> labels);
        store.branch(Stores.conversation("c2"), new Origin("c1", 1));
        assertThat(store.entry("c2").orElseThrow().labels()).isEqualTo(labels);
        store.label("c2", before -> Labels.NONE);
        assertThat(store.entry("c1").orElseThrow().labels()).isEqualTo(labels);
    }

    @Test
    void branchesShareABeginningAndOutliveWhatTheyCameFrom() throws Exception {
        say("c1", "one", "two", "three");
        store.branch(Stores.conversation("c2"), new Origin("c1", 2));
        say("c2", "four");
        store.branch(Stores.conversation("c3"), new Origin("c2", 1));
        assertThat(store.events("c2", 0, 10)).extracting(ConversationEvent::seq).containsExactly(1L, 2L, 3L);
        assertThat(store.events("c2", 2, 10)).hasSize(1);
        assertThat(store.find("c3").orElseThrow().lastSeq()).isEqualTo(1);
        assertThat(ids(store.family("c3"))).containsExactly("c1", "c2", "c3");
        List<ConversationEvent> before = store.events("c2", 0, 10);

        store.delete("c1");
        assertThat(store.events("c2", 0, 10)).isEqualTo(before);
        assertThat(store.events("c3", 0, 10)).hasSize(1);
        assertThat(store.search("three", 10)).isEmpty();
        assertThat(store.search("one", 10)).isNotEmpty();
        store.delete("c2");
        assertThat(store.events("c3", 0, 10)).hasSize(1);
        assertThat(store.entry("c3").orElseThrow().origin()).isNull();
        assertThat(store.check()).isEmpty();
    }

    @Test
    void whatHappenedBeforeKeepsItsTimeAndCanBeReadOnFrom() throws Exception {
        Instant then = Instant.parse("2021-02-03T04:05:06.789Z");
        for (String id : List.of("c1", "c2", "c3")) {
            store.create(Stores.conversation(id));
            store.append(id, List.of(new NewEvent("message.user", "{}", null, then)), Change.NONE);
            assertThat(store.events(id, 0, 10))
                    .extracting(ConversationEvent::at)
                    .containsExactly(then);
        }
        List<String> seen = new ArrayList<>();
        Instant before = null;
        for (List<Entry> page = store.list(Which.ALL, null, before, 1);
                !page.isEmpty();
                page = store.list(Which.ALL, null, before, 1)) {
            seen.addAll(ids(page));
            before = page.get(0).conversation().updated();
        }
        assertThat(seen).containsExactly("c3", "c2", "c1");
        assertThat(before).isEqualTo(then);
    }

    @Test
    void manyThatWereUpdatedAtTheSameTimeAreTakenWithLittleWork() throws Exception {
        Instant then = Instant.parse("2021-02-03T04:05:06Z");
        var event = new NewEvent("message.user", "{}", null, then);
        Database database = Database.open(directory.resolve("many"), Schema.current(), Clock.systemUTC());
        try {
            var work = new AtomicInteger();
            database.write(session -> {
                // Ends what does more than 20 million steps of SQLite.
                ProgressHandler.setHandler(session.prepare("select 1").getConnection(), 1000, new ProgressHandler() {
                    @Override
                    protected int progress() {
                        return work.incrementAndGet() > 20_000 ? 1 : 0;
                    }
                });
                for (int i = 0; i < 10_000; i++) {
                    ConversationSql.create(session, Stores.conversation("c" + i));
                    ConversationSql.append(session, "c" + i, List.of(event), Change.NONE, Instant.now());
                }
                return true;
            });
            assertThat(database.<Integer>read(
                            session -> session.number("select count(distinct updated) from conversation")))
                    .isEqualTo(10_000);
            assertThat(database.<String>read(
                            session -> session.text("select max(updated) - min(updated) from conversation")))
                    .isEqualTo("9999000");
        } finally {
            database.close();
        }
    }

    @Test
    void whoReadsABranchWhileItsOriginIsDeletedReadsEachEventOnce() throws Exception {
        List<NewEvent> many = Collections.nCopies(5000, new NewEvent("message.user", "{}"));
        for (int round = 0; round < 5; round++) {
            String origin = "origin" + round;
            String branch = "branch" + round;
            store.create(Stores.conversation(origin));
            store.append(origin, many, Change.NONE);
            store.branch(Stores.conversation(branch), new Origin(origin, 5000), many.subList(0, 10));
            var begun = new CountDownLatch(1);
            var deleted = new AtomicBoolean();
            CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
                try {
                    for (boolean last = false; !last; begun.countDown()) {
                        last = deleted.get();
                        List<ConversationEvent> events = store.events(branch, 0, 10_000);
                        assertThat(events).hasSize(5010);
                        assertThat(events.get(5009).seq()).isEqualTo(5010);
                    }
                } catch (StoreException e) {
                    throw new CompletionException(e);
                }
            });
            begun.await(1, TimeUnit.MINUTES);
            store.delete(origin);
            deleted.set(true);
            reading.get(1, TimeUnit.MINUTES);
        }
    }

    private void secret(String conversation) throws Exception {
        say(conversation, "secretcanaryword is here");
        store.append(
                conversation, List.of(new NewEvent("message.user", "{\"text\":\"secretcanaryword\"}")), Change.NONE);
    }

    private List<String> filesWithTheSecret() throws IOException {
        List<String> found = new ArrayList<>();
        try (var files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.readString(file, StandardCharsets.ISO_8859_1).contains("secretcanaryword")) {
                    found.add(file.getFileName().toString());
                }
            }
        }
        return found;
    }

    @Test
    void aBranchComesWithItsFirstEventsOrNotAtAll() throws Exception {
        say("c1", "one", "two");
        var notice = new NewEvent("message.notice", "{\"text\":\"a branch\"}", "a branch");
        store.branch(Stores.conversation("c2"), new Origin("c1", 1), List.of(notice));
        assertThat(store.events("c2", 0, 10)).extracting(ConversationEvent::seq).containsExactly(1L, 2L);
        assertThat(store.find("c2").orElseThrow().lastSeq()).isEqualTo(2);
        assertThat(store.search("branch", 10)).hasSize(1);
        assertThat(catchThrowable(() -> store.branch(Stores.conversation("c3"), new Origin("c1", 9), List.of(notice))))
                .hasMessageContaining("no event 9");
        assertThat(store.find("c3")).isEmpty();
        assertThat(store.check()).isEmpty();
    }

    @Test
    void whatIsDeletedIsInNoFileAnyMoreWhileTheStoreIsOpen() throws Exception {
        secret("c1");
        secret("c2");
        assertThat(filesWithTheSecret()).isNotEmpty();
        store.delete("c1");
        store.delete("c2");
        assertThat(store.search("secretcanaryword", 10)).isEmpty();
        assertThat(filesWithTheSecret()).isEmpty();
    }

    @Test
    void whoeverReadsForLongIsToldOfAndWhatIsLeftGoesWhenThatEnds() throws Exception {
        secret("c1");
        try (Session reader = Session.open(directory.resolve("conversations.db"))) {
            reader.execute("begin");
            reader.number("select count(*) from event");
            assertThat(catchThrowable(() -> store.delete("c1")))
                    .hasMessageContaining("conversations.db-wal")
                    .hasMessageContaining("goes by itself")
                    .hasMessageNotContaining("\n");
            assertThat(store.find("c1")).isEmpty();
            assertThat(filesWithTheSecret()).isNotEmpty();
            reader.execute("commit");
        }
        long end = System.nanoTime() + 20_000_000_000L;
        while (!filesWithTheSecret().isEmpty() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(filesWithTheSecret()).isEmpty();
    }

    @Test
    @DisplayName("F.70 a database of schema 1 with 10,000 messages becomes searchable; the copy of before is kept")
    void migratesTheFirstSchema() throws Exception {
        store.close();
        Path old = directory.resolve("old");
        Schemas.first(old, 10_000);
        store = Stores.open(old);
        assertThat(store.events("c1", 9_999, 10)).hasSize(1);
        assertThat(store.search("old", 10)).hasSize(1);
        assertThat(store.unindexed(10)).containsExactly("c1");
        store.index("c1", Map.of(7L, "nightingale"));
        assertThat(store.unindexed(10)).isEmpty();
        assertThat(store.search("nightingale", 10)).extracting(Hit::seq).containsExactly(7L);
        try (var copies = Files.list(old.resolve("backups"))) {
            assertThat(copies).hasSize(1);
        }
    }

    @Test
    @DisplayName("F.70 what schema 2 indexed is indexed anew, titles too; the copy of before is kept")
    void migratesTheSecondSchema() throws Exception {
        store.close();
        Path old = directory.resolve("old");
        Schemas.second(old, 10_000);
        store = Stores.open(old);
        assertThat(store.events("c1", 9_999, 10)).hasSize(1);
        assertThat(store.entry("c1").orElseThrow().labels().pinned()).isTrue();
        assertThat(store.search("now", 10)).hasSize(1);
        assertThat(store.unindexed(10)).containsExactly("c1");
        store.index("c1", Map.of(1L, "你好世界,我们开始 now"));
        assertThat(store.unindexed(10)).isEmpty();
        assertThat(store.search("世界", 10)).extracting(Hit::seq).containsExactly(1L);
        assertThat(store.search("标题", 10)).extracting(Hit::seq).containsExactly(0L);
        assertThat(store.search("now", 10)).hasSize(1);
        assertThat(store.check()).isEmpty();
        try (var copies = Files.list(old.resolve("backups"))) {
            assertThat(copies).singleElement().asString().endsWith("before-schema-3.db");
        }
    }

    @Test
    @DisplayName(
            "F.73 search, list and open stay fast with 100,000 messages, long texts and one of 20 MB; in the long run with 1 GB")
    void staysFast() throws Exception {
        String more = Boolean.getBoolean("rungpt.soak") ? " and so it goes on".repeat(270) : "";
        for (int c = 0; c < 100; c++) {
            store.create(Stores.conversation("c" + c));
            List<NewEvent> events = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                String text = "some common words " + i + more;
                events.add(new NewEvent("message.user", "{\"text\":\"" + text + "\"}", text));
            }
            store.append("c" + c, events, Change.NONE);
        }
        String large = "some common words " + "that are told at length ".repeat(10_000);
        for (int i = 0; i < 50; i++) {
            store.append("c50", List.of(new NewEvent("message.user", "{}", large)), Change.NONE);
        }
        String huge = "{\"text\":\"" + "y".repeat(20_000_000) + "\"}";
        store.append("c50", List.of(new NewEvent("message.user", huge, large)), Change.NONE);
        store.search("warm", 1);
        Duration searched =
                Stores.time(() -> assertThat(store.search("common words", 50)).hasSize(50));
        Duration listed = Stores.time(
                () -> assertThat(store.list(Which.CURRENT, null, null, 100)).hasSize(100));
        Duration opened =
                Stores.time(() -> assertThat(store.events("c50", 0, 10_000)).hasSize(1051));
        assertThat(searched).as("search").isLessThan(Duration.ofSeconds(1));
        assertThat(listed).as("list").isLessThan(Duration.ofMillis(300));
        assertThat(opened).as("open").isLessThan(Duration.ofSeconds(1));
    }

    private static List<String> ids(List<Entry> entries) {
        return entries.stream().map(entry -> entry.conversation().id()).toList();
    }
}
