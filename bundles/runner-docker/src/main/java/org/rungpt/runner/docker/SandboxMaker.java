package org.rungpt.runner.docker;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes sandboxes, step by step: image, workspace, container, service. In the background. */
final class SandboxMaker {
    private static final Logger LOG = LoggerFactory.getLogger(SandboxMaker.class);

    /** Finds or builds the image, and says how it goes. Blocking. */
    interface ImageSource {
        String image(Consumer<String> progress) throws RunnerException;
    }

    /** Hears of a sandbox that could not be made; then its calls do. */
    interface Failures {
        void notMade(Sandbox sandbox, RunnerException reason);
    }

    private final Means means;
    private final Containers containers;
    private final Workspaces workspaces;

    SandboxMaker(Means means, Containers containers, Workspaces workspaces) {
        this.means = means;
        this.containers = containers;
        this.workspaces = workspaces;
    }

    void make(Sandbox sandbox, ImageSource image, Failures failures) {
        try {
            FutureTask<Void> making = new FutureTask<>(
                    () -> {
                        try {
                            makeOrFail(sandbox, image, failures);
                        } finally {
                            sandbox.makingEnded();
                        }
                    },
                    null);
            sandbox.imageBeingMade(making);
            means.work().execute(making);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
            sandbox.makingEnded();
        }
    }

    private void makeOrFail(Sandbox sandbox, ImageSource image, Failures failures) {
        RunnerException failure = tryToMake(sandbox, image);
        if (failure != null && failure.kind() != Kind.CANCELLED) {
            failures.notMade(sandbox, failure);
        }
        if (failure != null) {
            sandbox.failed(failure);
        }
    }

    private @Nullable RunnerException tryToMake(Sandbox sandbox, ImageSource image) {
        try {
            make(sandbox, image);
            return null;
        } catch (RunnerException e) {
            return e;
        } catch (IOException e) {
            return new RunnerException(Kind.SANDBOX, "no sandbox: " + EngineFailures.line(e), e);
        } catch (RuntimeException e) {
            means.watch().suspect();
            return EngineFailures.wrap(Kind.SANDBOX, "the sandbox could not be made", e);
        }
    }

    private void make(Sandbox sandbox, ImageSource image) throws RunnerException, IOException {
        String imageId = image.image(sandbox::progress);
        if (!sandbox.imageMade()) {
            return;
        }
        Purpose purpose = sandbox.purpose();
        if (purpose.isWorkspace() || purpose.border().workspace()) {
            giveWorkspace(sandbox);
        }
        CheckedShares shares = means.shares().check(purpose.border().shares());
        SandboxPlan plan = contributed(new SandboxPlan(
                sandbox.id(), imageId, sandbox.conversation(), purpose, sandbox.volume(), shares, Contributed.NOTHING));
        if (plan.isUserOfWorkspace()) {
            sandbox.progress("giving the workspace to " + plan.user());
            containers.giveWorkspace(plan);
        } else if (!plan.isRootOfWorkspace()) {
            shares.checkReadableBy(plan.user());
        }
        if (sandbox.isGone()) {
            return;
        }
        if (!containers.makeEgressVolume(sandbox.id())) {
            sandbox.lose(Reason.SANDBOX_LOST, "the name of its volume belongs to somebody else");
            return;
        }
        sandbox.progress("starting the sandbox");
        String container = containers.create(plan);
        sandbox.container(container);
        sandbox.user(plan.user());
        sandbox.environment(plan.contributed().environment());
        if (!sandbox.isGone()) {
            containers.start(container);
            CheckedShares mounted = shares.and(plan.contributed().directories());
            if (!mounted.all().isEmpty()) {
                mounted.verify(containers.process(container), new ShareProbe(means.engine(), container, plan.user()));
            }
            sandbox.attach();
        }
    }

    /** With what extension bundles add. */
    private SandboxPlan contributed(SandboxPlan plan) throws RunnerException {
        Contributed more = means.contributors()
                .forSandbox(plan.purpose(), plan.shares().all(), plan.user(), means.shares(), means.work());
        for (String cache : more.caches()) {
            containers.createVolume(
                    Contributed.volume(Objects.requireNonNull(plan.volume()), cache), plan.conversation());
        }
        return plan.with(more);
    }

    /** The volume of its conversation, made if need be. In the pool, one that nobody has yet. */
    private void giveWorkspace(Sandbox sandbox) throws RunnerException, IOException {
        String conversation = sandbox.conversation();
        if (conversation == null) {
            containers.createNewVolume(null, sandbox::volume);
            return;
        }
        // Several sandboxes of a conversation may want it at once.
        synchronized (workspaces) {
            if (sandbox.isGone()) {
                throw new RunnerException(Kind.SANDBOX, "the sandbox is not wanted any more");
            }
            String known = workspaces.volumeOf(conversation);
            if (known != null) {
                sandbox.volume(known); // from now on no sweep takes it
                containers.createVolume(known, conversation);
            } else {
                containers.createNewVolume(conversation, sandbox::volume);
                workspaces.bind(conversation, Objects.requireNonNull(sandbox.volume()));
            }
        }
    }
}
