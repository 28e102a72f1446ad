package org.rungpt.source.git;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.jspecify.annotations.Nullable;

/** One request and its answer, as JGit wants to see them. */
final class BoundedConnection implements HttpConnection {
    /** The client sets these itself; compressed answers could hide how large they are. */
    private static final Set<String> NOT_OURS =
            Set.of("accept-encoding", "connection", "content-length", "expect", "host", "upgrade", "transfer-encoding");

    private final BoundedHttp http;
    private final URL url;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private String method = "GET";
    private boolean hasBody;
    private @Nullable HttpResponse<InputStream> response;

    BoundedConnection(BoundedHttp http, URL url) {
        this.http = http;
        this.url = url;
    }

    private HttpResponse<InputStream> response() throws IOException {
        if (response == null) {
            try {
                HttpRequest.Builder request = HttpRequest.newBuilder(new URI(url.toString()))
                        .method(
                                method,
                                hasBody
                                        ? HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())
                                        : HttpRequest.BodyPublishers.noBody());
                headers.forEach(request::header);
                response = http.send(request.build());
                refuseCompression(response);
            } catch (URISyntaxException e) {
                throw new IOException("no address: " + url, e);
            }
        }
        return response;
    }

    /** The bounds count what comes over the line: compressed, a few bytes would pass them as a flood. Git asks for none. */
    private static void refuseCompression(HttpResponse<InputStream> response) throws IOException {
        for (String encoding : response.headers().allValues("Content-Encoding")) {
            if (!encoding.equalsIgnoreCase("identity")) {
                response.body().close();
                throw new IOException("the answer is compressed, which nobody asked for");
            }
        }
    }

    @Override
    public int getResponseCode() throws IOException {
        return response().statusCode();
    }

    @Override
    public URL getURL() {
        return url;
    }

    @Override
    public String getResponseMessage() throws IOException {
        return String.valueOf(response().statusCode());
    }

    @Override
    public Map<String, List<String>> getHeaderFields() {
        return response == null ? Map.of() : response.headers().map();
    }

    @Override
    public void setRequestProperty(String key, String value) {
        if (!NOT_OURS.contains(key.toLowerCase(Locale.ROOT))) {
            headers.put(key, value);
        }
    }

    @Override
    public void setRequestMethod(String method) {
        this.method = method;
    }

    @Override
    public void setUseCaches(boolean usecaches) {}

    @Override
    public void setConnectTimeout(int timeout) {}

    @Override
    public void setReadTimeout(int timeout) {}

    @Override
    public @Nullable String getContentType() {
        return getHeaderField("Content-Type");
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return response().body();
    }

    @Override
    public @Nullable String getHeaderField(String name) {
        return response == null ? null : response.headers().firstValue(name).orElse(null);
    }

    @Override
    public List<String> getHeaderFields(String name) {
        return response == null ? List.of() : response.headers().allValues(name);
    }

    @Override
    public int getContentLength() {
        return response == null
                ? -1
                : (int) Math.min(
                        response.headers().firstValueAsLong("Content-Length").orElse(-1), Integer.MAX_VALUE);
    }

    @Override
    public void setInstanceFollowRedirects(boolean followRedirects) {}

    @Override
    public void setDoOutput(boolean dooutput) {
        hasBody = dooutput;
    }

    @Override
    public void setFixedLengthStreamingMode(int contentLength) {}

    @Override
    public OutputStream getOutputStream() {
        hasBody = true;
        return body;
    }

    @Override
    public void setChunkedStreamingMode(int chunklen) {}

    @Override
    public String getRequestMethod() {
        return method;
    }

    @Override
    public boolean usingProxy() {
        return false;
    }

    @Override
    public void connect() throws IOException {
        if (!hasBody) {
            response();
        }
    }

    @Override
    public void configure(KeyManager[] keys, TrustManager[] trusted, SecureRandom random) {
        throw new UnsupportedOperationException("certificates are always checked");
    }

    @Override
    public void setHostnameVerifier(HostnameVerifier verifier) {
        throw new UnsupportedOperationException("certificates are always checked");
    }
}
