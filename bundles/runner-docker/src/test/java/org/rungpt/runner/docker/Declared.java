package org.rungpt.runner.docker;

import java.util.List;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;

/** Actions whose manifests ask for more. */
final class Declared {
    private Declared() {}

    static InstalledAction secrets(InstalledAction action, Manifest.Secret... secrets) {
        return with(action, List.of(secrets), List.of(), Manifest.Resources.DEFAULT);
    }

    static InstalledAction sidecars(InstalledAction action, Manifest.Sidecar... sidecars) {
        return with(action, List.of(), List.of(sidecars), Manifest.Resources.DEFAULT);
    }

    static InstalledAction resources(InstalledAction action, Manifest.Resources resources) {
        return with(action, List.of(), List.of(), resources);
    }

    private static InstalledAction with(
            InstalledAction action,
            List<Manifest.Secret> secrets,
            List<Manifest.Sidecar> sidecars,
            Manifest.Resources resources) {
        Manifest m = action.manifest();
        return new InstalledAction(
                action.files(),
                action.alias(),
                new Manifest(
                        m.name(),
                        m.title(),
                        m.version(),
                        m.description(),
                        m.constraints(),
                        m.tasks(),
                        m.packages(),
                        m.image(),
                        m.workspace(),
                        m.network(),
                        secrets,
                        m.shares(),
                        resources,
                        sidecars,
                        m.json()));
    }
}
