package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.BuildResponseItem;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** Has the engine build an image by a recipe. */
final class ImageBuild {
    static final long MINUTES = 30;

    private final Engine engine;
    private final Settings settings;
    private final Map<String, String> labels;

    ImageBuild(Engine engine, Settings settings, Map<String, String> labels) {
        this.engine = engine;
        this.settings = settings;
        this.labels = labels;
    }

    /** Blocking; an interrupt stops it. */
    void run(String tag, ImageRecipe recipe, String what, Consumer<String> progress) throws RunnerException {
        String failed = "the image of " + what + " could not be built";
        try (BuildContext context = BuildContext.in(settings.data())) {
            context.addText(ImageRecipe.FILE, recipe.dockerfile());
            for (Map.Entry<String, ActionPackage> tree : recipe.contents().entrySet()) {
                context.addTree(tree.getValue().directory(), tree.getKey());
            }
            try (InputStream tar = context.read()) {
                run(tag, tar, failed, progress);
            }
        } catch (IOException e) {
            throw ImageFailures.of(failed, EngineFailures.line(e));
        }
    }

    private void run(String tag, InputStream tar, String failed, Consumer<String> progress) throws RunnerException {
        Build build = new Build(new LastLines(progress));
        try (build) {
            engine.streams()
                    .buildImageCmd(tar)
                    .withDockerfilePath(ImageRecipe.FILE)
                    .withTags(Set.of(tag))
                    .withLabels(labels)
                    .withNetworkMode("none")
                    .withMemory(4 * settings.memory())
                    .withMemswap(4 * settings.memory())
                    .withPull(false)
                    .withForcerm(true)
                    .exec(build);
            if (!build.awaitCompletion(MINUTES, TimeUnit.MINUTES)) {
                throw new RunnerException(Kind.IMAGE, failed + ": it was not ready after " + MINUTES + " minutes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.CANCELLED, failed + ": it was stopped", e);
        } catch (IOException | RuntimeException e) {
            throw ImageFailures.of(failed, e);
        }
        Throwable failure = build.failure;
        if (failure != null) {
            throw ImageFailures.of(failed, failure);
        }
        String error = build.error;
        if (error != null) {
            throw ImageFailures.of(failed, error, build.lines.told());
        }
    }

    private static final class Build extends ResultCallback.Adapter<BuildResponseItem> {
        final LastLines lines;
        volatile @Nullable String error;
        volatile @Nullable Throwable failure;

        Build(LastLines lines) {
            this.lines = lines;
        }

        @Override
        public void onError(Throwable throwable) {
            // Not to the parent's: that would log it with its trace.
            failure = throwable;
            onComplete();
        }

        @Override
        public void onNext(BuildResponseItem item) {
            if (item.isErrorIndicated()) {
                BuildResponseItem.ErrorDetail detail = item.getErrorDetail();
                error = detail == null || detail.getMessage() == null ? "no reason given" : detail.getMessage();
            } else if (item.getStream() != null) {
                lines.add(item.getStream());
            }
        }
    }
}
