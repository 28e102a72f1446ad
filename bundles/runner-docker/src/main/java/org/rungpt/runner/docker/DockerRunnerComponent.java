package org.rungpt.runner.docker;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.ImageStore;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxContributor;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;

/** Runs calls in Docker containers. */
@Component(
        configurationPid = "org.rungpt.runner.docker",
        service = {ActionRunner.class, ImageStore.class, ShareGuard.class, StatusSource.class, WorkspaceJournal.class},
        immediate = true)
@Designate(ocd = Config.class)
public final class DockerRunnerComponent
        implements ActionRunner, ImageStore, ShareGuard, StatusSource, WorkspaceJournal {
    /** Which built-in actions there are. Without it, the one that is called. */
    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable ActionRegistry registry;

    /** Where the secrets of a call are kept while it runs. Without it, calls with secrets cannot be started. */
    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable SecretStore secrets;

    private final Contributors contributors = new Contributors();
    private final BundleContext context;
    private final DockerRunner runner;
    private final ServiceRegistration<HostTasks> hostTasks;

    @Activate
    public DockerRunnerComponent(BundleContext context, Config config) {
        this.context = context;
        Settings settings = Settings.of(
                config,
                DockerRunner.data(context.getProperty("rungpt.data")),
                context.getProperty("rungpt.baseImage"),
                System.getenv());
        runner = new DockerRunner(settings, () -> registry, () -> secrets, contributors);
        hostTasks = context.registerService(HostTasks.class, runner.containers(), null);
        runner.open();
    }

    @Deactivate
    void deactivate() {
        hostTasks.unregister();
        runner.close(context.getBundle(Constants.SYSTEM_BUNDLE_ID).getState() == Bundle.STOPPING);
    }

    @Override
    public String id() {
        return "docker";
    }

    @Override
    public String title() {
        return "Docker engine";
    }

    @Override
    public Readiness readiness() {
        return runner.readiness();
    }

    /** They come and go as they like: sandboxes that are made afterwards know of it. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addContributor(SandboxContributor contributor) {
        contributors.add(contributor);
    }

    void removeContributor(SandboxContributor contributor) {
        contributors.remove(contributor);
    }

    Readiness contributorReadiness() {
        return contributors.readiness();
    }

    Readiness egressReadiness() {
        return runner.egressReadiness();
    }

    @Override
    public CallHandle start(CallSpec call, CallObserver observer) throws RunnerException {
        return runner.start(call, observer);
    }

    @Override
    public Optional<CallHandle> resume(
            String conversation, String call, long stdoutOffset, long stderrOffset, CallObserver observer)
            throws RunnerException {
        return runner.resume(conversation, call, stdoutOffset, stderrOffset, observer);
    }

    @Override
    public Checked check(Grants.Share share) throws RunnerException {
        return runner.check(share);
    }

    @Override
    public void warm(String conversation) {
        runner.warm(conversation);
    }

    @Override
    public void prepare(InstalledAction action, CallObserver observer) throws RunnerException {
        runner.prepare(action, observer);
    }

    @Override
    public void release(String conversation) throws RunnerException {
        runner.release(conversation);
    }

    @Override
    public Optional<Changes> changes(String conversation, String call) throws RunnerException {
        return runner.journals().changes(conversation, call);
    }

    @Override
    public Optional<String> diff(String conversation, String call) throws RunnerException {
        return runner.journals().diff(conversation, call);
    }

    @Override
    public Optional<Revert> revert(String conversation, String call) throws RunnerException {
        return runner.journals().revert(conversation, call);
    }

    @Override
    public List<SandboxInfo> sandboxes() {
        return runner.sandboxes();
    }

    @Override
    public List<ImageStore.ActionImage> images() throws RunnerException {
        return runner.images().images();
    }

    @Override
    public List<ImageStore.ActionImage> collect() throws RunnerException {
        return runner.images().collect();
    }
}
