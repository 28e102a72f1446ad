package org.rungpt.source.git;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.eclipse.jgit.errors.CorruptObjectException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.errors.NoRemoteRepositoryException;
import org.eclipse.jgit.errors.TooLargeObjectInPackException;
import org.eclipse.jgit.errors.TooLargePackException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectChecker;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevObject;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.FetchConnection;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;

/** One conversation with a Git server: what it has, and one commit of it, without its past. */
final class Remote implements AutoCloseable {
    private final String address;
    private final BoundedHttp http;
    private final Job job;
    private final Repository repository;
    private final TransportHttp transport;
    private @Nullable FetchConnection connection;

    /**
     * @param address of the repository; http or https
     * @param scratch a directory that does not exist yet, for what is fetched
     */
    Remote(HttpClient client, String address, Path scratch, Job job, Limits limits)
            throws ActionException, IOException {
        this.address = address;
        this.job = job;
        http = new BoundedHttp(client, job, limits);
        repository = new BoundedRepository(scratch, limits.fileBytes());
        try {
            Transport open = Transport.open(repository, new URIish(address));
            if (!(open instanceof TransportHttp smart)) {
                open.close();
                throw new ActionException(address + " is no http or https address");
            }
            transport = smart;
        } catch (URISyntaxException e) {
            throw new ActionException(address + " is no address", e);
        }
        transport.setHttpConnectionFactory(http);
        transport.setTagOpt(TagOpt.NO_TAGS);
        transport.setDepth(1);
        transport.setFetchThin(false);
        transport.setObjectChecker(
                new ObjectChecker().setAllowInvalidPersonIdent(true).setAllowLeadingZeroFileMode(true));
    }

    Repository repository() {
        return repository;
    }

    /** What a version stands for now. */
    Versions.Found find(@Nullable String version) throws ActionException, IOException {
        try {
            connection = transport.openFetch(
                    List.of(new RefSpec("refs/heads/*:refs/heads/*"), new RefSpec("refs/tags/*:refs/tags/*")),
                    Constants.HEAD);
            return new Versions(connection.getRefsMap()).find(version);
        } catch (IOException e) {
            throw inWords(e, null);
        }
    }

    /** Fetches it. */
    RevCommit fetch(Versions.Found found) throws ActionException, IOException {
        if (connection == null) {
            throw new IllegalStateException("find comes first");
        }
        ObjectId wanted = found.want().getObjectId();
        try {
            http.expectFiles();
            connection.fetch(job, List.of(found.want()), Set.of());
            try (var walk = new RevWalk(repository)) {
                RevObject object = walk.peel(walk.parseAny(wanted));
                if (object instanceof RevCommit commit) {
                    walk.parseBody(commit);
                    return commit;
                }
                throw new ActionException(found.label() + " of " + address + " is no commit");
            }
        } catch (IOException e) {
            throw inWords(e, found);
        }
    }

    /** What went wrong, for the user. */
    private ActionException inWords(IOException e, Versions.@Nullable Found found) throws IOException {
        if (job.isStopped()) {
            return new ActionException("cancelled; nothing has changed", e);
        }
        if (job.isTooLate()) {
            return new ActionException("fetching " + address + " took too long and was given up; try again later", e);
        }
        if (job.isTooMany() || has(e, TooLargePackException.class)) {
            return new ActionException(address + " has more files than an action may have", e);
        }
        if (has(e, TooLargeObjectInPackException.class)) {
            return new ActionException(address + " holds a file that is larger than an action's file may be", e);
        }
        int status = http.lastStatus();
        if (status >= 300) {
            return new ActionException(status(status), e);
        }
        if (has(e, UnknownHostException.class) || has(e, UnresolvedAddressException.class)) {
            return new ActionException("the host of " + address + " is not known: is this machine online?", e);
        }
        if (has(e, ConnectException.class)) {
            return new ActionException("the host of " + address + " cannot be reached: is this machine online?", e);
        }
        if (has(e, SSLException.class)) {
            return new ActionException(address + ": the encrypted connection failed: " + root(e), e);
        }
        if (has(e, NoRemoteRepositoryException.class)) {
            return new ActionException("there is no repository at " + address, e);
        }
        if (has(e, CorruptObjectException.class)) {
            return new ActionException(address + " is refused: its Git data is malformed: " + root(e), e);
        }
        if (found != null
                && (has(e, MissingObjectException.class)
                        || String.valueOf(e.getMessage()).contains("not our ref"))) {
            return new ActionException(
                    "there is no commit " + found.want().getObjectId().name() + " in " + address, e);
        }
        return new ActionException("fetching " + address + " failed: " + root(e), e);
    }

    private String status(int status) {
        return switch (status) {
            case 301, 302, 303, 307, 308 ->
                address + " has moved"
                        + (http.lastLocation() == null ? "" : " to " + Texts.printable(http.lastLocation(), 200))
                        + ": install it by its new name";
            case 401, 403 ->
                "there is no public repository at " + address
                        + ": check the spelling; private ones cannot be installed";
            case 404, 410 -> "there is no repository at " + address + ": check the spelling";
            case 429 -> "the server of " + address + " has had too many requests: try again later";
            default -> "the server of " + address + " answers with an error (HTTP " + status + "): try again later";
        };
    }

    private static boolean has(Throwable error, Class<? extends Throwable> type) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (type.isInstance(e)) {
                return true;
            }
        }
        return false;
    }

    private static String root(Throwable error) {
        Throwable deepest = error;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        String message = deepest.getMessage();
        return Texts.printable(message == null ? deepest.getClass().getSimpleName() : message, 200);
    }

    @Override
    public void close() {
        if (connection != null) {
            connection.close();
        }
        transport.close();
        repository.close();
    }
}
