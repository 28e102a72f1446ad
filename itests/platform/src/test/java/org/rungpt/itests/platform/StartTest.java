package org.rungpt.itests.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
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

    @Test
    public void everyBundleIsActive() {
        List<String> idle = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            boolean fragment = bundle.getHeaders().get("Fragment-Host") != null;
            if (!fragment && bundle.getState() != Bundle.ACTIVE) {
                idle.add(bundle.getSymbolicName() + " is in state " + bundle.getState());
            }
        }
        assertEquals(List.of(), idle);
    }

    @Test
    public void everyContractHasItsService() throws Exception {
        List<String> protocols = new ArrayList<>();
        for (ServiceReference<CallProtocol> reference : context.getServiceReferences(CallProtocol.class, null)) {
            protocols.add(context.getService(reference).id());
        }
        protocols.sort(null);
        assertEquals(List.of("native", "tags"), protocols);
        assertTrue(registry.task("filesystem.read_file").isPresent());
        assertTrue(registry.task("system.shell").isPresent());
        assertTrue(conversations.defaultModel().isPresent());
        assertEquals(List.of(), registry.rejections());
        assertTrue(secrets.names() != null && store.list(null, 1) != null && runner.readiness() != null);
    }
}
