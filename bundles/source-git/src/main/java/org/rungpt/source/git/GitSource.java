package org.rungpt.source.git;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionInstaller;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.ActionSource;
import org.rungpt.api.action.ManifestReader;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Installs actions from Git repositories, and offers them. */
@Component(
        service = {ActionSource.class, ActionInstaller.class, StatusSource.class},
        configurationPid = GitSource.PID)
@Designate(ocd = GitSource.Config.class)
public final class GitSource implements ActionSource, ActionInstaller, StatusSource {
    static final String PID = "org.rungpt.source.git";
    private static final Logger LOG = LoggerFactory.getLogger(GitSource.class);
    private static final String ENVIRONMENT = "RUNGPT_GIT_BASE_URL";

    /** How it is set. */
    @ObjectClassDefinition(name = "RunGPT actions from Git")
    public @interface Config {
        @AttributeDefinition(
                name = "Base URL",
                description =
                        "Where owner/repo is looked for. The environment variable RUNGPT_GIT_BASE_URL goes first.")
        String baseUrl() default "https://github.com";
    }

    private final Checks checks = new Checks();
    private final QuietSystem system = QuietSystem.install();
    private final @Nullable Installations installations;
    private final Readiness broken;
    private final String base;

    @Activate
    public GitSource(BundleContext context, Config config) {
        this(
                data(context.getProperty("rungpt.data")),
                address(System.getenv(ENVIRONMENT), config.baseUrl()),
                Limits.USUAL,
                ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH));
    }

    GitSource(Path data, String baseUrl, Limits limits, Instant processStart) {
        Installations opened = null;
        Readiness problem = Readiness.unready("Stopped", null);
        try {
            opened = new Installations(data, BaseUrl.parse(baseUrl), limits, checks, processStart);
            LOG.info("{} actions from {}", opened.packages().size(), baseUrl);
        } catch (IllegalArgumentException e) {
            problem = Readiness.unready(
                    "baseUrl: " + e.getMessage(), "Correct baseUrl in etc/" + PID + ".cfg, or " + ENVIRONMENT);
            LOG.error("{}: {}", PID, problem.reason());
        } catch (IOException e) {
            problem = Readiness.unready(
                    String.valueOf(e.getMessage()), "Repair what it names, then restart the bundle " + PID);
            LOG.error("{}", problem.reason());
        }
        installations = opened;
        broken = problem;
        base = baseUrl;
    }

    private static Path data(@Nullable String configured) {
        return configured == null || configured.isBlank()
                ? Path.of(System.getProperty("user.home"), ".rungpt")
                : Path.of(configured);
    }

    private static String address(@Nullable String environment, String configured) {
        return environment == null || environment.isBlank() ? configured : environment;
    }

    @Deactivate
    void stop() {
        if (installations != null) {
            installations.stop();
        }
        system.uninstall();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void setReader(ManifestReader reader) {
        checks.setReader(reader);
    }

    void unsetReader(ManifestReader reader) {
        if (checks.reader() == reader) {
            checks.setReader(null);
        }
    }

    private Installations open() throws ActionException {
        if (installations == null) {
            throw new ActionException(broken.reason() + (broken.remedy() == null ? "" : ". " + broken.remedy()));
        }
        return installations;
    }

    @Override
    public String name() {
        return "git";
    }

    @Override
    public List<ActionPackage> packages() {
        return installations == null ? List.of() : installations.packages();
    }

    @Override
    public List<ActionPackage> installed() {
        return packages();
    }

    @Override
    public Subscription onChange(Runnable changed) {
        if (installations == null) {
            return () -> {};
        }
        Runnable end = installations.onChange(changed);
        return end::run;
    }

    @Override
    public ActionPackage install(ActionReference reference, Progress progress) throws ActionException {
        ActionPackage files = open().install(reference, progress);
        LOG.info("Installed {} {} ({})", files.id(), files.version(), files.commit());
        return files;
    }

    @Override
    public ActionPackage update(ActionId id, Progress progress) throws ActionException {
        List<ActionPackage> before = packages();
        ActionPackage files = open().update(id, progress);
        if (!before.contains(files)) {
            LOG.info("Updated {} to {} ({})", files.id(), files.version(), files.commit());
        }
        return files;
    }

    @Override
    public void uninstall(ActionId id) throws ActionException {
        open().uninstall(id);
        LOG.info("Uninstalled {}", id);
    }

    @Override
    public String id() {
        return "source-git";
    }

    @Override
    public String title() {
        return "Actions from Git";
    }

    @Override
    public Readiness readiness() {
        if (installations == null) {
            return broken;
        }
        int count = installations.packages().size();
        return Readiness.ready(count + (count == 1 ? " action" : " actions") + " installed from " + base);
    }
}
