package org.rungpt.chat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Usage;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.Segment;

/**
 * One answer while it streams: model → parser → listeners at once, and into the log in stretches. The observer's methods only
 * enqueue; everything else runs in the conversation's mailbox.
 */
final class AnswerStream implements ModelObserver {
    /** Shown text is durable after so long, or when there is so much of it. */
    private static final Duration STORE_AFTER = Duration.ofMillis(250);

    private static final int STORE_BYTES = 2048;
    /** A conversation that a server finds too long is shortened so often in a turn. */
    private static final int SHORTENED_AGAIN = 4;

    private static final int CHARACTERS_A_TOKEN = 4;
    /** What the smallest piece costs while it waits, in characters. */
    private static final int DELTA = 64;

    private final ConversationActor actor;
    private final EventLog log;
    private final String message;
    private final ModelConnection connection;
    private final AnswerParser parser;
    private final long requestTokens;
    private final @Nullable ModelInfo model;
    private final long began = System.nanoTime();
    private final TextStream answer;
    private final TextStream reasoning;
    /** Of what waits in the mailbox, in characters and what they cost. */
    private final AtomicLong waiting = new AtomicLong();

    private volatile boolean flooded;
    private @Nullable ModelStream stream;
    private boolean storing;
    private boolean heard;
    private boolean ended;

    AnswerStream(
            ConversationActor actor,
            EventLog log,
            String message,
            ModelConnection connection,
            AnswerParser parser,
            long requestTokens,
            @Nullable ModelInfo model) {
        this.actor = actor;
        this.log = log;
        this.message = message;
        this.connection = connection;
        this.parser = parser;
        this.requestTokens = requestTokens;
        this.model = model;
        this.answer = new TextStream(message, "answer");
        this.reasoning = new TextStream(message, "reasoning");
    }

    void begin(ModelRequest request) {
        try {
            stream = connection.stream(request, this);
        } catch (RuntimeException e) {
            failed(new ModelException(
                    ModelException.Kind.MALFORMED,
                    "The connection " + connection.name() + " failed: " + e,
                    "Look at the log of the bundle that provides it.",
                    e));
        }
    }

    @Override
    public void delta(ModelDelta delta) {
        long size = size(delta);
        if (flooded) {
            return;
        }
        if (waiting.addAndGet(size) > actor.limits().answerCharacters()) {
            // The mailbox is held up, by a store that is away, and the server does not mind.
            flooded = true;
            enqueue(this::tooLong);
            return;
        }
        enqueue(() -> {
            waiting.addAndGet(-size);
            heard = true;
            accept(parser.accept(delta));
        });
    }

    private static long size(ModelDelta delta) {
        if (delta instanceof ModelDelta.Text text) {
            return DELTA + text.text().length();
        } else if (delta instanceof ModelDelta.Reasoning reasoning) {
            return DELTA + reasoning.text().length();
        } else if (delta instanceof ModelDelta.ToolCall call) {
            return DELTA + call.arguments().length();
        }
        return DELTA;
    }

    private void tooLong() {
        cancelStream();
        finish("length", "The answer is longer than RunGPT takes.", null, estimate());
        actor.drive();
    }

    @Override
    public void retrying(int attempt, Duration wait, String reason) {
        enqueue(() -> {
            log.stage(Draft.messageRetrying(message, attempt, wait, reason));
            log.flush();
        });
    }

    @Override
    public void finished(FinishReason reason, @Nullable Usage usage) {
        enqueue(() -> {
            take(parser.end(reason));
            if (!ended) {
                String wire =
                        switch (reason) {
                            case STOP, TOOL_CALLS -> "stop";
                            case LENGTH -> "length";
                            case CONTENT_FILTER -> "content_filter";
                            case CANCELLED -> "stopped";
                        };
                finish(wire, null, null, usage == null ? estimate() : usage);
            }
            actor.drive();
        });
    }

    @Override
    public void failed(ModelException error) {
        enqueue(() -> {
            keepText();
            if (error.kind() == ModelException.Kind.CONTEXT_LENGTH && mayBeShortened()) {
                ended = true;
                log.stage(Draft.messageFinished(message, "superseded", error.getMessage(), null, null)
                        .took(took())
                        .tooLong(requestTokens));
                actor.answerEnded();
            } else if (error.kind() != ModelException.Kind.BACKEND_STOPPED) {
                // Nothing is spent on a request that nobody answered.
                finish("error", null, error, heard ? estimate() : null);
            } else {
                actor.leave(connection);
                handOver(error);
            }
            actor.drive();
        });
    }

    /** Whether the same can be asked again with less. */
    private boolean mayBeShortened() {
        AnswerState state = log.state().answer();
        TurnState turn = log.state().turn();
        return state != null
                && state.isEmpty()
                && answer.end() + reasoning.end() == 0
                && turn != null
                && turn.tooLong < SHORTENED_AGAIN;
    }

    private Duration took() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private void enqueue(Runnable task) {
        actor.enqueue(() -> {
            if (ended) {
                return;
            }
            try {
                task.run();
            } catch (LogLost e) {
                throw e;
            } catch (RuntimeException e) {
                if (ended) {
                    throw e;
                }
                // The parser is a plug-in: what it does wrong ends the answer, not the conversation.
                cancelStream();
                var error = new ModelException(
                        ModelException.Kind.MALFORMED,
                        "The answer could not be read: " + e,
                        "Continue, or say it again.",
                        e);
                finish("error", null, error, estimate());
                actor.drive();
            }
        });
    }

    private void accept(List<Segment> segments) {
        boolean calls = take(segments);
        if (!ended && answer.end() + reasoning.end() > actor.limits().answerCharacters()) {
            tooLong();
        } else if (ended) {
            actor.drive();
        } else if (calls) {
            actor.driveOn();
        } else {
            if (log.keepsWaiting()) {
                log.flush();
            }
            storeInTime();
        }
    }

    private void storeInTime() {
        long unstored = answer.unstoredBytes() + reasoning.unstoredBytes();
        if (unstored >= STORE_BYTES) {
            storeText();
            log.flush();
        } else if (!storing && unstored > 0) {
            storing = true;
            actor.later(STORE_AFTER, () -> {
                storing = false;
                if (!ended) {
                    storeText();
                    log.flush();
                }
            });
        }
    }

    /** @return whether there was a call among them */
    private boolean take(List<Segment> segments) {
        boolean calls = false;
        for (Segment segment : segments) {
            if (ended) {
                break;
            }
            if (segment instanceof Segment.Text text) {
                tell(answer.accept(text.text()));
            } else if (segment instanceof Segment.Reasoning text) {
                tell(reasoning.accept(text.text()));
            } else if (segment instanceof Segment.CallOpened opened) {
                tell(Draft.callDelta(message, opened));
            } else if (segment instanceof Segment.Call call) {
                storeText();
                var task = actor.actions().taskForReading(call.call().task()).orElse(null);
                log.stage(Draft.callRequested(message, call.call(), answer.end(), task));
                calls = true;
            } else if (segment instanceof Segment.Malformed malformed) {
                storeText();
                log.stage(Draft.callRequested(message, malformed, answer.end()));
                calls = true;
            } else if (segment instanceof Segment.Cut cut) {
                cancelStream();
                finish("cut", cut.reason(), null, estimate());
            }
        }
        return calls;
    }

    private void tell(@Nullable Draft event) {
        if (event != null) {
            actor.tell(event);
        }
    }

    private void storeText() {
        for (TextStream channel : List.of(reasoning, answer)) {
            Draft text = channel.take();
            if (text != null) {
                log.stage(text);
            }
        }
    }

    /** What the parser held back was text after all; a call that is not closed is none. */
    private void keepText() {
        List<Segment> rest;
        try {
            rest = parser.end(FinishReason.CANCELLED);
        } catch (RuntimeException e) {
            return;
        }
        for (Segment segment : rest) {
            if (segment instanceof Segment.Text text) {
                tell(answer.accept(text.text()));
            } else if (segment instanceof Segment.Reasoning text) {
                tell(reasoning.accept(text.text()));
            }
        }
    }

    /** The user stops it. */
    void stop() {
        if (!ended) {
            cancelStream();
            keepText();
            finish("stopped", null, null, estimate());
        }
    }

    /** Somebody else goes on: asks again, or goes on with the calls that were made. */
    void handOver(@Nullable ModelException why) {
        if (ended) {
            return;
        }
        cancelStream();
        AnswerState state = log.state().answer();
        TurnState turn = log.state().turn();
        if (state != null && state.calls > 0) {
            finish("cut", "A part of RunGPT was being replaced.", null, estimate());
        } else if (turn != null && turn.superseded < ConversationActor.SUPERSEDED_BY_SWAPS) {
            finish("superseded", null, null, estimate());
        } else {
            finish(why == null ? "interrupted" : "error", null, why, estimate());
        }
    }

    /** Nobody listens any more; nothing is written. */
    void abandon() {
        ended = true;
        cancelStream();
    }

    private void cancelStream() {
        if (stream != null) {
            stream.cancel();
        }
    }

    private void finish(String reason, @Nullable String detail, @Nullable ModelException error, @Nullable Usage usage) {
        ended = true;
        storeText();
        double cost = usage == null ? 0 : Spent.cost(model, usage);
        log.stage(Draft.messageFinished(message, reason, detail, error, usage, cost)
                .took(took()));
        actor.answerEnded();
    }

    private Usage estimate() {
        long written = answer.end() + reasoning.end();
        return new Usage(requestTokens, written / CHARACTERS_A_TOKEN, true);
    }
}
