package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rungpt.api.runner.RunnerException;

/** Looks from inside a sandbox, before any call runs there, whether what is mounted is what was checked. Blocking. */
final class ShareProbe implements CheckedShares.Inside {
    private static final Path KERNEL = Path.of("/proc/sys/kernel/random/boot_id");
    private static final int ANOTHER = 3;

    /** Another kernel, of a virtual machine for example, counts devices in a way of its own. */
    static final String PROGRAM = """
            import os, sys
            place, key, kernel = sys.argv[1:]
            try:
                with open("%s") as file:
                    here = file.read().strip()
            except OSError:
                here = ""
            if here == kernel:
                seen = os.stat(place)
                if f"{seen.st_dev} {seen.st_ino}" != key:
                    sys.exit(%d)
            """.formatted(KERNEL, ANOTHER);

    private final Engine engine;
    private final String container;
    private final String user;

    ShareProbe(Engine engine, String container, String user) {
        this.engine = engine;
        this.container = container;
        this.user = user;
    }

    @Override
    public boolean isThere(CheckedShare share) throws RunnerException {
        String kernel;
        try {
            kernel = Files.readString(KERNEL).strip();
        } catch (IOException e) {
            return true; // no Linux, so the engine's is another machine
        }
        Long exit = new Probe(engine, container, user).run(PROGRAM, share.target(), share.key(), kernel);
        if (exit == null || exit != 0 && exit != ANOTHER) {
            throw ShareRules.refused(share.share(), "the sandbox could not tell what was mounted; try again");
        }
        return exit == 0;
    }
}
