package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Access;
import org.rungpt.api.runner.CallOutcome;

/** One call as the log tells it, until its result was sent. */
final class CallState {
    /** How far it has come. */
    enum Phase {
        /** Nobody has decided on it. */
        REQUESTED,
        /** It waits for somebody's approval. */
        WAITING,
        /** It was refused; the end is not written down yet. */
        REFUSED,
        /** It may run. */
        ALLOWED,
        /** It runs, or ran when the log ends. */
        STARTED,
        FINISHED
    }

    /** What a call says goes here; {@code log} and {@code error} are of tasks whose output are events. */
    static final List<String> STREAMS = List.of("stdout", "stderr", "log", "error");

    /** A file that the call left. */
    record LeftFile(String artifact, String name, String mediaType, long size) {}

    /** The action whose containers are programs of somebody else. */
    private static final String CONTAINER = "rungpt/containers";

    /** What the excerpts keep of each stream until the result is made. */
    private static final int KEPT_CHARACTERS = 64 << 10;

    final String id;
    final String message;
    final String ref;
    final String task;
    final String arguments;
    final String raw;
    /** What is wrong with the way it was written; null for a call. */
    final @Nullable String problem;

    final @Nullable String action;
    final @Nullable String contentHash;
    final boolean harmless;
    /** Whether the user wrote it, not the model. */
    final boolean byUser;
    /** Whether it was made elsewhere, and came with a file: it is over, whatever became of it there. */
    final boolean imported;

    final int index;
    /** Whether it is a task of an action that did not come with RunGPT. */
    final boolean thirdParty;
    /** Whether its standard output holds events, so that the text is what they say. */
    final boolean events;
    /** How many times running the turn has made this same call, this one included. */
    final int repeats;
    /** Which call of the turn it is, from 1. */
    final int number;

    Phase phase = Phase.REQUESTED;

    @Nullable
    String approval;

    /** How far its approval may go. */
    List<String> scopes = List.of();

    /** The untrusted content that whoever is asked is told of. */
    Set<String> named = Set.of();

    /** Whether rules allowed it, and nobody was asked about this very call. */
    boolean byPolicy;

    /** What its approval gave it beyond what was granted before. */
    Access grant = Access.NONE;

    /** What the user made of the arguments; null if nothing. */
    @Nullable
    String edited;

    /** Whether the model is not kept waiting for it. */
    boolean background;

    /** Whether it reached something over the network. */
    boolean connected;

    @Nullable
    String refusal;

    @Nullable
    CallStatus status;

    @Nullable
    Integer exit;

    @Nullable
    String text;

    final OutputExcerpt stdout = new OutputExcerpt(KEPT_CHARACTERS);
    final OutputExcerpt stderr = new OutputExcerpt(KEPT_CHARACTERS);
    final OutputExcerpt logged = new OutputExcerpt(8 << 10);
    private final StringBuilder error = new StringBuilder();
    private final Map<String, LeftFile> files = new LinkedHashMap<>();
    private long stdoutBytes;
    private long stderrBytes;
    private long read;
    private long errorEnd;

    CallState(ObjectNode requested, int repeats, int number) {
        id = requested.path("call").asText();
        message = requested.path("message").asText();
        ref = requested.path("ref").asText("");
        task = requested.path("task").asText("");
        arguments = requested.path("arguments").toString();
        raw = requested.path("raw").asText("");
        problem = Json.text(requested, "problem");
        action = Json.text(requested, "action");
        contentHash = Json.text(requested, "contentHash");
        String effects = Json.text(requested, "effects");
        harmless = effects != null
                && Effects.valueOf(effects.toUpperCase(java.util.Locale.ROOT)).isHarmless();
        thirdParty = requested.path("thirdParty").asBoolean();
        events = requested.path("events").asBoolean();
        byUser = "user".equals(Json.text(requested, "by"));
        index = requested.path("index").asInt();
        imported = requested.path("imported").asBoolean();
        if (imported) {
            phase = Phase.FINISHED;
        }
        this.repeats = repeats;
        this.number = number;
    }

    boolean isFinished() {
        return phase == Phase.FINISHED;
    }

    ParsedCall parsed() {
        return new ParsedCall(ref, task, arguments, raw);
    }

    /** Whether what was shown is what is there: other files are another call. */
    boolean isOf(InstalledTask installed) {
        return installed.action().id().value().equals(action)
                && installed.action().files().contentHash().equals(contentHash);
    }

    /** What it runs with: exactly what was shown when it was approved. */
    String runs() {
        return edited == null ? arguments : edited;
    }

    /** Where what it says, or leaves in files, comes from, if that is none of ours; null if it is. */
    @Nullable
    String untrusted() {
        if (thirdParty) {
            return "output of " + action;
        }
        if (connected) {
            return "content of the network";
        }
        // What listens in it answers on the sandbox's own address, which no connection tells of.
        return CONTAINER.equals(action) && task.endsWith(".start") ? "a container that was started" : null;
    }

    void asked(ObjectNode data) {
        phase = Phase.WAITING;
        approval = Json.text(data, "approval");
        scopes = PermissionsJson.strings(data.path("scopes"));
        named = Set.copyOf(PermissionsJson.strings(data.path("untrusted")));
    }

    void decided(ObjectNode data) {
        boolean allowed = data.path("decision").asText().equals("allow");
        phase = allowed ? Phase.ALLOWED : Phase.REFUSED;
        refusal = Json.text(data, "reason");
        byPolicy = "policy".equals(Json.text(data, "by"));
        if (data.has("arguments")) {
            edited = data.get("arguments").toString();
        }
        grant = PermissionsJson.access(data.path("grant"));
    }

    void output(ObjectNode data) {
        long offset = data.path("offset").asLong();
        String said = data.path("text").asText();
        long bytes = data.path("bytes").asLong();
        read = Math.max(read, data.path("read").asLong());
        switch (data.path("stream").asText()) {
            case "stderr" -> stderr.append(offset, said, bytes);
            case "log" -> logged.append(offset, said, bytes);
            case "error" -> {
                errorEnd = offset + bytes;
                if (error.length() < 2000) {
                    boolean goesOn = error.isEmpty() || error.charAt(error.length() - 1) == '\n';
                    error.append(goesOn ? "" : "\n").append(said);
                }
            }
            default -> stdout.append(offset, said, bytes);
        }
    }

    /** How many bytes of standard output are known. */
    long read() {
        return events ? read : stdout.end();
    }

    /** Where the text of each stream goes on. */
    Map<String, Long> ends() {
        return Map.of("stdout", stdout.end(), "log", logged.end(), "error", errorEnd);
    }

    void left(ObjectNode data) {
        var file = new LeftFile(
                data.path("artifact").asText(),
                data.path("name").asText(),
                data.path("mediaType").asText(),
                data.path("size").asLong());
        files.put(file.artifact(), file);
    }

    /** The files that it left, in the order in which they came. */
    List<LeftFile> files() {
        return List.copyOf(files.values());
    }

    /** The event of its end: a program that said {@code error} has failed, whatever its exit code. */
    Draft finished(CallOutcome outcome) {
        Draft draft = Draft.callFinished(id, outcome);
        if (events) {
            draft.data().put("stdout", stdout.end());
        }
        if (!error.isEmpty() && outcome.reason() == CallOutcome.Reason.EXITED) {
            draft.data().put("status", CallStatus.FAILED.wire());
            String more = outcome.message() == null ? "" : " " + outcome.message();
            draft.data().put("message", error.toString().strip() + more);
        }
        return draft;
    }

    void finished(ObjectNode data) {
        phase = Phase.FINISHED;
        status = CallStatus.ofWire(data.path("status").asText());
        exit = data.hasNonNull("exit") ? data.get("exit").asInt() : null;
        text = Json.text(data, "message");
        if (edited != null) {
            String told = "The user changed the arguments before it ran: " + edited;
            text = text == null ? told : text + " " + told;
        }
        stdoutBytes = Math.max(stdout.end(), data.path("stdout").asLong());
        stderrBytes = Math.max(stderr.end(), data.path("stderr").asLong());
    }

    /** What the model is told, within a bound of characters. */
    CallResult result(int bound) {
        CallStatus how = status != null ? status : background ? CallStatus.WORKING : CallStatus.UNKNOWN;
        if (how == CallStatus.WORKING) {
            text = "It is still running. Its result comes in a later message by itself: do not make the call again.";
            stdoutBytes = stdout.end();
            stderrBytes = stderr.end();
        }
        long bytes = stdoutBytes + stderrBytes;
        boolean failed = how != CallStatus.COMPLETED;
        if (bytes == 0) {
            String why = text == null ? "" : text;
            if (failed && logged.characters() > 0) {
                why = (why.isEmpty() ? "" : why + "\n") + "[log]\n"
                        + logged.within(bound).text(logged.end());
            }
            return new CallResult(id, ref, task, how, exit, why, 0, filesTold());
        }
        int forErrors = Math.max(failed ? bound / 2 : bound / 4, bound - stdout.characters());
        OutputExcerpt errors = stderr.within(Math.min(stderr.characters(), forErrors));
        OutputExcerpt out = stdout.within(bound - errors.characters());
        var all = new StringBuilder(out.text(stdoutBytes));
        if (stderrBytes > 0) {
            if (!all.isEmpty() && all.charAt(all.length() - 1) != '\n') {
                all.append('\n');
            }
            if (!all.isEmpty()) {
                all.append("[standard error]\n");
            }
            all.append(errors.text(stderrBytes));
        }
        long leftOut = out.leftOut(stdoutBytes) + errors.leftOut(stderrBytes);
        String note = text;
        if (leftOut > 0) {
            String cut = leftOut + " of " + bytes + " bytes of output are left out here.";
            note = note == null ? cut : note + " " + cut;
        }
        String told = filesTold();
        if (told != null) {
            note = note == null ? told : note + " " + told;
        }
        return new CallResult(id, ref, task, how, exit, all.toString(), bytes, note);
    }

    private @Nullable String filesTold() {
        if (files.isEmpty()) {
            return null;
        }
        String names = files.values().stream()
                .limit(20)
                .map(file -> "%s (%s, %d bytes)".formatted(file.name(), file.mediaType(), file.size()))
                .collect(Collectors.joining(", "));
        String more = files.size() > 20 ? " and " + (files.size() - 20) + " more" : "";
        return "Files that it left, which the user sees: " + names + more + ".";
    }
}
