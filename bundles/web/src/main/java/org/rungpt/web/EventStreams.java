package org.rungpt.web;

import jakarta.servlet.AsyncContext;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.StoreException;

/** Spreads what happens in conversations to everybody who reads their event streams. */
@Component(service = {ConversationListener.class, EventStreams.class})
public final class EventStreams implements ConversationListener {
    private static final long HEARTBEAT_SECONDS = 15;
    private static final long RETRY_MILLIS = 250;
    private static final int THREADS = 4;
    /** The events that change what the list of conversations shows. */
    private static final Set<String> LISTED = Set.of(
            EventType.MESSAGE_USER,
            EventType.TURN_STARTED,
            EventType.TURN_FINISHED,
            EventType.APPROVAL_REQUESTED,
            EventType.APPROVAL_DECIDED,
            EventType.CONVERSATION_TITLED,
            EventType.CONVERSATION_CHANGED);

    private final Services services;
    private final ScheduledExecutorService executor;
    private final Map<String, Map<EventSink, ConversationStream>> readers = new ConcurrentHashMap<>();
    private final Set<EventClient> listReaders = ConcurrentHashMap.newKeySet();

    @Activate
    public EventStreams(@Reference Services services) {
        this.services = services;
        this.executor = Executors.newScheduledThreadPool(THREADS, threads());
        executor.scheduleAtFixedRate(this::heartbeat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
        executor.scheduleAtFixedRate(this::retry, RETRY_MILLIS, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static ThreadFactory threads() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "rungpt-events-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Deactivate
    void stop() {
        executor.shutdownNow();
        readers.values().forEach(streams -> streams.keySet().forEach(EventSink::close));
        listReaders.forEach(EventClient::close);
    }

    /** Lets a request read a conversation from after the given event on. */
    void read(AsyncContext context, String conversation, long after) throws IOException {
        EventSink[] self = new EventSink[1];
        EventClient client =
                new EventClient(context, () -> drained(conversation, self[0]), () -> unfollow(conversation, self[0]));
        self[0] = new PageReader(client);
        register(conversation, after, self[0]);
        client.heartbeat(); // the first byte at once; what is stored follows when it can be written
        client.start();
    }

    /** Tells somebody of a conversation from after the given event on, until {@link #unfollow}. */
    void follow(String conversation, long after, EventSink sink) {
        register(conversation, after, sink).catchUp();
    }

    private ConversationStream register(String conversation, long after, EventSink sink) {
        var stream = new ConversationStream(services, this::execute, conversation, after, sink);
        readers.compute(conversation, (id, streams) -> {
            Map<EventSink, ConversationStream> all = streams == null ? new ConcurrentHashMap<>() : streams;
            all.put(sink, stream);
            return all;
        });
        return stream;
    }

    void unfollow(String conversation, EventSink sink) {
        readers.computeIfPresent(conversation, (id, streams) -> {
            streams.remove(sink);
            return streams.isEmpty() ? null : streams;
        });
    }

    /** There is room for more. */
    void drained(String conversation, EventSink sink) {
        ConversationStream stream = readers.getOrDefault(conversation, Map.of()).get(sink);
        if (stream != null) {
            stream.catchUp();
        }
    }

    /** Lets a request read the changes of the list of conversations. */
    void readList(AsyncContext context) throws IOException {
        EventClient[] self = new EventClient[1];
        EventClient client = new EventClient(context, () -> {}, () -> listReaders.remove(self[0]));
        self[0] = client;
        listReaders.add(client);
        client.heartbeat();
        client.start();
    }

    private Collection<ConversationStream> streams(String conversation) {
        return readers.getOrDefault(conversation, Map.of()).values();
    }

    @Override
    public void appended(ConversationEvent event) {
        for (ConversationStream stream : streams(event.conversation())) {
            stream.appended(event);
        }
        if (LISTED.contains(event.type()) && !listReaders.isEmpty()) {
            execute(() -> tellList(event.conversation()));
        }
    }

    @Override
    public void transientEvent(String conversation, String type, String data) {
        Collection<ConversationStream> streams = streams(conversation);
        if (!streams.isEmpty()) {
            var event = new TransientEvent(type, data);
            streams.forEach(stream -> stream.transientEvent(event));
        }
    }

    @Override
    public void deleted(String conversation) {
        readers.getOrDefault(conversation, Map.of()).keySet().forEach(EventSink::close);
        byte[] frame = EventFrames.of("deleted", Json.object().put("id", conversation));
        listReaders.forEach(client -> client.send(frame));
    }

    /** One at a time: what is read last must be sent last. */
    private synchronized void tellList(String conversation) {
        ConversationArchive archive = services.archiveNow();
        if (archive == null) {
            return; // readers read the list again when they reconnect
        }
        try {
            // With its labels: who hears this takes it for the whole.
            Optional<ConversationArchive.Entry> found = archive.entry(conversation);
            if (found.isPresent()) {
                byte[] frame = EventFrames.of("conversation", LibraryRoutes.json(found.get()));
                listReaders.forEach(client -> client.send(frame));
            }
        } catch (StoreException e) {
            // the same
        }
    }

    private void heartbeat() {
        readers.values().forEach(streams -> streams.keySet().forEach(EventSink::beat));
        listReaders.forEach(EventClient::heartbeat);
    }

    /** Streams that found the store away look again; for all others this costs nothing. */
    private void retry() {
        readers.values().forEach(streams -> streams.values().forEach(ConversationStream::catchUp));
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            // stopping: the readers are closed
        }
    }
}
