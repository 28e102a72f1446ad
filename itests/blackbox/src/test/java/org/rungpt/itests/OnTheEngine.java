package org.rungpt.itests;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** What an installation has on the Docker engine, seen by Docker's own command. */
final class OnTheEngine {
    private final RunGpt rungpt;
    private final String instance;

    OnTheEngine(RunGpt rungpt) throws IOException {
        this.rungpt = rungpt;
        this.instance = Files.readString(rungpt.data.resolve("instance")).strip();
    }

    String instance() {
        return instance;
    }

    /** Runs Docker's command and gives what it prints. */
    static String docker(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError(command + " does not end");
        }
        return out.strip();
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\s+"));
    }

    /** Ids of its containers, whatever they do. */
    Set<String> containers() throws IOException, InterruptedException {
        return new TreeSet<>(words(docker("ps", "-aq", "--no-trunc", "--filter", "label=rungpt.instance=" + instance)));
    }

    Set<String> volumes() throws IOException, InterruptedException {
        return new TreeSet<>(words(docker("volume", "ls", "-q", "--filter", "label=rungpt.instance=" + instance)));
    }

    private Set<String> networks() throws IOException, InterruptedException {
        return new TreeSet<>(words(docker("network", "ls", "-q", "--filter", "label=rungpt.instance=" + instance)));
    }

    private static JsonNode inspect(Set<String> containers) throws IOException, InterruptedException {
        if (containers.isEmpty()) {
            return ModelServer.JSON.createArrayNode();
        }
        List<String> command = new ArrayList<>(List.of("inspect", "--type", "container"));
        command.addAll(containers);
        return ModelServer.JSON.readTree(docker(command.toArray(String[]::new)));
    }

    /** The image of one of its sandboxes. */
    String image() throws IOException, InterruptedException {
        return inspect(containers()).path(0).path("Image").asText();
    }

    /** What of it no living server looks after; empty if all is well. */
    Set<String> withoutLease(Set<String> before) throws IOException, InterruptedException {
        JsonNode containers = inspect(containers());
        Set<String> volumes = volumes();
        // Asked last: it knows of every sandbox before the engine does.
        String kept = rungpt.script("shell", "rungpt:sandboxes").out();
        Set<String> needed = new HashSet<>();
        ModelServer.JSON
                .readTree(Files.readString(rungpt.data.resolve("workspaces.json")))
                .path("volumes")
                .forEach(volume -> needed.add(volume.asText()));
        Set<String> leaks = new TreeSet<>();
        for (JsonNode container : containers) {
            JsonNode labels = container.at("/Config/Labels");
            String sandbox = first(labels, "rungpt.sandbox", "rungpt.egress", "rungpt.beside");
            boolean isKept = sandbox.isEmpty()
                    // the helpers of a server die with it
                    ? !before.contains(container.path("Id").asText())
                    : kept.contains(sandbox);
            if (!isKept || !container.at("/State/Running").asBoolean()) {
                leaks.add("container " + container.path("Name").asText() + " " + labels);
            } else if (labels.has("rungpt.sandbox")) {
                needed.add(labels.path("rungpt.volume").asText());
                needed.add("rungpt-" + instance.substring(0, 8) + "-egress-" + sandbox);
            }
        }
        volumes.removeAll(needed);
        volumes.forEach(volume -> leaks.add("volume " + volume));
        networks().forEach(network -> leaks.add("network " + network));
        return leaks;
    }

    private static String first(JsonNode labels, String... names) {
        for (String name : names) {
            if (labels.has(name)) {
                return labels.path(name).asText();
            }
        }
        return "";
    }
}
