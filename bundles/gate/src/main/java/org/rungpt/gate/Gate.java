package org.rungpt.gate;

import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.service.servlet.whiteboard.Preprocessor;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.files.PrivateFiles;
import org.rungpt.gate.Verdict.Refused;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every request of every bundle and every context. It never fails to start: a gate that is missing would be an open
 * one, so without a directory for its secrets it denies.
 */
@Component(
        service = {Preprocessor.class, StatusSource.class},
        immediate = true,
        property = "service.ranking:Integer=2147483647",
        configurationPid = "org.rungpt.gate")
@Designate(ocd = Gate.Config.class)
public final class Gate implements Preprocessor, StatusSource {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

    /** How to configure it. */
    @ObjectClassDefinition(name = "RunGPT gate", description = "What every HTTP request must satisfy.")
    public @interface Config {
        @AttributeDefinition(
                name = "Directory",
                description = "Directory that holds secret/token; empty for the data directory of the server.")
        String directory() default "";

        @AttributeDefinition(name = "Largest body", description = "How many bytes the body of a request may have.")
        long largest_body_bytes() default 1 << 20;

        @AttributeDefinition(
                name = "Longest wait",
                description = "How many milliseconds a request waits for a bundle that is being replaced.")
        long longest_wait_millis() default 2000;

        @AttributeDefinition(name = "Most waiting", description = "How many requests may wait at a time.")
        int most_waiting() default 16;
    }

    private final ApiToken token;
    private final Sessions sessions;
    private final Throttle throttle;
    private final Policy policy;
    private final OwnPages pages;
    private final Presence presence;
    private final Readiness readiness;

    @Reference(
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY,
            cardinality = ReferenceCardinality.OPTIONAL)
    @Nullable
    volatile HttpServiceRuntime runtime;

    @Activate
    public Gate(Config config) {
        this(
                directory(config),
                config.largest_body_bytes(),
                new Presence(config.most_waiting(), Duration.ofMillis(config.longest_wait_millis())),
                Clock.systemUTC());
    }

    Gate(Path data, long largestBody, Presence presence, Clock clock) {
        Path directory = data.resolve("secret");
        ApiToken loaded;
        Readiness found;
        try {
            PrivateFiles.makeOwnDirectory(directory);
            loaded = ApiToken.load(directory.resolve("token"));
            found = Readiness.ready("Guards every request; the token is in " + directory.resolve("token"));
        } catch (IOException e) {
            LOG.error(
                    "No API token: {} cannot be used: {}. Make it writable and restart RunGPT",
                    directory,
                    e.toString());
            loaded = ApiToken.unknown();
            found = Readiness.unready(
                    "There is no API token: " + directory + " cannot be used.",
                    "Make it writable for the user who runs RunGPT and restart.");
        }
        token = loaded;
        readiness = found;
        sessions = new Sessions(directory.resolve("sessions.json"), clock);
        throttle = new Throttle(clock);
        policy = new Policy(new Known(), largestBody);
        pages = new OwnPages(sessions, new LoginCodes(clock), throttle);
        this.presence = presence;
    }

    private static Path directory(Config config) {
        String fallback = System.getProperty("rungpt.data", System.getProperty("user.home") + "/.rungpt");
        return Path.of(config.directory().isBlank() ? fallback : config.directory());
    }

    @Override
    public void init(FilterConfig config) {}

    @Override
    public void destroy() {}

    @Override
    public void doFilter(ServletRequest servletRequest, ServletResponse servletResponse, FilterChain chain)
            throws IOException, ServletException {
        if (servletRequest instanceof HttpServletRequest request
                && servletResponse instanceof HttpServletResponse response) {
            Facts facts = Facts.of(request);
            Headers.apply(response, facts.isApi());
            Verdict verdict = policy.decide(facts);
            if (verdict instanceof Refused refused) {
                refuse(facts, refused, response);
            } else if (verdict instanceof Verdict.LogIn) {
                response.setStatus(303);
                response.setHeader("Location", "/login");
                response.setHeader("Cache-Control", "no-store");
            } else {
                pass(facts, request, response, chain);
            }
        }
    }

    private void refuse(Facts facts, Refused refused, HttpServletResponse response) throws IOException {
        if (refused.status() == 401 && !facts.authorizations().isEmpty()) {
            long wait = throttle.failed();
            if (wait > 0) {
                OwnPages.tooMany(response, Errors.Form.of(facts), wait);
                return;
            }
        }
        if (refused.status() >= 400 && facts.hasBody()) {
            // What was not read must not be taken for the next request.
            response.setHeader("Connection", "close");
        }
        Errors.send(
                response, Errors.Form.of(facts), refused.status(), refused.code(), refused.message(), refused.remedy());
    }

    private void pass(Facts facts, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        for (String cookie : facts.sessions()) {
            if (sessions.touch(cookie)) {
                OwnPages.setCookie(response, facts, cookie, Sessions.LIFE.toSeconds());
            }
        }
        if (pages.answer(facts, request, response)) {
            return;
        }
        long there = presence.await(() -> runtime, facts.path(), facts.isApi());
        if (there == Presence.NOBODY) {
            Errors.away(response, Errors.Form.of(facts));
            return;
        }
        GuardedResponse guarded = new GuardedResponse(
                request,
                response,
                Errors.Form.of(facts),
                () -> Presence.whoIsThere(runtime, facts.path(), facts.isApi()) != there);
        try {
            chain.doFilter(request, guarded);
        } catch (RuntimeException e) {
            LOG.error("A request failed: {}", e.toString());
            if (!response.isCommitted()) {
                guarded.sendError(500);
            }
        }
    }

    @Override
    public String id() {
        return "gate";
    }

    @Override
    public String title() {
        return "HTTP gate";
    }

    @Override
    public Readiness readiness() {
        return readiness;
    }

    private final class Known implements Credentials {
        @Override
        public boolean isToken(String candidate) {
            return token.is(candidate);
        }

        @Override
        public boolean isSession(String candidate) {
            return sessions.isOpen(candidate);
        }
    }
}
