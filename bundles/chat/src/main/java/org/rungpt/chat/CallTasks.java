package org.rungpt.chat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.HostTasks;

/** The tasks of {@code rungpt/calls}: what earlier calls of the conversation said, in full. */
final class CallTasks implements HostTasks {
    private static final ActionId ACTION = new ActionId("rungpt/calls");

    private final Engine engine;

    CallTasks(Engine engine) {
        this.engine = engine;
    }

    @Override
    public ActionId action() {
        return ACTION;
    }

    @Override
    public CallHandle start(CallSpec call, CallObserver observer) {
        var outcome = new CompletableFuture<CallOutcome>();
        long begun = System.nanoTime();
        engine.threads.execute(() -> {
            int exit = 0;
            byte[] said;
            try {
                said = run(call).getBytes(StandardCharsets.UTF_8);
            } catch (Wrong | IOException | LogLost e) {
                exit = 2;
                said = (e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
            } catch (RuntimeException e) {
                outcome.completeExceptionally(e);
                return;
            }
            boolean failed = exit != 0;
            observer.output(
                    failed ? CallObserver.Stream.STDERR : CallObserver.Stream.STDOUT,
                    0,
                    ByteBuffer.wrap(said).asReadOnlyBuffer());
            outcome.complete(new CallOutcome(
                    exit,
                    CallOutcome.Reason.EXITED,
                    null,
                    failed ? 0 : said.length,
                    failed ? said.length : 0,
                    Duration.ofNanos(System.nanoTime() - begun),
                    "host"));
        });
        return new CallHandle() {
            @Override
            public String call() {
                return call.call();
            }

            @Override
            public void cancel() {
                // It takes moments, and changes nothing.
            }

            @Override
            public CompletionStage<CallOutcome> outcome() {
                return outcome;
            }

            @Override
            public void forget() {
                // Nothing of it is kept here.
            }
        };
    }

    /** What was asked for is not there; the message says what is. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1;

        Wrong(String message) {
            super(message);
        }
    }

    private String run(CallSpec spec) throws Wrong, IOException {
        var record = CallRecord.read(engine, spec.conversation(), spec.call());
        return switch (spec.task().task().name()) {
            case "list" -> record.list();
            case "read" -> record.show(Json.object(spec.arguments()));
            default -> throw new Wrong("there is no such task");
        };
    }
}
