package org.rungpt.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.api.store.StoreException;

/** Grants and policies as users set them: of a conversation as events of its log, of all conversations as settings. */
final class ChatPermissions implements Permissions {
    private static final Pattern SHARE = Pattern.compile("[a-z][a-z0-9-]{0,30}");
    private static final Pattern HOST = Pattern.compile(
            "(?:\\*\\.)?[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\\.?)*(?<!\\.)(?::[0-9]{1,5})|\\[[0-9A-Fa-f:.]{2,45}\\]:[0-9]{1,5}");
    private static final int MOST = 200;

    private final Engine engine;
    private final Actors actors;

    ChatPermissions(Engine engine, Actors actors) {
        this.engine = engine;
        this.actors = actors;
    }

    private interface SettingsWork<T> {
        T on(PermissionBook book) throws StoreException;
    }

    private <T> T settings(SettingsWork<T> work) throws ChatException {
        try {
            return work.on(engine.judge.book);
        } catch (StoreException e) {
            throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public GrantSet grants(@Nullable String conversation) throws ChatException {
        return conversation == null
                ? settings(PermissionBook::grants)
                : actors.submit(conversation, actor -> actor.log().state().granted());
    }

    @Override
    public void setGrants(@Nullable String conversation, GrantSet grants) throws ChatException {
        GrantSet checked = check(engine.services, grants);
        if (conversation == null) {
            settings(book -> {
                book.setGrants(checked);
                return true;
            });
            return;
        }
        actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            if (!log.state().granted().equals(checked)) {
                log.stage(Draft.grantChanged(checked, "user", null));
                log.flush();
            }
            return true;
        });
    }

    @Override
    public Policy policy(@Nullable String conversation) throws ChatException {
        return conversation == null
                ? settings(PermissionBook::policy)
                : actors.submit(conversation, actor -> actor.log().state().policy());
    }

    @Override
    public void setPolicy(@Nullable String conversation, Policy policy) throws ChatException {
        if (policy.rules().size() > MOST) {
            throw invalid("at most " + MOST + " rules are kept");
        }
        Policy before = policy(conversation);
        for (String approval : policy.approvals()) {
            if (!before.approvals().contains(approval)) {
                throw invalid("approvals can be taken back here, not added: " + approval
                        + " was not approved; approve a call instead, or add a rule");
            }
        }
        if (conversation == null) {
            settings(book -> {
                book.setPolicy(policy);
                return true;
            });
            return;
        }
        actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            log.stage(Draft.policyChanged(policy));
            log.flush();
            return true;
        });
    }

    /** @return the same, with directories as they really are called */
    static GrantSet check(Services services, GrantSet grants) throws ChatException {
        if (!grants.workspace().secrets().isEmpty()) {
            throw invalid("a workspace gets no secrets: grant them to an action");
        }
        if (grants.actions().size() > MOST) {
            throw invalid("grants for at most " + MOST + " actions are kept");
        }
        Access workspace = check(services, grants.workspace(), false);
        var actions = new ArrayList<GrantSet.ForAction>();
        for (GrantSet.ForAction one : grants.actions()) {
            actions.add(new GrantSet.ForAction(one.action(), one.contentHash(), check(services, one.access(), true)));
        }
        return new GrantSet(workspace, actions);
    }

    /** @param secrets whether there may be secrets and a workspace to see */
    static Access check(Services services, Access access, boolean secrets) throws ChatException {
        if (access.network().size() > MOST
                || access.shares().size() > MOST
                || access.secrets().size() > MOST) {
            throw invalid("at most " + MOST + " hosts, shares and secrets are granted at once");
        }
        for (String host : access.network()) {
            checkHost(host);
        }
        var shares = new ArrayList<Grants.Share>();
        Set<String> names = new HashSet<>();
        for (Grants.Share share : access.shares()) {
            if (!names.add(share.name())) {
                throw invalid("two shares are called " + share.name() + ": names are unique");
            }
            shares.add(check(services, share));
        }
        return new Access(
                List.copyOf(new java.util.LinkedHashSet<>(access.network())),
                shares,
                access.secrets(),
                secrets && access.workspace());
    }

    private static void checkHost(String host) throws ChatException {
        if (host.equals(Grants.PACKAGE_MIRRORS) || host.equals(Grants.INTERNET)) {
            return;
        }
        boolean fits = host.length() <= 260 && HOST.matcher(host).matches();
        int port = fits ? Integer.parseInt(host.substring(host.lastIndexOf(':') + 1)) : 0;
        if (port < 1 || port > 65_535) {
            throw invalid("no host to reach: " + printable(host) + "; write host:port or *.domain:port, "
                    + Grants.PACKAGE_MIRRORS + " or " + Grants.INTERNET);
        }
    }

    private static Grants.Share check(Services services, Grants.Share share) throws ChatException {
        if (!SHARE.matcher(share.name()).matches()) {
            throw invalid(
                    "no name of a share: " + printable(share.name()) + "; write a letter and up to 30 of a-z 0-9 -");
        }
        if (!share.source().startsWith("/") || share.source().indexOf('\0') >= 0) {
            throw invalid("the share " + share.name() + " needs the absolute path of a directory, like /home/me/notes");
        }
        ShareGuard guard = services.shareGuards.first().orElse(null);
        if (guard == null) {
            return share;
        }
        try {
            return guard.check(share).share();
        } catch (RunnerException e) {
            throw new ChatException(ChatException.Kind.INVALID, String.valueOf(e.getMessage()), e);
        }
    }

    private static String printable(String text) {
        String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return cut.replaceAll("[\\p{Cntrl}\\p{Cf}]", "\uFFFD");
    }

    private static ChatException invalid(String message) {
        return new ChatException(ChatException.Kind.INVALID, message);
    }
}
