package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletAsyncSupported;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletName;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletPattern;
import org.rungpt.api.chat.Conversation;
import org.rungpt.web.Router.Answer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP API that {@code docs/api/openapi.yaml} describes. Who may call it was decided by the gate before. */
@Component(service = Servlet.class)
@HttpWhiteboardServletName("api")
@HttpWhiteboardServletPattern("/api/*")
@HttpWhiteboardServletAsyncSupported
public final class ApiServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(ApiServlet.class);
    private static final Pattern STREAM = Pattern.compile("/conversations/([^/]{1,128})/events");

    private final transient Services services;
    private final transient EventStreams streams;
    private final transient Router router = new Router();
    private final transient ArtifactRoutes artifacts;

    @Activate
    public ApiServlet(@Reference Services services, @Reference EventStreams streams, BundleContext context) {
        this.services = services;
        this.streams = streams;
        String product = context.getProperty("rungpt.version");
        new ConversationRoutes(services, router);
        new LibraryRoutes(services, router);
        new PermissionRoutes(services, router);
        new BudgetRoutes(services, router);
        new ReceiptRoutes(services, router);
        new JournalRoutes(services, router);
        artifacts = new ArtifactRoutes(services, router);
        new SecretRoutes(services, router);
        new ModelRoutes(services, router);
        new ProbeRoutes(services, router);
        new PlatformRoutes(
                services, product == null ? context.getBundle().getVersion().toString() : product, router);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo() == null ? "" : request.getPathInfo();
        try {
            checkQuery(request);
            if (path.equals("/openapi.yaml")) {
                description(response);
            } else if (isStream(request) && path.equals("/events")) {
                streams.readList(stream(request, response));
            } else if (isStream(request) && STREAM.matcher(path).matches()) {
                Matcher matcher = STREAM.matcher(path);
                matcher.matches();
                Conversation conversation = ConversationRoutes.existing(services, matcher.group(1));
                long after = after(request, conversation);
                streams.read(stream(request, response), conversation.id(), after);
            } else if (LibraryRoutes.isExport(request, path)) {
                LibraryRoutes.export(services, request, response, path);
            } else if (ArtifactRoutes.isFile(request, path)) {
                artifacts.file(request, response, path);
            } else {
                answer(response, router.handle(request, path));
            }
        } catch (ApiException e) {
            error(response, e);
        } catch (RuntimeException e) {
            LOG.error("{} /api{} failed", request.getMethod(), path.replaceAll("\\p{Cntrl}", "?"), e);
            error(
                    response,
                    new ApiException(
                            500, "internal", "Something went wrong in the server.", "The log has the details."));
        }
    }

    /** The server only finds out what is wrong with a query when somebody asks for a parameter. */
    private static void checkQuery(HttpServletRequest request) throws ApiException {
        if (request.getQueryString() != null) {
            try {
                request.getParameterMap();
            } catch (RuntimeException e) {
                throw ApiException.invalid(
                        "What stands behind the ? of the address cannot be read: it is no UTF-8 in % escapes.");
            }
        }
    }

    private static boolean isStream(HttpServletRequest request) {
        String accept = request.getHeader("Accept");
        return request.getMethod().equals("GET") && accept != null && accept.contains("text/event-stream");
    }

    /** Where a reader goes on. What is no sequence number of this conversation means: from the beginning. */
    private static long after(HttpServletRequest request, Conversation conversation) throws ApiException {
        String last = request.getHeader("Last-Event-ID");
        if (last == null) {
            return ConversationRoutes.number(request, "after", 0, 0, Integer.MAX_VALUE);
        }
        long seq = parse(last);
        return seq >= 0 && seq <= conversation.lastSeq() ? seq : 0;
    }

    private static long parse(@Nullable String number) {
        try {
            return number == null || number.length() > 18 ? -1 : Long.parseLong(number);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static AsyncContext stream(HttpServletRequest request, HttpServletResponse response) {
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-cache, no-transform");
        response.setHeader("X-Accel-Buffering", "no");
        AsyncContext context = request.startAsync();
        context.setTimeout(0);
        return context;
    }

    private static void description(HttpServletResponse response) throws IOException {
        response.setContentType("application/yaml");
        try (InputStream in = ApiServlet.class.getResourceAsStream("/openapi.yaml")) {
            if (in == null) {
                throw new IllegalStateException("openapi.yaml is not in this bundle");
            }
            in.transferTo(response.getOutputStream());
        }
    }

    private static void answer(HttpServletResponse response, Answer answer) throws IOException {
        response.setStatus(answer.status());
        if (answer.text() != null) {
            byte[] bytes = answer.text().getBytes(StandardCharsets.UTF_8);
            response.setContentType(answer.type());
            response.setContentLength(bytes.length);
            response.getOutputStream().write(bytes);
        }
        if (answer.body() != null) {
            byte[] bytes = Json.bytes(answer.body());
            response.setContentType("application/json");
            response.setContentLength(bytes.length);
            response.getOutputStream().write(bytes);
        }
    }

    private static void error(HttpServletResponse response, ApiException error) throws IOException {
        if (response.isCommitted()) {
            return;
        }
        ObjectNode body = Json.object();
        ObjectNode told = body.putObject("error").put("code", error.code()).put("message", error.getMessage());
        if (error.remedy() != null) {
            told.put("remedy", error.remedy());
        }
        if (error.status() == 503) {
            response.setHeader("Retry-After", "1");
        }
        answer(response, new Answer(error.status(), body));
    }
}
