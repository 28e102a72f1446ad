package org.rungpt.runner.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/**
 * Finds and makes images. An image is named by what is in it and by what it is made from, so it is made once on an engine and never
 * changes. Blocking; an interrupt stops what is being made, unless others wait for it.
 */
final class Images {
    private static final String BASE = "rungpt/base";
    private static final String WORKSPACE = "rungpt/workspace";
    private static final String ACTION = "rungpt/action";
    private static final String PACKAGES = "rungpt/packages";
    private static final String RUNTIME = "rungpt/runtime";
    private static final String FOREIGN = "rungpt/foreign";
    private static final String STEP = "rungpt/step";

    private final Engine engine;
    private final Settings settings;
    private final ImageBuild builds;
    private final StepRunner steps;
    private final SharedWork work;
    private final FetchedImages notes;
    /** What is needed by what is being made right now. */
    private final Map<Object, Set<String>> held = new ConcurrentHashMap<>();

    Images(Engine engine, Settings settings, ImageBuild builds, StepRunner steps, SharedWork work) {
        this.engine = engine;
        this.settings = settings;
        this.builds = builds;
        this.steps = steps;
        this.work = work;
        this.notes = new FetchedImages(settings.data());
    }

    /** Id of the base image. */
    String base() throws RunnerException {
        String wanted = settings.baseImage();
        if (wanted != null) {
            String id = find(wanted);
            if (id == null) {
                throw new RunnerException(Kind.IMAGE_NOT_FOUND, "There is no base image " + wanted + " on this engine");
            }
            if (isBase(wanted)) {
                // Made for this installation, which is the one to remove it when another takes its place.
                notes.addOrUse(wanted);
            }
            return id;
        }
        return engine.control().listImagesCmd().withReferenceFilter(BASE).exec().stream()
                .max(Comparator.comparing(Image::getCreated))
                .map(Image::getId)
                .orElseThrow(() -> new RunnerException(
                        Kind.IMAGE_NOT_FOUND, "There is no base image " + BASE + " on this engine"));
    }

    private static boolean isBase(String reference) {
        return reference.startsWith(BASE + ":");
    }

    FetchedImages notes() {
        return notes;
    }

    /** Whether a noted image is the base image, or none of them; what another base image is made for, only that one's owner knows. */
    boolean isKeptBase(String reference) {
        String wanted = settings.baseImage();
        return isBase(reference) && (wanted == null || !isBase(wanted) || wanted.equals(reference));
    }

    /** The names of the images that are needed by what is being made right now. */
    Set<String> held() {
        Set<String> all = new TreeSet<>();
        held.values().forEach(all::addAll);
        return all;
    }

    /** Makes something. */
    private interface Making {
        /** @param hold the names of images that must not go meanwhile */
        @Nullable
        String make(Set<String> hold) throws RunnerException;
    }

    private String holding(String what, Making making) throws RunnerException {
        Object key = new Object();
        Set<String> hold = ConcurrentHashMap.newKeySet();
        held.put(key, hold);
        try {
            return made(making.make(hold), what);
        } finally {
            held.remove(key);
        }
    }

    /** How the stages of an image come about: made, or only looked up. */
    private interface Stages {
        /** @return id of the image; null if it is not there and not to be made */
        @Nullable
        String get(String tag, String what, SharedWork.Task task) throws RunnerException;

        /** One is there already, and needed. */
        void found(String reference);
    }

    /** The image of a sidecar, by any reference; fetched if it is not there. */
    String service(String reference, Consumer<String> progress) throws RunnerException {
        String one = tagged(reference);
        return holding(EngineFailures.oneLine(one, 200), hold -> fetched(one, making(progress, hold)));
    }

    /** Without tag and digest, an engine finds the latest one and fetches them all. */
    private static String tagged(String reference) {
        boolean named = reference.indexOf('@') >= 0 || reference.indexOf(':', reference.lastIndexOf('/') + 1) >= 0;
        return named ? reference : reference + ":latest";
    }

    private Stages making(Consumer<String> progress, Set<String> hold) {
        return new Stages() {
            @Override
            public @Nullable String get(String tag, String what, SharedWork.Task task) throws RunnerException {
                hold.add(tag);
                String present = find(tag);
                if (present != null) {
                    return present;
                }
                return work.get(tag, progress, report -> {
                    String made = find(tag);
                    return made != null ? made : task.run(report);
                });
            }

            @Override
            public void found(String reference) {
                hold.add(reference);
            }
        };
    }

    /** The image with all built-in actions. */
    String workspace(Collection<ActionPackage> builtIns, Consumer<String> progress) throws RunnerException {
        return holding("the workspace", hold -> workspace(builtIns, making(progress, hold)));
    }

    /** The image of a third-party action. */
    String action(InstalledAction action, Consumer<String> progress) throws RunnerException {
        return holding(action.id().value(), hold -> action(action, making(progress, hold)));
    }

    private static String made(@Nullable String id, String what) throws RunnerException {
        if (id == null) {
            throw new RunnerException(Kind.IMAGE, "the image of " + what + " vanished right after it was made");
        }
        return id;
    }

    /** The names of the images from which an action, or with null the workspace, is run; as far as they are there. */
    Set<String> chain(@Nullable InstalledAction action, Collection<ActionPackage> builtIns) throws RunnerException {
        Set<String> tags = new TreeSet<>();
        Stages looking = new Stages() {
            @Override
            public @Nullable String get(String tag, String what, SharedWork.Task task) {
                tags.add(tag);
                return find(tag);
            }

            @Override
            public void found(String reference) {
                tags.add(reference);
            }
        };
        if (action == null) {
            workspace(builtIns, looking);
        } else {
            action(action, looking);
            action.manifest().sidecars().forEach(sidecar -> {
                notes.use(sidecar.image());
                tags.add(sidecar.image());
            });
        }
        return tags;
    }

    private @Nullable String workspace(Collection<ActionPackage> builtIns, Stages stages) throws RunnerException {
        return build(WORKSPACE, ImageRecipe.workspace(base(), builtIns), "the workspace", stages);
    }

    private @Nullable String action(InstalledAction action, Stages stages) throws RunnerException {
        String name = action.id().value();
        boolean foreign = !action.manifest().image().equals("base");
        String image = foreign ? foreign(action, stages) : base();
        for (BuildStep step : BuildStep.packages("", foreign, action.manifest().packages())) {
            image = image == null ? null : step(PACKAGES, step.on(image), name, stages);
        }
        if (image != null) {
            image = build(STEP, ImageRecipe.action(image, action.files()), name, stages);
        }
        if (image != null && Files.isRegularFile(action.files().directory().resolve("setup"))) {
            image = step(STEP, BuildStep.setup(image, foreign, action.files()), name, stages);
        }
        return image == null ? null : build(ACTION, ImageRecipe.finished(image, foreign), name, stages);
    }

    /** An image that is not made from the base image, with the action service in it. */
    private @Nullable String foreign(InstalledAction action, Stages stages) throws RunnerException {
        String name = action.id().value();
        String wanted = action.manifest().image();
        DockerfileBuild.Maker maker = maker(name, stages);
        String image = wanted.equals("Dockerfile")
                ? new DockerfileBuild(dockerfile(action), action.files(), maker).image()
                : maker.fetched(wanted);
        return image == null ? null : maker.withRuntime(image);
    }

    private DockerfileBuild.Maker maker(String name, Stages stages) {
        return new DockerfileBuild.Maker() {
            @Override
            public String base() throws RunnerException {
                return Images.this.base();
            }

            @Override
            public @Nullable String fetched(String reference) throws RunnerException {
                String image = Images.this.fetched(reference, stages);
                if (image != null) {
                    check(image, name);
                }
                return image;
            }

            @Override
            public @Nullable String layer(ImageRecipe recipe) throws RunnerException {
                return build(FOREIGN, recipe, name, stages);
            }

            @Override
            public @Nullable String step(BuildStep step) throws RunnerException {
                return Images.this.step(STEP, step, name, stages);
            }

            @Override
            public @Nullable String withRuntime(String image) throws RunnerException {
                String runtime = build(RUNTIME, ImageRecipe.runtime(Images.this.base()), name, stages);
                return runtime == null ? null : build(FOREIGN, ImageRecipe.foreign(image, runtime), name, stages);
            }
        };
    }

    private static Dockerfile dockerfile(InstalledAction action) throws RunnerException {
        Path file = action.files().directory().resolve("Dockerfile");
        try {
            return Dockerfile.parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new RunnerException(
                    Kind.IMAGE, action.id() + ": Dockerfile cannot be read: " + EngineFailures.line(e), e);
        } catch (Dockerfile.Unsupported e) {
            throw new RunnerException(
                    Kind.IMAGE, "the image of " + action.id() + " could not be built: " + e.getMessage(), e);
        }
    }

    private @Nullable String fetched(String reference, Stages stages) throws RunnerException {
        String present = byDigest(reference);
        if (present != null) {
            notes.use(reference);
            stages.found(reference);
            return present;
        }
        return stages.get(reference, reference, progress -> {
            new ImagePull(engine, reference, progress).run();
            String id = byDigest(reference);
            if (id == null) {
                throw new RunnerException(
                        Kind.IMAGE_DIGEST, reference + " was fetched and is not there under its digest");
            }
            notes.add(reference);
            return id;
        });
    }

    /** An image of this engine: by the digest of its registry, or by its own id, which is a digest too. */
    private @Nullable String byDigest(String reference) {
        String id = find(reference);
        if (id != null) {
            return id;
        }
        int at = reference.indexOf('@');
        String digest = at < 0 ? "" : reference.substring(at + 1);
        String own = digest.startsWith("sha256:") ? find(digest) : null;
        return digest.equals(own) ? own : null;
    }

    /** What an image of somebody else must be like. */
    private void check(String image, String name) throws RunnerException {
        InspectImageResponse found = engine.control().inspectImageCmd(image).exec();
        String here = String.valueOf(engine.control().versionCmd().exec().getArch());
        String arch = found.getArch();
        if (!"linux".equals(found.getOs()) || arch != null && !arch.isEmpty() && !arch.equals(here)) {
            throw new RunnerException(
                    Kind.IMAGE_PLATFORM,
                    "the image of " + name + " is for " + found.getOs() + "/" + arch + ", this engine is linux/" + here
                            + ": pin an image for it");
        }
        ContainerConfig config = found.getConfig();
        String[] triggers = config == null ? null : config.getOnBuild();
        if (triggers != null && triggers.length > 0) {
            throw new RunnerException(
                    Kind.IMAGE,
                    "the image of " + name + " has ONBUILD triggers, which would run unasked: use one without");
        }
    }

    static String tag(String repository, String hash) {
        return repository + ":" + hash.substring(0, 32);
    }

    private @Nullable String build(String repository, ImageRecipe recipe, String what, Stages stages)
            throws RunnerException {
        String tag = tag(repository, recipe.hash());
        return stages.get(tag, what, progress -> {
            progress.accept("building the image of " + what);
            builds.run(tag, recipe, what, progress);
            return made(find(tag), what);
        });
    }

    private @Nullable String step(String repository, BuildStep step, String what, Stages stages)
            throws RunnerException {
        String tag = tag(repository, step.hash());
        return stages.get(tag, what, progress -> {
            progress.accept("building the image of " + what + ": " + step.title());
            steps.run(tag, step, what, progress);
            return made(find(tag), what);
        });
    }

    @Nullable
    String find(String reference) {
        InspectImageResponse found = inspect(reference);
        return found == null ? null : found.getId();
    }

    @Nullable
    InspectImageResponse inspect(String reference) {
        try {
            return engine.control().inspectImageCmd(reference).exec();
        } catch (NotFoundException e) {
            return null;
        }
    }

    /** Everything that bears this label. */
    List<Image> labelled(String label) {
        return engine.control().listImagesCmd().withLabelFilter(label).exec();
    }
}
