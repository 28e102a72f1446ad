package org.rungpt.chat;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Spending;
import org.rungpt.api.store.StoreException;

/** Budgets as users set them: of a conversation as events of its log, of all conversations as a setting. */
final class ChatSpending implements Spending {
    private final Engine engine;
    private final Actors actors;

    ChatSpending(Engine engine, Actors actors) {
        this.engine = engine;
        this.actors = actors;
    }

    @Override
    public Budgets budgets(@Nullable String conversation) throws ChatException {
        if (conversation != null) {
            return actors.submit(conversation, actor -> actor.log().state().budgets());
        }
        try {
            return engine.budgets.budgets();
        } catch (StoreException e) {
            throw unavailable(e);
        }
    }

    @Override
    public void setBudgets(@Nullable String conversation, Budgets budgets) throws ChatException {
        if (conversation == null) {
            try {
                engine.budgets.set(budgets);
            } catch (StoreException e) {
                throw unavailable(e);
            }
            return;
        }
        actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            if (!log.state().budgets().equals(budgets)) {
                log.stage(Draft.budgetChanged(budgets));
                log.flush();
            }
            return true;
        });
    }

    @Override
    public Budgets effective(@Nullable String conversation) throws ChatException {
        Budgets wider = budgets(null).or(engine.limits.budgets());
        return conversation == null ? wider : budgets(conversation).or(wider);
    }

    private static ChatException unavailable(StoreException e) {
        return new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
    }
}
