package org.rungpt.store.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.store.StoreException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Why the database cannot be used.
 *
 * @param lasting true if only a restart with another file can help
 */
record Problem(
        StoreException.Kind kind,
        String reason,
        String remedy,
        boolean lasting,
        @Nullable Throwable cause) {
    Problem {
        reason = oneLine(reason);
        remedy = oneLine(remedy);
    }

    static Problem broken(String reason, String remedy) {
        return new Problem(StoreException.Kind.BROKEN, reason, remedy, true, null);
    }

    static Problem unavailable(String reason, String remedy) {
        return new Problem(StoreException.Kind.UNAVAILABLE, reason, remedy, false, null);
    }

    static Problem damaged(Path file, String detail) {
        return broken(file + " is damaged: " + detail, Backups.remedy(file));
    }

    /** False for what is the caller's affair, such as too long a text. */
    static boolean isOfTheFile(Throwable e) {
        return e instanceof SQLiteException s
                && (s.getResultCode().code & 0xff) != SQLiteErrorCode.SQLITE_TOOBIG.code
                && (s.getResultCode().code & 0xff) != SQLiteErrorCode.SQLITE_CONSTRAINT.code;
    }

    static Problem of(SQLException e, Path file) {
        int code = e instanceof SQLiteException s ? s.getResultCode().code & 0xff : -1;
        String text = String.valueOf(e.getMessage());
        if (code == SQLiteErrorCode.SQLITE_FULL.code) {
            return passing(
                    StoreException.Kind.BROKEN,
                    "The disk is full: " + file + " cannot grow.",
                    "Free some space; nothing that was acknowledged is lost.",
                    e);
        }
        if (code == SQLiteErrorCode.SQLITE_CORRUPT.code || code == SQLiteErrorCode.SQLITE_NOTADB.code) {
            return new Problem(
                    StoreException.Kind.BROKEN, file + " is damaged: " + text, Backups.remedy(file), true, e);
        }
        if (code == SQLiteErrorCode.SQLITE_BUSY.code || code == SQLiteErrorCode.SQLITE_LOCKED.code) {
            return passing(
                    StoreException.Kind.UNAVAILABLE,
                    file + " is locked by another program.",
                    "End the program that uses the file.",
                    e);
        }
        if (code == SQLiteErrorCode.SQLITE_READONLY.code
                || code == SQLiteErrorCode.SQLITE_PERM.code
                || code == SQLiteErrorCode.SQLITE_CANTOPEN.code) {
            return passing(
                    StoreException.Kind.BROKEN,
                    file + " cannot be written: " + text,
                    "Make the file and its directory writable for the user who runs RunGPT.",
                    e);
        }
        return passing(
                StoreException.Kind.BROKEN,
                file + " cannot be used: " + text,
                "Check the disk and the free space of " + file.getParent() + ".",
                e);
    }

    static Problem passing(StoreException.Kind kind, String reason, String remedy, Throwable cause) {
        return new Problem(kind, reason, remedy, false, cause);
    }

    /** Between the end of one store and the beginning of the next. */
    static StoreException closed() {
        return new StoreException(
                StoreException.Kind.UNAVAILABLE, "The store is being opened or replaced; try again in a moment.");
    }

    StoreException exception() {
        return new StoreException(kind, reason + " " + remedy, cause);
    }

    Readiness readiness() {
        return Readiness.unready(reason, remedy);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
