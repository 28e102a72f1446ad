package org.rungpt.webapp;

import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletName;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardServletPattern;

/**
 * Serves the page and its files to every address that no other servlet has. A servlet and no whiteboard resource, because the page
 * must be asked for anew each time while its hashed files may be kept for ever. Who may ask was decided by the gate before.
 */
@Component(service = Servlet.class)
@HttpWhiteboardServletName("page")
@HttpWhiteboardServletPattern("/*")
public final class PageServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final String FOLDER = "/static";

    private final transient Map<String, URL> resources = new HashMap<>();
    private final transient Files files;

    @Activate
    public PageServlet(BundleContext context) {
        Bundle bundle = context.getBundle();
        Enumeration<URL> found = bundle.findEntries(FOLDER, "*", true);
        for (URL url : Collections.list(found == null ? Collections.emptyEnumeration() : found)) {
            String path = url.getPath();
            if (!path.endsWith("/")) {
                resources.put(path.substring(path.indexOf(FOLDER) + FOLDER.length()), url);
            }
        }
        files = new Files(resources.keySet());
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo();
        Files.File file = files.find(path == null ? "" : path);
        URL url = file == null ? null : resources.get(file.path());
        if (file == null || url == null) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        URLConnection connection = url.openConnection();
        response.setContentType(file.type());
        response.setContentLengthLong(connection.getContentLengthLong());
        response.setHeader("Cache-Control", file.forever() ? "private, max-age=31536000, immutable" : "no-cache");
        try (InputStream in = connection.getInputStream()) {
            in.transferTo(response.getOutputStream());
        }
    }
}
