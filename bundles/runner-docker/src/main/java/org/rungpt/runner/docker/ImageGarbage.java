package org.rungpt.runner.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Image;
import java.time.Duration;
import java.time.Instant;
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
 * Removes images that no installed action needs: those that this installation made, and those that came to the engine for it. By itself
 * only what nothing has needed for two rounds, because while the registry is being swapped everything looks unneeded, and what was
 * fetched only after a day, because it takes long to come. Blocking.
 */
final class ImageGarbage implements ImageStore {
    private static final Logger LOG = LoggerFactory.getLogger(ImageGarbage.class);
    private static final Duration KEPT = Duration.ofDays(1);
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

    /**
     * An image that is ours.
     *
     * @param names of our own; without them it goes by its id
     * @param created seconds; what was fetched counts as older than what was made
     */
    private record Candidate(String id, List<String> names, long bytes, long created) {
        boolean isAmong(Set<String> others) {
            return names.stream().anyMatch(others::contains);
        }

        ImageStore.ActionImage describe(boolean needed) {
            return new ImageStore.ActionImage(names.isEmpty() ? id : names.get(0), bytes, needed);
        }
    }

    @Override
    public List<ImageStore.ActionImage> images() throws RunnerException {
        List<Candidate> ours = ours();
        Set<String> needed = needed();
        return ours.stream()
                .map(image -> image.describe(image.isAmong(needed)))
                .sorted(Comparator.comparing(ImageStore.ActionImage::name))
                .toList();
    }

    @Override
    public synchronized List<ImageStore.ActionImage> collect() throws RunnerException {
        if (installed.get().isEmpty()) {
            throw new RunnerException(
                    RunnerException.Kind.UNAVAILABLE,
                    "nobody can tell now which images are needed, because what is installed is being looked through; try again");
        }
        return remove(unneeded());
    }

    /** A round by itself, from time to time. */
    synchronized void round() throws RunnerException {
        if (installed.get().isEmpty()) {
            return;
        }
        List<Candidate> unneeded = unneeded();
        Set<String> recent = new TreeSet<>(images.notes().all());
        recent.removeAll(images.notes().unusedSince(Instant.now().minus(KEPT)));
        List<Candidate> old = unneeded.stream()
                .filter(image -> suspects.contains(image.id()) && !image.isAmong(recent))
                .toList();
        suspects = new TreeSet<>();
        unneeded.forEach(image -> suspects.add(image.id()));
        List<ImageStore.ActionImage> removed = remove(old);
        if (!removed.isEmpty()) {
            LOG.info(
                    "Removed images that no installed action needs: {}",
                    removed.stream().map(ImageStore.ActionImage::name).toList());
        }
    }

    private List<Candidate> ours() throws RunnerException {
        try {
            List<Candidate> ours = new ArrayList<>();
            for (Image image : images.labelled(Labels.MADE_BY + "=" + labels.instance())) {
                long size = image.getSize() == null ? 0 : image.getSize();
                ours.add(new Candidate(image.getId(), tags(image), size, image.getCreated()));
            }
            for (String reference : images.notes().all()) {
                InspectImageResponse found = images.inspect(reference);
                if (found != null) {
                    long size = found.getSize() == null ? 0 : found.getSize();
                    ours.add(new Candidate(String.valueOf(found.getId()), List.of(reference), size, 0));
                }
            }
            return ours;
        } catch (RuntimeException e) {
            throw ImageFailures.of("the images cannot be listed", e);
        }
    }

    private Set<String> needed() throws RunnerException {
        try {
            Collection<ActionPackage> workspace = builtIns.with(null);
            Set<String> needed = new TreeSet<>(images.held());
            if (!workspace.isEmpty()) {
                needed.addAll(images.chain(null, workspace));
            }
            for (InstalledAction action : installed.get()) {
                if (!action.files().builtIn()) {
                    needed.addAll(images.chain(action, workspace));
                }
            }
            images.notes().all().stream().filter(images::isKeptBase).forEach(needed::add);
            return needed;
        } catch (RuntimeException e) {
            throw ImageFailures.of("the images cannot be looked at", e);
        }
    }

    private List<Candidate> unneeded() throws RunnerException {
        // In this order: what is made after it was listed is not there to be removed, and what was there then is found
        // to be needed.
        List<Candidate> ours = ours();
        Set<String> needed = needed();
        return ours.stream()
                .filter(image -> !image.isAmong(needed))
                // What is made from another image is younger than that and goes first.
                .sorted(Comparator.comparing(Candidate::created).reversed())
                .toList();
    }

    private static List<String> tags(Image image) {
        String[] tags = image.getRepoTags();
        return tags == null
                ? List.of()
                : Arrays.stream(tags).filter(tag -> !tag.equals(NONE)).toList();
    }

    private List<ImageStore.ActionImage> remove(List<Candidate> unneeded) {
        List<ImageStore.ActionImage> removed = new ArrayList<>();
        List<Candidate> left = new ArrayList<>(unneeded);
        boolean progress = true;
        // Children of an image may be as old as it to the second: as long as something goes, try again.
        while (progress && !left.isEmpty()) {
            progress = left.removeIf(image -> {
                boolean gone = remove(image);
                if (gone) {
                    removed.add(image.describe(false));
                }
                return gone;
            });
        }
        return removed;
    }

    private boolean remove(Candidate image) {
        try {
            // Never by force: what a container or another image needs stays.
            for (String name : image.names().isEmpty() ? List.of(image.id()) : image.names()) {
                remove(name);
                images.notes().remove(name);
            }
            return true;
        } catch (ConflictException e) {
            LOG.debug("Image {} is in use: {}", image.id(), EngineFailures.line(e));
            return false;
        } catch (RuntimeException e) {
            LOG.warn("Image {} could not be removed: {}", image.id(), EngineFailures.line(e));
            return false;
        }
    }

    private void remove(String name) {
        try {
            engine.control().removeImageCmd(name).exec();
        } catch (NotFoundException e) {
            LOG.debug("Image {} has gone already", name);
        }
    }
}
