package org.rungpt.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Decision;
import org.rungpt.plain.Plain;

/** Asks a question and shows the whole turn while it goes on. */
@Service
@Command(scope = "rungpt", name = "ask", description = "Asks a question and shows the answer while it comes")
public final class AskCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Conversations conversations;

    @Option(name = "--model", description = "The model, like openai/gpt-5; the default one if left out")
    @Completion(ModelCompleter.class)
    @Nullable
    String model;

    @Option(
            name = "--protocol",
            description = "How calls are written: tags or native; if left out, as the model's connection says")
    @Completion(
            value = StringsCompleter.class,
            values = {"tags", "native"})
    @Nullable
    String protocol;

    @Option(name = "--conversation", description = "Goes on with this conversation instead of a new one")
    @Nullable
    String conversation;

    @Option(
            name = "--allow",
            description = "Approves calls of tasks that fit, like system.* or acme.plot; may be repeated",
            multiValued = true)
    @Completion(TaskCompleter.class)
    @Nullable
    List<String> allow;

    @Argument(name = "question", description = "What to ask", required = true, multiValued = true)
    @Nullable
    List<String> question;

    @Override
    void run(PrintStream out) throws Exception {
        Conversations chat = need(conversations, "The chat", "rungpt-chat");
        String id = conversation == null ? chat.create(model, protocol).id() : conversation;
        if (conversation != null && (model != null || protocol != null)) {
            chat.change(id, null, model, protocol);
        }
        var turn = new Turn(id, new Allowed(allow == null ? List.of() : allow), out);
        ServiceRegistration<ConversationListener> listening = listen(turn);
        try {
            turn.posted(chat.post(id, null, String.join(" ", question == null ? List.of() : question)));
            follow(turn, chat, id, out);
        } catch (InterruptedException e) {
            chat.stop(id);
            throw new CommandException("Stopped; go on with rungpt:ask --conversation " + id, e);
        } finally {
            listening.unregister();
        }
    }

    private static ServiceRegistration<ConversationListener> listen(Turn turn) throws CommandException {
        Bundle own = FrameworkUtil.getBundle(AskCommand.class);
        if (own == null || own.getBundleContext() == null) {
            throw new CommandException("rungpt:ask works inside the running server only");
        }
        return own.getBundleContext().registerService(ConversationListener.class, turn, new Hashtable<>());
    }

    private void follow(Turn turn, Conversations chat, String id, PrintStream out)
            throws InterruptedException, ChatException, CommandException {
        while (!turn.isFinished()) {
            Turn.Approval wanted = turn.next(1, TimeUnit.SECONDS);
            if (wanted != null) {
                decide(chat, id, wanted);
            }
        }
        out.println();
        String problem = turn.problem();
        if (problem != null) {
            throw new CommandException(problem + "; the conversation is " + id);
        }
        if (isInteractive()) {
            out.println("(go on with rungpt:ask --conversation " + id + " …)");
        }
    }

    private void decide(Conversations chat, String id, Turn.Approval wanted) throws ChatException {
        boolean allowed = wanted.allowed() || asks(wanted);
        String reason = allowed
                ? null
                : isInteractive()
                        ? "the user said no"
                        : "nobody is there to approve it; --allow " + wanted.task() + " would";
        try {
            chat.decide(id, wanted.call(), new Decision(allowed, Decision.Scope.ONCE, reason));
        } catch (ChatException e) {
            if (e.kind() != ChatException.Kind.CONFLICT) {
                throw e;
            }
            // Somebody else, in the browser perhaps, was faster.
        }
    }

    private boolean asks(Turn.Approval wanted) {
        if (session == null || !isInteractive()) {
            return false;
        }
        try {
            String answer = session.readLine(
                    "Allow " + Plain.line(wanted.task()) + " " + Plain.line(wanted.arguments()) + " ("
                            + Plain.line(wanted.reasons()) + ")? [y/N] ",
                    null);
            return answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
