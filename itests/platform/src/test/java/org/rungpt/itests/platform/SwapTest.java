package org.rungpt.itests.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.inject.Inject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.util.tracker.ServiceTracker;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;

/** Every feature bundle can be replaced while a conversation is under way: it goes on, and nobody else restarts. */
@RunWith(PaxExam.class)
public class SwapTest {
    /** All of ours that are not the platform. */
    private static final List<String> SWAPPABLE = List.of(
            "org.rungpt.model.openai",
            "org.rungpt.model.demo",
            "org.rungpt.protocol.tags",
            "org.rungpt.registry",
            "org.rungpt.source.git",
            "org.rungpt.catalog",
            "org.rungpt.runner.docker",
            "org.rungpt.chat",
            "org.rungpt.store.sqlite",
            "org.rungpt.artifacts",
            "org.rungpt.secrets",
            "org.rungpt.web",
            "org.rungpt.webapp",
            "org.rungpt.shell");

    private static final int PATIENCE_SECONDS = 90;

    @Inject
    private BundleContext context;

    private final ScriptedModel model = new ScriptedModel();
    private final BlockingQueue<ConversationEvent> events = new LinkedBlockingQueue<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private ServiceTracker<Conversations, Conversations> conversations;

    @Before
    public void register() {
        Dictionary<String, Object> none = new Hashtable<>();
        registrations.add(context.registerService(ModelConnection.class, model, none));
        registrations.add(context.registerService(
                ConversationListener.class,
                new ConversationListener() {
                    @Override
                    public void appended(ConversationEvent event) {
                        events.add(event);
                    }

                    @Override
                    public void transientEvent(String conversation, String type, String data) {}

                    @Override
                    public void deleted(String conversation) {}
                },
                none));
        conversations = new ServiceTracker<>(context, Conversations.class, null);
        conversations.open();
    }

    @After
    public void unregister() {
        registrations.forEach(ServiceRegistration::unregister);
        conversations.close();
        model.close();
    }

    @Test
    public void aConversationGoesOnWhenABundleIsReplacedWhileTheModelStreams() throws Exception {
        for (String name : SWAPPABLE) {
            CountDownLatch streaming = new CountDownLatch(1);
            CountDownLatch swapped = new CountDownLatch(1);
            model.script((request, observer) -> {
                observer.delta(new ModelDelta.Text("before "));
                streaming.countDown();
                await(swapped);
                observer.delta(new ModelDelta.Text("after"));
                observer.finished(FinishReason.STOP, null);
            });
            events.clear();
            String id = service().create("scripted/model").id();
            service().post(id, null, "Hello.");
            await(streaming);
            List<String> bystanders = swap(name);
            swapped.countDown();
            String finished = untilTurnFinished(id, name);
            assertTrue(name + ": " + finished, finished.contains("\"reason\":\"done\""));
            assertEquals("others restarted with " + name, List.of(), bystanders);
        }
    }

    @Test
    public void aCallGoesOnWhenABundleIsReplacedWhileItRuns() throws Exception {
        for (String name : SWAPPABLE) {
            CountDownLatch asked = new CountDownLatch(1);
            String[] result = new String[1];
            model.script((request, observer) -> {
                if (ScriptedModel.last(request).contains("<result-")) {
                    result[0] = ScriptedModel.last(request);
                    ScriptedModel.say(observer, "I saw it.");
                } else {
                    ScriptedModel.say(
                            observer, ScriptedModel.shellCall(request, "1", "echo sowing; sleep 3; echo harvest"));
                    asked.countDown();
                }
            });
            events.clear();
            String id = service().create("scripted/model").id();
            service().post(id, null, "Hello.");
            await(asked);
            until(id, EventType.CALL_OUTPUT, name);
            List<String> bystanders = swap(name);
            String finished = untilTurnFinished(id, name);
            assertTrue(name + ": " + finished, finished.contains("\"reason\":\"done\""));
            assertTrue(
                    name + ": " + result[0],
                    result[0].contains("status=\"completed\"")
                            && result[0].contains("sowing")
                            && result[0].contains("harvest"));
            assertEquals("others restarted with " + name, List.of(), bystanders);
        }
    }

    /** Stops, updates and starts a bundle; gives the names of others of ours that stopped meanwhile. */
    private List<String> swap(String name) throws BundleException {
        Bundle bundle = Arrays.stream(context.getBundles())
                .filter(it -> name.equals(it.getSymbolicName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not installed"));
        List<String> stopped = new ArrayList<>();
        SynchronousBundleListener listener = event -> {
            if (event.getType() == BundleEvent.STOPPING && event.getBundle() != bundle) {
                stopped.add(event.getBundle().getSymbolicName());
            }
        };
        context.addBundleListener(listener);
        try {
            bundle.stop();
            bundle.start();
            bundle.update();
            assertEquals(name, Bundle.ACTIVE, bundle.getState());
        } finally {
            context.removeBundleListener(listener);
        }
        return stopped;
    }

    private Conversations service() throws InterruptedException {
        Conversations service = conversations.waitForService(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        assertTrue("the chat engine is there", service != null);
        return service;
    }

    private String untilTurnFinished(String conversation, String name) throws InterruptedException {
        return until(conversation, EventType.TURN_FINISHED, name);
    }

    private String until(String conversation, String type, String name) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        while (true) {
            ConversationEvent event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError(name + ": no " + type + " within " + PATIENCE_SECONDS + " s; seen: " + seen);
            }
            if (event.conversation().equals(conversation)) {
                seen.add(event.type() + " " + event.data());
                if (event.type().equals(type)) {
                    return event.data();
                }
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("waited in vain");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
