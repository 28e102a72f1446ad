package org.rungpt.api.action;

import java.util.Objects;

/**
 * An action that the model can use.
 *
 * @param files where it comes from
 * @param alias the short name by which the model calls it, unique among installed actions
 * @param manifest its checked manifest
 */
public record InstalledAction(ActionPackage files, String alias, Manifest manifest) {
    public InstalledAction {
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(alias, "alias");
        Objects.requireNonNull(manifest, "manifest");
    }

    /** Its identity. */
    public ActionId id() {
        return files.id();
    }
}
