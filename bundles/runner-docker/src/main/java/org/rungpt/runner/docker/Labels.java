package org.rungpt.runner.docker;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How what belongs to this installation is marked on the engine. */
record Labels(String instance) {
    static final String INSTANCE = "rungpt.instance";
    static final String SANDBOX = "rungpt.sandbox";
    static final String CONVERSATION = "rungpt.conversation";
    static final String ACTION = "rungpt.action";
    static final String CONTENTS = "rungpt.contents";
    static final String VOLUME = "rungpt.volume";
    static final String BORDER = "rungpt.border";
    static final String BOUNDS = "rungpt.bounds";
    static final String BUILDER = "rungpt.builder";
    /** On images: which installation made it. */
    static final String MADE_BY = "rungpt.made-by";

    /** Variables that contributors gave to its programs. */
    static final String ENVIRONMENT = "rungpt.environment";

    static final String USER = "rungpt.user";
    static final String EGRESS = "rungpt.egress";
    static final String JOURNAL = "rungpt.journal";
    /** Of what measures the volumes of this sandbox. */
    static final String METER = "rungpt.meter";

    /** Of that with which the sidecars of this sandbox end. */
    static final String PAUSE = "rungpt.pause";

    static final String LEASE = "rungpt.lease";
    /** Of a sidecar: its sandbox, its name there, the reference of its image, and where it listens. */
    static final String BESIDE = "rungpt.beside";

    static final String SIDECAR = "rungpt.sidecar";
    static final String IMAGE = "rungpt.image-reference";
    static final String PORT = "rungpt.port";
    /** What ends by itself in a moment. */
    static final String CHORE = "rungpt.chore";

    Map<String, String> of(SandboxPlan plan, Duration lease) {
        Map<String, String> labels = new HashMap<>();
        labels.put(INSTANCE, instance);
        labels.put(SANDBOX, plan.id());
        labels.put(CONTENTS, String.join(" ", plan.purpose().contents()));
        labels.put(BORDER, plan.purpose().border().text());
        labels.put(BOUNDS, plan.purpose().bounds().text());
        labels.put(LEASE, Long.toString(lease.toSeconds()));
        putIfPresent(labels, CONVERSATION, plan.conversation());
        putIfPresent(labels, ACTION, plan.purpose().action());
        putIfPresent(labels, VOLUME, plan.volume());
        labels.put(USER, plan.user());
        if (!plan.contributed().environment().isEmpty()) {
            labels.put(ENVIRONMENT, plan.contributed().environmentText());
        }
        return labels;
    }

    /** @param id of a container that ends by itself in a moment */
    Map<String, String> ofChore(String id) {
        return Map.of(INSTANCE, instance, CHORE, id);
    }

    Map<String, String> ofBuilder(String id) {
        return Map.of(INSTANCE, instance, BUILDER, id);
    }

    /** Of an image. What a builder's container had is emptied: a container that somebody makes of the image is not ours. */
    Map<String, String> ofImage() {
        return Map.of(MADE_BY, instance, INSTANCE, "", BUILDER, "");
    }

    Map<String, String> of(SidecarPlan plan) {
        Map<String, String> labels = new HashMap<>();
        labels.put(INSTANCE, instance);
        labels.put(BESIDE, plan.sandbox());
        labels.put(SIDECAR, plan.spec().name());
        labels.put(IMAGE, plan.spec().image());
        Integer port = plan.spec().port();
        putIfPresent(labels, PORT, port == null ? null : port.toString());
        putIfPresent(labels, CONVERSATION, plan.conversation());
        return labels;
    }

    Map<String, String> of(EgressPlan plan, Duration lease) {
        return Map.of(INSTANCE, instance, EGRESS, plan.sandbox(), LEASE, Long.toString(lease.toSeconds()));
    }

    /** Name of the volume in which a sandbox and its proxy meet. */
    String egressVolume(String sandbox) {
        return name("egress-" + sandbox);
    }

    Map<String, String> of(JournalPlan plan, Duration lease) {
        return Map.of(INSTANCE, instance, JOURNAL, plan.conversation(), LEASE, Long.toString(lease.toSeconds()));
    }

    Map<String, String> of(DiskPlan plan) {
        return Map.of(INSTANCE, instance, METER, plan.sandbox());
    }

    Map<String, String> of(PausePlan plan) {
        return Map.of(INSTANCE, instance, PAUSE, plan.sandbox());
    }

    private static void putIfPresent(Map<String, String> labels, String key, @Nullable String value) {
        if (value != null) {
            labels.put(key, value);
        }
    }

    /** The filter that finds what is this installation's, and nothing else. */
    Map<String, String> filter() {
        return Map.of(INSTANCE, instance);
    }

    /** What the container of these labels is for. */
    static Purpose purpose(Map<String, String> labels, Settings settings) {
        return new Purpose(
                labels.get(ACTION),
                contents(labels),
                Border.parse(labels.getOrDefault(BORDER, "")),
                Bounds.parse(labels.getOrDefault(BOUNDS, ""), settings));
    }

    private static SortedSet<String> contents(Map<String, String> labels) {
        SortedSet<String> contents =
                new TreeSet<>(Arrays.asList(labels.getOrDefault(CONTENTS, "").split(" ", -1)));
        contents.remove("");
        return contents;
    }

    /** Names are not to be guessed and tell whose they are; what is removed is found by its label. */
    String name(String id) {
        return "rungpt-" + instance.substring(0, 8) + "-" + id;
    }
}
