package org.rungpt.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Message;
import org.rungpt.api.chat.ProbeReport;
import org.rungpt.api.chat.ProbeReport.Score;
import org.rungpt.api.chat.ProbeReport.State;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Usage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;

/** One probe of a model: one answer after the other, each begun when the one before has ended. Nothing that it calls is run. */
final class Probe {
    private static final String NONCE = "p4x7";
    /** Each exercise is asked so often: a model does not always do the same. */
    static final int ROUNDS = 3;

    private static final int INSTRUCTIONS = 12_000;
    private static final int CHARACTERS_A_TOKEN = 4;

    private final ModelName model;
    private final ModelConnection connection;
    private final List<CallProtocol> protocols;
    private final Map<String, Score> scores = new LinkedHashMap<>();
    private State state = State.RUNNING;
    private int done;
    private @Nullable String problem;
    private @Nullable ModelStream stream;

    Probe(ModelName model, ModelConnection connection, List<CallProtocol> protocols) {
        this.model = model;
        this.connection = connection;
        this.protocols = protocols.stream()
                .sorted(Comparator.comparing(CallProtocol::id).reversed())
                .toList();
        this.protocols.forEach(each -> scores.put(each.id(), new Score(each.id(), 0, 0, 0, 0, 0)));
    }

    synchronized ProbeReport report() {
        return new ProbeReport(model.toString(), state, done, total(), List.copyOf(scores.values()), better(), problem);
    }

    private int total() {
        return protocols.size() * answers();
    }

    /** With each protocol. */
    private static int answers() {
        return ROUNDS * ProbeTasks.EXERCISES.size();
    }

    /** More right answers, then more valid ones; none if two are as good, or no answer was right. */
    private @Nullable String better() {
        if (state != State.DONE) {
            return null;
        }
        Comparator<Score> quality = Comparator.comparingInt(Score::right).thenComparingInt(Score::valid);
        List<Score> best =
                scores.values().stream().sorted(quality.reversed()).limit(2).toList();
        boolean isClear = !best.isEmpty()
                && best.get(0).right() > 0
                && (best.size() == 1 || quality.compare(best.get(0), best.get(1)) > 0);
        return isClear ? best.get(0).protocol() : null;
    }

    synchronized boolean isRunning() {
        return state == State.RUNNING;
    }

    void cancel() {
        ModelStream running;
        synchronized (this) {
            if (state != State.RUNNING) {
                return;
            }
            state = State.CANCELLED;
            running = stream;
        }
        if (running != null) {
            running.cancel();
        }
    }

    /** Asks the next question; ends when there is none. */
    void next() {
        int number;
        synchronized (this) {
            if (state != State.RUNNING) {
                return;
            }
            if (done == total()) {
                state = State.DONE;
                return;
            }
            number = done;
        }
        CallProtocol protocol = protocols.get(number / answers());
        ProbeTasks.Exercise exercise = ProbeTasks.EXERCISES.get(number % ProbeTasks.EXERCISES.size());
        List<ModelMessage> messages = new ArrayList<>();
        try {
            messages.add(ModelMessage.text(
                    ModelMessage.Role.SYSTEM,
                    SystemMessage.of(protocol.instructions(NONCE, ProbeTasks.ACTIONS, INSTRUCTIONS))));
            messages.addAll(protocol.render(NONCE, List.of(new Message.User("u", exercise.prompt()))));
            var request = new ModelRequest(model.model(), messages, protocol.tools(ProbeTasks.ACTIONS));
            AnswerParser parser = protocol.parser(new ParserContext(NONCE, ProbeTasks::find, ref -> false));
            long characters =
                    messages.stream().mapToLong(each -> each.text().length()).sum();
            ModelStream begun = connection.stream(request, new Listening(protocol.id(), exercise, parser, characters));
            boolean late;
            synchronized (this) {
                stream = begun;
                late = state != State.RUNNING;
            }
            if (late) {
                begun.cancel();
            }
        } catch (RuntimeException e) {
            fail("The protocol " + protocol.id() + " failed: " + e);
        }
    }

    private synchronized void fail(String why) {
        if (state == State.RUNNING) {
            state = State.FAILED;
            problem = why;
        }
    }

    private final class Listening implements ModelObserver {
        private final String protocol;
        private final ProbeTasks.Exercise exercise;
        private final AnswerParser parser;
        private final long requestCharacters;
        private final long begun = System.nanoTime();
        private final List<ParsedCall> calls = new ArrayList<>();
        private boolean malformed;
        private long written;

        Listening(String protocol, ProbeTasks.Exercise exercise, AnswerParser parser, long requestCharacters) {
            this.protocol = protocol;
            this.exercise = exercise;
            this.parser = parser;
            this.requestCharacters = requestCharacters;
        }

        @Override
        public void delta(ModelDelta delta) {
            if (delta instanceof ModelDelta.Text text) {
                written += text.text().length();
            } else if (delta instanceof ModelDelta.Reasoning text) {
                written += text.text().length();
            } else if (delta instanceof ModelDelta.ToolCall call) {
                written += call.arguments().length();
            }
            take(parser.accept(delta));
        }

        private void take(List<Segment> segments) {
            for (Segment segment : segments) {
                if (segment instanceof Segment.Call call) {
                    calls.add(call.call());
                } else if (segment instanceof Segment.Malformed || segment instanceof Segment.Cut) {
                    // Who goes on behind a call invents its result.
                    malformed = true;
                }
            }
        }

        @Override
        public void finished(FinishReason reason, @Nullable Usage usage) {
            take(parser.end(reason));
            boolean valid = !malformed && calls.size() == exercise.calls().size();
            boolean right = valid && ProbeTasks.areRight(exercise.calls(), calls);
            long tokens =
                    usage == null ? (requestCharacters + written) / CHARACTERS_A_TOKEN : usage.input() + usage.output();
            long millis = (System.nanoTime() - begun) / 1_000_000;
            synchronized (Probe.this) {
                if (state == State.RUNNING) {
                    scores.computeIfPresent(
                            protocol,
                            (id, before) -> new Score(
                                    id,
                                    before.tasks() + 1,
                                    before.valid() + (valid ? 1 : 0),
                                    before.right() + (right ? 1 : 0),
                                    before.tokens() + tokens,
                                    before.millis() + millis));
                    done++;
                }
            }
            next();
        }

        @Override
        public void failed(ModelException error) {
            if (error.kind() == ModelException.Kind.BAD_REQUEST && protocol.equals("native")) {
                // A server without tool calls is an answer too.
                malformed = true;
                finished(FinishReason.STOP, null);
            } else {
                fail(String.valueOf(error.getMessage()));
            }
        }
    }
}
