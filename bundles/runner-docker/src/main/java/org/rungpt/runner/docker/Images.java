package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.BuildResponseItem;
import com.github.dockerjava.api.model.Image;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** Finds and builds images. An image is named by what is in it, so it is built once on an engine and never changes. Blocking. */
final class Images {
    private static final String BASE = "rungpt/base";
    private static final long BUILD_MINUTES = 30;
    private static final int LAST_LINES = 6;

    private final Engine engine;
    private final Settings settings;
    /** One build of an image at a time. */
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    Images(Engine engine, Settings settings) {
        this.engine = engine;
        this.settings = settings;
    }

    /** Id of the base image. */
    String base() throws RunnerException {
        String wanted = settings.baseImage();
        if (wanted != null) {
            String id = find(wanted);
            if (id == null) {
                throw new RunnerException(Kind.IMAGE, "There is no base image " + wanted + " on this engine");
            }
            return id;
        }
        return engine.control().listImagesCmd().withReferenceFilter(BASE).exec().stream()
                .max(Comparator.comparing(Image::getCreated))
                .map(Image::getId)
                .orElseThrow(
                        () -> new RunnerException(Kind.IMAGE, "There is no base image " + BASE + " on this engine"));
    }

    /** The image with all built-in actions. */
    String workspace(Collection<ActionPackage> builtIns, Consumer<String> progress) throws RunnerException {
        return build("rungpt/workspace", ImageRecipe.workspace(base(), builtIns), "the workspace", progress);
    }

    /** The image of a third-party action. */
    String action(InstalledAction action, Consumer<String> progress) throws RunnerException {
        String name = action.id().value();
        if (!action.manifest().image().equals("base")) {
            throw new RunnerException(
                    Kind.IMAGE,
                    name + " asks for an image of its own ("
                            + EngineFailures.oneLine(action.manifest().image(), 80)
                            + "); this runner makes images from the base image only");
        }
        String from = base();
        if (ImageRecipe.hasPackages(action.manifest().packages())) {
            ImageRecipe packages = ImageRecipe.packages(from, action.manifest().packages());
            from = build("rungpt/packages", packages, "packages for " + name, progress);
        }
        boolean setup = Files.isRegularFile(action.files().directory().resolve("setup"));
        return build("rungpt/action", ImageRecipe.action(from, action.files(), setup), name, progress);
    }

    static String tag(String repository, ImageRecipe recipe) {
        return repository + ":" + recipe.hash().substring(0, 32);
    }

    private String build(String repository, ImageRecipe recipe, String what, Consumer<String> progress)
            throws RunnerException {
        String tag = tag(repository, recipe);
        synchronized (locks.computeIfAbsent(tag, key -> new Object())) {
            String present = find(tag);
            if (present != null) {
                return present;
            }
            progress.accept("building the image of " + what);
            try (BuildContext context = BuildContext.in(settings.data())) {
                context.addText("Dockerfile", recipe.dockerfile());
                for (ActionPackage action : recipe.contents()) {
                    context.addTree(action.directory(), ImageRecipe.directory(action));
                }
                try (InputStream tar = context.read()) {
                    run(tag, recipe, tar, what, progress);
                }
            } catch (IOException e) {
                throw new RunnerException(
                        Kind.IMAGE, "the image of " + what + " could not be built: " + EngineFailures.line(e), e);
            }
            String built = find(tag);
            if (built == null) {
                throw new RunnerException(Kind.IMAGE, "the image of " + what + " vanished right after its build");
            }
            return built;
        }
    }

    private void run(String tag, ImageRecipe recipe, InputStream tar, String what, Consumer<String> progress)
            throws RunnerException {
        Build build = new Build(progress);
        DockerClient docker = engine.streams();
        try (build) {
            docker.buildImageCmd(tar)
                    .withTags(Set.of(tag))
                    .withLabels(Map.of("rungpt.image", tag))
                    .withNetworkMode(recipe.network() ? "default" : "none")
                    .withMemory(4 * settings.memory())
                    .withMemswap(4 * settings.memory())
                    .withPull(false)
                    .withForcerm(true)
                    .exec(build);
            if (!build.awaitCompletion(BUILD_MINUTES, TimeUnit.MINUTES)) {
                throw new RunnerException(
                        Kind.IMAGE, "the image of " + what + " was not ready after " + BUILD_MINUTES + " minutes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.IMAGE, "building the image of " + what + " was stopped", e);
        } catch (IOException e) {
            throw new RunnerException(Kind.IMAGE, "the image of " + what + ": " + EngineFailures.line(e), e);
        } catch (RuntimeException e) {
            throw EngineFailures.wrap(Kind.IMAGE, "the image of " + what + " could not be built", e);
        }
        String error = build.error();
        if (error != null) {
            throw new RunnerException(Kind.IMAGE, "the image of " + what + " could not be built: " + error);
        }
    }

    private @Nullable String find(String reference) {
        try {
            return engine.control().inspectImageCmd(reference).exec().getId();
        } catch (NotFoundException e) {
            return null;
        }
    }

    /** Follows a build. */
    private static final class Build extends ResultCallback.Adapter<BuildResponseItem> {
        private final Consumer<String> progress;
        private final ArrayDeque<String> last = new ArrayDeque<>();
        private @Nullable String error;

        Build(Consumer<String> progress) {
            this.progress = progress;
        }

        @Override
        public synchronized void onNext(BuildResponseItem item) {
            if (item.isErrorIndicated()) {
                BuildResponseItem.ErrorDetail detail = item.getErrorDetail();
                error = detail == null || detail.getMessage() == null ? "no reason given" : detail.getMessage();
                return;
            }
            String text = item.getStream();
            if (text != null && !text.isBlank()) {
                String line = EngineFailures.oneLine(text, 200);
                last.add(line);
                if (last.size() > LAST_LINES) {
                    last.removeFirst();
                }
                progress.accept(line);
            }
        }

        synchronized @Nullable String error() {
            if (error == null) {
                return null;
            }
            return EngineFailures.oneLine(error, 300) + " (last output: " + String.join(" | ", last) + ")";
        }
    }
}
