package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.files.Directories;
import org.rungpt.files.PrivateFiles;

/**
 * The journal of one workspace on the host's disk, where no sandbox reaches: a document for each call that changed something, in
 * order, and contents by their hash. What the workspace holds is the fold of the documents. One thread at a time.
 */
final class JournalFiles {
    /** Contents of larger files are not kept. */
    static final long LARGEST = 8L << 20;

    /** So much is kept of a workspace in all; beyond it the oldest gives way. */
    static final long LARGEST_IN_ALL = 512L << 20;

    private final Path directory;
    private final Path objects;
    private final NavigableMap<String, JournalEntry> now = new TreeMap<>();
    private final Map<String, Path> records = new HashMap<>();
    /** What no record names yet. */
    private final Set<String> fresh = new HashSet<>();

    private final long most;
    private int last;
    private long kept;

    private JournalFiles(Path directory, long most) {
        this.directory = directory;
        this.most = most;
        this.objects = directory.resolve("objects");
    }

    static Path of(Path data, String conversation) {
        return data.resolve("journal").resolve(conversation);
    }

    /** From now on everything that happens to the workspace is recorded: it is empty. */
    static void begin(Path data, String conversation) throws IOException {
        PrivateFiles.makeDirectories(of(data, conversation).resolve("objects"));
    }

    static boolean hasBegun(Path data, String conversation) {
        return Files.isDirectory(of(data, conversation).resolve("objects"));
    }

    /** @param most bytes of contents that are kept */
    static JournalFiles open(Path data, String conversation, long most) throws IOException {
        begin(data, conversation);
        var files = new JournalFiles(of(data, conversation), most);
        List<Path> documents;
        try (Stream<Path> all = Files.list(files.directory)) {
            documents = all.filter(file -> file.getFileName().toString().endsWith(".json"))
                    .sorted(Comparator.comparing(Path::getFileName))
                    .toList();
        }
        for (Path document : documents) {
            JournalRecord record = read(document);
            files.last = Integer.parseInt(document.getFileName().toString().substring(0, 8));
            files.apply(record, document);
        }
        files.kept = size(files.objects);
        return files;
    }

    private static long size(Path objects) throws IOException {
        long size = 0;
        try (Stream<Path> all = Files.list(objects)) {
            for (Path object : all.toList()) {
                size += Files.size(object);
            }
        }
        return size;
    }

    /** How many bytes of contents are kept of each conversation, the longest unused first. */
    static Map<String, Long> sizes(Path data) throws IOException {
        Path all = data.resolve("journal");
        if (!Files.isDirectory(all)) {
            return Map.of();
        }
        List<Path> begun;
        try (Stream<Path> each = Files.list(all)) {
            begun = each.filter(one -> Files.isDirectory(one.resolve("objects")))
                    .toList();
        }
        Map<Path, FileTime> used = new HashMap<>();
        for (Path one : begun) {
            used.put(one, Files.getLastModifiedTime(one));
        }
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (Path one : begun.stream().sorted(Comparator.comparing(used::get)).toList()) {
            sizes.put(one.getFileName().toString(), size(one.resolve("objects")));
        }
        return sizes;
    }

    private static JournalRecord read(Path document) throws IOException {
        return JournalRecord.read(ServiceLink.JSON.readTree(Files.readAllBytes(document)));
    }

    private void apply(JournalRecord record, Path document) {
        record.changes().forEach((path, change) -> {
            if (change.after() == null) {
                now.remove(path);
            } else {
                now.put(path, change.after());
            }
        });
        records.put(record.id(), document);
    }

    /** What the workspace holds, as far as it was recorded. */
    NavigableMap<String, JournalEntry> now() {
        return now;
    }

    void add(JournalRecord record) throws IOException {
        Path document = directory.resolve("%08d.json".formatted(++last));
        PrivateFiles.replace(document, ServiceLink.JSON.writeValueAsBytes(record.json()));
        apply(record, document);
        fresh.clear();
    }

    @Nullable
    JournalRecord find(String id) throws IOException {
        Path document = records.get(id);
        return document == null ? null : read(document);
    }

    boolean has(@Nullable String hash) {
        return hash != null && isHash(hash) && Files.exists(objects.resolve(hash));
    }

    /** How many bytes of contents are kept. */
    long kept() {
        return kept;
    }

    /** Whether the content of a file may be kept; what was kept for longest gives way to it. */
    boolean makeRoomFor(long size) throws IOException {
        if (size > LARGEST || size > most) {
            return false;
        }
        if (kept + size > most) {
            // More than is needed now, so that this is not done for each file.
            giveUp(kept + size - most + most / 8);
        }
        return kept + size <= most;
    }

    /** Gives up contents, of as many bytes if there are: first what no record names, then what is longest unused, last what lies in the workspace. */
    void giveUp(long bytes) throws IOException {
        Set<String> order = new LinkedHashSet<>();
        try (Stream<Path> all = Files.list(objects)) {
            all.forEach(object -> order.add(object.getFileName().toString()));
        }
        for (Path document : records.values().stream().sorted().toList()) {
            for (JournalRecord.Change change : read(document).changes().values()) {
                toEnd(order, change.before());
                toEnd(order, change.after());
            }
        }
        now.values().forEach(entry -> toEnd(order, entry));
        order.removeAll(fresh);
        long left = bytes;
        for (String hash : order) {
            if (left <= 0) {
                break;
            }
            Path object = objects.resolve(hash);
            long size = Files.size(object);
            Files.delete(object);
            kept -= size;
            left -= size;
        }
    }

    private static void toEnd(Set<String> order, @Nullable JournalEntry entry) {
        String hash = entry == null ? null : entry.hash();
        if (hash != null && order.remove(hash)) {
            order.add(hash);
        }
    }

    /** There may be thousands of them at once: the disk is not waited for, what the machine's end tore is found out by its hash. */
    void keep(String hash, byte[] content) throws IOException {
        Path next = directory.resolve("object.new");
        Files.deleteIfExists(next);
        PrivateFiles.makeFile(next);
        Files.write(next, content);
        Files.move(next, objects.resolve(hash), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        kept += content.length;
        fresh.add(hash);
    }

    /** @return null if it was not kept */
    byte @Nullable [] content(@Nullable String hash) throws IOException {
        try {
            byte[] content = hash == null || !isHash(hash) ? null : Files.readAllBytes(objects.resolve(hash));
            return content == null || !hash(content).equals(hash) ? null : content;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Only hashes become names of files. */
    private static boolean isHash(String hash) {
        return hash.matches("[0-9a-f]{64}");
    }

    static String hash(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Calls that may be changing something: what a crash left unrecorded is theirs. Cheap, and not safe against the machine's end. */
    void pending(Set<String> calls) throws IOException {
        Path file = directory.resolve("pending");
        if (calls.isEmpty()) {
            Files.deleteIfExists(file);
        } else {
            Files.write(file, calls);
        }
    }

    Set<String> pending() throws IOException {
        try {
            return new LinkedHashSet<>(Files.readAllLines(directory.resolve("pending")));
        } catch (NoSuchFileException e) {
            return Set.of();
        }
    }

    static void delete(Path data, String conversation) throws IOException {
        Directories.delete(of(data, conversation));
    }
}
