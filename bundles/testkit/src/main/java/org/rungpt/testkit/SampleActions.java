package org.rungpt.testkit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;

/** Actions that protocols are tested with: nothing of them is ever run. */
public final class SampleActions {
    private SampleActions() {}

    /** @param parameters a JSON Schema */
    public static Task task(String name, String parameters) {
        return new Task(
                name,
                "Does " + name + ".",
                parameters,
                List.of(),
                Effects.READ,
                true,
                false,
                Duration.ofSeconds(5),
                Task.Output.TEXT);
    }

    public static InstalledAction action(String alias, Task... tasks) {
        return new InstalledAction(
                new ActionPackage(new ActionId("owner/" + alias), "1", null, Path.of("/" + alias), "00", false, null),
                alias,
                new Manifest(
                        alias,
                        alias,
                        "1",
                        "About " + alias + ".",
                        null,
                        List.of(tasks),
                        Manifest.Packages.NONE,
                        "base",
                        false,
                        List.of(),
                        List.of(),
                        List.of(),
                        Manifest.Resources.DEFAULT,
                        List.of(),
                        "{}"));
    }
}
