package org.rungpt.runner.docker;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.SandboxContributor.Contribution;
import org.rungpt.api.runner.SandboxContributor.Directory;
import org.rungpt.api.runner.SandboxContributor.NewSandbox;

/** What a contributor may add to a sandbox. All of it is right, or nothing of it is taken. */
final class ContributionRules {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,99}");
    private static final Pattern VALUE = Pattern.compile("[^\\p{Cntrl}]{0,1024}");
    private static final int MOST_PLACES = 8;
    private static final int MOST_VARIABLES = 32;

    /** RunGPT's own, how programs are found and loaded, whom they trust, and which way they go out. */
    private static final Pattern RESERVED = Pattern.compile(
            "RUNGPT_.*|.*_PROXY|LD_.*|PATH|HOME|LANG|SHELL|IFS|ENV|BASH_.*|PS4|PROMPT_COMMAND"
                    + "|PYTHON(PATH|HOME|STARTUP|INSPECT|.*BREAKPOINT)|NODE_(OPTIONS|PATH|EXTRA_CA_CERTS|TLS_.*|USE_ENV_PROXY)|DENO_TLS_.*|PERL5.*|RUBY(OPT|LIB)"
                    + "|_?JAVA_.*|JDK_JAVA_OPTIONS|CLASSPATH|GIT_.*|SSL_.*|.*_CA_BUNDLE|.*_CA_CERTS?|PIP_(TRUSTED_HOST|CERT|CONFIG_FILE)|NPM_CONFIG_(CA|CAFILE|STRICT_SSL|USERCONFIG|GLOBALCONFIG)"
                    + "|APT_CONFIG|GCONV_PATH|MALLOC_.*|GLIBC_TUNABLES",
            Pattern.CASE_INSENSITIVE);

    private final ShareRules shares;

    ContributionRules(ShareRules shares) {
        this.shares = shares;
    }

    /**
     * @param taken what the sandbox has already: shares of the user and what other contributors gave
     * @throws RunnerException in one sentence, if anything of it is not allowed
     */
    Contributed check(Contribution wanted, NewSandbox sandbox, List<CheckedShare> granted, Contributed taken)
            throws RunnerException {
        checkVariables(wanted.environment(), taken.environment());
        return new Contributed(
                caches(wanted.caches(), sandbox, taken),
                directories(wanted.directories(), sandbox, granted, taken),
                wanted.environment());
    }

    static void checkId(String id) throws RunnerException {
        if (!NAME.matcher(id).matches()) {
            throw refused("its id is to be a letter and then at most 30 letters, digits and -, all of them small");
        }
    }

    private static List<String> caches(List<String> wanted, NewSandbox sandbox, Contributed taken)
            throws RunnerException {
        if (!wanted.isEmpty() && !sandbox.isWorkspace()) {
            throw refused("a cache for the sandbox of " + sandbox.action()
                    + ": only workspaces have caches, because no action is to leave anything for the next one");
        }
        if (wanted.size() > MOST_PLACES) {
            throw refused(wanted.size() + " caches: at most " + MOST_PLACES);
        }
        Set<String> names = new HashSet<>(taken.caches());
        for (String name : wanted) {
            checkName("cache", name);
            if (!names.add(name)) {
                throw refused("the cache " + name + " is there already; choose another name");
            }
        }
        return wanted;
    }

    private List<CheckedShare> directories(
            List<Directory> wanted, NewSandbox sandbox, List<CheckedShare> granted, Contributed taken)
            throws RunnerException {
        if (wanted.size() > MOST_PLACES) {
            throw refused(wanted.size() + " directories: at most " + MOST_PLACES);
        }
        Set<String> names = new HashSet<>();
        granted.forEach(share -> names.add(share.share().name()));
        taken.directories().forEach(share -> names.add(share.share().name()));
        List<CheckedShare> checked = new ArrayList<>();
        for (Directory directory : wanted) {
            checkName("directory", directory.name());
            if (!names.add(directory.name())) {
                throw refused("/share/" + directory.name() + " is there already; choose another name");
            }
            // The same rules as for users, without their right to insist.
            CheckedShare share = shares.checkToMount(new Share(directory.name(), directory.source(), false, false));
            if (!sandbox.user().startsWith("0:")) {
                new CheckedShares(List.of(share), shares).checkReadableBy(sandbox.user());
            }
            checked.add(share);
        }
        return checked;
    }

    private static void checkVariables(Map<String, String> wanted, Map<String, String> taken) throws RunnerException {
        if (wanted.size() > MOST_VARIABLES) {
            throw refused(wanted.size() + " variables: at most " + MOST_VARIABLES);
        }
        for (Map.Entry<String, String> variable : wanted.entrySet()) {
            String name = variable.getKey();
            if (!VARIABLE.matcher(name).matches()) {
                throw refused("the variable " + EngineFailures.oneLine(name, 40) + ": that is no name of a variable");
            }
            if (RESERVED.matcher(name).matches()) {
                throw refused(
                        "the variable " + name
                                + ": by it programs are found, loaded, trusted or sent elsewhere, which is not for contributors");
            }
            if (taken.containsKey(name)) {
                throw refused("the variable " + name + " is there already");
            }
            if (!VALUE.matcher(variable.getValue()).matches()) {
                throw refused("the variable " + name + ": its value is to be one line of at most 1024 characters");
            }
        }
    }

    private static void checkName(String what, String name) throws RunnerException {
        if (!NAME.matcher(name).matches()) {
            throw refused("the " + what + " " + EngineFailures.oneLine(name, 40)
                    + ": its name is to be a letter and then at most 30 letters, digits and -, all of them small");
        }
    }

    private static RunnerException refused(String why) {
        return new RunnerException(Kind.GRANT, why);
    }
}
