package org.rungpt.runner.docker;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.runner.RunnerException;

/** Has the image of an action's own Dockerfile made, part by part: whatever a part executes, it executes in a builder's container. */
final class DockerfileBuild {
    /** Who makes images, or looks for them. Null: it is not there and not to be made. */
    interface Maker {
        String base() throws RunnerException;

        /** Somebody's image, which was found to be fit. */
        @Nullable
        String fetched(String reference) throws RunnerException;

        @Nullable
        String layer(ImageRecipe recipe) throws RunnerException;

        @Nullable
        String step(BuildStep step) throws RunnerException;

        /** The same image with what runs a step in it. */
        @Nullable
        String withRuntime(String image) throws RunnerException;
    }

    /** To the engine that is no image, but the name of none. */
    private static final String SCRATCH = "scratch";

    private final Dockerfile file;
    private final ActionPackage action;
    private final Maker maker;
    private final Map<Integer, String> made = new HashMap<>();
    private final Set<String> withRuntime = new HashSet<>();

    DockerfileBuild(Dockerfile file, ActionPackage action, Maker maker) {
        this.file = file;
        this.action = action;
        this.maker = maker;
    }

    @Nullable
    String image() throws RunnerException {
        return stage(file.stages().size() - 1);
    }

    private @Nullable String stage(int number) throws RunnerException {
        String known = made.get(number);
        if (known != null) {
            return known;
        }
        Dockerfile.Stage stage = file.stages().get(number);
        String image = source(stage.from());
        for (Dockerfile.Part part : stage.parts()) {
            if (image == null) {
                return null;
            }
            image = part instanceof Dockerfile.Run run ? run(image, run) : layer(image, (Dockerfile.Layer) part);
        }
        if (image != null) {
            made.put(number, image);
        }
        return image;
    }

    private @Nullable String source(Dockerfile.Source source) throws RunnerException {
        if (source instanceof Dockerfile.Reference named) {
            return maker.fetched(named.reference());
        }
        if (source instanceof Dockerfile.Earlier earlier) {
            return stage(earlier.stage());
        }
        return source instanceof Dockerfile.Base ? maker.base() : SCRATCH;
    }

    private @Nullable String layer(String image, Dockerfile.Layer layer) throws RunnerException {
        StringBuilder text = ImageRecipe.from(image);
        for (Dockerfile.Line line : layer.lines()) {
            Dockerfile.Source from = line.from();
            String other = from == null ? null : source(from);
            if (from != null && other == null) {
                return null;
            }
            text.append(line.text(other)).append('\n');
        }
        Map<String, ActionPackage> contents = layer.needsFiles() ? Map.of("", action) : Map.of();
        String made = maker.layer(new ImageRecipe(text.toString(), contents));
        return keptRuntime(image, made);
    }

    private @Nullable String run(String image, Dockerfile.Run run) throws RunnerException {
        String ready = withRuntime.contains(image) ? image : maker.withRuntime(image);
        if (ready == null) {
            return null;
        }
        withRuntime.add(ready);
        return keptRuntime(ready, maker.step(BuildStep.run(ready, run)));
    }

    /** What is made from an image that has the runtime has it too. */
    private @Nullable String keptRuntime(String before, @Nullable String after) {
        if (after != null && withRuntime.contains(before)) {
            withRuntime.add(after);
        }
        return after;
    }
}
