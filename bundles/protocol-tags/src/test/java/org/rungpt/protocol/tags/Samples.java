package org.rungpt.protocol.tags;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;

/** Actions and parsers for tests. */
final class Samples {
    static final String NONCE = "k7f2";

    static final InstalledAction FILESYSTEM = action(
            "rungpt/filesystem",
            "filesystem",
            true,
            task("read_file", Effects.READ, """
                    {"type":"object","properties":{"path":{"type":"string","description":"the file"}},"required":["path"]}"""),
            task("write_file", Effects.WRITE, """
                    {"type":"object","required":["path","content"],"properties":{"path":{"type":"string"},"content":{"type":"string"},
                    "mode":{"enum":["replace","append"],"default":"replace"}}}"""));
    static final InstalledAction SYSTEM = action(
            "rungpt/system",
            "system",
            true,
            task("shell", Effects.WRITE, """
                    {"type":"object","required":["command"],"properties":{"command":{"type":"string"},"timeout":{"type":"integer","minimum":1},
                    "ratio":{"type":"number"},"verbose":{"type":"boolean"},"flags":{"type":"array","items":{"type":"string"}},
                    "env":{"type":"object"}}}"""),
            task("now", Effects.NONE, "{\"type\":\"object\",\"properties\":{\"timezone\":{\"type\":\"string\"}}}"));

    private Samples() {}

    static Task task(String name, Effects effects, String parameters) {
        return new Task(
                name,
                "Does " + name + ".",
                parameters,
                List.of(),
                effects,
                false,
                false,
                Duration.ofSeconds(30),
                Task.Output.TEXT);
    }

    static InstalledAction action(String id, String alias, boolean builtIn, Task... tasks) {
        return new InstalledAction(
                new ActionPackage(new ActionId(id), "1.0.0", null, Path.of("/actions/" + id), "00", builtIn, null),
                alias,
                new Manifest(
                        alias,
                        "Title of " + alias,
                        "1.0.0",
                        "Description of " + alias + ".",
                        null,
                        List.of(tasks),
                        Manifest.Packages.NONE,
                        "base",
                        false,
                        List.of(),
                        List.of(),
                        List.of(),
                        Manifest.Resources.DEFAULT,
                        List.of(),
                        "{}"));
    }

    static ParserContext context(InstalledAction... actions) {
        Map<String, InstalledTask> tasks = new LinkedHashMap<>();
        for (InstalledAction action : actions) {
            for (Task task : action.manifest().tasks()) {
                var installed = new InstalledTask(action, task);
                tasks.put(installed.name(), installed);
            }
        }
        return new ParserContext(NONCE, name -> Optional.ofNullable(tasks.get(name)), "used"::equals);
    }

    static List<Segment> parse(List<String> pieces, FinishReason reason) {
        var parser = new TagParser(context(FILESYSTEM, SYSTEM));
        List<Segment> all = new ArrayList<>();
        pieces.forEach(piece -> all.addAll(parser.accept(new ModelDelta.Text(piece))));
        all.addAll(parser.end(reason));
        return merged(all);
    }

    /** Neighbouring texts made one. */
    static List<Segment> merged(List<Segment> segments) {
        List<Segment> merged = new ArrayList<>();
        var text = new StringBuilder();
        for (Segment segment : segments) {
            if (segment instanceof Segment.Text piece) {
                text.append(piece.text());
                continue;
            }
            if (text.length() > 0) {
                merged.add(new Segment.Text(text.toString()));
                text.setLength(0);
            }
            merged.add(segment);
        }
        if (text.length() > 0) {
            merged.add(new Segment.Text(text.toString()));
        }
        return merged;
    }
}
