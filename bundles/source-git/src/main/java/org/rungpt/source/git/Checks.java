package org.rungpt.source.git;

import java.nio.file.Path;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.Aliases;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.ManifestReader;

/** What must hold before files are taken into use. Who reads manifests may come and go. */
final class Checks {
    private volatile @Nullable ManifestReader reader;

    void setReader(@Nullable ManifestReader reader) {
        this.reader = reader;
    }

    @Nullable
    ManifestReader reader() {
        return reader;
    }

    /** @throws ActionException if manifests cannot be checked now: nothing is installed unchecked */
    ManifestReader ensureReady() throws ActionException {
        ManifestReader now = reader;
        if (now == null) {
            throw new ActionException(
                    "nothing can be checked while the bundle org.rungpt.registry is stopped: start it and try again");
        }
        return now;
    }

    Manifest manifest(Path files, String what) throws ActionException {
        ManifestReader.Result result = ensureReady().read(files);
        Manifest manifest = result.manifest();
        if (manifest == null) {
            throw new ActionException(what + " is refused: " + String.join("; ", result.problems()));
        }
        return manifest;
    }

    /** @throws ActionException if another installed action has the alias, or a built-in one may come to have it; what other
     *     sources offer is for the registry to sort out */
    void alias(String alias, ActionId id, Collection<Lock.Entry> installed) throws ActionException {
        if (Aliases.RESERVED.contains(alias)) {
            throw new ActionException(
                    "its name " + alias + " is reserved for a built-in action: its author must choose another");
        }
        for (Lock.Entry entry : installed) {
            if (entry.alias().equals(alias) && !entry.id().equals(id)) {
                throw taken(alias, entry.id());
            }
        }
    }

    private static ActionException taken(String alias, ActionId owner) {
        return new ActionException(
                "its name " + alias + " is taken by " + owner + ": rungpt:uninstall " + owner + " first");
    }
}
