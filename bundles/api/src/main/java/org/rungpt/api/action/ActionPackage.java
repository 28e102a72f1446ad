package org.rungpt.api.action;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The files of one version of an action, as a source offers them. The directory is complete and does not change while it is
 * offered; another version is another directory.
 *
 * @param id the identity
 * @param version what people call this version: a tag, a branch, or a short commit
 * @param commit the full Git commit; null if it does not come from Git
 * @param directory holds {@code manifest.json} and {@code run}; absolute
 * @param contentHash {@link ContentHash} of the directory: the same names, modes and bytes give the same hash
 * @param builtIn whether it ships with RunGPT: runs in the workspace sandbox and keeps its reserved alias
 * @param alias the alias that was fixed at install; null to use the manifest's name
 */
public record ActionPackage(
        ActionId id,
        String version,
        @Nullable String commit,
        Path directory,
        String contentHash,
        boolean builtIn,
        @Nullable String alias) {
    public ActionPackage {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(directory, "directory");
        Objects.requireNonNull(contentHash, "contentHash");
    }
}
