package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.chat.Access;
import org.rungpt.api.runner.Grants;

/** What an action asks for across the border of its sandbox and does not have. */
record Needs(
        List<String> network,
        List<Manifest.Share> shares,
        List<Manifest.Secret> secrets,
        boolean workspace,
        List<Manifest.Sidecar> sidecars) {
    static final Needs NONE = new Needs(List.of(), List.of(), List.of(), false, List.of());

    /** All that a manifest asks for; built-in actions run in the conversation's workspace and ask for nothing of their own. */
    static Needs of(InstalledAction action) {
        Manifest manifest = action.manifest();
        return action.files().builtIn()
                ? NONE
                : new Needs(
                        manifest.network(),
                        manifest.shares(),
                        manifest.secrets(),
                        manifest.workspace(),
                        manifest.sidecars());
    }

    /** What of it was not granted. */
    Needs without(Access granted) {
        Set<String> shared = new HashSet<>();
        Set<String> writable = new HashSet<>();
        for (Grants.Share share : granted.shares()) {
            shared.add(share.name());
            if (share.writable()) {
                writable.add(share.name());
            }
        }
        return new Needs(
                network.stream()
                        .filter(host -> !granted.network().contains(host))
                        .toList(),
                shares.stream()
                        .filter(share -> !(share.writable() ? writable : shared).contains(share.name()))
                        .toList(),
                secrets.stream()
                        .filter(secret -> !granted.secrets().contains(secret.name()))
                        .toList(),
                workspace && !granted.workspace(),
                sidecars);
    }

    boolean isEmpty() {
        return equals(NONE);
    }

    /** Whether a call that has all of it reaches beyond sandboxes and their files. */
    boolean crosses() {
        return !network.isEmpty()
                || !secrets.isEmpty()
                || !sidecars.isEmpty()
                || shares.stream().anyMatch(Manifest.Share::writable);
    }

    /** All of it as a grant, but for the shares, for which somebody has to choose the directories. */
    Access access() {
        return new Access(
                network, List.of(), secrets.stream().map(Manifest.Secret::name).toList(), workspace);
    }

    /** In sentences, and what it means for the sandbox. */
    List<String> sentences(Predicate<Manifest.Secret> isSet) {
        List<String> sentences = asked(isSet);
        if (!shares.isEmpty()) {
            sentences.add(
                    "Its sandbox is made anew for that: what is not among the files of the conversation is lost.");
        }
        return sentences;
    }

    /** What is asked for, a sentence each. */
    private List<String> asked(Predicate<Manifest.Secret> isSet) {
        var sentences = new ArrayList<String>();
        if (workspace) {
            sentences.add("It asks to see and change the files of this conversation.");
        }
        if (!network.isEmpty()) {
            sentences.add("It asks to reach " + String.join(", ", network) + ".");
        }
        for (Manifest.Secret secret : secrets) {
            String meant = secret.hosts().isEmpty()
                    ? ""
                    : ", meant for " + String.join(", ", secret.hosts()) + ": a call with it reaches nothing else";
            String unset = isSet.test(secret) ? "" : ", which is not set yet";
            sentences.add("It asks for the secret " + secret.name() + unset + meant + ".");
        }
        for (Manifest.Share share : shares) {
            String why = share.why() == null || share.why().isBlank() ? "" : " (" + share.why() + ")";
            sentences.add("It asks to " + (share.writable() ? "read and write" : "read")
                    + " a directory of this machine, " + share.name() + why + ".");
        }
        for (Manifest.Sidecar sidecar : sidecars) {
            sentences.add("It asks for a further container, " + sidecar.image() + ".");
        }
        return sentences;
    }

    ObjectNode json(Predicate<Manifest.Secret> isSet) {
        ObjectNode node = Json.object();
        PermissionsJson.strings(node.putArray("reasons"), asked(isSet));
        PermissionsJson.strings(node.putArray("network"), network);
        ArrayNode wanted = node.putArray("shares");
        for (Manifest.Share share : shares) {
            ObjectNode entry = wanted.addObject().put("name", share.name()).put("writable", share.writable());
            if (share.why() != null) {
                entry.put("why", share.why());
            }
        }
        ArrayNode keys = node.putArray("secrets");
        for (Manifest.Secret secret : secrets) {
            ObjectNode entry = keys.addObject().put("name", secret.name()).put("env", secret.env());
            PermissionsJson.strings(entry.putArray("hosts"), secret.hosts());
            entry.put("set", isSet.test(secret));
            if (secret.help() != null) {
                entry.put("help", secret.help());
            }
        }
        node.put("workspace", workspace);
        PermissionsJson.strings(
                node.putArray("sidecars"),
                sidecars.stream().map(Manifest.Sidecar::image).toList());
        return node;
    }
}
