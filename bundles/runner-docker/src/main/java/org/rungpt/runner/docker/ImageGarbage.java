package org.rungpt.runner.docker;

import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Image;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ImageStore;
import org.rungpt.api.runner.RunnerException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes images that no installed action needs. By itself only those that nothing has needed for two rounds: while the registry
 * is being swapped, everything looks unneeded. Blocking.
 */
final class ImageGarbage implements ImageStore {
    private static final Logger LOG = LoggerFactory.getLogger(ImageGarbage.class);
    private static final String NONE = "<none>:<none>";

    private final Engine engine;
    private final Images images;
    private final Labels labels;
    private final BuiltIns builtIns;
    private final Supplier<Collection<InstalledAction>> installed;
    private Set<String> suspects = new TreeSet<>();

    ImageGarbage(
            Engine engine,
            Images images,
            Labels labels,
            BuiltIns builtIns,
            Supplier<Collection<InstalledAction>> installed) {
        this.engine = engine;
        this.images = images;
        this.labels = labels;
        this.builtIns = builtIns;
        this.installed = installed;
    }

    @Override
    public List<ImageStore.ActionImage> images() throws RunnerException {
        Set<String> needed = needed();
        return made().stream()
                .map(image -> describe(image, needed))
                .sorted(Comparator.comparing(ImageStore.ActionImage::name))
                .toList();
    }

    @Override
    public synchronized List<ImageStore.ActionImage> collect() throws RunnerException {
        return remove(unneeded());
    }

    /** A round by itself, from time to time. */
    synchronized void round() throws RunnerException {
        if (installed.get().isEmpty()) {
            return;
        }
        List<Image> unneeded = unneeded();
        List<Image> old = unneeded.stream()
                .filter(image -> suspects.contains(image.getId()))
                .toList();
        suspects = new TreeSet<>();
        unneeded.forEach(image -> suspects.add(image.getId()));
        List<ImageStore.ActionImage> removed = remove(old);
        if (!removed.isEmpty()) {
            LOG.info(
                    "Removed images that no installed action needs: {}",
                    removed.stream().map(ImageStore.ActionImage::name).toList());
        }
    }

    private List<Image> made() throws RunnerException {
        try {
            return images.labelled(Labels.MADE_BY + "=" + labels.instance());
        } catch (RuntimeException e) {
            throw ImageFailures.of("the images cannot be listed", e);
        }
    }

    private Set<String> needed() throws RunnerException {
        try {
            Collection<ActionPackage> workspace = builtIns.with(null);
            Set<String> needed = new TreeSet<>();
            if (!workspace.isEmpty()) {
                needed.addAll(images.chain(null, workspace));
            }
            for (InstalledAction action : installed.get()) {
                if (!action.files().builtIn()) {
                    needed.addAll(images.chain(action, workspace));
                }
            }
            return needed;
        } catch (RuntimeException e) {
            throw ImageFailures.of("the images cannot be looked at", e);
        }
    }

    private List<Image> unneeded() throws RunnerException {
        Set<String> needed = needed();
        return made().stream()
                .filter(image -> !describe(image, needed).needed())
                // What is made from another image is younger than that and goes first.
                .sorted(Comparator.comparing(Image::getCreated).reversed())
                .toList();
    }

    private static ImageStore.ActionImage describe(Image image, Set<String> needed) {
        List<String> tags = tags(image);
        String name = tags.isEmpty() ? image.getId() : tags.get(0);
        return new ImageStore.ActionImage(
                name,
                image.getSize() == null ? 0 : image.getSize(),
                tags.stream().anyMatch(needed::contains));
    }

    private static List<String> tags(Image image) {
        String[] tags = image.getRepoTags();
        return tags == null
                ? List.of()
                : Arrays.stream(tags).filter(tag -> !tag.equals(NONE)).toList();
    }

    private List<ImageStore.ActionImage> remove(List<Image> unneeded) throws RunnerException {
        List<ImageStore.ActionImage> removed = new ArrayList<>();
        List<Image> left = new ArrayList<>(unneeded);
        boolean progress = true;
        // Children of an image may be as old as it to the second: as long as something goes, try again.
        while (progress && !left.isEmpty()) {
            progress = left.removeIf(image -> {
                boolean gone = remove(image);
                if (gone) {
                    removed.add(describe(image, Set.of()));
                }
                return gone;
            });
        }
        return removed;
    }

    private boolean remove(Image image) {
        List<String> tags = tags(image);
        try {
            // Never by force: what a container or another image needs stays.
            for (String name : tags.isEmpty() ? List.of(image.getId()) : tags) {
                engine.control().removeImageCmd(name).exec();
            }
            return true;
        } catch (NotFoundException e) {
            return true;
        } catch (ConflictException e) {
            LOG.debug("Image {} is in use: {}", image.getId(), EngineFailures.line(e));
            return false;
        } catch (RuntimeException e) {
            LOG.warn("Image {} could not be removed: {}", image.getId(), EngineFailures.line(e));
            return false;
        }
    }
}
