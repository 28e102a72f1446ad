package org.rungpt.chat;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What all conversations share: the services, the rules, and few threads. */
final class Engine {
    final Services services;
    final ChatLimits limits;
    final StoreAccess access;
    final Actions actions;
    /** So many bytes of each stream of a call can be read later. */
    volatile long keptOutput = 16L << 20;

    final Arguments arguments = new Arguments();
    final UserCalls userCalls;
    final Judge judge;
    final BudgetBook budgets;
    final Granting granting;
    final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor timer;
    private volatile boolean closing;

    Engine(Services services, ChatLimits limits, int threadCount) {
        this.services = services;
        this.limits = limits;
        this.access = new StoreAccess(services, limits.patience());
        this.actions = new Actions(services);
        this.userCalls = new UserCalls(actions, arguments);
        this.judge = new Judge(services);
        this.budgets = new BudgetBook(services);
        this.granting = new Granting(services, judge.book);
        threads = new ThreadPoolExecutor(
                threadCount, threadCount, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("rungpt-chat-"));
        threads.allowCoreThreadTimeOut(true);
        threads.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        timer = new ScheduledThreadPoolExecutor(1, named("rungpt-chat-timer-"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        timer.setKeepAliveTime(30, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
    }

    private static ThreadFactory named(String prefix) {
        var count = new AtomicInteger();
        return task -> {
            var thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** What bounds a conversation now, with the budgets that the user has set for it or for all. */
    ChatLimits limits(ConversationState state) {
        return limits.with(state.budgets().or(budgets.current()));
    }

    /** Runs something short a little later. */
    void later(Duration delay, Runnable task) {
        var unused = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Once true, no step is taken any more. */
    boolean isClosing() {
        return closing;
    }

    void beginClosing() {
        closing = true;
    }

    void close() {
        closing = true;
        services.close();
        timer.shutdownNow();
        threads.shutdown();
    }
}
