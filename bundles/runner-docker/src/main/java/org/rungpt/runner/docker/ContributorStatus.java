package org.rungpt.runner.docker;

import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;

/** Tells who adds to sandboxes, and who is left out. */
@Component
public final class ContributorStatus implements StatusSource {
    private final DockerRunnerComponent runner;

    @Activate
    public ContributorStatus(
            @Reference(target = "(component.name=org.rungpt.runner.docker.DockerRunnerComponent)")
                    ActionRunner runner) {
        this.runner = (DockerRunnerComponent) runner;
    }

    @Override
    public String id() {
        return "contributors";
    }

    @Override
    public String title() {
        return "Additions to sandboxes";
    }

    @Override
    public Readiness readiness() {
        return runner.contributorReadiness();
    }
}
