package org.rungpt.itests.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.store.ConversationStore;

/** The distribution starts complete. */
@RunWith(PaxExam.class)
public class StartTest {
    @Inject
    private BundleContext context;

    @Inject
    private ActionRegistry registry;

    @Inject
    private Conversations conversations;

    @Inject
    private ActionRunner runner;

    @Inject
    private SecretStore secrets;

    @Inject
    private ConversationStore store;

    /** The services that are injected are there; what starts after them may take a moment more. */
    private static <T> void becomes(T expected, Callable<T> look) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        T seen = look.call();
        while (!expected.equals(seen) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(50);
            seen = look.call();
        }
        assertEquals(expected, seen);
    }

    @Test
    public void everyBundleIsActive() throws Exception {
        becomes(List.of(), this::idle);
    }

    private List<String> idle() {
        List<String> idle = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            boolean fragment = bundle.getHeaders().get("Fragment-Host") != null;
            if (!fragment && bundle.getState() != Bundle.ACTIVE) {
                idle.add(bundle.getSymbolicName() + " is in state " + bundle.getState());
            }
        }
        return idle;
    }

    @Test
    public void everyContractHasItsService() throws Exception {
        becomes(List.of("native", "tags"), this::protocols);
        becomes(true, () -> registry.task("filesystem.read_file").isPresent());
        becomes(true, () -> registry.task("system.shell").isPresent());
        becomes(true, () -> conversations.defaultModel().isPresent());
        assertEquals(List.of(), registry.rejections());
        assertTrue(secrets.names() != null && store.list(null, 1) != null && runner.readiness() != null);
    }

    private List<String> protocols() throws InvalidSyntaxException {
        List<String> protocols = new ArrayList<>();
        for (ServiceReference<CallProtocol> reference : context.getServiceReferences(CallProtocol.class, null)) {
            CallProtocol protocol = context.getService(reference);
            if (protocol != null) { // it may have gone meanwhile
                protocols.add(protocol.id());
            }
        }
        protocols.sort(null);
        return protocols;
    }
}
