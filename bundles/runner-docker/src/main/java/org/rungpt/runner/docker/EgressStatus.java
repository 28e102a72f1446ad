package org.rungpt.runner.docker;

import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;

/** Tells how the way out of the sandboxes stands. */
@Component
public final class EgressStatus implements StatusSource {
    private final DockerRunnerComponent runner;

    @Activate
    public EgressStatus(
            @Reference(target = "(component.name=org.rungpt.runner.docker.DockerRunnerComponent)")
                    ActionRunner runner) {
        this.runner = (DockerRunnerComponent) runner;
    }

    @Override
    public String id() {
        return "network";
    }

    @Override
    public String title() {
        return "Network of sandboxes";
    }

    @Override
    public Readiness readiness() {
        return runner.egressReadiness();
    }
}
