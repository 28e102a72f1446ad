package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ProbeReport;
import org.rungpt.api.protocol.CallProtocol;

/** Which protocol a model handles better, and when nobody can say. */
final class ProbeTest {
    private static final int ANSWERS = Probe.ROUNDS * ProbeTasks.EXERCISES.size();

    private static CallProtocol named(String id) {
        var lines = new LineProtocol();
        return (CallProtocol) Proxy.newProxyInstance(
                ProbeTest.class.getClassLoader(), new Class<?>[] {CallProtocol.class}, (self, method, values) -> {
                    if (method.getName().equals("id")) {
                        return id;
                    }
                    try {
                        return method.invoke(lines, values);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** @param answers what the model says with a protocol to an exercise */
    private static ProbeReport probe(BiFunction<String, ProbeTasks.Exercise, String> answers) {
        var model = new ScriptedModel(Runnable::run);
        model.script((n, answer) -> answer.say(answers.apply(
                        n <= ANSWERS ? "tags" : "native",
                        ProbeTasks.EXERCISES.get((n - 1) % ProbeTasks.EXERCISES.size())))
                .end());
        var probe = new Probe(ModelName.parse("test/one"), model, List.of(named("native"), named("tags")));
        probe.next();
        ProbeReport report = probe.report();
        assertThat(report.state()).isEqualTo(ProbeReport.State.DONE);
        assertThat(report.done()).isEqualTo(report.total()).isEqualTo(2 * ANSWERS);
        assertThat(report.scores()).extracting(ProbeReport.Score::tasks).containsOnly(ANSWERS);
        return report;
    }

    private static String right(ProbeTasks.Exercise exercise) {
        return exercise.calls().isEmpty()
                ? "Hello"
                : exercise.calls().stream()
                        .map(call -> "@call " + Math.abs(call.hashCode()) + " " + call.task() + " " + call.arguments()
                                + "\n")
                        .collect(Collectors.joining());
    }

    @Test
    void whoIsRightMoreOftenIsBetter() {
        ProbeReport report = probe((protocol, exercise) -> protocol.equals("native") ? right(exercise) : "@bad\n");
        assertThat(report.better()).isEqualTo("native");
        assertThat(report.scores()).extracting(ProbeReport.Score::right).containsExactly(0, ANSWERS);
    }

    @Test
    void anInventedResultIsNoGoodAnswer() {
        ProbeReport report = probe((protocol, exercise) -> {
            String invented = protocol.equals("tags") && !exercise.calls().isEmpty() ? "It says: 5555" : "";
            return right(exercise) + invented;
        });
        assertThat(report.better()).isEqualTo("native");
        assertThat(report.scores()).extracting(ProbeReport.Score::valid).containsExactly(Probe.ROUNDS, ANSWERS);
    }

    @Test
    void aTieHasNoWinner() {
        assertThat(probe((protocol, exercise) -> right(exercise)).better()).isNull();
        assertThat(probe((protocol, exercise) -> right(exercise) + (protocol.equals("tags") ? "" : "\n\n"))
                        .better())
                .isNull();
    }

    @Test
    void whoIsNeverRightIsNotBetter() {
        ProbeReport report = probe((protocol, exercise) ->
                protocol.equals("tags") && exercise.calls().size() == 1
                        ? "@call 1 probe_files.read {\"path\":\"other\"}\n"
                        : "@bad\n");
        assertThat(report.scores()).extracting(ProbeReport.Score::valid).containsExactly(3 * Probe.ROUNDS, 0);
        assertThat(report.better()).isNull();
    }
}
