package org.rungpt.chat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.secret.SecretStore;

/** An engine with small real parts around it; parts can be swapped, and the engine can die and live again on the same disk. */
final class House implements AutoCloseable {
    final Disk disk;
    final Sandboxes sandboxes;
    final ExecutorService scripts = Executors.newCachedThreadPool(task -> {
        var thread = new Thread(task, "script");
        thread.setDaemon(true);
        return thread;
    });
    final Services services = new Services();
    final Listener listener = new Listener();
    final Registry registry = new Registry();
    final LineProtocol protocol = new LineProtocol();
    ScriptedModel model = new ScriptedModel(scripts);
    Disk.Store store;
    Sandboxes.Runner runner;
    final Engine engine;
    final Chat chat;
    final ChatPermissions permissions;
    final Secrets secrets = new Secrets();

    House() {
        this(new Disk(), new Sandboxes(), ChatLimits.DEFAULT);
    }

    House(Disk disk, Sandboxes sandboxes, ChatLimits limits) {
        this(disk, sandboxes, limits, true);
    }

    House(Disk disk, Sandboxes sandboxes, ChatLimits limits, boolean open) {
        this.disk = disk;
        this.sandboxes = sandboxes;
        store = disk.open();
        runner = sandboxes.runner();
        engine = new Engine(services, limits, 8);
        chat = new Chat(engine, new Models(services, Optional::empty), "tags");
        chat.takeUp();
        permissions = chat.permissions();
        if (open) {
            open();
        }
    }

    /** All parts arrive. */
    House open() {
        services.listeners.add(listener, Map.of());
        services.settings.add(store, Map.of());
        services.registries.add(registry, Map.of());
        services.protocols.add(protocol, Map.of());
        services.connections.add(model, Map.of());
        services.runners.add(runner, Map.of());
        services.secrets.add(secrets, Map.of());
        services.stores.add(store, Map.of());
        return this;
    }

    String conversation() throws ChatException {
        return chat.create(null).id();
    }

    /** Says something in a new conversation. */
    String say(String text) throws ChatException {
        String id = conversation();
        chat.post(id, null, text);
        return id;
    }

    List<ConversationEvent> log(String conversation) {
        return disk.log(conversation);
    }

    List<String> types(String conversation) {
        return log(conversation).stream().map(ConversationEvent::type).toList();
    }

    List<ConversationEvent> events(String conversation, String type) {
        return log(conversation).stream()
                .filter(event -> event.type().equals(type))
                .toList();
    }

    /** The field of the latest event of a type. */
    String latest(String conversation, String type, String field) {
        List<ConversationEvent> all = events(conversation, type);
        return Json.object(all.get(all.size() - 1).data()).path(field).asText();
    }

    String answer(String conversation) {
        var text = new StringBuilder();
        for (ConversationEvent event : events(conversation, EventType.MESSAGE_TEXT)) {
            text.append(Json.event(event.data()).path("text").asText());
        }
        return text.toString();
    }

    ConversationState state(String conversation) {
        Conversation found = disk.conversations.get(conversation);
        var state = new ConversationState(found.model(), found.protocol());
        log(conversation).forEach(event -> state.apply(event.type(), Json.event(event.data())));
        return state;
    }

    void await(String conversation, String type) throws InterruptedException {
        await(conversation, log -> log.stream().anyMatch(event -> event.type().equals(type)), "event " + type);
    }

    void awaitTurns(String conversation, int count) throws InterruptedException {
        await(
                conversation,
                log -> log.stream()
                                .filter(event -> event.type().equals(EventType.TURN_FINISHED))
                                .count()
                        >= count,
                count + " finished turns");
    }

    void awaitState(String conversation, Conversation.State state) throws InterruptedException {
        await(conversation, log -> disk.conversations.get(conversation).state() == state, "state " + state);
    }

    void await(String conversation, Predicate<List<ConversationEvent>> fits, String what) throws InterruptedException {
        // Less than the engine waits for what is away, and would then go on in another way.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(25);
        synchronized (listener) {
            while (!fits.test(log(conversation))) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new AssertionError("no " + what + " in " + types(conversation));
                }
                listener.wait(left / 1_000_000 + 1);
            }
        }
    }

    /** From now on no time passes for the engine: what it does a little later it never does. For what a slow machine would need longer for. */
    void holdTime() throws InterruptedException {
        var held = new CountDownLatch(1);
        // Its timer has one thread, which its end interrupts.
        engine.later(Duration.ZERO, () -> {
            held.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        if (!held.await(25, TimeUnit.SECONDS)) {
            throw new AssertionError("the engine has no timer");
        }
    }

    void awaitTransient(String conversation, String type) throws InterruptedException {
        await(conversation, log -> listener.has(conversation, type), "transient " + type);
    }

    /** It ends without a word, as by kill -9: nothing that it does afterwards counts. */
    void kill() {
        store.fail(org.rungpt.api.store.StoreException.Kind.BROKEN);
        runner.detach();
        engine.beginClosing();
        engine.close();
        scripts.shutdownNow();
    }

    @Override
    public void close() {
        chat.close();
        scripts.shutdownNow();
    }

    static InstalledAction action(String alias, String version, boolean builtIn, Task... tasks) {
        return action(alias, version, builtIn, false, List.of(), List.of(), List.of(), tasks);
    }

    static InstalledAction action(
            String alias,
            String version,
            boolean builtIn,
            boolean workspace,
            List<String> network,
            List<Manifest.Secret> secrets,
            List<Manifest.Share> shares,
            Task... tasks) {
        ActionPackage files = new ActionPackage(
                new ActionId((builtIn ? "rungpt/" : "acme/") + alias),
                version,
                null,
                Path.of("/nowhere"),
                "hash-" + alias + "-" + version,
                builtIn,
                null);
        var manifest = new Manifest(
                alias,
                "Title of " + alias,
                version,
                "An action.",
                null,
                List.of(tasks),
                Manifest.Packages.NONE,
                "base",
                workspace,
                network,
                secrets,
                shares,
                Manifest.Resources.DEFAULT,
                List.of(),
                "{}");
        return new InstalledAction(files, alias, manifest);
    }

    /** A task that takes anything. */
    static Task open(String name) {
        return new Task(
                name,
                "A task.",
                "{\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"}}}",
                List.of(),
                Effects.READ,
                false,
                false,
                Duration.ofMinutes(1),
                Task.Output.TEXT);
    }

    static Task task(String name, Effects effects) {
        return new Task(
                name, "A task.", """
                {"type":"object","properties":{"path":{"type":"string"}},"required":["path"],"additionalProperties":false}""", List.of(), effects, false, false, Duration.ofMinutes(1), Task.Output.TEXT);
    }

    /** Secrets in memory. */
    static final class Secrets implements SecretStore {
        final Map<String, String> values = new ConcurrentHashMap<>();

        @Override
        public Optional<String> get(String name) {
            return Optional.ofNullable(values.get(name));
        }

        @Override
        public void put(String name, String value) {
            values.put(name, value);
        }

        @Override
        public void remove(String name) {
            values.remove(name);
        }

        @Override
        public List<String> names() {
            return List.copyOf(values.keySet());
        }
    }

    /** What is installed; changes at once. */
    static final class Registry implements ActionRegistry {
        volatile List<InstalledAction> installed = List.of(
                action("fs", "1", true, House.task("read", Effects.READ), House.task("write", Effects.WRITE)),
                action("plot", "1", false, House.task("draw", Effects.WRITE)));

        @Override
        public List<InstalledAction> actions() {
            return installed;
        }

        @Override
        public Optional<InstalledTask> task(String name) {
            return installed.stream()
                    .filter(action -> name.startsWith(action.alias() + "."))
                    .flatMap(action -> action
                            .manifest()
                            .task(name.substring(action.alias().length() + 1))
                            .stream()
                            .map(task -> new InstalledTask(action, task)))
                    .findFirst();
        }

        @Override
        public List<Rejection> rejections() {
            return List.of();
        }
    }

    /** Hears everything. */
    static final class Listener implements ConversationListener {
        record Transient(String conversation, String type, String data) {}

        final List<Transient> transients = new ArrayList<>();
        final List<ConversationEvent> appended = new ArrayList<>();
        final List<String> deleted = new ArrayList<>();

        @Override
        public synchronized void appended(ConversationEvent event) {
            appended.add(event);
            notifyAll();
        }

        @Override
        public synchronized void transientEvent(String conversation, String type, String data) {
            transients.add(new Transient(conversation, type, data));
            notifyAll();
        }

        @Override
        public synchronized void deleted(String conversation) {
            deleted.add(conversation);
            notifyAll();
        }

        synchronized boolean has(String conversation, String type) {
            return transients.stream()
                    .anyMatch(one -> one.conversation().equals(conversation)
                            && one.type().equals(type));
        }

        synchronized String text(String conversation, String type) {
            var text = new StringBuilder();
            transients.stream()
                    .filter(one -> one.conversation().equals(conversation)
                            && one.type().equals(type))
                    .forEach(one ->
                            text.append(Json.object(one.data()).path("text").asText()));
            return text.toString();
        }
    }
}
