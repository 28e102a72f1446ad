package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends calls that fill the disk. No engine limits what a container writes to its own layer or to a volume, so both are measured
 * while calls run. Measured is what they grew to since the last call was ended for it: who cleans up must be able to run.
 */
final class DiskWatch {
    private static final Logger LOG = LoggerFactory.getLogger(DiskWatch.class);
    private static final long SLACK = 32L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    /** Sums what lies on the volume and those of caches, which lie on the same disk; not longer than a few seconds. */
    private static final String MEASURE = "import os, time\n"
            + "caches = ['/cache/' + name for name in os.listdir('/cache')] if os.path.isdir('/cache') else []\n"
            + "places = ['/workspace'] + [place for place in caches if os.path.ismount(place)]\n"
            + "end, total, device = time.monotonic() + 5, 0, os.lstat('/workspace').st_dev\n"
            + "while places and time.monotonic() < end:\n"
            + "    try:\n"
            + "        for entry in os.scandir(places.pop()):\n"
            + "            try: status = entry.stat(follow_symlinks=False)\n"
            + "            except OSError: continue\n"
            + "            if status.st_dev == device:\n"
            + "                total += status.st_blocks * 512\n"
            + "                if entry.is_dir(follow_symlinks=False): places.append(entry.path)\n"
            + "    except OSError: pass\n"
            + "print(total)";

    private final Engine engine;

    DiskWatch(Engine engine) {
        this.engine = engine;
    }

    /** Measures a sandbox and ends its calls if that is too much. Blocking. */
    void look(Sandbox sandbox) {
        String container = sandbox.containerId();
        if (container == null || sandbox.isGone()) {
            return;
        }
        long used;
        try {
            used = layer(container) + (sandbox.volume() == null ? 0 : workspace(container));
        } catch (IOException | RuntimeException e) {
            LOG.debug("What sandbox {} has written cannot be measured: {}", sandbox.id(), EngineFailures.line(e));
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        long limit = sandbox.purpose().bounds().disk();
        if (used > Math.max(limit, sandbox.diskTolerated())) {
            sandbox.tolerateDisk(used + SLACK);
            LOG.info("Sandbox {} has written {} MiB; its calls are ended", sandbox.id(), used >> 20);
            sandbox.stopCalls(Outcomes.diskFull(limit));
        }
    }

    private long layer(String container) {
        // docker-java knows the size of a container in a list only.
        return engine
                .control()
                .listContainersCmd()
                .withShowAll(true)
                .withShowSize(true)
                .withIdFilter(List.of(container))
                .exec()
                .stream()
                .mapToLong(found -> found.getSizeRw() == null ? 0 : found.getSizeRw())
                .sum();
    }

    private long workspace(String container) throws IOException, InterruptedException {
        String exec = engine.control()
                .execCreateCmd(container)
                .withCmd("/usr/bin/python3", "-IS", "-c", MEASURE)
                .withAttachStdout(true)
                .exec()
                .getId();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (ResultCallback.Adapter<Frame> output = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Frame frame) {
                if (text.size() < 64) {
                    text.writeBytes(frame.getPayload());
                }
            }
        }) {
            engine.streams().execStartCmd(exec).exec(output);
            if (!output.awaitCompletion(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return 0;
            }
        }
        try {
            return Long.parseLong(text.toString(StandardCharsets.US_ASCII).strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
