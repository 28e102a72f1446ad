package org.rungpt.source.git;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.rungpt.api.action.ActionException;

/** The files of an action in a commit, checked before one of them is written. */
final class Tree {
    /**
     * A file that may be written.
     *
     * @param path with slashes, below the action's directory
     * @param blob its bytes
     * @param executable its mode
     */
    record File(String path, ObjectId blob, boolean executable) {}

    private final Limits limits;
    private final ObjectReader reader;
    private final List<File> files = new ArrayList<>();
    /** Every path as a file system that knows no case would see it. */
    private final Set<String> folded = new HashSet<>();

    private long bytes;

    private Tree(Limits limits, ObjectReader reader) {
        this.limits = limits;
        this.reader = reader;
    }

    /** @throws ActionException if anything about it is not as it must be; nothing is written then */
    static List<File> check(Repository repository, ObjectId root, Limits limits, Job job)
            throws ActionException, IOException {
        try (ObjectReader reader = repository.newObjectReader();
                var walk = new TreeWalk(reader)) {
            var tree = new Tree(limits, reader);
            walk.reset(root);
            while (walk.next()) {
                job.check();
                tree.add(walk);
            }
            return tree.files;
        }
    }

    private void add(TreeWalk walk) throws ActionException, IOException {
        byte[] raw = walk.getRawPath();
        String path = decode(raw);
        if (walk.getDepth() >= limits.depth()) {
            throw new ActionException(shown(path) + ": lies deeper than " + limits.depth() + " directories");
        }
        if (raw.length > Limits.PATH_BYTES) {
            throw new ActionException(shown(path) + ": the path is longer than " + Limits.PATH_BYTES + " bytes");
        }
        checkName(path, path.substring(path.lastIndexOf('/') + 1));
        if (!folded.add(Normalizer.normalize(path, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT))) {
            throw new ActionException(shown(path) + ": another file differs from it in upper and lower case only");
        }
        FileMode mode = walk.getFileMode(0);
        if (mode == FileMode.TREE) {
            walk.enterSubtree();
        } else if (mode == FileMode.REGULAR_FILE || mode == FileMode.EXECUTABLE_FILE) {
            addFile(path, walk.getObjectId(0), mode == FileMode.EXECUTABLE_FILE);
        } else if (mode == FileMode.SYMLINK) {
            throw new ActionException(shown(path) + ": is a symbolic link: actions hold regular files only");
        } else if (mode == FileMode.GITLINK) {
            throw new ActionException(shown(path) + ": is a submodule: actions hold all their files themselves");
        } else {
            throw new ActionException(shown(path) + ": has the mode " + Integer.toOctalString(mode.getBits())
                    + ": actions hold regular files only");
        }
    }

    private void addFile(String path, ObjectId blob, boolean executable) throws ActionException, IOException {
        if (files.size() >= limits.files()) {
            throw new ActionException("it has more than " + limits.files() + " files");
        }
        long size = reader.getObjectSize(blob, Constants.OBJ_BLOB);
        if (size > limits.fileBytes()) {
            throw new ActionException(shown(path) + ": is larger than " + mib(limits.fileBytes()));
        }
        bytes += size;
        if (bytes > limits.totalBytes()) {
            throw new ActionException("its files are larger than " + mib(limits.totalBytes()) + " together");
        }
        files.add(new File(path, blob.copy(), executable));
    }

    private static void checkName(String path, String name) throws ActionException {
        String plain = stripIgnorable(name).toLowerCase(Locale.ROOT).replaceAll("[. ]+$", "");
        if (name.equals(".") || name.equals("..") || name.isEmpty()) {
            throw new ActionException(shown(path) + ": is no name of a file");
        }
        if (plain.equals(".git") || plain.matches("git~\\d+") || plain.startsWith(".git:")) {
            throw new ActionException(shown(path) + ": some file systems take this name for .git");
        }
        if (plain.equals(".gitmodules") || plain.matches("gitmod~\\d+")) {
            throw new ActionException(
                    shown(path) + ": submodules are not followed: actions hold all their files themselves");
        }
        if (name.indexOf('\\') >= 0 || !Texts.printable(name, Limits.PATH_BYTES).equals(name)) {
            throw new ActionException(shown(path) + ": holds a backslash, control or invisible character");
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > 255) {
            throw new ActionException(shown(path) + ": the name is longer than 255 bytes");
        }
    }

    /** Without the characters that some file systems do not see. */
    private static String stripIgnorable(String name) {
        return name.codePoints()
                .filter(c -> Character.getType(c) != Character.FORMAT)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String decode(byte[] raw) throws ActionException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ActionException(
                    shown(new String(raw, StandardCharsets.ISO_8859_1)) + ": the name is not UTF-8", e);
        }
    }

    private static String shown(String path) {
        return Texts.printable(path, 120);
    }

    private static String mib(long bytes) {
        return bytes / (1024 * 1024) + " MiB";
    }
}
