package org.rungpt.source.git;

import java.io.File;
import java.util.TimeZone;
import java.util.concurrent.TimeUnit;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/**
 * What JGit sees of this machine: no environment, and no configuration of the user or the system, whose filters, proxies,
 * credentials and rewritten addresses are none of our business.
 */
final class QuietSystem extends SystemReader {
    private static final String SECTION_FILESYSTEM = "filesystem";

    /** For as long as somebody installs; what stood there before comes back afterwards. */
    static QuietSystem install() {
        var quiet = new QuietSystem();
        SystemReader.setInstance(quiet);
        return quiet;
    }

    void uninstall() {
        if (SystemReader.getInstance() == this) {
            SystemReader.setInstance(null);
        }
    }

    @Override
    public String getHostname() {
        return "localhost";
    }

    @Override
    public @Nullable String getenv(String variable) {
        return null;
    }

    @Override
    public @Nullable String getProperty(String key) {
        return System.getProperty(key);
    }

    @Override
    public FileBasedConfig openUserConfig(@Nullable Config parent, FS fs) {
        return new Empty(parent, fs);
    }

    @Override
    public FileBasedConfig openSystemConfig(@Nullable Config parent, FS fs) {
        return new Empty(parent, fs);
    }

    @Override
    public FileBasedConfig openJGitConfig(@Nullable Config parent, FS fs) {
        return new Empty(parent, fs);
    }

    @Override
    public long getCurrentTime() {
        return System.currentTimeMillis();
    }

    @Override
    public int getTimezone(long when) {
        return TimeZone.getDefault().getOffset(when) / 60_000;
    }

    /** Holds nothing but the file system's resolution of time, which JGit would otherwise measure for seconds. */
    private static final class Empty extends FileBasedConfig {
        Empty(@Nullable Config parent, FS fs) {
            super(parent, new File("/nonexistent"), fs);
        }

        @Override
        public void load() {}

        @Override
        public void save() {}

        @Override
        public boolean isOutdated() {
            return false;
        }

        @Override
        public long getTimeUnit(
                String section, @Nullable String subsection, String name, long fallback, TimeUnit unit) {
            return section.equals(SECTION_FILESYSTEM)
                    ? unit.convert(10, TimeUnit.MILLISECONDS)
                    : super.getTimeUnit(section, subsection, name, fallback, unit);
        }
    }
}
